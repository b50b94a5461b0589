"""Our webhooks at Pluggy: registered, checked, rotated every month, taken back. None without PUBLIC_URL."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db.models import Q

from lib import clock, crypto
from lib.crypto import SecretUnreadable
from sync import inbox, opening
from sync.models import Connection, Webhook
from sync.providers.base import UpstreamError
from sync.providers.pluggy.provider import Pluggy

log = structlog.get_logger(__name__)

ROTATE_AFTER: Final = timedelta(days=30)
PATH: Final = "/api/webhooks/pluggy/"


def check_webhooks() -> int:
    """Make sure that every active Pluggy connection has one webhook that works; return how many were registered anew."""
    if not settings.PUBLIC_URL:
        return 0
    _forget_old()
    active = Connection.objects.filter(kind=Connection.Kind.PLUGGY, tenant__is_active=True).exclude(
        Q(state=Connection.State.PAUSED) | Q(secret="")
    )
    return sum(_check(connection) for connection in active.order_by("pk"))


def _check(connection: Connection) -> bool:
    try:
        with opening.provider_of(connection) as pluggy:
            assert isinstance(pluggy, Pluggy), "the connections are Pluggy's"
            return _keep_one(connection, pluggy)
    except (UpstreamError, SecretUnreadable) as error:
        # The connection's own runs tell people; Beat checks again in an hour.
        log.warning("webhooks_not_checked", connection=connection.pk, error=str(error))
        return False


def _keep_one(connection: Connection, pluggy: Pluggy) -> bool:
    """Leave one young, enabled webhook at the present address; return whether it had to be made."""
    now = clock.now()
    enabled = {str(hook.get("id")) for hook in pluggy.webhooks() if not hook.get("disabledAt")}
    ours = list(Webhook.objects.filter(connection=connection, retired_at=None).order_by("-pk"))
    good = [
        hook
        for hook in ours
        if hook.upstream_id in enabled
        and hook.url.startswith(settings.PUBLIC_URL.rstrip("/") + PATH)
        and now - hook.created_at < ROTATE_AFTER
    ]
    # The new one is registered before the old one goes: nothing is missed, and what comes twice is stored once.
    made = not good
    kept = good[0] if good else register(connection, pluggy)
    Webhook.objects.filter(pk=kept.pk).update(checked_at=now)
    _retire(pluggy, [hook for hook in ours if hook.pk != kept.pk])
    return made


def register(connection: Connection, pluggy: Pluggy) -> Webhook:
    """Return a new webhook, registered at Pluggy. Its row is there first: upstream may deliver at once. Raises UpstreamError."""
    token, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    url = settings.PUBLIC_URL.rstrip("/") + PATH + token
    row = Webhook.objects.create(
        tenant_id=connection.tenant_id,
        connection=connection,
        token_hash=inbox.hash_of(token),
        secret=crypto.seal({"value": secret}),
        # The token stands nowhere but at Pluggy: whoever reads the database cannot deliver.
        url=settings.PUBLIC_URL.rstrip("/") + PATH + "…",
    )
    try:
        hook: dict[str, Any] = pluggy.register_webhook(url, "all", {inbox.SECRET_HEADER: secret})
    except UpstreamError:
        row.delete()
        raise
    row.upstream_id = str(hook.get("id", ""))[:64]
    row.save(update_fields=["upstream_id"])
    return row


def take_back(connection: Connection) -> None:
    """Remove the connection's webhooks at Pluggy, as far as it answers, and hear them no more."""
    ours = list(Webhook.objects.filter(connection=connection, retired_at=None))
    if not ours:
        return
    try:
        with opening.provider_of(connection, patience=opening.HURRY, wait=1) as pluggy:
            assert isinstance(pluggy, Pluggy), "only Pluggy's connections have webhooks"
            _retire(pluggy, ours)
    except (UpstreamError, SecretUnreadable) as error:
        log.warning("webhooks_left_behind", connection=connection.pk, error=str(error))
    Webhook.objects.filter(connection=connection).delete()


def _retire(pluggy: Pluggy, hooks: Iterable[Webhook]) -> None:
    for hook in hooks:
        if hook.upstream_id:
            pluggy.delete_webhook(hook.upstream_id)
        hook.retired_at = clock.now()
        hook.save(update_fields=["retired_at"])


def _forget_old() -> None:
    Webhook.objects.filter(retired_at__lt=clock.now() - inbox.RETIRED_FOR).delete()
