"""Numbers, money, days and moments as people of a country read them. Pure: the caller says locale and time zone.

Every function takes None for "unknown" and answers UNKNOWN. Locales are Babel's names (`pt_BR`, `en`). A negative
number carries the minus sign U+2212, which is as wide as a digit; a hyphen is read as a dash in a column of figures.
"""

from datetime import date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
)

UNKNOWN = "–"
MINUS = "\u2212"
PLUS = "+"
DEFAULT_LOCALE = "pt_BR"
DEFAULT_CURRENCY = "BRL"

_DAY = {"pt": "dd/MM/yyyy", "en": "MMM d, yyyy"}
_DAY_SHORT = {"pt": "d MMM", "en": "MMM d"}
_DAY_LONG = {"pt": "EEE, dd/MM/yyyy", "en": "EEE, MMM d, yyyy"}
_MONTH_LONG = {"pt": "MMMM 'de' yyyy", "en": "MMMM yyyy"}
_MONTH_SHORT = {"pt": "MMM yyyy", "en": "MMM yyyy"}


def money(value: Decimal | None, currency: str = DEFAULT_CURRENCY, locale: str = DEFAULT_LOCALE) -> str:
    """Return the exact amount with its currency: `R$ 1.234,56`, `−R$ 12,00`."""
    if value is None:
        return UNKNOWN
    return _signed(format_currency(value, currency, locale=locale))


def money_short(value: Decimal | None, currency: str = DEFAULT_CURRENCY, locale: str = DEFAULT_LOCALE) -> str:
    """Return the amount for a card: `R$ 1,2 mi`, `R$ 38,4 mil`; below a thousand in whole cents."""
    if value is None:
        return UNKNOWN
    if abs(value) < 1000:
        return money(value, currency, locale)
    return _signed(format_compact_currency(value, currency, locale=locale, fraction_digits=1))


def money_tick(value: Decimal, currency: str = DEFAULT_CURRENCY, locale: str = DEFAULT_LOCALE) -> str:
    """Return the amount for an axis: as short as it can be said without changing it at two decimals."""
    return _signed(format_compact_currency(value, currency, locale=locale, fraction_digits=2))


def number(value: Decimal | int | None, locale: str = DEFAULT_LOCALE, places: int | None = None) -> str:
    """Return a grouped number; `places` fixes the decimals, otherwise up to three are shown."""
    if value is None:
        return UNKNOWN
    if places is None:
        return _signed(format_decimal(value, locale=locale))
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return _signed(format_decimal(value, pattern, locale=locale))


def change(value: Decimal | int | None, locale: str = DEFAULT_LOCALE) -> str:
    """Return a difference of counts that always shows its direction: `+7`, `−5`, `0`."""
    return (PLUS if value is not None and value > 0 else "") + number(value, locale)


def number_short(value: Decimal | int | None, locale: str = DEFAULT_LOCALE) -> str:
    """Return a number for a card or an axis: `1,2 mil`, `38 mi`."""
    if value is None:
        return UNKNOWN
    return _signed(format_compact_decimal(value, locale=locale, fraction_digits=1))


def percent(ratio: Decimal | None, locale: str = DEFAULT_LOCALE, places: int = 1) -> str:
    """Return a ratio as percent with at most `places` decimals: 0.1234 → `12,3%`."""
    if ratio is None:
        return UNKNOWN
    return _signed(
        format_percent(ratio, "#,##0." + "#" * places + "%" if places else "#,##0%", locale=locale)
    )


def duration(milliseconds: float | None, locale: str = DEFAULT_LOCALE) -> str:
    """Return how long something took, as exact as one can use: `0,4 ms`, `180 ms`, `2,4 s`, `42 s`, `3 min`, `2 h`, `5 d`."""
    if milliseconds is None:
        return UNKNOWN
    milliseconds = max(0.0, milliseconds)
    seconds = milliseconds / 1_000
    if seconds < 0.00995:
        return f"{number(Decimal(str(round(milliseconds, 1))).normalize(), locale)} ms"
    if seconds < 0.9995:
        return f"{number(round(milliseconds), locale)} ms"
    if seconds < 9.95:
        return f"{number(Decimal(str(round(seconds, 1))), locale)} s"
    for unit, length, most in (("s", 1, 60), ("min", 60, 60), ("h", 3_600, 48)):
        if round(seconds / length) < most:
            return f"{number(round(seconds / length), locale)} {unit}"
    return f"{number(round(seconds / 86_400), locale)} d"


