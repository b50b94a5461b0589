"""Reading: connectors, categories, accounts, bills, and transactions by cursor or by page."""

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from sync.sandbox.clock import iso
from sync.sandbox.http import Request, Response, array, raw, reply
from sync.sandbox.pluggy.connectors import BY_ID, CATEGORIES, CATEGORY_NAMES
from sync.sandbox.pluggy.errors import error

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

PAGE_SIZE: Final = 500
_MOST_IDS: Final = 500
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


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
    if not _UUID.fullmatch(item_id):
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
    if not _UUID.fullmatch(account_id):
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


def _conditions(request: Request, start: str, end: str) -> tuple[str, list[Any]] | Response:
    """Return the WHERE of a listing, or the refusal. A date without a time means the whole UTC day."""
    account_id = request.query.get("accountId", "")
    if not _UUID.fullmatch(account_id):
        return error(400, "accountId should not be null or undefined, accountId must be a UUID")
    where, args = (
        ["account = ?", "company = ?", "hidden = 0", "payload IS NOT NULL"],
        [account_id, request.company],
    )
    ids = [text.strip() for text in request.query.get("ids", "").split(",") if text.strip()]
    if len(ids) > _MOST_IDS:
        return error(
            400,
            "The ids parameter cannot have more than 500 transaction ids",
            "IDS_PARAMETER_EXCEEDS_MAX_LENGTH",
        )
    if ids:  # ids override dates
        return " AND ".join([*where, f"id IN ({','.join('?' * len(ids))})"]), [*args, *ids]
    if request.query.get("createdAtFrom") and request.query.get(start):
        return error(400, f"createdAtFrom cannot be used together with {start}")
    for key, text, condition in (
        ("createdAtFrom", request.query.get("createdAtFrom"), "created >= ?"), (start, request.query.get(start), "at >= ?"),
        (end, request.query.get(end), "at <= ?"),
    ):  # fmt: skip
        if text:
            if not re.match(r"\d{4}-\d{2}-\d{2}", text):
                return error(400, f"{key} must be a valid ISO 8601 date string")
            where.append(condition)
            args.append(f"{text}T23:59:59.999Z" if key == end and len(text) == 10 else text)
    return " AND ".join(where), args


def transactions(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return a page of at most 500 by cursor, newest first; `next` is a query string to append to the path, or null."""
    found = _conditions(request, "dateFrom", "dateTo")
    if isinstance(found, Response):
        return found
    where, args = found
    cursor = request.query.get("after")
    position = _read_cursor(cursor) if cursor else None
    if cursor and position is None:
        return error(400, "Invalid cursor")
    fault = (
        {
            fault.kind
            for fault in sandbox.faults.draw(
                "pluggy", request.path, request.company, frozenset({"page_twice", "page_missing"})
            )
        }
        if cursor
        else set()
    )
    if position:
        where, args = _after(where, args, position, again="page_twice" in fault)
    skip = PAGE_SIZE if "page_missing" in fault else 0
    query = f"SELECT at, id, payload FROM lines WHERE {where} ORDER BY at DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608 - constants
    rows = sandbox.store.all(query, (*args, PAGE_SIZE + 1, skip))
    if "page_twice" in fault:
        rows = [*rows[:PAGE_SIZE], ("", "", b"")]
        return _cursor_page(request, rows, position)
    return _cursor_page(request, rows, None)


def _after(where: str, args: list[Any], position: tuple[str, str], *, again: bool) -> tuple[str, list[Any]]:
    # Served again, a page is what lies at and before the cursor: the one that the client has just read.
    return f"{where} AND (at, id) {'>=' if again else '<'} (?, ?)", [*args, *position]


def _cursor_page(request: Request, rows: list[tuple[Any, ...]], stay: tuple[str, str] | None) -> Response:
    here, more = rows[:PAGE_SIZE], len(rows) > PAGE_SIZE or (stay is not None)
    here = [row for row in here if row[1]]
    following = "null"
    if more:
        cursor = base64.b64encode("|".join(stay or here[-1][:2]).encode()).decode()
        kept = "".join(
            f"&{key}={quote(value)}"
            for key, value in request.query.items()
            if key not in ("after", "accountId")
        )
        following = f'"?accountId={request.query["accountId"]}{kept}&after={quote(cursor)}"'
    return raw(b'{"results":' + array([row[2] for row in here]) + b',"next":' + following.encode() + b"}")


def _read_cursor(text: str) -> tuple[str, str] | None:
    try:
        at, _, line_id = base64.b64decode(text, validate=True).decode().partition("|")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (at, line_id) if _UUID.fullmatch(line_id) else None


def transactions_v1(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return a page by number (deprecated upstream): `from`, `to`, `page`, `pageSize` up to 500."""
    found = _conditions(request, "from", "to")
    if isinstance(found, Response):
        return found
    where, args = found
    page, size = (
        max(1, request.number("page", 1)),
        min(PAGE_SIZE, max(1, request.number("pageSize", PAGE_SIZE))),
    )
    total = sandbox.count(f"SELECT count(*) FROM lines WHERE {where}", args)  # noqa: S608 - constants
    shift, pages = sandbox.page_shift(request, f"{where}{args}", page, total, size)
    query = f"SELECT payload FROM lines WHERE {where} ORDER BY at DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608 - constants
    rows = sandbox.store.all(query, (*args, size, max(0, (page - 1 + shift) * size)))
    head = orjson.dumps({"total": total, "totalPages": pages, "page": page})[:-1]
    return raw(head + b',"results":' + array([row[0] for row in rows]) + b"}")


def transaction(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return one transaction."""
    query = "SELECT payload FROM lines WHERE id = ? AND company = ? AND hidden = 0 AND payload IS NOT NULL"
    row = sandbox.store.one(query, (rest[0], request.company))
    return raw(row[0]) if row else error(404, "transaction not found", "TRANSACTION_NOT_FOUND")


def recategorise(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Change the category of a transaction."""
    category_id = str(request.json().get("categoryId", ""))
    if category_id not in CATEGORY_NAMES:
        return error(400, "categoryId is invalid")
    row = sandbox.store.one(
        "SELECT payload FROM lines WHERE id = ? AND company = ? AND payload IS NOT NULL",
        (rest[0], request.company),
    )
    if row is None:
        return error(404, "transaction not found", "TRANSACTION_NOT_FOUND")
    payload = orjson.loads(row[0]) | {
        "categoryId": category_id,
        "category": CATEGORY_NAMES[category_id],
        "updatedAt": iso(sandbox.clock.now()),
    }
    sandbox.store.run("UPDATE lines SET payload = ? WHERE id = ?", (orjson.dumps(payload), rest[0]))
    return reply(payload)
