"""Connecting a bank through Pluggy's own page: a token and an address to go to, and an item id to come back with."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote, urlencode

from django.db import transaction

from lib.crypto import SecretUnreadable
from sync import opening
from sync.models import Connection, SyncRun
from sync.providers.base import UpstreamError
from sync.providers.pluggy.provider import Pluggy
from sync.providers.statement import Sentence
from sync.services import runs
from sync.services.connections import TRY_SECONDS, unreadable_secret
from tenants import audit
from tenants.access import Access

ITEM_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
CONNECT_URL: Final = "https://connect.pluggy.ai/?connect_token={token}"


def start_bank_connection(
    *, connection: Connection, callback: str = "", item_id: str | None = None, access: Access | None = None
) -> str:
    """Return the address of the page where a person chooses a bank and consents; with an item they sign in again at that one.

    `config["connect_url"]` replaces Pluggy's page: `{token}` and `{callback}` in it are filled in, or added as query when absent.
    Raises UpstreamError with a sentence for people.
    """
    if not connection.config.get("client_user_id"):
        # Our name for the company at Pluggy: an item that comes back must carry it.
        name = f"painel-{connection.tenant_id}-{connection.pk}"
        _merge(connection, {"client_user_id": name})
    with _pluggy(connection) as pluggy:
        token = pluggy.connect_token(item_id)
    if access is not None:
        after = {"item": item_id or ""}
        audit.record(
            tenant=connection.tenant, action="bank.consent_started", row=connection, actor=access, after=after
        )
    url = str(connection.config.get("connect_url") or CONNECT_URL)
    if "{token}" not in url:
        joint = "&" if "?" in url else "?"
        return url + joint + urlencode({"connectToken": token, "callback": callback})
    return url.replace("{token}", quote(token, safe="")).replace("{callback}", quote(callback, safe=""))


def finish_bank_connection(*, connection: Connection, item_id: str, access: Access | None = None) -> SyncRun:
    """Take a bank that a person connected into the connection, and return the run that reads it. Safe to repeat.

    The item is read at Pluggy first: one that is not there, or that carries another company's name, is refused. Raises UpstreamError.
    """
    if not ITEM_ID.fullmatch(item_id):  # it comes from a URL and becomes part of one
        raise UpstreamError(_stranger())
    known = item_id in (connection.config.get("item_ids") or [])
    with _pluggy(connection) as pluggy:
        try:
            item = pluggy.fetch("item", item_id).payload
        except KeyError as error:
            raise UpstreamError(_stranger()) from error
    if not known and item.get("clientUserId") != connection.config.get("client_user_id"):
        raise UpstreamError(_stranger())
    with transaction.atomic():
        row = (
            Connection.objects.select_for_update(no_key=True, of=("self",))
            .select_related("tenant")
            .get(pk=connection.pk)
        )
        items = list(row.config.get("item_ids") or [])
        if item_id not in items:
            row.config |= {"item_ids": [*items, item_id]}
        if row.state == Connection.State.NEEDS_PERSON:
            row.state, row.state_reason = Connection.State.ACTIVE, ""
        row.save(update_fields=["config", "state", "state_reason"])
        audit.record(
            tenant=row.tenant, action="bank.connected", row=row, actor=access, after={"item": item_id}
        )
        reason = SyncRun.Reason.PERSON if known else SyncRun.Reason.FIRST
        return runs.request_sync(connection=row, reason=reason)


@contextmanager
def _pluggy(connection: Connection) -> Iterator[Pluggy]:
    """Open a connection as Pluggy, in a hurry. Raises UpstreamError."""
    try:
        with opening.provider_of(connection, patience=opening.HURRY, wait=TRY_SECONDS) as provider:
            assert isinstance(provider, Pluggy), "only Pluggy's connections have banks"
            yield provider
    except SecretUnreadable as error:
        raise UpstreamError(unreadable_secret(), needs_person=True) from error


def _stranger() -> Sentence:
    return Sentence("This bank connection does not belong to this company. Connect the bank again from here.")


def _merge(connection: Connection, extra: dict[str, str]) -> None:
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        row.config = extra | row.config
        row.save(update_fields=["config"])
    connection.config = row.config
