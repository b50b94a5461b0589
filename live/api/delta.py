"""Lists of which a client keeps a copy: the whole list at first, then only what changed since the `timestamp` of the last answer.

    GET /api/sales                                  whole list, by pages: `etag`, `isDelta: false`, `timestamp`
    GET /api/sales?since=<timestamp>                what changed: rows with `_operation`, `isDelta: true`
    GET /api/sales?since=…  If-None-Match: <etag>   304 while the company's facts have not moved

The validator is a position in the log of the company's changes, not a hash of rows, so an answer of 304 reads no row. Pages carry the
`timestamp` of the first page: what changes while somebody reads page after page is told by the next question.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from django.conf import settings
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from lib import clock as host_clock
from lib.keyset import CursorError
from live import cache, delta
from live.delta import Change, Feed
from tenants.api.base import ApiRequest
from tenants.api.errors import BadParameter
from tenants.api.schema import BOOLEAN, MOMENT, STRING, Schema, query
from tenants.api.validators import bare, holds

Row = dict[str, Any]
OPERATIONS: Final = ("insert", "update", "delete")
TOP: Final[dict[str, Schema]] = {
    "etag": {**STRING, "description": "Send it back as `If-None-Match` or `?etag=`."},
    "isDelta": {**BOOLEAN, "description": "Whether `data` is only what changed. False: replace the copy."},
    "timestamp": {**MOMENT, "description": "Send it back as `since`; of several pages, that of the first."},
}
PARAMETERS: Final[tuple[OpenApiParameter, ...]] = (
    query(
        "since",
        "Only what changed since then: the `timestamp` of an earlier answer. Rows may repeat; apply them by `id`. "
        "What is unreadable, or longer ago than a day, gets the whole list with `isDelta: false`.",
    ),
    query("fields", "Only these fields, separated by commas; `id` is always there."),
    query("compress", "`true`: gzip, whatever `Accept-Encoding` says.", BOOLEAN),
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class View:
    """One question to a list, checked: how its rows are read.

    `key` is everything that the set of rows depends on besides the facts. `page(cursor)` returns rows in the asked order and the cursor of the
    next page, `meta()` what the answer says about them (`as_of` among it). `rows(ids)` returns those of these rows that belong to the set, each with the time it was made.
    `holds(since)` says whether the set meant the same then (filters like "the last 30 days" move by themselves).
    """

    feed: Feed
    resource: str
    columns: Sequence[str]
    key: Mapping[str, Any]
    limit: int
    page: Callable[[str | None], tuple[list[Row], str | None]]
    meta: Callable[[], dict[str, Any]]
    rows: Callable[[Sequence[int]], Mapping[int, tuple[Row, datetime]]]
    holds: Callable[[datetime], bool]


def row_schema(whole: Schema) -> Schema:
    """Return the schema of a row in such a list: any of its fields, and what happened to it."""
    operation = {"enum": list(OPERATIONS), "description": "Only where `isDelta` is true."}
    return {**whole, "required": ["id"], "properties": {**whole["properties"], "_operation": operation}}


def answer(request: ApiRequest, view: View) -> HttpResponse:
    """Return a page of the list or of what changed in it; 304 when the caller's validator still holds. Raises BadParameter, CursorError."""
    fields = _fields(request, view.columns)
    _compress(request)
    place = _place(request.query_params.get("cursor", ""))
    tag = _tag(request, view, fields)
    if holds(request, tag):
        cache.stats.count(view.resource, "hits", "memory")
        ttl = 0 if "since" in request.query_params else cache.resources()[view.resource].ttl
        return _with(HttpResponseNotModified(), _headers(tag, ttl=ttl))
    if place is None:
        place = _since(request, view)
    if isinstance(place, _Changed):
        return _changed(request, view, fields, place, tag)
    return _whole(request, view, fields, place, tag)


# --- where in the list ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Whole:
    """A page of the whole list. `timestamp` None: the first."""

    timestamp: datetime | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class _Changed:
    """A page of what changed since `since`, after the change `after`."""

    timestamp: datetime
    since: datetime
    after: Change


def _place(cursor: str) -> _Whole | _Changed | None:
    """Return the place that a cursor of ours names, None without one. Raises CursorError."""
    if not cursor:
        return None
    kind, _dot, rest = cursor.partition(".")
    parts = rest.split(".")
    try:
        if kind == "w" and len(parts) == 2 and parts[1]:
            return _Whole(_moment(parts[0]), parts[1])
        if kind == "c" and len(parts) == 4:
            return _Changed(
                _moment(parts[0]), _moment(parts[1]), Change(_moment(parts[2]), _number(parts[3]))
            )
    except (ValueError, OverflowError) as error:
        raise CursorError("not a number") from error
    raise CursorError("of another list")


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> datetime:
    return _EPOCH + timedelta(microseconds=_number(text))


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _since(request: ApiRequest, view: View) -> _Whole | _Changed:
    """Return the first page of what was asked for: changes if they can be told, else everything."""
    since = _read_since(request.query_params.get("since", "")) if settings.ENABLE_DELTA_UPDATES else None
    if since is None:
        return _Whole()
    now = delta.clock()
    if since > now.now:
        return _Whole()
    # A moment that may still bring something (a client's own clock) is moved back to where it cannot.
    since = min(since, now.settled)
    # Reach first: a day at the end of the calendar has no periods around it.
    reached = delta.reaches(view.feed, tenant_id=request.access.tenant.pk, since=since, now=now.now)
    if not reached or not view.holds(since):
        return _Whole()
    return _Changed(now.settled, since, Change(since - timedelta(microseconds=1), 2**62))


def _read_since(text: str) -> datetime | None:
    """Return the moment that the text names; None for none, for what cannot be read and for a time without its zone."""
    try:
        # A plus that was not escaped arrives as a blank.
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


