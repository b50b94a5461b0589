"""Periods of a series: how a file writes them, how far they lie apart, and how they go on in the same hand."""

import calendar
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from itertools import pairwise
from math import gcd
from typing import Final

from kpi.forecasting.monthnames import numbered

SEASONS: Final = {
    "minute": 60,
    "hour": 24,
    "day": 7,
    "week": 52,
    "month": 12,
    "quarter": 4,
    "year": 1,
    "number": 1,
}
_WEEKS_WATCHED: Final = 4  # a weekday that never occurs in so many weeks is a day off
_HOUR: Final = 3600
_DAY: Final = 86400

_TIME = r"(?:[ T](?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
# Kind and pattern; of several that read every period of a series the first counts, so days come before months before numbers.
_NOTATIONS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("day", r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d\d?)(?P=s)(?P<d>\d\d?)" + _TIME),
        ("day", r"(?P<d>\d\d?)(?P<s>[-/.])(?P<m>\d\d?)(?P=s)(?P<y>\d{4})" + _TIME),
        ("day", r"(?P<m>\d\d?)(?P<s>[-/.])(?P<d>\d\d?)(?P=s)(?P<y>\d{4})" + _TIME),
        ("day", r"(?P<y>(?:19|20|21)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])"),
        ("week", r"(?P<y>\d{4})[- ]?W(?P<w>\d\d?)(?:-[1-7])?"),
        ("quarter", r"(?P<y>\d{4})[-/ ]?[QqTt](?P<q>[1-4])"),
        ("quarter", r"[QqTt]?(?P<q>[1-4])(?:[QqTt]|(?<=[QqTt][1-4]))[-/ ]?(?P<y>\d{4})"),
        ("month", r"(?P<y>\d{4})(?:[-/. ]M?|M)(?P<m>\d\d?)"),
        ("month", r"(?P<m>\d\d?)[-/.](?P<y>\d{4})"),
        ("month", r"(?P<y>(?:19|20|21)\d\d)(?P<m>0[1-9]|1[0-2])"),
        ("number", r"(?:[^\d\W]+[-_ ]?)?(?P<n>[+-]?\d+)(?:\.0+)?"),
    )
)
_DAY_FIRST: Final = _NOTATIONS[1][1]
_AS: Final = "2024-01-31, 2024-01, 2024-W05, 2024Q1, 2024 or 1, 2, 3"


class PeriodError(ValueError):
    """A period cannot be used. `index` is its place in the series; the message says why."""

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(problem)
        self.index = index


@dataclass(frozen=True, slots=True)
class Axis:
    """The time of one series. `places` counts steps of its frequency, in the order of the rows; a gap is a missing number.

    `frequency` is a key of SEASONS; `season` the steps of its usual cycle (a week of six open days has six).
    """

    frequency: str
    season: int
    places: tuple[int, ...]
    label: Callable[[int], str]  # place → how this series writes it
    day: Callable[[int], date] | None = None  # place → its day, for series by day


def month_first(labels: Iterable[str]) -> bool:
    """Return whether one of these can only be a day with the month first (07/31/2026), and none only one with the day first."""
    pairs = {(int(found["d"]), int(found["m"])) for label in labels if (found := _DAY_FIRST.fullmatch(label))}
    return any(month > 12 for _day, month in pairs) and not any(day > 12 for day, _month in pairs)


