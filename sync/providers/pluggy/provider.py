"""Pluggy as a provider: banks, accounts, card bills and lines of the items in `config["item_ids"]`.

Beyond the contract it opens the connect widget, manages webhooks, and says what a webhook delivery means.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

from ledger.drafts import Draft
from sync.providers import payload as read
from sync.providers.answers import OpenHttp, Spend, unreadable
from sync.providers.base import Context, Page, Record
from sync.providers.pluggy.accounts import is_card_account, map_account
from sync.providers.pluggy.banks import map_item
from sync.providers.pluggy.client import BASE_URL, NAME, Client
from sync.providers.pluggy.known import Known
from sync.providers.pluggy.lines import AccountLines
from sync.providers.pluggy.transactions import map_transaction


def map_bill(record: Record, context: Context) -> tuple[Draft, ...]:
    """Return nothing: a bill is kept raw. Its payment is a line, and what is owed is the card's balance."""
    return ()


_MAPPERS: Final[dict[str, Callable[[Record, Context], tuple[Draft, ...]]]] = {
    "item": map_item,
    "account": map_account,
    "bill": map_bill,
    "transaction": map_transaction,
}


class Pluggy:
    """The banks of one company. `config`: base_url, item_ids (list), client_user_id (our name for the company at Pluggy)."""

    kind: ClassVar[str] = "pluggy"
    mapper_version: ClassVar[int] = 1

    def __init__(
        self,
        *,
        credentials: Mapping[str, str],
        config: Mapping[str, Any],
        http: OpenHttp,
        spend: Spend,
        batch_size: int,
        now: Callable[[], datetime],
    ) -> None:
        base_url = str(config.get("base_url") or BASE_URL).rstrip("/")
        client_id, client_secret = credentials["client_id"], credentials["client_secret"]
        self.http = http(base_url, secrets=(client_id, client_secret), before=spend)
        self._client = Client(
            self.http, base_url=base_url, client_id=client_id, client_secret=client_secret, now=now
        )
        self._known = Known(self._client, map(str, config.get("item_ids") or ()))
        self._user = str(config.get("client_user_id") or "")

    def check(self) -> str:
        """Get a key and read the first bank, if there is one. Return what was reached. Raises UpstreamError."""
        self._client.key()
        banks = self.items(self._known.item_ids[:1])
        names = [read.text(read.part(bank.payload, "connector"), "name", 60) for bank in banks]
        return f"Pluggy: {names[0]}" if names else "Pluggy"

    def pages(self, *, cursor: Mapping[str, Any], full: bool, today: date) -> Iterator[Page]:
        """Yield banks, accounts, bills, then lines. The cursor of `transactions` holds a mark (see `lines.Mark`) by account id."""
        for item_id in self._known.item_ids:
            yield from self._bank_pages(item_id)
        marks = dict(cursor.get("transactions") or {})
        for account_id, account in self._known.accounts().items():
            reader = AccountLines(self._client, self._known, account, marks.get(account_id) or {})
            if is_card_account(account) and (full or reader.mark.refreshed != self._known.refreshed(account)):
                yield self._bills(account_id)
            for page in reader.pages(full=full, today=today):
                if page.cursor is None:
                    yield page
                    continue
                marks = marks | {account_id: page.cursor}
                yield replace(page, cursor=marks)

    def fetch(self, kind: str, external_id: str) -> Record:
        """Return one record as it is now. Raises UpstreamError; KeyError."""
        if kind == "item":
            return Record(kind, external_id, self._client.item(external_id))
        if kind == "bill":
            return Record(kind, external_id, self._client.bill(external_id))
        if kind == "account":
            return self._known.account_record(self._client.account(external_id))
        row = self._client.transaction(external_id)
        return self._known.line(row, self._known.accounts()[read.identifier(row, "accountId")])

    def map(self, record: Record, context: Context) -> tuple[Draft, ...]:
        """Return the drafts of a record. Raises Unreadable."""
        return _MAPPERS[record.kind](record, context)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def connect_token(self, item_id: str | None = None) -> str:
        """Return a token of 30 minutes for the connect widget; with an item it reconnects that bank. Raises UpstreamError."""
        options: dict[str, Any] = {"avoidDuplicates": True}
        if self._user:
            options["clientUserId"] = self._user
        asked = {"options": options} | ({"itemId": item_id} if item_id else {})
        data = self._client.call("POST", "/connect_token", json=asked, endpoint="connect_token")
        token = data.get("accessToken") if isinstance(data, dict) else None
        if not isinstance(token, str) or not token:
            raise unreadable(NAME, "no accessToken")
        return token

    def items(self, item_ids: Iterable[str] | None = None) -> tuple[Record, ...]:
        """Return the banks (all configured ones) as they are now; those that upstream no longer knows are left out."""
        found = []
        for item_id in self._known.item_ids if item_ids is None else item_ids:
            try:
                found.append(self.fetch("item", item_id))
            except KeyError:
                continue
        return tuple(found)

    def webhooks(self) -> list[dict[str, Any]]:
        """Return the registered webhooks as upstream has them: id, url, event, disabledAt."""
        return self._client.webhooks()

    def register_webhook(self, url: str, event: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """Register a webhook and return it as upstream has it. `headers` come back with each delivery. Raises UpstreamError."""
        self.http.keep_secret(*headers.values())
        asked = {"url": url, "event": event, "headers": dict(headers)}
        data = self._client.call("POST", "/webhooks", json=asked, endpoint="webhooks")
        if not isinstance(data, dict) or not read.identifier(data, "id"):
            raise unreadable(NAME, "a webhook without id")
        return data

    def delete_webhook(self, webhook_id: str) -> None:
        """Remove a webhook; one that is not there any more is fine. Raises UpstreamError."""
        self._client.remove_webhook(webhook_id)

    def transactions_by_ids(self, account_id: str, ids: Iterable[str]) -> tuple[Record, ...]:
        """Return those of the lines that upstream still has. Raises KeyError for an account that is not one of ours."""
        return self._lines_of(account_id).by_ids(ids)

    def created_pages(self, account_id: str, since: str, link: str = "") -> Iterator[Page]:
        """Yield the lines that a webhook announced. A link is followed only to our own upstream; otherwise it is rebuilt.

        Raises KeyError for an account that is not one of ours.
        """
        path, query = self._own_link(link, account_id) or (
            "/v2/transactions",
            {"accountId": account_id, "createdAtFrom": since},
        )
        return self._lines_of(account_id).linked(path, query)

    def event_pages(self, body: Mapping[str, Any]) -> Iterator[Page]:
        """Yield what a webhook delivery means. Nothing in it is believed: banks and lines are read again, deletions too.

        Events about banks and accounts that are not configured here yield nothing.
        """
        event, account_id = read.text(body, "event", 60), read.identifier(body, "accountId")
        if event.startswith("item/"):
            item_id = read.identifier(body, "itemId", "id")
            if item_id in self._known.item_ids:
                yield from self._bank_pages(item_id)
        elif event == "transactions/created" and account_id in self._known.accounts():
            since = read.text(body, "transactionsCreatedAtFrom", 40)
            yield from self.created_pages(account_id, since, read.text(body, "createdTransactionsLink", 1000))
        elif (
            event in ("transactions/updated", "transactions/deleted") and account_id in self._known.accounts()
        ):
            ids = body.get("transactionIds")
            yield self._line_event(
                account_id, [str(each) for each in ids if each] if isinstance(ids, list) else []
            )

    def _line_event(self, account_id: str, ids: list[str]) -> Page:
        records = self.transactions_by_ids(account_id, ids)
        there = {record.external_id for record in records}
        return Page(
            "transactions", records, gone=tuple(("transaction", each) for each in ids if each not in there)
        )

    def _bank_pages(self, item_id: str) -> Iterator[Page]:
        found = self._known.load(item_id)
        if found is None:
            # Removed at Pluggy: the bank is gone, its accounts and lines stay as history.
            yield Page("items", (), gone=(("item", item_id),))
            return
        item, accounts = found
        yield Page("items", (Record("item", item_id, item),))
        # While a bank is in trouble or its accounts are being merged, a missing account proves nothing.
        whole = bool(accounts) and read.text(item, "status", 30) == "UPDATED"
        records = tuple(self._known.account_record(account) for account in accounts)
        yield Page("accounts", records, listed=("account",) if whole else (), scope=("itemId", item_id))

    def _bills(self, account_id: str) -> Page:
        rows = self._client.bills(account_id)
        return Page("bills", tuple(Record("bill", read.identifier(row, "id"), row) for row in rows))

    def _lines_of(self, account_id: str) -> AccountLines:
        return AccountLines(self._client, self._known, self._known.accounts()[account_id], {})

    def _own_link(self, link: str, account_id: str) -> tuple[str, dict[str, str]] | None:
        """Return (path, query) of a link to the lines of this account at our own upstream, otherwise None."""
        parts, base = urlsplit(link), urlsplit(self._client.base_url)
        path = parts.path.removeprefix(base.path)
        query = dict(parse_qsl(parts.query.replace("+", "%2B")))
        ours = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
        if (
            not ours
            or path not in ("/transactions", "/v2/transactions")
            or query.get("accountId") != account_id
        ):
            return None
        # The older endpoint is documented with two different default page sizes.
        return path, query | ({"pageSize": "500"} if path == "/transactions" else {})
