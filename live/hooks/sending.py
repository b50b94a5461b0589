"""Sending what waits. Whoever sends first moves the row's due time on and commits (the claim), then speaks with the receiver, then marks it.

So a message is lost in no case, and repeated in one: when the worker dies between the receiver's answer and our mark. The copy has the same
`webhook-id`, by which receivers recognise it.
"""

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lib import clock, crypto, http, jsontext
from live import events, notifications
from live.hooks import signing
from live.hooks.services import TEST, give_up_waiting, plain_allowed
from live.models import HookDelivery, HookEndpoint, Notification
from live.notifications.catalog import Kind
from tenants.models import Capability

log = structlog.get_logger(__name__)
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# After the first attempt; together a little less than a day.
WAITS: Final = (5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 8 * H, 8 * H)
LEASE: Final = 2 * M  # longer than one attempt can take
PATIENCE: Final = http.Patience(connect=5, read=10, total=15, attempts=1, max_bytes=64 * 1024)
KEPT: Final = timedelta(days=30)
GONE: Final = 410  # the receiver says that it wants no more
_BATCH: Final = 5_000
STOPPED: Final = Kind(
    event="webhook_stopped",
    group=gettext_lazy("Numbers"),
    label=gettext_lazy("A webhook is stopped"),
    when=gettext_lazy("What should hear of alerts did not answer for a day."),
    title=gettext_lazy("The webhook %(name)s is stopped"),
    body=gettext_lazy("It did not take a message for a day: %(problem)s. Nothing is sent there until you start it again."),
    severity=Notification.Severity.WARNING,
    audience=Capability.WRITE,
)  # fmt: skip


def send_due(*, patience: http.Patience = PATIENCE) -> int:
    """Send every message that is due; return how many were taken. Several workers may do it at once."""
    taken = 0
    while (row := _claim(clock.now())) is not None:
        taken += _send(row, patience)
    return taken


@transaction.atomic
def _claim(now: datetime) -> HookDelivery | None:
    row = (
        HookDelivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("endpoint", "tenant")
        .filter(state=HookDelivery.State.WAITING, due_at__lte=now)
        .order_by("due_at", "id")
        .first()
    )
    if row is None:
        return None
    row.due_at, row.attempts, row.tried_at = now + LEASE, row.attempts + 1, now
    row.save(update_fields=["due_at", "attempts", "tried_at"])
    return row


def _send(row: HookDelivery, patience: http.Patience) -> bool:
    if _is_shut(row.endpoint, row.event):  # written while somebody stopped it
        _failed(row, _("The webhook was stopped."), None)
        return False
    try:
        status = _post(row.endpoint, row, patience)
    except http.StatusError as error:
        _failed(row, str(error), error.status)
    except (http.HttpError, crypto.SecretUnreadable) as error:
        _failed(row, str(error), None)
    else:
        _taken(row, status)
        return True
    return False


def _post(endpoint: HookEndpoint, row: HookDelivery, patience: http.Patience) -> int:
    """Return the status of a good answer. Raises lib.http.HttpError and lib.crypto.SecretUnreadable."""
    parts = urlsplit(endpoint.url)
    if parts.scheme != "https" and not plain_allowed():
        raise http.AddressRefused(_("Only https is allowed: what is sent must not be read on the way."))
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    secret = crypto.unseal(endpoint.secret)["value"]
    signed = signing.headers(
        secret=secret,
        message_id=row.message_id,
        timestamp=int(clock.now().timestamp()),
        body=row.body.encode(),
    )
    private = bool(settings.ALLOW_PRIVATE_UPSTREAMS)
    client = http.Client(
        f"{parts.scheme}://{parts.netloc}", name="webhook", headers={"User-Agent": "Painel/1 (+webhooks)"},
        allow_private=private, patience=patience, secrets=[secret],
    )  # fmt: skip
    with client:
        # What is sent is the stored text: reading and writing it again gives the same bytes (lib.jsontext), and those were signed.
        answer = client.post(
            path,
            json=jsontext.loads(row.body),
            headers=signed,
            endpoint="webhook",
            parse=False,
            status_only=True,
        )
    return answer.status


@transaction.atomic
def _taken(row: HookDelivery, status: int) -> None:
    # The endpoint first, as whoever stops it does: in the other order the two would wait for each other.
    HookEndpoint.objects.filter(pk=row.endpoint_id).update(last_good_at=clock.now())
    row.state, row.due_at, row.status, row.problem = HookDelivery.State.DELIVERED, None, status, ""
    row.save(update_fields=["state", "due_at", "status", "problem"])
    events.publish("alerts_changed", tenant_id=row.tenant_id, changed=False)


@transaction.atomic
def _failed(row: HookDelivery, problem: str, status: int | None) -> None:
    # Not the problem: it names the path, which may be the receiver's secret.
    log.info("webhook_not_taken", delivery=row.pk, attempt=row.attempts, status=status)
    row.problem, row.status = problem[:300], status
    # Whoever stopped or removed it while the receiver kept us waiting gave this message up, too.
    endpoint = HookEndpoint.objects.select_for_update(no_key=True).get(pk=row.endpoint_id)
    last = row.attempts > len(WAITS) or status == GONE or row.event == TEST or _is_shut(endpoint, row.event)
    row.state = HookDelivery.State.FAILED if last else HookDelivery.State.WAITING
    row.due_at = None if last else clock.now() + WAITS[row.attempts - 1]
    row.save(update_fields=["state", "due_at", "status", "problem"])
    if last and row.event != TEST:
        _stop(row, endpoint)
    events.publish("alerts_changed", tenant_id=row.tenant_id, changed=False)


def _is_shut(endpoint: HookEndpoint, event: str) -> bool:
    """Return whether nothing is sent there any more; a test is, to one that is stopped."""
    return endpoint.removed_at is not None or (endpoint.disabled_at is not None and event != TEST)


def _stop(row: HookDelivery, endpoint: HookEndpoint) -> None:
    """Stop the endpoint, which is locked, and tell who may change it, unless it took something since this message was written."""
    well = endpoint.last_good_at is not None and endpoint.last_good_at > row.created_at
    if endpoint.disabled_at or endpoint.removed_at or (well and row.status != GONE):
        return
    now = clock.now()
    HookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_at=now, problem=row.problem)
    give_up_waiting(endpoint, row.problem)
    notifications.notify(
        STOPPED.event,
        tenant=row.tenant,
        params={"name": str(endpoint), "problem": row.problem[:200]},
        path=f"/t/{row.tenant.slug}/alerts/webhooks/",
        once_key=f"hook:{endpoint.pk}:{row.pk}",
    )


def prune() -> int:
    """Delete messages that are done and older than 30 days, a bounded number a call. Return how many."""
    old = HookDelivery.objects.filter(created_at__lt=clock.now() - KEPT).exclude(
        state=HookDelivery.State.WAITING
    )
    return HookDelivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_BATCH])).delete()[0]
