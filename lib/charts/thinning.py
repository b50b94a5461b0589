"""Fewer points, same shape: largest triangle three buckets (Sveinn Steinarsson, 2013)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from lib.charts.model import Value

MAX_POINTS = 2000


def kept_indexes(values: Sequence[Value], keep: Iterable[int] = (), most: int = MAX_POINTS) -> list[int]:
    """Return which positions to draw: all up to `most`, else those that carry the shape, and always `keep`.

    A gap counts as the value before it, so that the point at each side of it can still be chosen for its own sake.
    """
    if len(values) <= most:
        return list(range(len(values)))
    chosen = set(_largest_triangles(_filled(values), most))
    chosen.update(index for index in keep if 0 <= index < len(values))
    return sorted(chosen)


def _largest_triangles(heights: Sequence[float], most: int) -> list[int]:
    chosen = [0]
    width = (len(heights) - 2) / (most - 2)
    for bucket in range(most - 2):
        start, end = int(bucket * width) + 1, int((bucket + 1) * width) + 1
        after_x, after_y = _center(heights, end, min(int((bucket + 2) * width) + 1, len(heights)))
        left_x, left_y = chosen[-1], heights[chosen[-1]]

        def area(
            index: int, x: float = left_x, y: float = left_y, to_x: float = after_x, to_y: float = after_y
        ) -> float:
            return abs((x - to_x) * (heights[index] - y) - (x - index) * (to_y - y))

        chosen.append(max(range(start, end), key=area))
    return [*chosen, len(heights) - 1]


def _center(heights: Sequence[float], start: int, end: int) -> tuple[float, float]:
    end = max(end, start + 1)
    return (start + end - 1) / 2, sum(heights[start:end]) / (end - start)


def _filled(values: Sequence[Value]) -> list[float]:
    filled: list[float] = []
    last = float(next((value for value in values if value is not None), Decimal(0)))
    for value in values:
        last = last if value is None else float(value)
        filled.append(last)
    return filled
