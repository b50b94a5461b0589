"""What a measure is asked and what it answers. The measures themselves are listed in `benchmarks.__main__`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Comparison = Literal[">=", "<=", "printed"]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: what was measured, its value with a unit, what it has to reach, and the figures behind it."""

    measure: str
    value: float
    unit: str  # "×" for a ratio, else MB, s, …
    compare: Comparison
    reach: float | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Return whether the value reaches what it has to; a printed one always does."""
        if self.reach is None or self.compare == "printed":
            return True
        return self.value >= self.reach if self.compare == ">=" else self.value <= self.reach


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked for. `rows`: how many bank lines the large database holds."""

    rows: int


Measure = Callable[[Settings], list[Result]]
