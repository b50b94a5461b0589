"""Figures in templates, in the language and time zone of the reader: `{{ amount|money }}`, `{{ at|moment }}`."""

from datetime import date, datetime
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, to_locale

from lib import documents, formats

register = template.Library()


def locale() -> str:
    """Return Babel's name of the active language."""
    return to_locale(get_language() or "pt-br")


@register.filter
def money(value: Decimal | None, currency: str = formats.DEFAULT_CURRENCY) -> str:
    """Return the exact amount: `R$ 1.234,56`."""
    return formats.money(value, currency, locale())


@register.filter
def money_short(value: Decimal | None, currency: str = formats.DEFAULT_CURRENCY) -> str:
    """Return the amount for a card: `R$ 1,2 mi`."""
    return formats.money_short(value, currency, locale())


@register.filter
def amount(value: Decimal | None, currency: str = formats.DEFAULT_CURRENCY) -> SafeString:
    """Return the exact amount as an element that is red below zero and carries the plain value; for table cells."""
    if value is None:
        return format_html('<span class="num unknown">{}</span>', formats.UNKNOWN)
    written = formats.money(value, currency, locale())
    return format_html(
        '<data class="{}" value="{}">{}</data>', formats.sign_class(value), f"{value:f}", written
    )


@register.filter
def number(value: Decimal | int | None, places: int | None = None) -> str:
    """Return a grouped number; `|number:2` fixes the decimals."""
    return formats.number(value, locale(), places)


@register.filter
def number_short(value: Decimal | int | None) -> str:
    """Return a number for a card: `1,2 mil`."""
    return formats.number_short(value, locale())


@register.filter
def percent(value: Decimal | None, places: int = 1) -> str:
    """Return a ratio as percent: 0.123 → `12,3%`."""
    return formats.percent(value, locale(), places)


@register.filter
def duration(milliseconds: float | None) -> str:
    """Return how long something took: `180 ms`, `2,4 s`, `3 min`."""
    return formats.duration(milliseconds, locale())


@register.filter
def size(count: int | float | None) -> str:
    """Return a number of bytes: `12,3 MB`."""
    return formats.size(count, locale())


@register.filter
def delta(value: Decimal | None) -> str:
    """Return a change as percent with its sign: `+12,3%`."""
    return formats.delta(value, locale())


@register.filter
def money_delta(value: Decimal | None, currency: str = formats.DEFAULT_CURRENCY) -> str:
    """Return a change as a short amount with its sign: `+R$ 3,2 mil`."""
    return formats.money_delta(value, currency, locale())


@register.filter
def day(value: date | None) -> str:
    """Return a calendar day: `21/11/2026`. An instant is taken on the reader's clock."""
    return formats.day(_day(value), locale())


@register.filter
def day_short(value: date) -> str:
    """Return a day without its year: `21 nov`."""
    return formats.day_short(_day(value) or value, locale())


@register.filter
def day_long(value: date) -> str:
    """Return a day with its weekday: `sáb, 21/11/2026`."""
    return formats.day_long(_day(value) or value, locale())


@register.filter
def month(value: date | None) -> str:
    """Return the month: `novembro de 2026`."""
    return formats.month(_day(value), locale())


@register.filter
def month_short(value: date | None) -> str:
    """Return the month for a column: `nov 2026`."""
    return formats.month_short(_day(value), locale())


@register.filter
def moment(value: datetime | None) -> str:
    """Return an instant on the reader's clock: `21/11/2026 14h30`."""
    return formats.moment(value, timezone.get_current_timezone(), locale())


@register.filter
def clock(value: datetime | None) -> str:
    """Return the time of day on the reader's clock: `14h30`."""
    return formats.clock(value, timezone.get_current_timezone(), locale())


@register.filter
def ago(value: datetime | None) -> SafeString:
    """Return how long ago an instant was, as a `<time>` that app.js keeps true and that names the instant on hover."""
    if value is None:
        return format_html("{}", formats.UNKNOWN)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        value.isoformat(),
        moment(value),
        formats.ago(value, timezone.now(), locale()),
    )


@register.filter
def document(value: str) -> str:
    """Return a CPF or CNPJ as people write it: `111.444.777-35`."""
    return documents.pretty(value)


@register.filter
def sign_class(value: Decimal | None) -> str:
    """Return the CSS classes of a figure: `num`, `num neg`, `num unknown`."""
    return formats.sign_class(value)


def _day(value: date | None) -> date | None:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value
