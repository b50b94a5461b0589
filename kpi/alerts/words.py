"""Rules and alerts in the reader's words: the sentence of a rule, and what is kept of an alert so that it is written when it is read."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, gettext_noop, ngettext, pgettext_lazy, to_locale
from django.utils.translation import gettext_lazy as _

from kpi.alerts.conditions import Condition, Kind, Look, Way, Window, moved, of_rule
from kpi.alerts.reading import compared
from kpi.catalog import CATALOG, Kpi, Unit
from kpi.models import AlertEvent, AlertRule
from lib import formats
from tenants.models import Tenant

DIMENSIONS: Final[Mapping[str, str | Promise]] = {
    "product": _("product"),
    "customer": _("customer"),
    "store": _("store"),
    "seller": _("seller"),
    "channel": _("channel"),
    "payment": _("payment method"),
    "category": _("category"),
    "account": _("account"),
}
Number: Any = TextChoices("Number", {kpi.code.upper(): (kpi.code, kpi.label) for kpi in CATALOG})  # type: ignore[call-overload]  # made, not written


def locale() -> str:
    """Return the reader's locale."""
    return to_locale(get_language() or "pt-br")


def amount(kpi: Kpi, value: Decimal | None, tenant: Tenant, *, exact: bool = False) -> str:
    """Return a value in the number's unit."""
    if kpi.unit == Unit.MONEY:
        write = formats.money if exact else formats.money_short
        return write(value, tenant.currency, locale())
    if kpi.unit == Unit.PERCENT:
        return formats.percent(value, locale())
    return formats.number(None if value is None else value.to_integral_value(), locale())


def share(value: Decimal) -> str:
    """Return a ratio as per cent without a sign."""
    return formats.percent(
        abs(value), locale(), places=0 if abs(value) * 100 == (abs(value) * 100).to_integral_value() else 1
    )


# --- a rule ------------------------------------------------------------------------------------------------------------------
def rule_said(rule: AlertRule) -> str:
    """Return the rule as a sentence in the active language."""
    return condition_said(of_rule(rule), rule.tenant, rule.name)


def condition_said(condition: Condition, tenant: Tenant, name: str = "") -> str:
    """Return a condition as a sentence: "Sales (Centro) below R$ 10,000 on a day"."""
    subject = str(condition.number.label)
    if condition.dimension:
        subject = f"{subject} ({name or condition.key or gettext('not told')})"
    return _said_of(condition) % {"number": subject, **_values(condition, tenant)}


def _values(condition: Condition, tenant: Tenant) -> dict[str, str]:
    limit = condition.limit
    if limit is None:
        said = ""
    elif condition.kind == Kind.ABSOLUTE:
        said = amount(condition.number, limit, tenant, exact=True)
    elif condition.kind in {Kind.CHANGE, Kind.TARGET}:
        said = share(limit)
    else:
        said = _periods(condition)
    window = "" if condition.number.now or not condition.window else _WINDOW[Window(condition.window)]
    return {
        "limit": said,
        "window": str(window),
        "compare": str(_COMPARE[condition.compare]) if condition.compare else "",
    }


_WINDOW: Final[Mapping[str, str | Promise]] = {
    Window.HOUR: "",
    Window.DAY: _("on a day"),
    Window.WEEK: _("over 7 days"),
    Window.DAYS30: _("over 30 days"),
    Window.MONTH: _("in the month so far"),
}


_COMPARE: Final[Mapping[str, str | Promise]] = {
    AlertRule.Compare.PREVIOUS: pgettext_lazy("above or below", "the period before"),
    AlertRule.Compare.SAME_WEEKDAYS: pgettext_lazy("above or below", "the same weekdays before"),
    AlertRule.Compare.LAST_YEAR: pgettext_lazy("above or below", "last year"),
}


