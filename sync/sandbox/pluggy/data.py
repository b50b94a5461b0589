"""Reading: connectors, categories, accounts, bills."""

import re
from typing import TYPE_CHECKING, Any, Final

from sync.sandbox.clock import iso
from sync.sandbox.http import Request, Response, reply
from sync.sandbox.pluggy.connectors import BY_ID, CATEGORIES
from sync.sandbox.pluggy.errors import error

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    """Return whether this is a UUID as the API writes them."""
    return _UUID.fullmatch(text) is not None


def _envelope(results: list[dict[str, Any]]) -> Response:
    return reply({"page": 1, "total": len(results), "totalPages": 1, "results": results})


def connectors(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return the connectors; sandbox ones only with `sandbox=true`."""
    found = [
        connector
        for connector in BY_ID.values()
        if (not connector["isSandbox"] or request.query.get("sandbox") == "true")
        and request.query.get("name", "").lower() in connector["name"].lower()
        and connector["type"] in (request.query.get("types") or connector["type"])
    ]
    return _envelope(found)


def connector(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return one connector."""
    found = BY_ID.get(int(rest[0])) if rest[0].isdigit() else None
    return reply(found) if found else error(404, "connector not found", "CONNECTOR_NOT_FOUND")


def categories(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return the categories in a page envelope, as the published example shows it (its schema says a bare array)."""
    parent = request.query.get("parentId")
    return _envelope([category for category in CATEGORIES if parent in (None, category.get("parentId"))])


def category(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return one category."""
    found = next((category for category in CATEGORIES if category["id"] == rest[0]), None)
    return reply(found) if found else error(404, "category not found")


def accounts(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return the accounts of an item."""
    item_id = request.query.get("itemId", "")
    if not is_uuid(item_id):
        return error(400, "itemId should not be null or undefined, itemId must be a UUID")
    if sandbox.store.owner("item", item_id) != request.company:
        return error(404, "item not found", "ITEM_NOT_FOUND")
    kind = request.query.get("type")
    return _envelope(
        [account for account in sandbox.store.children("account", item_id) if kind in (None, account["type"])]
    )


def _own(sandbox: "Sandbox", request: Request, kind: str, object_id: str) -> dict[str, Any] | None:
    return (
        sandbox.store.get(kind, object_id)
        if sandbox.store.owner(kind, object_id) == request.company
        else None
    )


def account(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return one account."""
    found = _own(sandbox, request, "account", rest[0])
    return reply(found) if found else error(404, "account not found", "ACCOUNT_NOT_FOUND")


def balance(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return the balance that the bank has right now."""
    found = _own(sandbox, request, "account", rest[0])
    if found is None:
        return error(404, "account not found", "ACCOUNT_NOT_FOUND")
    fresh = {
        "balance": found["balance"],
        "blockedBalance": 0,
        "automaticallyInvestedBalance": 0,
        "closingBalance": found["balance"],
    }
    return reply(fresh | {"currencyCode": "BRL", "updateDateTime": iso(sandbox.clock.now())})


def statements(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return the statement files of an account: the simulated banks have none here."""
    return (
        _envelope([])
        if _own(sandbox, request, "account", rest[0])
        else error(404, "account not found", "ACCOUNT_NOT_FOUND")
    )


def bills(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return the bills of a card, newest first; those of the last year, as with transactions."""
    account_id = request.query.get("accountId", "")
    if not is_uuid(account_id):
        return error(400, "accountId should not be null or undefined, accountId must be a UUID")
    found = (
        sandbox.store.children("bill", account_id) if _own(sandbox, request, "account", account_id) else []
    )
    first = sandbox.scene(request.company).span.window_start.isoformat()
    return _envelope(
        sorted(
            (bill for bill in found if bill["dueDate"] >= first),
            key=lambda bill: str(bill["dueDate"]),
            reverse=True,
        )
    )


def bill(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return one bill."""
    found = _own(sandbox, request, "bill", rest[0])
    return reply(found) if found else error(404, "bill not found")


def identity(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return the holder of an item."""
    item_id = request.query.get("itemId", "")
    if sandbox.store.owner("item", item_id) != request.company:
        return error(404, "identity not found")
    company = sandbox.companies[request.company]
    return reply(
        {
            "id": item_id,
            "itemId": item_id,
            "fullName": company.legal_name,
            "companyName": company.legal_name,
            "document": company.document,
            "documentType": "CNPJ",
        }
    )
