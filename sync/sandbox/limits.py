"""Request budgets: fixed windows in real time, per token or per address and endpoint, as each upstream counts."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request too many: the budget, and the seconds until the next window."""

    limit: int
    wait_seconds: int


@dataclass(slots=True)
class Limits:
    """Counts requests. `unlimited` switches all budgets off; a company may have its own factor."""

    unlimited: bool = False
    clock: Callable[[], float] = time.monotonic
    factors: dict[str, float] = field(default_factory=dict)
    _windows: dict[tuple[str, int], tuple[float, int]] = field(default_factory=dict)

    def set_factor(self, company: str, factor: float) -> None:
        """Multiply a company's budgets; 0 switches them off."""
        self.factors[company] = factor

    def take(self, key: str, company: str, *, limit: int, seconds: int) -> Refusal | None:
        """Count a request against `limit` in `seconds`; return a refusal when the budget is used up."""
        factor = 0.0 if self.unlimited else self.factors.get(company, 1.0)
        if factor == 0:
            return None
        allowed, now = max(1, int(limit * factor)), self.clock()
        start, count = self._windows.get((key, seconds), (now, 0))
        if now - start >= seconds:
            start, count = now, 0
        if count >= allowed:
            return Refusal(allowed, max(1, int(start + seconds - now + 0.999)))
        self._windows[(key, seconds)] = (start, count + 1)
        return None
