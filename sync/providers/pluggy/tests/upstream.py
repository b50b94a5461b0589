"""A Pluggy that exists only in memory: keys with an end, items, accounts, lines by cursor."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from lib import jsontext
from sync.providers.pluggy.provider import Pluggy
from sync.providers.pluggy.tests import samples
from sync.providers.tests.wire import START, Answer, Wire

CLIENT = {"client_id": "3d1b5c9e-0000-4000-8000-1f2e3d4c5b6a", "client_secret": "f00dcafe-secret-0123456789"}
PAGE = 3


def make_key(number: int, ends: int) -> str:
    """Return an unsigned JWT that ends at a Unix second."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"n": number, "exp": ends}]
    return ".".join(
        [base64.urlsafe_b64encode(jsontext.canonical(part)).rstrip(b"=").decode() for part in parts]
        + ["signature"]
    )


class Bank:
    """Answers like Pluggy, newest line first. `change` may replace any answer."""

    def __init__(self) -> None:
        self.items = {samples.ITEM: samples.item()}
        self.accounts = {samples.ACCOUNT: samples.account()}
        self.lines: list[dict[str, Any]] = []
        self.hooks: list[dict[str, Any]] = []
        self.valid: set[str] = set()
        self.keys = 0
        self.key_lives = timedelta(hours=2)
        self.clock: Callable[[], datetime] = lambda: START
        self.change: Callable[[str, dict[str, str], Answer], Answer] = lambda path, query, answer: answer

    def __call__(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        return self.change(path, query, self.answer(method, path, query, body))

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        """Return what a well-behaved Pluggy says."""
        name, _, key = path.strip("/").partition("/")
        if path == "/auth":
            return self.auth(body)
        if path == "/v2/transactions":
            return 200, self.page(query)
        if path == "/transactions":
            return 200, self.old_page(query)
        if path == "/connect_token":
            return 200, {"accessToken": "token-" + str(body.get("itemId"))}
        if name == "webhooks":
            return self.webhooks(method, key, body)
        if name == "categories":
            return 200, {
                "results": [
                    {
                        "id": "05070000",
                        "description": "Transfer - PIX",
                        "descriptionTranslated": "Transferência - PIX",
                    },
                    {"id": "1", "description": "X"},
                ]
            }
        if key:
            found: Any = {
                "items": self.items,
                "accounts": self.accounts,
                "transactions": {line["id"]: line for line in self.lines},
            }[name].get(key)
            return (200, found) if found else (404, {"code": 404, "message": f"{name} not found"})
        if name == "accounts":
            rows = [row for row in self.accounts.values() if row["itemId"] == query["itemId"]]
            return (
                (200, envelope(rows))
                if query["itemId"] in self.items
                else (404, {"code": 404, "codeDescription": "ITEM_NOT_FOUND"})
            )
        return 200, envelope([{"id": "bill-1", "accountId": query["accountId"], "totalAmount": 10}])

    def auth(self, body: Any) -> Answer:
        if (body["clientId"], body["clientSecret"]) != (CLIENT["client_id"], CLIENT["client_secret"]):
            return 401, {
                "code": 401,
                "codeDescription": "CLIENT_KEYS_UNAUTHORIZED",
                "message": "Client keys are invalid",
            }
        self.keys += 1
        key = make_key(self.keys, int((self.clock() + self.key_lives).timestamp()))
        self.valid.add(key)
        return 200, {"apiKey": key}

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        rows = self.find(query)
        start = int(base64.b64decode(query["after"]).decode()) if "after" in query else 0
        more = start + PAGE < len(rows)
        token = base64.b64encode(str(start + PAGE).encode()).decode()
        return {
            "results": rows[start : start + PAGE],
            "next": f"?accountId={query['accountId']}&after={quote(token)}" if more else None,
        }

    def old_page(self, query: dict[str, str]) -> dict[str, Any]:
        rows, number = self.find(query), int(query.get("page", 1))
        return {
            "results": rows[(number - 1) * PAGE : number * PAGE],
            "page": number,
            "total": len(rows),
            "totalPages": -(-len(rows) // PAGE),
        }

    def find(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = [row for row in self.lines if row["accountId"] == query["accountId"]]
        if query.get("ids"):
            rows = [row for row in rows if row["id"] in query["ids"].split(",")]
        else:
            rows = [
                row
                for row in rows
                if row["createdAt"] >= query.get("createdAtFrom", "")
                and row["date"] >= query.get("dateFrom", "")
            ]
        return sorted(rows, key=lambda row: str(row["date"]), reverse=True)

    def webhooks(self, method: str, key: str, body: Any) -> Answer:
        if method == "POST":
            self.hooks.append(
                {
                    "id": f"hook-{len(self.hooks) + 1}",
                    "url": body["url"],
                    "event": body["event"],
                    "headers": body["headers"],
                }
            )
            return 201, {each: self.hooks[-1][each] for each in ("id", "url", "event")}
        if method == "DELETE":
            known = [hook for hook in self.hooks if hook["id"] == key]
            self.hooks = [hook for hook in self.hooks if hook["id"] != key]
            return (
                (200, {"count": 1}) if known else (404, {"code": 404, "codeDescription": "WEBHOOK_NOT_FOUND"})
            )
        return (200, envelope(self.hooks)) if self.hooks else (204, b"")


def envelope(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"page": 1, "total": len(rows), "totalPages": 1, "results": rows}


def make(wire: Wire, **config: Any) -> Pluggy:
    """Return a provider of the sample bank."""
    return Pluggy(
        credentials=CLIENT, config={"item_ids": [samples.ITEM], **config}, batch_size=100, **wire.options()
    )


def lines(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    """Return lines of days that follow each other: line 5 is of the 5th of July."""
    found = []
    for number in numbers:
        row = samples.line(
            id=f"line-{number}",
            date=f"2026-07-{number:02d}T03:00:00.000Z",
            createdAt=f"2026-07-{number:02d}T09:00:00.000Z",
            **changes,
        )
        del row["_account"]
        found.append(row)
    return found
