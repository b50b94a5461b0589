"""Time zones as people choose them: by city and by how far they are from Greenwich."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import get_timezone_location
from django.utils import timezone
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from lib.text import fold

BRAZIL: Final = {
    "America/Sao_Paulo": "São Paulo, Brasília", "America/Bahia": "Salvador", "America/Fortaleza": "Fortaleza", "America/Recife": "Recife",
    "America/Maceio": "Maceió", "America/Araguaina": "Araguaína", "America/Belem": "Belém", "America/Santarem": "Santarém",
    "America/Manaus": "Manaus", "America/Cuiaba": "Cuiabá", "America/Campo_Grande": "Campo Grande", "America/Boa_Vista": "Boa Vista",
    "America/Porto_Velho": "Porto Velho", "America/Rio_Branco": "Rio Branco", "America/Eirunepe": "Eirunepé",
    "America/Noronha": "Fernando de Noronha",
}  # fmt: skip
CONTINENTS: Final = frozenset(
    {"America", "Europe", "Africa", "Asia", "Australia", "Pacific", "Atlantic", "Indian", "Antarctica"}
)


def choices(chosen: str = "") -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the time zones with their distance from Greenwich today, Brazil's first, then the cities of the world.

    Of several names for one city only one is offered, but `chosen` always is.
    """
    today = timezone.now().date()
    world = dict(_world(to_locale(get_language() or "pt-br"), today))
    offered = {label: name for name, label in world.items()}
    if chosen and chosen not in BRAZIL:
        offered[world.get(chosen, chosen)] = chosen
    cities = sorted(((name, label) for label, name in offered.items()), key=lambda pair: fold(pair[1]))
    return [
        (_("Brazil"), [(name, f"{city} ({_offset(name, today)})") for name, city in BRAZIL.items()]),
        (_("World"), cities),
    ]


@lru_cache(maxsize=4)
def _world(locale: str, today: date) -> tuple[tuple[str, str], ...]:
    """Return (name, label) of every zone of the world but Brazil's: `Europe/Lisbon` is “Lisboa (GMT+0)”."""
    names = sorted(name for name in available_timezones() if name.split("/")[0] in CONTINENTS and "/" in name)
    return tuple(
        (name, f"{_city(name, locale)} ({_offset(name, today)})") for name in names if name not in BRAZIL
    )


def _city(name: str, locale: str) -> str:
    try:
        city = get_timezone_location(name, locale=locale, return_city=True)
    except LookupError:  # newer than what Babel knows
        city = name.replace("_", " ")
    return city.rpartition("/")[2]


def _offset(name: str, today: date) -> str:
    """Return how far a zone is from Greenwich at noon of this day: `GMT−3`, `GMT+5:30`."""
    away = datetime.combine(today, time(12), ZoneInfo(name)).utcoffset() or timedelta(0)
    hours, minutes = divmod(abs(int(away.total_seconds())) // 60, 60)
    sign = "−" if away < timedelta(0) else "+"
    return f"GMT{sign}{hours}" + (f":{minutes:02d}" if minutes else "")
