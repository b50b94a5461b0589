"""A progress bar on standard error, where a person watches it."""

from types import TracebackType
from typing import Self

from django.core.management.base import OutputWrapper

WIDTH = 30


class Bar:
    """Draws one line over and over; ends it when it is left. Into a file or a pipe, where nothing can be drawn over, it writes nothing."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._watched = out.isatty()

    def __enter__(self) -> Self:
        """Draw an empty bar."""
        self.show(0.0, "")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the line."""
        if self._watched:
            self._out.write("")

    def show(self, share: float, stage: str) -> None:
        """Draw this share, 0 to 1, and what is being done."""
        if not self._watched:
            return
        full = round(WIDTH * share)
        self._out.write(f"\r[{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%} {stage:<12}", ending="")
        self._out.flush()