def _said_of(condition: Condition) -> str:
    way = condition.way
    if condition.kind == Kind.ABSOLUTE and condition.number.now:
        return (
            gettext("%(number)s above %(limit)s")
            if way == Way.ABOVE
            else gettext("%(number)s below %(limit)s")
        )
    if condition.kind == Kind.ABSOLUTE:
        if way == Way.ABOVE:
            return gettext("%(number)s above %(limit)s %(window)s")
        return gettext("%(number)s below %(limit)s %(window)s")
    if condition.kind == Kind.CHANGE:
        return {
            Way.ABOVE: gettext("%(number)s %(window)s more than %(limit)s above %(compare)s"),
            Way.BELOW: gettext("%(number)s %(window)s more than %(limit)s below %(compare)s"),
            Way.OUTSIDE: gettext("%(number)s %(window)s more than %(limit)s away from %(compare)s"),
        }[Way(way)]
    if condition.kind == Kind.FORECAST:
        return {
            Way.ABOVE: gettext("%(number)s on a day above what was expected"),
            Way.BELOW: gettext("%(number)s on a day below what was expected"),
            Way.OUTSIDE: gettext("%(number)s on a day outside of what was expected"),
        }[Way(way)]
    if condition.kind == Kind.TARGET:
        if condition.by_size:
            return gettext("%(number)s more than %(limit)s above the pace of the month’s goal")
        return gettext("%(number)s more than %(limit)s behind the pace to the month’s goal")
    if condition.kind == Kind.STREAK:
        return {
            Way.FALLING: gettext("%(number)s falling for %(limit)s in a row"),
            Way.RISING: gettext("%(number)s rising for %(limit)s in a row"),
            Way.ZERO: gettext("%(number)s at zero for %(limit)s"),
        }[Way(way)]
    return gettext("%(number)s: no new data for %(limit)s")


def _periods(condition: Condition) -> str:
    n = int(condition.limit or 0)
    if condition.window == Window.HOUR:
        return ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n}
    if condition.window == Window.WEEK:
        return ngettext("%(n)d week", "%(n)d weeks", n) % {"n": n}
    return ngettext("%(n)d day", "%(n)d days", n) % {"n": n}


# --- an alert ------------------------------------------------------------------------------------------------------------------
_BODIES: Final[Mapping[tuple[str, str], str]] = {
    (Kind.ABSOLUTE, Way.ABOVE): gettext_noop("%(when)s: above the limit of %(limit)s."),
    (Kind.ABSOLUTE, Way.BELOW): gettext_noop("%(when)s: below the limit of %(limit)s."),
    (Kind.CHANGE, Way.ABOVE): gettext_noop("%(when)s: %(share)s more than the %(expected)s of %(then)s."),
    (Kind.CHANGE, Way.BELOW): gettext_noop("%(when)s: %(share)s less than the %(expected)s of %(then)s."),
    (Kind.FORECAST, ""): gettext_noop("%(when)s: between %(expected)s and %(expected_to)s were expected."),
    (Kind.TARGET, Way.BELOW): gettext_noop(
        "%(when)s: %(share)s behind the pace; %(expected)s would be on course to the goal."
    ),
    (Kind.TARGET, Way.ABOVE): gettext_noop(
        "%(when)s: %(share)s above the pace; %(expected)s would be on course."
    ),
    (Kind.STREAK, "falling-day"): gettext_noop(
        "%(when)s: falling for %(limit)s days in a row, from %(expected)s."
    ),
    (Kind.STREAK, "falling-week"): gettext_noop(
        "%(when)s: falling for %(limit)s weeks in a row, from %(expected)s."
    ),
    (Kind.STREAK, "rising-day"): gettext_noop(
        "%(when)s: rising for %(limit)s days in a row, from %(expected)s."
    ),
    (Kind.STREAK, "rising-week"): gettext_noop(
        "%(when)s: rising for %(limit)s weeks in a row, from %(expected)s."
    ),
    (Kind.STREAK, "zero-day"): gettext_noop("%(when)s: at zero for %(limit)s days."),
    (Kind.STREAK, "zero-week"): gettext_noop("%(when)s: at zero for %(limit)s weeks."),
    (Kind.STREAK, "zero-day-usual"): gettext_noop(
        "%(when)s: at zero for %(limit)s days. In the four weeks before it was %(expected)s a day."
    ),
    (Kind.STREAK, "zero-week-usual"): gettext_noop(
        "%(when)s: at zero for %(limit)s weeks. In the eight weeks before it was %(expected)s a week."
    ),
    (Kind.MISSING, ""): gettext_noop("Nothing came in since %(since)s. Look whether the connection is well."),
}
NO_DATA: Final = gettext_noop("no new data")
CORRECTED: Final = gettext_noop("%(body)s Corrected by a later synchronisation; it was %(first)s.")


