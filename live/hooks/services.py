"""Writing webhooks: endpoints of a company, and messages to them in the transaction of what they tell of."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lib import clock, crypto, jsontext, network
from live import events, wake
from live.hooks import signing
from live.models import HookDelivery, HookEndpoint
from tenants import audit
from tenants.access import Access, owned
from tenants.models import Tenant

SEND: Final = "live.send_hooks"
MOST: Final = 20  # endpoints of a company
TEST: Final = "webhook.test"
_known: Final[set[str]] = set()


def register_events(*names: str) -> None:
    """Name events that are sent, so that an endpoint can choose among them. Called in `AppConfig.ready()`."""
    _known.update(names)


def known_events() -> list[str]:
    """Return every event that is sent, sorted."""
    return sorted(_known)


# --- messages ------------------------------------------------------------------------------------------------------------------
def send(event: str, *, tenant: Tenant, data: Mapping[str, Any]) -> int:
    """Write a message to each endpoint of the company that hears of `event`, in the caller's transaction; return how many.

    They go out after the commit, each until it is taken or a day is over. Raises ValueError for an event that nobody registered.
    """
    if event not in _known:
        raise ValueError(f"{event} is no registered event")
    endpoints = HookEndpoint.objects.filter(tenant=tenant, removed_at=None, disabled_at=None)
    hearing = [one for one in endpoints if not one.events or event in one.events]
    return len([_write(one, event, data) for one in hearing])


def _write(endpoint: HookEndpoint, event: str, data: Mapping[str, Any]) -> HookDelivery:
    now = clock.now()
    body = jsontext.canonical({"type": event, "timestamp": now.isoformat(), "data": dict(data)}).decode()
    row = HookDelivery.objects.create(
        tenant_id=endpoint.tenant_id, endpoint=endpoint, event=event, body=body, due_at=now
    )
    wake.on_commit(SEND)
    return row


@transaction.atomic
def send_test(*, access: Access, endpoint: HookEndpoint) -> HookDelivery:
    """Write a test message to one endpoint and return it. One that is stopped is tried too, once."""
    row = _write(endpoint, TEST, {"company": access.tenant.slug, "text": _("This is a test.")})
    audit.record(tenant=access.tenant, actor=access, action="webhook.test", row=endpoint)
    return row


# --- endpoints -----------------------------------------------------------------------------------------------------------------
def checked_url(url: str) -> str:
    """Return the address as it is kept. Raises ValidationError when it is no https address on the public internet.

    Names are looked up now, so that a typing error is said at once, and again at each sending, because what they lead to can change.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValidationError({"url": _("Write the address as https://example.com/path.")}) from error
    if (
        parts.scheme not in {"https", "http"}
        or not host
        or parts.username
        or parts.password
        or len(url) > 500
        or not url.isprintable()
        or " " in url
    ):
        raise ValidationError({"url": _("Write the address as https://example.com/path.")})
    if parts.scheme == "http" and not plain_allowed():
        raise ValidationError({"url": _("Only https is allowed: what is sent must not be read on the way.")})
    if settings.ALLOW_PRIVATE_UPSTREAMS:
        return url
    try:
        addresses = network.resolve(host, port or 443)
    except (OSError, UnicodeError) as error:
        raise ValidationError({"url": _("The name %(host)s is not known.") % {"host": host}}) from error
    if not addresses or not all(map(network.is_public, addresses)):
        raise ValidationError({"url": _("%(host)s is not on the public internet.") % {"host": host}})
    return url


def plain_allowed() -> bool:
    """Return whether plain http may be used: on a developer's machine, and where private addresses are opened on purpose."""
    return bool(settings.DEBUG or settings.ALLOW_PRIVATE_UPSTREAMS)


def _checked_events(names: Any) -> list[str]:
    wanted = sorted({str(name) for name in names or ()})
    strange = set(wanted) - _known
    if strange:
        raise ValidationError({"events": _("Use one of: %(names)s.") % {"names": ", ".join(known_events())}})
    return [] if set(wanted) == _known else wanted


