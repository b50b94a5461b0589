"""Bank lines: by cursor, by page (deprecated upstream), one by one."""

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from sync.sandbox.clock import iso
from sync.sandbox.faults import PAGE_KINDS
from sync.sandbox.http import Request, Response, array, raw, reply
from sync.sandbox.pluggy.connectors import CATEGORY_NAMES
from sync.sandbox.pluggy.data import is_uuid
from sync.sandbox.pluggy.errors import error

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

MOST_PER_PAGE: Final = 500
_MOST_IDS: Final = 500
_SHOWN = "account = ? AND company = ? AND hidden = 0 AND payload IS NOT NULL"
Where = tuple[str, list[Any]]


def _conditions(request: Request, start: str, end: str) -> Where | Response:
    """Return the WHERE of a listing, or the refusal. `ids` override dates."""
    account_id = request.query.get("accountId", "")
    if not is_uuid(account_id):
        return error(400, "accountId should not be null or undefined, accountId must be a UUID")
    args: list[Any] = [account_id, request.company]
    ids = [text.strip() for text in request.query.get("ids", "").split(",") if text.strip()]
    if len(ids) > _MOST_IDS:
        return error(
            400,
            "The ids parameter cannot have more than 500 transaction ids",
            "IDS_PARAMETER_EXCEEDS_MAX_LENGTH",
        )
    if ids:
        return f"{_SHOWN} AND id IN ({','.join('?' * len(ids))})", [*args, *ids]
    if request.query.get("createdAtFrom") and request.query.get(start):
        return error(400, f"createdAtFrom cannot be used together with {start}")
    return _between(request, start, end, args)


def _between(request: Request, start: str, end: str, args: list[Any]) -> Where | Response:
    where = _SHOWN
    for key, condition in (("createdAtFrom", "created >= ?"), (start, "at >= ?"), (end, "at <= ?")):
        text = request.query.get(key)
        if not text:
            continue
        try:
            args.append(_instant(text, last=key == end))
        except ValueError:
            return error(400, f"{key} must be a valid ISO 8601 date string")
        where += f" AND {condition}"
    return where, args


def _instant(text: str, *, last: bool) -> str:
    """Return a date or instant as stored. A day without a time is its first or last moment in UTC, as the live filter compares."""
    if len(text) == 10:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).strftime("%Y-%m-%d") + (
            "T23:59:59.999Z" if last else "T00:00:00.000Z"
        )
    moment = datetime.fromisoformat(
        text.replace(" ", "+")
    )  # an unescaped plus of an offset arrives as a space
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def by_cursor(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return a page of at most 500, newest first; `next` is a query string to append to the path, or null."""
    found = _conditions(request, "dateFrom", "dateTo")
    if isinstance(found, Response):
        return found
    (where, args), cursor, size = found, request.query.get("after"), sandbox.cursor_page_size
    if not cursor:
        return _page(request, _newest(sandbox, where, args, size + 1), size)
    position = _read_cursor(cursor)
    if position is None:
        return error(400, "Invalid cursor")
    faults = {
        fault.kind for fault in sandbox.faults.draw("pluggy", request.path, request.company, PAGE_KINDS)
    }
    if "page_twice" in faults:
        # The page that the client has just read comes again, and its `next` leads to where the client wanted to go.
        query = (
            f"SELECT at, id, payload FROM lines WHERE {where} AND (at, id) >= (?, ?) ORDER BY at, id LIMIT ?"  # noqa: S608 - constants
        )
        rows = sandbox.store.all(query, (*args, *position, size))[::-1]
        return _page(request, [*rows, ("", "", b"")], len(rows))
    rows = _newest(
        sandbox,
        f"{where} AND (at, id) < (?, ?)",
        [*args, *position],
        size + 1,
        size if "page_missing" in faults else 0,
    )
    return _page(request, rows, size)


def _newest(
    sandbox: "Sandbox", where: str, args: list[Any], count: int, skip: int = 0
) -> list[tuple[Any, ...]]:
    query = f"SELECT at, id, payload FROM lines WHERE {where} ORDER BY at DESC, id DESC LIMIT ? OFFSET ?"  # noqa: S608 - constants
    return sandbox.store.all(query, (*args, count, skip))


def _page(request: Request, rows: list[tuple[Any, ...]], size: int) -> Response:
    """Return the first `size` rows; there is a next page when there is a row more."""
    here, following = rows[:size], b"null"
    if len(rows) > size:
        cursor = base64.b64encode("|".join(here[-1][:2]).encode()).decode()
        kept = "".join(
            f"&{key}={quote(value)}"
            for key, value in request.query.items()
            if key not in ("after", "accountId")
        )
        following = orjson.dumps(f"?accountId={request.query['accountId']}{kept}&after={quote(cursor)}")
    return raw(b'{"results":' + array([row[2] for row in here]) + b',"next":' + following + b"}")


def _read_cursor(text: str) -> tuple[str, str] | None:
    try:
        at, _, line_id = base64.b64decode(text, validate=True).decode().partition("|")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (at, line_id) if is_uuid(line_id) else None


def by_page(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return a page by number (deprecated upstream): `from`, `to`, `billId`, `page`, `pageSize` up to 500."""
    found = _conditions(request, "from", "to")
    if isinstance(found, Response):
        return found
    where, args = found
    if request.query.get("billId"):
        where, args = (
            f"{where} AND json_extract(payload, '$.creditCardMetadata.billId') = ?",
            [*args, request.query["billId"]],
        )
    page, size = (
        max(1, request.number("page", 1)),
        min(MOST_PER_PAGE, max(1, request.number("pageSize", MOST_PER_PAGE))),
    )
    total = sandbox.count("lines", where, args)
    shift, pages = sandbox.page_shift(request, f"{where}{args}", page, total, size)
    rows = _newest(sandbox, where, args, size, max(0, (page - 1 + shift) * size)) if page <= pages else []
    head = orjson.dumps({"total": total, "totalPages": pages, "page": page})[:-1]
    return raw(head + b',"results":' + array([row[2] for row in rows]) + b"}")


def one(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
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
    change = {
        "categoryId": category_id,
        "category": CATEGORY_NAMES[category_id],
        "updatedAt": iso(sandbox.clock.now()),
    }
    payload = orjson.loads(row[0]) | change
    sandbox.store.run("UPDATE lines SET payload = ? WHERE id = ?", (orjson.dumps(payload), rest[0]))
    return reply(payload)