def params(event: AlertEvent) -> dict[str, Any]:
    """Return what the sentences of an alert need, as JSON. Amounts are written for the company, words when they are read."""
    rule = event.rule
    condition, tenant = of_rule(rule), rule.tenant
    values = _event_values(event, condition, tenant)
    text = _body(event, condition)
    got: Any = (
        {"text": NO_DATA, "values": {}}
        if condition.kind == Kind.MISSING
        else amount(condition.number, event.got, tenant)
    )
    kept: dict[str, Any] = {
        "kpi": condition.kpi,
        "of": f" ({rule.name or condition.key})" if condition.dimension else "",
        "got": got,
        "body": {"text": text, "values": values},
    }
    if event.changed_at and event.first_got != event.got and condition.kind != Kind.MISSING:
        kept["first"] = amount(condition.number, event.first_got, tenant)
    return kept


def _body(event: AlertEvent, condition: Condition) -> str:
    way = ""
    if condition.kind == Kind.STREAK:
        way = f"{condition.way}-{condition.window}"
        if condition.way == Way.ZERO and event.expected:
            way += "-usual"
    elif condition.kind == Kind.ABSOLUTE:
        way = condition.way
    elif condition.kind in {Kind.CHANGE, Kind.TARGET}:
        by = moved(Look(event.got, event.expected)) or Decimal(0)
        way = Way.ABOVE if by > 0 else Way.BELOW
    return _BODIES[Kind(condition.kind), way]


def _event_values(event: AlertEvent, condition: Condition, tenant: Tenant) -> dict[str, str]:
    by = moved(Look(event.got, event.expected)) or Decimal(0)
    then = compared(condition, event.day) if condition.kind == Kind.CHANGE else (event.day, event.day)
    absolute = condition.kind == Kind.ABSOLUTE
    limit = (
        amount(condition.number, condition.limit, tenant)
        if absolute
        else formats.number(condition.limit, locale())
    )
    return {
        "when": days_said(*condition.span(event.day))
        if not condition.number.now
        else days_said(event.day, event.day),
        "then": days_said(*then),
        "limit": limit,
        "share": share(by.quantize(Decimal("0.001"))),
        "expected": amount(condition.number, event.expected, tenant),
        "expected_to": amount(condition.number, event.expected_to, tenant),
        "since": formats.moment(event.since, tenant.zone, locale()),
    }


def days_said(first: date, last: date) -> str:
    """Return a day or a span of days as the country writes them."""
    one, other = (formats.day(day, locale()) for day in (first, last))
    return one if first == last else f"{one} – {other}"


def event_said(event: AlertEvent) -> tuple[str, str]:
    """Return number with value, and the sentence, of an alert in the active language."""
    found = params(event)
    sentence, got = str(found["body"]["text"]), found["got"]
    body = gettext(sentence) % found["body"]["values"]
    if isinstance(got, dict):
        word = str(got["text"])
        got = gettext(word)
    if "first" in found:
        body = gettext(CORRECTED) % {"body": body, "first": found["first"]}
    return f"{Number(found['kpi']).label}{found['of']}: {got}", body
