"""From values to positions: nice ticks, domains, and the vertical scale of a chart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from lib.charts.model import Value

_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
# A line far above zero shows its movement; one that comes near zero is drawn from zero.
_FAR_FROM_ZERO = Decimal("0.65")


@dataclass(frozen=True)
class Scale:
    """A vertical scale. `low` and `high` are the outermost ticks, so every drawn value lies between them."""

    low: Decimal
    high: Decimal
    ticks: tuple[Decimal, ...]

    def down(self, value: Decimal) -> float:
        """Return the distance of a value from the top of the plot in per cent, 0 to 100."""
        with localcontext(prec=40):
            share = (self.high - value) / (self.high - self.low)
        return min(100.0, max(0.0, float(share) * 100))

    @property
    def zero(self) -> float:
        """Return the position of the baseline: zero, or the edge nearest to it."""
        return self.down(min(max(Decimal(0), self.low), self.high))


def fit(values: Iterable[Value], *, from_zero: bool, count: int = 4) -> Scale:
    """Return a scale with about `count` intervals that holds all known values.

    Nothing but zeros, or nothing at all, gets a baseline only: ticks above it would name amounts that nobody has.
    """
    known = [value for value in values if value is not None]
    if not any(known):
        return Scale(Decimal(0), Decimal(1), (Decimal(0),))
    low, high = _domain(min(known), max(known), from_zero=from_zero)
    with localcontext(prec=40):
        step = _nice_step((high - low) / count)
        first = (low / step).to_integral_value(ROUND_FLOOR)
        last = (high / step).to_integral_value(ROUND_CEILING)
        ticks = tuple((first + index) * step + 0 for index in range(int(last - first) + 1))
    return Scale(ticks[0], ticks[-1], ticks)


def centers(count: int) -> list[float]:
    """Return the middle of each of `count` equal columns in per cent."""
    return [(index + 0.5) * 100 / count for index in range(count)]


def spread(count: int) -> list[float]:
    """Return `count` points from edge to edge in per cent; a single point stands in the middle."""
    return [50.0] if count == 1 else [index * 100 / (count - 1) for index in range(count)]


def every(count: int, most: int) -> int:
    """Return the stride with which at most `most` of `count` labels are written."""
    return max(1, -(-count // most))


def stacked_extremes(columns: Sequence[Sequence[Value]]) -> list[Value]:
    """Return the sums above and below zero of each stack, given one sequence a series."""
    sums: list[Value] = []
    for stack in zip(*columns, strict=True):
        known = [value for value in stack if value is not None]
        sums.append(sum((value for value in known if value > 0), Decimal(0)))
        sums.append(sum((value for value in known if value < 0), Decimal(0)))
    return sums


def round_step(raw: Decimal) -> int:
    """Return the whole number of 1, 2, 5, 10, 20, 50 … at which one counts, not below `raw`. Of two that are far apart the larger is a multiple of the other."""
    step = Decimal(1).scaleb(max(raw, Decimal(1)).adjusted())
    return int(next(step * n for n in (1, 2, 5, 10) if step * n >= raw))


def _domain(low: Decimal, high: Decimal, *, from_zero: bool) -> tuple[Decimal, Decimal]:
    near = low > 0 and low < high * _FAR_FROM_ZERO
    near_below = high < 0 and high > low * _FAR_FROM_ZERO
    if from_zero or near or near_below:
        low, high = min(low, Decimal(0)), max(high, Decimal(0))
    if low != high:
        return low, high
    return min(low, Decimal(0)), max(high, Decimal(0))  # a flat line is drawn from zero


def _nice_step(raw: Decimal) -> Decimal:
    magnitude = Decimal(1).scaleb(raw.adjusted())
    return next(step * magnitude for step in _STEPS if step * magnitude >= raw)
