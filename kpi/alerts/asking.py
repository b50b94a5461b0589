"""What people ask, checked: which kinds, directions, windows and parts fit a number, and the condition that a form or a program means."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _

from kpi.alerts.conditions import FORECAST, OF_LINES, OF_SALES, SUMS, Compare, Condition, Kind, Way, Window
from kpi.catalog import BY_CODE, Unit

_SPLIT: Final[Mapping[str, tuple[str, ...]]] = {
    "revenue": OF_SALES,
    "sales_count": OF_SALES[1:],
    "average_ticket": OF_SALES[1:],
    "inflow": OF_LINES,
    "expenses": OF_LINES,
    "net": OF_LINES,
}
WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    Kind.ABSOLUTE: (Way.BELOW, Way.ABOVE),
    Kind.CHANGE: (Way.BELOW, Way.ABOVE, Way.OUTSIDE),
    Kind.FORECAST: (Way.OUTSIDE, Way.BELOW, Way.ABOVE),
    Kind.TARGET: ("",),
    Kind.STREAK: (Way.FALLING, Way.RISING, Way.ZERO),
    Kind.MISSING: ("",),
}
WINDOWS: Final[Mapping[str, tuple[str, ...]]] = {
    Kind.ABSOLUTE: (Window.DAY, Window.WEEK, Window.DAYS30, Window.MONTH),
    Kind.CHANGE: (Window.DAY, Window.WEEK, Window.DAYS30, Window.MONTH),
    Kind.FORECAST: (Window.DAY,),
    Kind.TARGET: (Window.MONTH,),
    Kind.STREAK: (Window.DAY, Window.WEEK),
    Kind.MISSING: (Window.HOUR, Window.DAY),
}
_LONGEST: Final = {Window.HOUR: 24 * 30, Window.DAY: 30, Window.WEEK: 26}


class Unusable(ValueError):
    """What was asked is no condition. `problems` says by field what is wrong, in the reader's language."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems.items()))
        self.problems = problems


def parse(fields: Mapping[str, Any]) -> Condition:
    """Return the condition of these fields (texts, and `limit` as Decimal or None). What a kind does not use is left empty. Raises Unusable."""
    problems: dict[str, str] = {}
    kpi = _one_of(problems, "kpi", str(fields.get("kpi", "")), tuple(BY_CODE))
    kind = _one_of(
        problems, "kind", str(fields.get("kind", "")), kinds_for(kpi) if kpi in BY_CODE else Kind.values
    )
    if problems:
        raise Unusable(problems)
    now = BY_CODE[kpi].now
    way = _one_of(problems, "way", str(fields.get("way", "") or WAYS[kind][0]), WAYS[kind])
    window = (
        ""
        if now
        else _one_of(problems, "window", str(fields.get("window", "") or WINDOWS[kind][0]), WINDOWS[kind])
    )
    compare = ""
    if kind == Kind.CHANGE:
        compare = _one_of(
            problems, "compare", str(fields.get("compare", "") or Compare.PREVIOUS), Compare.values
        )
    dimension = str(fields.get("dimension", "") or "")
    if dimension:
        _one_of(problems, "dimension", dimension, splits_for(kpi, kind))
    key = str(fields.get("key", "") or "")[:120] if dimension else ""
    limit = _limit(problems, kpi, kind, way, window, fields.get("limit"))
    if problems:
        raise Unusable(problems)
    return Condition(kpi, kind, way, limit, window, compare, dimension, key)


def kinds_for(kpi: str) -> tuple[str, ...]:
    """Return what can be asked of a number."""
    if BY_CODE[kpi].now:
        return (Kind.ABSOLUTE,)
    left_out = {Kind.FORECAST} if kpi not in FORECAST else set()
    left_out |= {Kind.TARGET} if kpi not in SUMS else set()
    return tuple(kind for kind in Kind.values if kind not in left_out)


def splits_for(kpi: str, kind: str) -> tuple[str, ...]:
    """Return by what a number can be narrowed for a kind of condition."""
    found = _SPLIT.get(kpi, ())
    if kind == Kind.FORECAST:
        return tuple(name for name in found if name in {"product", "store"})
    return () if kind == Kind.TARGET else found


def _one_of(problems: dict[str, str], name: str, value: str, known: Iterable[str]) -> str:
    choices = list(known)
    if value not in choices:
        problems[name] = _("Use one of: %(names)s.") % {"names": ", ".join(choices)}
    return value


def _limit(
    problems: dict[str, str], kpi: str, kind: str, way: str, window: str, value: Decimal | None
) -> Decimal | None:
    if kind == Kind.FORECAST:
        return None
    if value is None or not value.is_finite():
        problems["limit"] = _("Write a number.")
    elif kind == Kind.ABSOLUTE:
        if abs(value) >= Decimal(10) ** 15:
            problems["limit"] = _("This number is too large.")
        elif BY_CODE[kpi].unit == Unit.PERCENT and not 0 <= value <= 1:
            problems["limit"] = _("Use a share from 0 to 100 %.")
    elif kind in {Kind.CHANGE, Kind.TARGET}:
        if not 0 < value <= 100:
            problems["limit"] = _("Use more than 0 %.")
    else:
        most = _LONGEST.get(Window(window), 30) if window in Window.values else 30
        least = 2 if kind == Kind.STREAK and way != Way.ZERO else 1
        if value != value.to_integral_value() or not least <= value <= most:
            problems["limit"] = _("Use a whole number from %(least)d to %(most)d.") % {
                "least": least,
                "most": most,
            }
    return value