def size(count: int | float | None, locale: str = DEFAULT_LOCALE) -> str:
    """Return a number of bytes: `812 B`, `12,3 MB`, `1,4 GB`."""
    if count is None:
        return UNKNOWN
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1_024 or unit == "GB":
            break
        value /= 1_024
    return f"{number(Decimal(str(round(value, 1 if value < 100 and unit != 'B' else 0))).normalize(), locale)} {unit}"


def delta(ratio: Decimal | None, locale: str = DEFAULT_LOCALE) -> str:
    """Return a change as percent that always shows its direction: `+12,3%`, `−4%`, `0%`.

    Above one thousand percent the decimals say nothing and are left out.
    """
    if ratio is None:
        return UNKNOWN
    places = 1 if abs(ratio) < 10 else 0
    rounded = (ratio * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN) / 100
    if rounded == 0:
        return percent(Decimal(0), locale, places)  # a rounded -0.0 would print a minus sign
    return (PLUS if rounded > 0 else "") + percent(rounded, locale, places)


def money_delta(
    difference: Decimal | None, currency: str = DEFAULT_CURRENCY, locale: str = DEFAULT_LOCALE
) -> str:
    """Return a change as a short amount that always shows its direction: `+R$ 3,2 mil`."""
    if difference is None:
        return UNKNOWN
    return (PLUS if difference > 0 else "") + money_short(difference, currency, locale)


def day(value: date | None, locale: str = DEFAULT_LOCALE) -> str:
    """Return the calendar day: `21/11/2026`, `Nov 21, 2026`."""
    return UNKNOWN if value is None else _date(value, _DAY, locale)


def day_short(value: date, locale: str = DEFAULT_LOCALE) -> str:
    """Return the day without its year for an axis: `21 nov`, `Nov 21`."""
    return _date(value, _DAY_SHORT, locale).replace(".", "")


def day_long(value: date, locale: str = DEFAULT_LOCALE) -> str:
    """Return the day with its weekday: `sáb, 21/11/2026`."""
    return _date(value, _DAY_LONG, locale).replace(".", "")


def month(value: date | None, locale: str = DEFAULT_LOCALE) -> str:
    """Return the month of a day in words: `novembro de 2026`."""
    return UNKNOWN if value is None else _date(value, _MONTH_LONG, locale)


def month_short(value: date | None, locale: str = DEFAULT_LOCALE) -> str:
    """Return the month of a day for a column or an axis: `nov 2026`."""
    return UNKNOWN if value is None else _date(value, _MONTH_SHORT, locale).replace(".", "")


def moment(value: datetime | None, zone: tzinfo, locale: str = DEFAULT_LOCALE) -> str:
    """Return an instant on the clock of `zone`: `21/11/2026 14h30`. `value` must be aware."""
    if value is None:
        return UNKNOWN
    local = _local(value, zone)
    return f"{_date(local.date(), _DAY, locale)} {clock(value, zone, locale)}"


def clock(value: datetime | None, zone: tzinfo, locale: str = DEFAULT_LOCALE) -> str:
    """Return the time of day of an instant in `zone`: `14h30`, `2:30 PM`."""
    if value is None:
        return UNKNOWN
    local = _local(value, zone)
    if _language(locale) == "pt":
        return f"{local:%H}h{local:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"


def ago(value: datetime | None, now: datetime, locale: str = DEFAULT_LOCALE) -> str:
    """Return how long ago an instant was: `há 3 min`, `há 2 dias`; less than a minute is `agora`."""
    if value is None:
        return UNKNOWN
    passed = now - value
    if abs(passed) < timedelta(minutes=1):
        return "agora" if _language(locale) == "pt" else "now"
    words = format_timedelta(-passed, granularity="minute", add_direction=True, format="short", locale=locale)
    return words.replace(".", "")


def sign_class(value: Decimal | None) -> str:
    """Return the CSS class of a figure: `num`, `num neg` below zero, `num unknown` for None."""
    if value is None:
        return "num unknown"
    return "num neg" if value < 0 else "num"


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


def _language(locale: str) -> str:
    return Locale.parse(locale).language


def _date(value: date, patterns: dict[str, str], locale: str) -> str:
    return format_date(value, patterns.get(_language(locale), patterns["en"]), locale=locale)


def _local(value: datetime, zone: tzinfo) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return value.astimezone(zone)
