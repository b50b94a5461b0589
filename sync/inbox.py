"""The webhook inbox: verified, stored once, answered at once; processed from the row, as often as it takes.

A delivery is claimed for a while (its next try moves ahead), so that a worker that dies leaves it to be found again. Handlers must bear
repetition and any order: they read upstream again instead of trusting the body.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Q

from lib import clock, crypto, jsontext
from live import wake
from sync.models import InboundDelivery, Webhook
from sync.providers.base import UpstreamError
from sync.words import say

log = structlog.get_logger(__name__)

LARGEST: Final = 256 * 1024  # bytes of a body; real ones have less than 2 KB
LEASE: Final = timedelta(minutes=2)
MOST_ATTEMPTS: Final = 8
RETIRED_FOR: Final = timedelta(days=3)  # how long a rotated webhook is still heard
SECRET_HEADER: Final = "X-Painel-Webhook"  # noqa: S105 - the name of the header, not what it holds

Status = InboundDelivery.Status
# Does what a delivery asks for and returns True, or False when it means nothing to us. Raises UpstreamError to be tried again.
Handler = Callable[[InboundDelivery], bool]
_handlers: dict[str, Handler] = {}


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The delivery is not taken. `status` is what to answer."""

    status: int


def register(source: str, handler: Handler) -> None:
    """Say who understands the deliveries of a source. Apps above sync do so in `AppConfig.ready()`."""
    _handlers[source] = handler


def webhook_of(token: str) -> Webhook:
    """Return the webhook whose URL holds this token. Raises Refused(404)."""
    known = Webhook.objects.select_related("connection").filter(token_hash=hash_of(token))
    alive = Q(retired_at=None) | Q(retired_at__gt=clock.now() - RETIRED_FOR)
    webhook = known.filter(alive, tenant__is_active=True).first()
    if webhook is None:
        raise Refused(404)
    return webhook


def hash_of(token: str) -> str:
    """Return what is stored of a token of 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def receive(*, source: str, token: str, secret: str, body: bytes) -> InboundDelivery:
    """Store a delivery once and return its row; a repeated one returns the row that is there.

    Raises Refused: 404 for an unknown token, 401 for a wrong secret, 413 and 400 for a body that is none.
    """
    webhook = webhook_of(token)
    expected = crypto.unseal(webhook.secret)["value"]
    if not hmac.compare_digest(expected.encode(), secret.encode("utf-8", "replace")):
        log.warning("webhook_wrong_secret", webhook=webhook.pk)
        raise Refused(401)
    content = _content(body)
    delivery = InboundDelivery(
        tenant_id=webhook.tenant_id,
        connection_id=webhook.connection_id,
        source=source,
        delivery_id=_delivery_id(content, body),
        event=str(content.get("event", ""))[:60],
        body=content,
    )
    with transaction.atomic():
        InboundDelivery.objects.bulk_create([delivery], ignore_conflicts=True)
        wake.on_commit("sync.process_inbox")
    return InboundDelivery.objects.get(
        tenant_id=webhook.tenant_id, source=source, delivery_id=delivery.delivery_id
    )


def _content(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST:
        raise Refused(413)
    try:
        content = jsontext.loads(jsontext.canonical(jsontext.loads(body)))
    except ValueError as error:
        raise Refused(400) from error
    if not isinstance(content, dict) or not isinstance(content.get("event"), str):
        raise Refused(400)
    return content


def _delivery_id(content: dict[str, Any], body: bytes) -> str:
    """Return upstream's id of the event, or the body's own hash where it gives none."""
    given = content.get("eventId")
    if isinstance(given, str) and 0 < len(given) <= 100:
        return given
    return "body:" + hashlib.blake2b(body, digest_size=16).hexdigest()


def process_pending(limit: int = 200) -> int:
    """Process deliveries whose turn it is, oldest first, and return how many were settled (done, ignored or given up)."""
    settled = 0
    for _ in range(limit):
        delivery = _claim()
        if delivery is None:
            break
        settled += _process(delivery)
    return settled


@transaction.atomic
def _claim() -> InboundDelivery | None:
    """Return the next delivery, hidden from the others for the lease."""
    now = clock.now()
    delivery = (
        InboundDelivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("connection__tenant")
        .filter(status=Status.PENDING, next_try_at__lte=now)
        .order_by("next_try_at", "pk")
        .first()
    )
    if delivery is not None:
        delivery.attempts += 1
        delivery.next_try_at = now + LEASE
        delivery.save(update_fields=["attempts", "next_try_at"])
    return delivery


def _process(delivery: InboundDelivery) -> bool:
    handler = _handlers.get(delivery.source)
    try:
        understood = handler is not None and handler(delivery)
    except UpstreamError as error:
        return _again(delivery, say(error), error.retry_after)
    except Exception as error:
        log.exception("delivery_broken", delivery=delivery.pk)
        return _again(delivery, type(error).__name__, None)
    return _settle(delivery, Status.DONE if understood else Status.IGNORED)


def _again(delivery: InboundDelivery, error: str, retry_after: timedelta | None) -> bool:
    """Put the delivery back for later, or give it up; return whether it was given up."""
    if delivery.attempts >= MOST_ATTEMPTS:
        return _settle(delivery, Status.FAILED, error)
    wait = max(retry_after or timedelta(), timedelta(seconds=15 * 2**delivery.attempts))
    delivery.next_try_at, delivery.error = clock.now() + wait, error
    delivery.save(update_fields=["next_try_at", "error"])
    return False


def _settle(delivery: InboundDelivery, status: str, error: str = "") -> bool:
    delivery.status, delivery.error, delivery.processed_at = status, error, clock.now()
    delivery.save(update_fields=["status", "error", "processed_at"])
    return True


def replay(delivery: InboundDelivery) -> None:
    """Let a settled delivery be processed once more."""
    delivery.status, delivery.attempts, delivery.error, delivery.processed_at = Status.PENDING, 0, "", None
    delivery.next_try_at = clock.now()
    delivery.save(update_fields=["status", "attempts", "error", "processed_at", "next_try_at"])
    wake.on_commit("sync.process_inbox")
