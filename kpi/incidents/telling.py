"""What people are told of an incident, once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import get_language, gettext, gettext_noop, pgettext_lazy, to_locale
from django.utils.translation import gettext_lazy as _

from kpi.models import Anomaly
from kpi.occasions import holidays
from lib import formats
from live import notifications
from live.models import Notification
from live.notifications.catalog import Kind
from tenants.models import Capability


class Number(TextChoices):
    """A judged number in words."""

    REVENUE = "revenue", pgettext_lazy("judged number", "Sales")
    SALES = "sales", pgettext_lazy("judged number", "Number of sales")
    INFLOW = "inflow", pgettext_lazy("judged number", "Money in")
    EXPENSES = "expenses", pgettext_lazy("judged number", "Expenses")
    NET = "net", _("Net")
    AVERAGE_TICKET = "average_ticket", _("Average ticket")
    ACTIVE_CUSTOMERS = "active_customers", _("Active customers")
    NEW_CUSTOMERS = "new_customers", _("New customers")


_COUNTS: Final = (Anomaly.Measure.SALES, Anomaly.Measure.ACTIVE_CUSTOMERS, Anomaly.Measure.NEW_CUSTOMERS)
_GROUP: Final = _("Numbers")
KINDS: Final = (
    Kind(
        event="number_unexpected",
        group=_GROUP,
        label=_("A number is not what was to be expected"),
        when=_("A day is over and a number lies outside of what its past led one to expect."),
        title=_("%(measure)s: %(got)s on %(day)s"),
        body=_("Expected %(lo)s to %(hi)s. %(why)s"),
        severity=Notification.Severity.WARNING,
        audience=Capability.READ,
        words={"measure": Number},
    ),
    Kind(
        event="number_missing",
        group=_GROUP,
        label=_("Data is missing"),
        when=_("A day is over, and nothing came in where something always does."),
        title=_("%(measure)s: nothing came in for %(day)s"),
        body=_("Expected %(lo)s to %(hi)s. Look whether the connection is well: this is rather missing data than a fall."),
        severity=Notification.Severity.WARNING,
        audience=Capability.READ,
        words={"measure": Number},
    ),
)  # fmt: skip


def tell(anomaly: Anomaly) -> None:
    """Tell the company's people of an incident. In the caller's transaction; the same one again tells nobody twice."""
    missing = anomaly.kind == Anomaly.Kind.MISSING
    params: dict[str, Any] = {
        "measure": anomaly.measure,  # by which people narrow what they hear
        **({"measure_of": anomaly.name} if anomaly.name else {}),
        "day": days_of(anomaly),
        "got": amount(anomaly, anomaly.got),
        "lo": amount(anomaly, anomaly.lo),
        "hi": amount(anomaly, anomaly.hi),
        "why": why(anomaly),
    }
    notifications.notify(
        "number_missing" if missing else "number_unexpected",
        tenant=anomaly.tenant,
        params=params,
        path=reverse("kpi:anomalies", kwargs={"slug": anomaly.tenant.slug}),
        once_key=f"anomaly:{anomaly.pk}",
    )


def called(anomaly: Anomaly) -> str:
    """Return which number it is, and of which product or store."""
    label = str(Number(anomaly.measure).label)
    return f"{label} · {anomaly.name}" if anomaly.name else label


def days_of(anomaly: Anomaly) -> str:
    """Return the days as the active language writes them."""
    first, last = (formats.day(day, _locale()) for day in (anomaly.first_day, anomaly.last_day))
    return first if first == last else f"{first} – {last}"


def amount(anomaly: Anomaly, value: Decimal | None) -> str:
    """Return an amount of the incident as the active language writes it: money, or a number of sales or customers."""
    if anomaly.measure in _COUNTS:
        return formats.number(None if value is None else round(value), _locale())
    return formats.money_short(value, anomaly.tenant.currency, _locale())


def _locale() -> str:
    return to_locale(get_language() or "pt-br")


_CARRIED: Final = gettext_noop("%(share)s of the gap is %(what)s.")
_HOLIDAY: Final = gettext_noop("It was a holiday (%(holiday)s).")
_AFTER: Final = gettext_noop("It was the first working day after a holiday (%(holiday)s).")
_CARRIED_HOLIDAY: Final = gettext_noop("It was a holiday (%(holiday)s). %(share)s of the gap is %(what)s.")
_CARRIED_AFTER: Final = gettext_noop("It was the first working day after a holiday (%(holiday)s). %(share)s of the gap is %(what)s.")  # fmt: skip


def why(anomaly: Anomaly) -> Any:
    """Return the sentence that says what carries the gap and which holiday was near, translated when it is read; "" where nothing explains it."""
    on, after = holidays.name_of(anomaly.first_day), holidays.just_before(anomaly.first_day)
    if anomaly.last_day - anomaly.first_day > timedelta(days=1):
        on = after = ""  # a holiday says nothing of a week
    near = {"holiday": on or after} if on or after else {}
    if not anomaly.parts:
        return {"text": _HOLIDAY if on else _AFTER, "values": near} if near else ""
    part = anomaly.parts[0]
    share = min(Decimal(part["share"]), Decimal(1))
    carried = {"share": formats.percent(share, places=0), "what": part["name"]}
    text = _CARRIED_HOLIDAY if on else _CARRIED_AFTER if after else _CARRIED
    return {"text": text, "values": near | carried}


def sentence(kept: dict[str, Any]) -> str:
    """Return a kept sentence in the active language."""
    text = str(kept["text"])
    return str(gettext(text) % kept["values"])


def happened(one: Anomaly) -> str:
    """Return what came, what was expected, and what carries the gap."""
    said = {
        "got": amount(one, one.got),
        "lo": amount(one, one.lo),
        "hi": amount(one, one.hi),
    }
    if one.kind == Anomaly.Kind.MISSING:
        return gettext("Nothing came in; expected %(lo)s to %(hi)s.") % said
    reason = why(one)
    return " ".join(
        part
        for part in (
            gettext("%(got)s, expected %(lo)s to %(hi)s.") % said,
            sentence(reason) if reason else "",
        )
        if part
    )
