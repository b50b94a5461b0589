"""What Pluggy's notices mean. Nothing in a notice is believed: what it names is read again at Pluggy."""

from collections.abc import Iterable

from lib.crypto import SecretUnreadable
from sync import intake, opening
from sync.budgets import BudgetSpent
from sync.models import Connection, InboundDelivery, SyncRun
from sync.providers.base import Page, UpstreamError
from sync.providers.pluggy.provider import Pluggy
from sync.services import NotReady, request_sync
from sync.services.connections import unreadable_secret

TURN_SECONDS = 10.0


def pluggy(delivery: InboundDelivery) -> bool:
    """Do what a delivery of Pluggy asks for; return False when it means nothing to this connection. Raises UpstreamError.

    Changed and deleted lines are read at once. News of a bank, and new lines of an account that is not known yet, are a run's work.
    """
    connection = delivery.connection
    if connection is None or connection.state == Connection.State.PAUSED:
        return False
    if delivery.event.startswith("transactions/"):
        return _lines(connection, delivery)
    if delivery.event.startswith("item/") and _is_ours(connection, delivery):
        return _run(connection)
    return False


def _is_ours(connection: Connection, delivery: InboundDelivery) -> bool:
    """Return whether the bank is one of this connection; one Pluggy client may serve several companies."""
    item = delivery.body.get("itemId") or delivery.body.get("id")
    return item in (connection.config.get("item_ids") or [])


def _run(connection: Connection) -> bool:
    try:
        request_sync(connection=connection, reason=SyncRun.Reason.WEBHOOK)
    except NotReady:
        return False
    return True


def _lines(connection: Connection, delivery: InboundDelivery) -> bool:
    if not _is_ours(connection, delivery) and delivery.body.get("itemId"):
        return False
    try:
        with opening.provider_of(connection, wait=TURN_SECONDS) as provider:
            assert isinstance(provider, Pluggy), "a webhook of Pluggy belongs to a connection of Pluggy"
            return _take(connection, provider, provider.event_pages(delivery.body))
    except SecretUnreadable as error:
        raise UpstreamError(unreadable_secret(), needs_person=True) from error
    except BudgetSpent:
        return _run(connection)


def _take(connection: Connection, provider: Pluggy, pages: Iterable[Page]) -> bool:
    """Take the pages in, each in a transaction of its own; return whether there was any."""
    found = False
    for page in pages:
        found = True
        intake.take_some(connection, provider, page.records, page.gone)
    return found