def read(labels: Sequence[str], *, month_first: bool = False) -> Axis:
    """Return the time of a series from how its periods are written; `month_first`: 07/04/2026 is in July if it may be.

    Raises PeriodError for one that cannot be read.
    """
    if named := numbered(labels):
        axis, back = read(named[0]), named[1]
        return replace(axis, label=lambda place: back(axis.label(place)))
    kind, pattern, raw = _recognised(labels, month_first)
    hand = _Hand(kind, pattern, tuple(labels))
    if kind != "day":
        return _counted(kind, raw, hand)
    if any(second % _DAY for second in raw):
        return _clock(raw, hand)
    return _days([second // _DAY for second in raw], hand)


def _recognised(labels: Sequence[str], month_first: bool) -> tuple[str, re.Pattern[str], list[int]]:
    """Return kind and pattern that read every label, with the numbers they read; a day counts in seconds."""
    iso, days, months, *others = _NOTATIONS
    furthest, problem = -1, f"{labels[0]!r} is not a period ({_AS})"
    for kind, pattern in (iso, months, days, *others) if month_first else _NOTATIONS:
        raw: list[int] = []
        for index, label in enumerate(labels):
            found = pattern.fullmatch(label)
            number = _number(kind, found) if found else None
            if number is None:
                if index > furthest:
                    furthest = index
                    problem = (
                        f"{label!r} is no day or month of the calendar" if found
                        else f"{label!r} is not a period ({_AS})" if not index
                        else f"{label!r} is not written like {labels[0]!r}"
                    )  # fmt: skip
                break
            raw.append(number)
        else:
            return kind, pattern, raw
    raise PeriodError(max(furthest, 0), problem)


def _number(kind: str, found: re.Match[str]) -> int | None:
    """Return the period as a number that grows by one (a day: by 86,400); None for what no calendar has."""
    part = {
        name: int(text) for name, text in found.groupdict().items() if text and text.lstrip("+-").isdigit()
    }
    try:
        if kind == "number":
            return part["n"]
        if kind == "quarter":
            return part["y"] * 4 + part["q"] - 1
        if kind == "month":
            return date(part["y"], part["m"], 1).year * 12 + part["m"] - 1
        if kind == "week":
            return date.fromisocalendar(part["y"], part["w"], 1).toordinal() // 7
        seconds = part.get("H", 0) * _HOUR + part.get("M", 0) * 60 + part.get("S", 0)
        return date(part["y"], part["m"], part["d"]).toordinal() * _DAY + seconds
    except ValueError:
        return None


class _Hand:
    """Writes further periods as a series wrote its own: separators, order and padding come from its last label."""

    def __init__(self, kind: str, pattern: re.Pattern[str], labels: tuple[str, ...]) -> None:
        self._kind, self._template = kind, labels[-1]
        found = pattern.fullmatch(self._template)
        assert found is not None, "the pattern read this label before"
        self._spans = sorted((found.span(name), name) for name in "ymdwqnHMS" if name in pattern.groupindex)
        bare = {
            name for label in labels if (each := pattern.fullmatch(label))
            for name, text in each.groupdict().items() if name in "mdw" and text and len(text) == 1
        }  # fmt: skip
        self._widths = {name: 1 if name in bare else 2 for name in "mdwHMS"}
        digits = next((self._template[slice(*span)] for span, name in self._spans if name == "n"), "")
        self._widths |= {"n": len(digits) if digits.startswith("0") else 1, "y": 4, "q": 1}

    def write(self, number: int) -> str:
        """Return the label of the period with this number (as `_number` returns it)."""
        part = self._parts(number)
        text, at = "", 0
        for (start, end), name in self._spans:
            if start < 0:
                continue
            text += self._template[at:start] + f"{part[name]:0{self._widths[name]}d}"
            at = end
        return text + self._template[at:]

    def _parts(self, number: int) -> dict[str, int]:
        if self._kind == "number":
            return {"n": number}
        if self._kind == "quarter":
            return {"y": number // 4, "q": number % 4 + 1}
        if self._kind == "month":
            return {"y": number // 12, "m": number % 12 + 1}
        if self._kind == "week":
            year, week, _ = date.fromordinal(number * 7 + 1).isocalendar()
            return {"y": year, "w": week}
        day, second = date.fromordinal(number // _DAY), number % _DAY
        return {
            "y": day.year, "m": day.month, "d": day.day,
            "H": second // _HOUR, "M": second // 60 % 60, "S": second % 60,
        }  # fmt: skip


def _counted(kind: str, raw: list[int], hand: _Hand) -> Axis:
    """Return the time of a series whose periods are numbers: weeks, months, quarters, years, or mere numbers."""
    step, first = _common(raw), raw[0]
    frequency = kind
    if kind == "month":
        frequency = {3: "quarter", 12: "year"}.get(step, "month")
    elif kind == "number" and step == 1 and all(1800 <= number <= 2200 for number in raw):
        frequency = "year"
    season = SEASONS[frequency] if step == 1 or frequency != kind else max(1, SEASONS[frequency] // step)
    return Axis(frequency, season, _places(raw, first, step), lambda place: hand.write(first + place * step))


def _clock(raw: list[int], hand: _Hand) -> Axis:
    """Return the time of a series by hours, minutes or seconds."""
    step, first = _common(raw), raw[0]
    frequency = "hour" if step >= 60 * 5 else "minute"
    season = max(1, (_DAY if frequency == "hour" else _HOUR) // step)
    return Axis(frequency, season, _places(raw, first, step), lambda place: hand.write(first + place * step))


def _days(ordinals: list[int], hand: _Hand) -> Axis:
    """Return the time of a series by calendar days: months, quarters or years where no two days share a month, else weeks or days."""
    days = [date.fromordinal(ordinal) for ordinal in ordinals]
    months = [day.year * 12 + day.month - 1 for day in days]
    ordered = sorted(ordinals)
    apart = min((later - earlier for earlier, later in pairwise(ordered) if later > earlier), default=1)
    if apart >= 25 and len(set(months)) == len(set(ordinals)):
        return _month_days(days, months, hand)
    step = _common(ordinals)
    if step == 1 and (worked := _weekdays(ordered)):
        return _working_days(ordinals, worked, hand)
    first = ordinals[0]
    weekly = step % 7 == 0
    season = max(1, SEASONS["week"] * 7 // step) if weekly else SEASONS["day"] if step == 1 else 1

    def day(place: int) -> date:
        return date.fromordinal(first + place * step)

    return Axis(
        "week" if weekly else "day", season, _places(ordinals, first, step),
        lambda place: hand.write((first + place * step) * _DAY), day if step == 1 else None,
    )  # fmt: skip


def _month_days(days: list[date], months: list[int], hand: _Hand) -> Axis:
    """Return the time of a series with one day a month: the same day each time, or the end of the month."""
    step, first = _common(months), months[0]
    at_end = all(day.day == calendar.monthrange(day.year, day.month)[1] for day in days)
    wanted = 31 if at_end else max(day.day for day in days)

    def label(place: int) -> str:
        year, month = divmod(first + place * step, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return hand.write(date(year, month + 1, min(wanted, last)).toordinal() * _DAY)

    frequency = {3: "quarter", 12: "year"}.get(step, "month")
    season = SEASONS[frequency] if step in (1, 3, 12) else max(1, 12 // step)
    return Axis(frequency, season, _places(months, first, step), label)


def _weekdays(ordered: list[int]) -> tuple[int, ...]:
    """Return the weekdays that occur (Monday is 0) where others never do, in a series long enough to tell; else nothing."""
    found = {(ordinal - 1) % 7 for ordinal in ordered}
    spanned = ordered[-1] - ordered[0] + 1
    seen_often = len(ordered) > 0.7 * spanned * len(found) / 7
    return tuple(sorted(found)) if 1 < len(found) < 7 and spanned >= 7 * _WEEKS_WATCHED and seen_often else ()


def _working_days(ordinals: list[int], worked: tuple[int, ...], hand: _Hand) -> Axis:
    """Return the time of a series that knows only some weekdays: days off are no gaps, and no forecast falls on them."""
    position, count = {weekday: index for index, weekday in enumerate(worked)}, len(worked)

    def day(place: int) -> date:
        week, index = divmod(place, count)
        return date.fromordinal(week * 7 + worked[index] + 1)

    places = tuple((o - 1) // 7 * count + position[(o - 1) % 7] for o in ordinals)
    return Axis("day", count, places, lambda place: hand.write(day(place).toordinal() * _DAY), day)


def _common(numbers: Sequence[int]) -> int:
    """Return the largest step that reaches all numbers from the first; 1 where there is one number."""
    return reduce(gcd, (abs(number - numbers[0]) for number in numbers), 0) or 1


def _places(numbers: Sequence[int], first: int, step: int) -> tuple[int, ...]:
    return tuple((number - first) // step for number in numbers)
