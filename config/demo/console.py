"""What the demo says: always on standard error, because standard output belongs to the one JSON object of `--json`."""

import sys
import time

WIDTH = 30  # characters of a full bar


def say(text: str = "") -> None:
    """Print a line."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Progress:
    """A bar that redraws itself on a terminal, and says a line every five seconds where there is none."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._said_at = 0.0

    def show(self, done: int, total: int | None, what: str) -> None:
        """Show how far it is. An unknown total shows the number alone."""
        text = f"{done:>7,} {what}" if not total else f"{_bar(done, total)} {done:>7,} of {total:,} {what}"
        if self._terminal:
            sys.stderr.write(f"\r  {text}\x1b[K")
            sys.stderr.flush()
        elif time.monotonic() - self._said_at >= 5:
            self._said_at = time.monotonic()
            say(f"  {text}")

    def end(self) -> None:
        """Leave the line of the bar."""
        if self._terminal:
            say()


def _bar(done: int, total: int) -> str:
    full = min(WIDTH, WIDTH * done // total)
    return f"[{'#' * full}{'.' * (WIDTH - full)}]"
