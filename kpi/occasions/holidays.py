"""National holidays by name: for flags of charts, and for what explains an unusual day. Proper names, so they are in no catalogue."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from lib.workdays import Calendar, easter, national

_FIXED: Final = {
    (1, 1): "Ano-Novo", (4, 21): "Tiradentes", (5, 1): "Dia do Trabalho", (9, 7): "Independência", (10, 12): "Aparecida", (11, 2): "Finados",
    (11, 15): "República", (11, 20): "Consciência Negra", (12, 25): "Natal",
}  # fmt: skip
_MOVING: Final = {-48: "Carnaval", -47: "Carnaval", -2: "Sexta-feira Santa", 60: "Corpus Christi"}
_LONGEST: Final = 31  # days: with more of them a chart would be all flags


def name_of(day: date) -> str:
    """Return what a national holiday is called; "" for any other day."""
    if day not in national(day.year):
        return ""
    return _FIXED.get((day.month, day.day)) or _MOVING[(day - easter(day.year)).days]


def among(days: Sequence[date]) -> Iterator[tuple[date, str]]:
    """Yield the holidays among the days of a chart with their names; none where a chart has more days than a month."""
    if len(days) <= _LONGEST:
        yield from ((day, name) for day in days if (name := name_of(day)))


def just_before(day: date) -> str:
    """Return the holiday after which a day is the first one worked; "" where it is none of these."""
    calendar, before, found = Calendar(), day - timedelta(days=1), ""
    if not calendar.works(day):
        return ""
    while not calendar.works(before):
        found, before = name_of(before) or found, before - timedelta(days=1)
    return found
