"""Who hears of an alert: people through notifications, programs through webhooks. All of it in the transaction that keeps the alert.

A further channel (WhatsApp) goes in here: one more call in `_tell`, with the event's own key so that it says each thing once.
"""

from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from kpi.alerts import words
from kpi.models import AlertEvent
from live import hooks, notifications
from live.models import Notification
from live.notifications.catalog import Kind
from tenants.models import Capability

_GROUP: Final = _("Numbers")
KINDS: Final = (
    Kind(
        event="number_alert",
        group=_GROUP,
        label=_("An alert of yours"),
        when=_("A number does what one of the company’s alerts waits for."),
        title=_("%(kpi)s%(of)s: %(got)s"),
        body="%(body)s",
        severity=Notification.Severity.WARNING,
        audience=Capability.READ,
        words={"kpi": words.Number},
    ),
    Kind(
        event="number_alert_withdrawn",
        group=_GROUP,
        label=_("An alert is taken back"),
        when=_("A later synchronisation brought other values, and the reason of an alert is gone."),
        title=_("Taken back: %(kpi)s%(of)s"),
        body=_("It said %(got)s. A later synchronisation brought other values, and the alert has no reason any more."),
        audience=Capability.READ,
        words={"kpi": words.Number},
    ),
)  # fmt: skip
FIRED, CHANGED, WITHDRAWN = "alert.fired", "alert.changed", "alert.withdrawn"


def fired(event: AlertEvent) -> None:
    """Tell of a new alert."""
    notifications.notify(
        "number_alert",
        tenant=event.rule.tenant,
        params=_params(event),
        path=path_of(event),
        once_key=_key(event),
    )
    _tell(FIRED, event)


def changed(event: AlertEvent) -> None:
    """Correct what was told: the same notification says the new values; nobody is disturbed again."""
    notifications.amend(tenant=event.rule.tenant, once_key=_key(event), params=_params(event))
    _tell(CHANGED, event)


def withdrawn(event: AlertEvent) -> None:
    """Tell that an alert has no reason any more."""
    notifications.notify(
        "number_alert_withdrawn",
        tenant=event.rule.tenant,
        params=_params(event),
        path=path_of(event),
        once_key=f"{_key(event)}:withdrawn",
    )
    _tell(WITHDRAWN, event)


def _tell(what: str, event: AlertEvent) -> None:
    hooks.send(what, tenant=event.rule.tenant, data=data_of(event))


def _key(event: AlertEvent) -> str:
    return f"alert:{event.pk}"


def _params(event: AlertEvent) -> dict[str, Any]:
    with translation.override("pt-br"):  # amounts and days as the company's country writes them
        found = words.params(event)
    first = found.pop("first", None)
    if first is not None:
        found["body"] = {"text": words.CORRECTED, "values": {"body": _written(found["body"]), "first": first}}
    return found


def _written(sentence: dict[str, Any]) -> str:
    with translation.override("pt-br"):
        text = str(sentence["text"])
        return str(translation.gettext(text) % sentence["values"])


def path_of(event: AlertEvent) -> str:
    """Return the page behind an alert."""
    return reverse("kpi:alert", kwargs={"slug": event.rule.tenant.slug, "pk": event.rule_id})


def data_of(event: AlertEvent) -> dict[str, Any]:
    """Return an alert as programs are told of it: amounts as text, unknown as null, sentences in Portuguese."""
    rule = event.rule
    with translation.override("pt-br"):
        title, body = words.event_said(event)
        said = words.rule_said(rule)
    return {
        "id": event.pk,
        "rule": {"id": rule.pk, "sentence": said, "kpi": rule.kpi, "dimension": rule.dimension, "key": rule.key, "kind": rule.kind},
        "company": rule.tenant.slug,
        "day": event.day.isoformat(),
        "got": _text(event.got),
        "expected": _text(event.expected),
        "expected_to": _text(event.expected_to),
        "first_got": _text(event.first_got),
        "title": title,
        "sentence": body,
        "path": path_of(event),
        "url": settings.PUBLIC_URL.rstrip("/") + path_of(event) if settings.PUBLIC_URL else None,
    }  # fmt: skip


def _text(value: Any) -> str | None:
    return None if value is None else format(value.normalize(), "f")