@transaction.atomic
def create(*, access: Access, url: str, label: str = "", events_: Any = ()) -> tuple[HookEndpoint, str]:
    """Return a new endpoint and its secret, which is shown this once. Raises ValidationError by field."""
    url = checked_url(url)  # looks the name up: not while others wait
    Tenant.objects.select_for_update(no_key=True).only("pk").get(
        pk=access.tenant.pk
    )  # so that none is one too many
    if HookEndpoint.objects.filter(tenant=access.tenant, removed_at=None).count() >= MOST:
        raise ValidationError({"url": _("A company can have %(n)d webhooks at most.") % {"n": MOST}})
    secret = signing.new_secret()
    row = HookEndpoint.objects.create(
        tenant=access.tenant,
        url=url,
        label=" ".join(label.split())[:80],
        events=_checked_events(events_),
        secret=crypto.seal({"value": secret}),
        made_by=access.user,
    )
    audit.record(tenant=access.tenant, actor=access, action="webhook.create", row=row, after=_said(row))
    events.publish("alerts_changed", tenant_id=access.tenant.pk)
    return row, secret


@transaction.atomic
def change(*, access: Access, endpoint: HookEndpoint, fields: Mapping[str, Any]) -> HookEndpoint:
    """Return the endpoint with `url`, `label`, `events` or `is_active` changed. What waits for it goes to the new address. Raises ValidationError."""
    held = HookEndpoint.objects.select_for_update(no_key=True)
    row = owned(held, tenant=access.tenant, pk=endpoint.pk, removed_at=None)
    before = _said(row)
    if "url" in fields and fields["url"] != row.url:
        row.url = checked_url(str(fields["url"]))
    if "label" in fields:
        row.label = " ".join(str(fields["label"]).split())[:80]
    if "events" in fields:
        row.events = _checked_events(fields["events"])
    if "is_active" in fields and bool(fields["is_active"]) != (row.disabled_at is None):
        row.disabled_at = None if fields["is_active"] else clock.now()
        row.problem = ""
        if row.disabled_at:
            give_up_waiting(row, _("The webhook was stopped."))
    row.save()
    if (after := _said(row)) != before:
        audit.record(
            tenant=access.tenant, actor=access, action="webhook.change", row=row, before=before, after=after
        )
        events.publish("alerts_changed", tenant_id=access.tenant.pk)
    return row


@transaction.atomic
def new_secret(*, access: Access, endpoint: HookEndpoint) -> str:
    """Give the endpoint another secret and return it; from now on messages are signed with it alone."""
    secret = signing.new_secret()
    HookEndpoint.objects.filter(pk=endpoint.pk, tenant=access.tenant).update(
        secret=crypto.seal({"value": secret})
    )
    audit.record(tenant=access.tenant, actor=access, action="webhook.secret", row=endpoint)
    return secret


@transaction.atomic
def remove(*, access: Access, endpoint: HookEndpoint) -> None:
    """Send nothing there any more. Its history stays until it is old."""
    HookEndpoint.objects.filter(pk=endpoint.pk, tenant=access.tenant).update(
        removed_at=clock.now(), secret=""
    )
    give_up_waiting(endpoint, _("The webhook was removed."))
    audit.record(
        tenant=access.tenant, actor=access, action="webhook.remove", row=endpoint, before=_said(endpoint)
    )
    events.publish("alerts_changed", tenant_id=access.tenant.pk)


def give_up_waiting(endpoint: HookEndpoint, why: str) -> int:
    """Let nothing wait for an endpoint any more; return how many messages that were."""
    waiting = HookDelivery.objects.filter(
        tenant=endpoint.tenant_id, endpoint=endpoint, state=HookDelivery.State.WAITING
    )
    return waiting.update(state=HookDelivery.State.FAILED, due_at=None, problem=why[:300])


def _said(row: HookEndpoint) -> dict[str, Any]:
    return {"url": row.url, "label": row.label, "events": row.events, "is_active": row.disabled_at is None}
