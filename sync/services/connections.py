"""Connections: made, renamed, paused, removed and brought back, tried."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from ledger.models import Source
from lib import clock
from lib.crypto import SecretUnreadable
from lib.text import clean
from live.events import publish
from sync import opening, schedule
from sync.models import Connection, SyncRun
from sync.providers.base import UpstreamError
from sync.providers.statement import Sentence
from sync.services import runs, webhooks
from sync.words import say
from tenants import audit
from tenants.access import Access
from tenants.models import Tenant, User

Actor = User | Access | None
NAME_LIMIT: Final = 80
TRY_SECONDS = 5.0  # how long a person waits for a turn in the request budget


@transaction.atomic
def connect(
    *,
    tenant: Tenant,
    kind: str,
    name: str,
    credentials: Mapping[str, str],
    config: Mapping[str, Any] | None = None,
    interval_seconds: int | None = None,
    actor: Actor = None,
) -> Connection:
    """Return a new connection of the company, with its source of facts and its first run queued."""
    interval = interval_seconds or schedule.INTERVALS[Connection.Kind(kind)]
    connection = Connection(
        tenant=tenant,
        source=Source.objects.create(tenant=tenant, kind=kind, name=name),
        kind=kind,
        name=name,
        config=dict(config or {}),
        interval_seconds=interval,
        next_due_at=clock.now() + timedelta(seconds=interval),
    )
    connection.set_credentials(dict(credentials))
    connection.save()
    after = {"kind": kind, "name": name, "credentials": sorted(credentials)}
    audit.record(tenant=tenant, action="connection.created", row=connection, actor=actor, after=after)
    runs.request_sync(connection=connection, reason=SyncRun.Reason.FIRST)
    return connection


@transaction.atomic
def reconnect(
    *, connection: Connection, name: str, credentials: Mapping[str, str], actor: Actor = None
) -> SyncRun:
    """Bring a connection back that was removed, and return the run that reads what was missed: its history goes on, no fact is doubled."""
    row = _locked(connection)
    row.name = name
    row.save(update_fields=["name"])
    return update_credentials(connection=row, credentials=credentials, actor=actor)


@transaction.atomic
def rename(*, connection: Connection, name: str, actor: Actor = None) -> None:
    """Give the connection, and with it the source of its facts, another name. Raises ValueError for an empty one."""
    name = clean(name, NAME_LIMIT)
    if not name:
        raise ValueError("a connection needs a name")
    row = _locked(connection)
    before, row.name = row.name, name
    if before == name:
        return
    row.save(update_fields=["name"])
    Source.objects.filter(pk=row.source_id).update(name=name)
    audit.record(
        tenant=row.tenant, action="connection.renamed", row=row, actor=actor, before={"name": before}, after={"name": name}
    )  # fmt: skip
    publish("sync", tenant_id=row.tenant_id, connection=row.pk)


@transaction.atomic
def update_credentials(
    *,
    connection: Connection,
    credentials: Mapping[str, str],
    config: Mapping[str, Any] | None = None,
    actor: Actor = None,
) -> SyncRun:
    """Seal new credentials, make the connection active again, and return the run that tries them. The audit keeps their names only.

    `config` is merged into the configuration.
    """
    row = _locked(connection)
    row.set_credentials(dict(credentials))
    row.config = row.config | dict(config or {})
    row.removed_at = None
    row.save(update_fields=["secret", "config", "removed_at"])
    return _awake(
        row, action="connection.credentials", actor=actor, after={"credentials": sorted(credentials)}
    )


@transaction.atomic
def pause(*, connection: Connection, actor: Actor = None) -> None:
    """Stop asking upstream until somebody resumes; a run under way stops at its next step."""
    reason = say(Sentence("Paused by %(who)s. Resume it to read on.", who=_who(actor)))
    row = _stopped(connection, reason)
    audit.record(tenant=row.tenant, action="connection.paused", row=row, actor=actor)
    publish("sync", tenant_id=row.tenant_id, connection=row.pk)


@transaction.atomic
def resume(*, connection: Connection, actor: Actor = None) -> SyncRun:
    """Make a paused connection active and return the run that reads what was missed. Raises NotReady for one that was removed."""
    row = _locked(connection)
    if row.removed_at is not None:
        raise runs.NotReady(_("This connection was removed. Connect it again with new credentials."))
    return _awake(row, action="connection.resumed", actor=actor)


def remove(*, connection: Connection, actor: Actor = None) -> None:
    """End the access and take it off the pages: our webhooks are taken back as far as upstream answers, the secret is destroyed.

    Facts, raw records and runs stay; new credentials (`reconnect`) bring the connection back.
    """
    webhooks.take_back(connection)
    reason = say(Sentence("Removed by %(who)s. Its data stays.", who=_who(actor)))
    with transaction.atomic():
        row = _stopped(connection, reason)
        if row.removed_at is not None:
            return
        row.secret, row.removed_at = "", clock.now()
        row.save(update_fields=["secret", "removed_at"])
        audit.record(
            tenant=row.tenant, action="connection.removed", row=row, actor=actor, before={"name": row.name, "kind": row.kind}
        )  # fmt: skip
        publish("sync", tenant_id=row.tenant_id, connection=row.pk)


def test_connection(*, connection: Connection, actor: Actor = None) -> str:  # noqa: PT028 - tests a connection
    """Ask upstream for the cheapest thing and return a sentence on what was reached; a connection that needed a person is active again.

    Raises UpstreamError with a sentence for people.
    """
    try:
        with opening.provider_of(connection, patience=opening.HURRY, wait=TRY_SECONDS) as provider:
            reached = provider.check()
    except SecretUnreadable as error:
        raise UpstreamError(unreadable_secret(), needs_person=True) from error
    if connection.state == Connection.State.NEEDS_PERSON:
        with transaction.atomic():
            _awake(_locked(connection), action="connection.tested", actor=actor)
    return reached


def unreadable_secret() -> Sentence:
    """Return the sentence for credentials that no key opens any more."""
    return Sentence("The stored credentials cannot be opened any more. Enter them again in the connection.")


def _locked(connection: Connection) -> Connection:
    return (
        Connection.objects.select_for_update(no_key=True, of=("self",))
        .select_related("tenant")
        .get(pk=connection.pk)
    )


def _awake(row: Connection, *, action: str, actor: Actor, after: dict[str, Any] | None = None) -> SyncRun:
    before = {"state": row.state}
    row.state, row.state_reason, row.failures = Connection.State.ACTIVE, "", 0
    row.save(update_fields=["state", "state_reason", "failures"])
    audit.record(tenant=row.tenant, action=action, row=row, actor=actor, before=before, after=after)
    return runs.request_sync(connection=row, reason=SyncRun.Reason.PERSON)


def _stopped(connection: Connection, reason: str) -> Connection:
    """End the open runs, then pause the connection: in this order, like a chunk, so that the two cannot wait for each other."""
    connection.runs.filter(status__in=SyncRun.OPEN).update(
        status=SyncRun.Status.FAILED,
        error=reason,
        decision=SyncRun.Decision.PERMANENT,
        finished_at=clock.now(),
    )
    row = _locked(connection)
    row.state, row.state_reason, row.ask_again = Connection.State.PAUSED, reason, False
    row.save(update_fields=["state", "state_reason", "ask_again"])
    return row


def _who(actor: Actor) -> str:
    return actor.actor_name if isinstance(actor, Access) else str(actor or "Painel")