# --- answers ----------------------------------------------------------------------------------------------------------------
def _whole(
    request: ApiRequest, view: View, fields: frozenset[str] | None, place: _Whole, tag: str
) -> HttpResponse:
    def body() -> Row:
        timestamp = place.timestamp or delta.clock().settled
        rows, following = view.page(place.cursor)
        cursor = f"w.{_micros(timestamp)}.{following}" if following else None
        return _body(view, [_cut(row, fields) for row in rows], timestamp, cursor, is_delta=False)

    params = {
        **view.key,
        "fields": sorted(fields) if fields else None,
        "limit": view.limit,
        "page": [place.cursor, place.timestamp],
    }
    found = cache.remember(view.resource, tenant_id=request.access.tenant.pk, compute=body, params=params)
    return _answered(found.body, {**cache.headers(found), "ETag": tag})


def _changed(
    request: ApiRequest, view: View, fields: frozenset[str] | None, place: _Changed, tag: str
) -> HttpResponse:
    tenant_id = request.access.tenant.pk
    found = delta.changes(view.feed, tenant_id=tenant_id, after=place.after, limit=view.limit + 1)
    shown, more = found[: view.limit], len(found) > view.limit
    rows = view.rows([change.id for change in shown])
    data = [_operation(change.id, rows.get(change.id), fields, place.since) for change in shown]
    cursor = None
    if more:
        marks = (place.timestamp, place.since, shown[-1].at)
        cursor = ".".join(["c", *(str(_micros(mark)) for mark in marks), str(shown[-1].id)])
    body = _body(view, data, place.timestamp, cursor, is_delta=True)
    return _answered(orjson.dumps(body, default=str), {**_headers(tag), "X-Cache": "MISS"})


def _operation(
    pk: int, found: tuple[Row, datetime] | None, fields: frozenset[str] | None, since: datetime
) -> Row:
    """Return what happened to the row. One that is no longer in the set is gone for the client, whatever became of it."""
    if found is None:
        return {"id": pk, "_operation": "delete"}
    row, made_at = found
    return {**_cut(row, fields), "_operation": "insert" if made_at >= since else "update"}


def _cut(row: Row, fields: frozenset[str] | None) -> Row:
    return row if fields is None else {name: value for name, value in row.items() if name in fields}


def _body(view: View, data: list[Row], timestamp: datetime, cursor: str | None, *, is_delta: bool) -> Row:
    """Return the envelope. `meta` stands last: the time of the answer is written into the bytes there."""
    meta = {"version": settings.VERSION, **view.meta(), "next": cursor, "limit": view.limit}
    return {"success": True, "isDelta": is_delta, "timestamp": _text(timestamp), "data": data, "meta": meta}


def _text(moment: datetime) -> str:
    """Return ISO 8601 that survives a query string unescaped."""
    return moment.isoformat().replace("+00:00", "Z")


def _answered(body: bytes, headers: Mapping[str, str]) -> HttpResponse:
    """Return the answer with what belongs to this moment: its validator in front, its time at the end."""
    assert body.endswith(b"}}"), "an answer ends with its meta"
    tag = orjson.dumps(bare(headers["ETag"]))
    stamp = b',"timestamp":"' + host_clock.now().isoformat().encode() + b'"}}'
    content = b'{"etag":' + tag + b"," + body[1:-2] + stamp
    return _with(HttpResponse(content, content_type="application/json"), headers)


# --- the validator ----------------------------------------------------------------------------------------------------------
def _tag(request: ApiRequest, view: View, fields: frozenset[str] | None) -> str:
    """Return the validator: how often the company's facts have changed, and what is asked of them.

    Neither `since` nor the page is part of it: it says which state of the list the caller has seen. Weak, because bytes differ.
    """
    asked = "no-cache" in request.headers.get("Cache-Control", "")
    current = cache.generations(request.access.tenant.pk, fresh=asked)
    position = ".".join(str(current[group]) for group in cache.resources()[view.resource].groups)
    question = {"list": view.feed.name, **view.key, "fields": sorted(fields) if fields else None}
    return f'W/"{position}-{cache.digest(question)[:16]}"'


def _headers(tag: str, *, ttl: int = 0) -> dict[str, str]:
    """Return the headers of an answer that stands in no cache of ours; a browser may use it for `ttl` seconds without asking."""
    fresh = f"max-age={ttl}, stale-while-revalidate={ttl // 2}" if ttl else "no-cache"
    return {
        "X-Cache": "HIT",
        "Age": "0",
        "ETag": tag,
        "Vary": "Authorization, Cookie, X-Tenant",
        "Cache-Control": f"private, {fresh}",
    }


def _with(response: HttpResponse, headers: Mapping[str, str]) -> HttpResponse:
    for name, value in headers.items():
        response[name] = value
    return response


# --- parameters -------------------------------------------------------------------------------------------------------------
def _fields(request: ApiRequest, columns: Sequence[str]) -> frozenset[str] | None:
    """Return the fields that are wanted, None for all. Raises BadParameter for one that the list does not have."""
    names = {name.strip() for name in request.query_params.get("fields", "").split(",")} - {""}
    unknown = sorted(names - set(columns))
    if unknown:
        raise BadParameter(
            {"fields": _("This list has no %(unknown)s. It has: %(known)s.") % {
                "unknown": ", ".join(unknown)[:80], "known": ", ".join(columns)
            }}
        )  # fmt: skip
    return frozenset(names | {"id"}) if names else None


def _compress(request: ApiRequest) -> None:
    if request.query_params.get("compress", "false") not in {"true", "false"}:
        raise BadParameter({"compress": _("Use true or false.")})
