"""Pluggy over HTTP: the API key, the page envelopes, and transactions by cursor."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from lib import http
from sync.providers import payload as read
from sync.providers.answers import SOON, judge, refused, rows_of, unreadable
from sync.providers.base import Unreadable, UpstreamError
from sync.providers.pluggy.keys import RING, KeyRing, owner_of

NAME: Final = "Pluggy"
BASE_URL: Final = "https://api.pluggy.ai"
MOST_IDS: Final = 500
_PAGES: Final = 200  # of a page envelope: far above any number of accounts, bills or webhooks
_AFTER = re.compile(r"(?:^|[?&])after=([^&]*)")


@dataclass(frozen=True, slots=True)
class LinePage:
    """Transactions as they came, and the query that brings the next page, or None at the end."""

    rows: list[dict[str, Any]]
    next: dict[str, str] | None


class Client:
    """The calls that the provider makes. Raises UpstreamError; KeyError where a single thing is not there."""

    def __init__(
        self,
        way: http.Client,
        *,
        base_url: str,
        client_id: str,
        client_secret: str,
        now: Callable[[], datetime],
        ring: KeyRing = RING,
    ) -> None:
        self._http = way
        self.base_url = base_url
        self._login = {"clientId": client_id, "clientSecret": client_secret, "nonExpiring": False}
        self._owner = owner_of(base_url, client_id, client_secret)
        self._now = now
        self._ring = ring

    def key(self) -> str:
        """Return a key that upstream takes now. Raises UpstreamError."""
        return self._ring.get(self._owner, self._now(), self._authenticate)

    def item(self, item_id: str) -> dict[str, Any]:
        """Return a bank connection. Raises KeyError."""
        return self._single(f"/items/{item_id}", "items")

    def account(self, account_id: str) -> dict[str, Any]:
        """Return an account. Raises KeyError."""
        return self._single(f"/accounts/{account_id}", "accounts")

    def bill(self, bill_id: str) -> dict[str, Any]:
        """Return a card bill. Raises KeyError."""
        return self._single(f"/bills/{bill_id}", "bills")

    def transaction(self, transaction_id: str) -> dict[str, Any]:
        """Return a transaction. Raises KeyError."""
        return self._single(f"/transactions/{transaction_id}", "transactions")

    def accounts(self, item_id: str) -> list[dict[str, Any]]:
        """Return the accounts of a bank connection. Raises KeyError when upstream does not know the connection."""
        return self._pages("/accounts", {"itemId": item_id}, "accounts")

    def bills(self, account_id: str) -> list[dict[str, Any]]:
        """Return the bills of a card."""
        return self._pages("/bills", {"accountId": account_id}, "bills")

    def webhooks(self) -> list[dict[str, Any]]:
        """Return the registered webhooks."""
        return self._pages("/webhooks", {}, "webhooks")

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook, or find it removed."""
        try:
            self.call("DELETE", f"/webhooks/{webhook_id}", endpoint="webhooks")
        except _Refused as error:
            if error.status != 404:
                raise

    def categories(self) -> dict[str, str]:
        """Return category id to its name, in Portuguese where upstream has it; nothing where the list is not offered."""
        try:
            data = self.call("GET", "/categories", endpoint="categories")
        except _Refused as error:
            if error.status == 404:
                return {}
            raise
        rows = rows_of({"results": data} if isinstance(data, list) else data, "results", NAME)
        return {
            read.identifier(row, "id"): read.text(row, "descriptionTranslated", 80)
            or read.text(row, "description", 80)
            for row in rows
        }

    def lines(self, query: Mapping[str, str], path: str = "/v2/transactions") -> LinePage:
        """Return one page of transactions. Both envelopes are read: v2 has `next`, the older one `page` and `totalPages`."""
        try:
            data = self.call("GET", path, params=query, endpoint="transactions")
        except _Refused as error:
            if error.status == 400 and "after" in query:
                # A cursor that ended while we read: the listing begins anew with the next try.
                raise UpstreamError(error.args[0], retry_after=SOON) from error
            raise
        rows = rows_of(data, "results", NAME)
        if any(not read.identifier(row, "id") for row in rows):
            raise unreadable(NAME, "a transaction has no id")
        return LinePage(rows, _following(data, query, path))

    def call(
        self,
        method: str,
        path: str,
        *,
        endpoint: str,
        params: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Any:
        """Return the JSON of an authenticated call. A key that is refused (401, or 403 alike) is replaced once."""
        for attempt in (1, 2):
            key = self.key()
            try:
                options = {
                    "params": params,
                    "json": json,
                    "headers": {"X-API-KEY": key},
                    "endpoint": endpoint,
                }
                return self._http.send(method, path, **options).data
            except http.StatusError as error:
                if error.status in (401, 403) and attempt == 1:
                    self._ring.drop(self._owner, key)
                    continue
                raise _Refused(judge(error, NAME), error.status) from error
            except http.HttpError as error:
                raise judge(error, NAME) from error
        raise AssertionError("the second attempt returns or raises")

    def _single(self, path: str, endpoint: str) -> dict[str, Any]:
        try:
            data = self.call("GET", path, endpoint=endpoint)
        except _Refused as error:
            if error.status == 404:
                raise KeyError(path) from error
            raise
        if not isinstance(data, dict) or not read.identifier(data, "id"):
            raise unreadable(NAME, "an object has no id")
        return data

    def _pages(self, path: str, query: dict[str, str], endpoint: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for number in range(1, _PAGES + 1):
            page = query if number == 1 else query | {"page": str(number)}
            try:
                data = self.call("GET", path, params=page, endpoint=endpoint)
            except _Refused as error:
                if error.status == 404:
                    raise KeyError(path) from error
                raise
            if data is None and endpoint == "webhooks":
                break  # documented as 204 when there is none
            rows += rows_of(data, "results", NAME)
            if number >= _whole(data, "totalPages", 1):
                break
        # A page that upstream served twice must not make two of one.
        return list({read.identifier(row, "id"): row for row in rows}.values())

    def _authenticate(self) -> str:
        try:
            answer = self._http.post("/auth", json=self._login, endpoint="auth", repeatable=True)
        except http.StatusError as error:
            raise (refused(NAME) if error.status in (400, 401, 403) else judge(error, NAME)) from error
        except http.HttpError as error:
            raise judge(error, NAME) from error
        key = answer.data.get("apiKey") if isinstance(answer.data, dict) else None
        if not isinstance(key, str) or not key:
            raise unreadable(NAME, "no apiKey")
        self._http.keep_secret(key)
        return key


class _Refused(UpstreamError):
    """A judged status, which the caller may know better: 404 of a single thing, 400 of a cursor."""

    def __init__(self, decision: UpstreamError, status: int) -> None:
        super().__init__(
            decision.args[0], retry_after=decision.retry_after, needs_person=decision.needs_person
        )
        self.status = status


def _following(data: Mapping[str, Any], query: Mapping[str, str], path: str) -> dict[str, str] | None:
    if "next" not in data and "totalPages" in data:
        page = _whole(data, "page", 1)
        return dict(query) | {"page": str(page + 1)} if page < _whole(data, "totalPages", 1) else None
    following = data.get("next")
    if not isinstance(following, str) or not following:
        return None
    # A ready query string to append to the path, or, as older notes have it, the bare token.
    match = _AFTER.search(following)
    token = unquote(match[1]) if match else following
    return dict(query) | {"after": token}


def _whole(data: Mapping[str, Any], key: str, default: int) -> int:
    try:
        value = read.number(data, key)
    except Unreadable:
        raise unreadable(NAME, f"{key} is not a number") from None
    return default if value is None else int(value)
