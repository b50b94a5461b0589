"""/control: what no upstream has. Health, credentials, truth, faults, time, budgets, old statements, states of items."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import orjson

from sync.sandbox import live, returns
from sync.sandbox.clock import iso
from sync.sandbox.faults import KINDS
from sync.sandbox.http import Request, Response, raw, reply
from sync.sandbox.mutations import show_late_rows
from sync.sandbox.pluggy.connectors import TOKEN
from sync.sandbox.pluggy.items import set_state, succeed
from sync.sandbox.statements import list_statements, render

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

_TROUBLES: Final = {"LOGIN_ERROR": "INVALID_CREDENTIALS", "OUTDATED": "SITE_NOT_AVAILABLE"}


def handle(sandbox: "Sandbox", request: Request) -> Response:
    """Answer a request below /control."""
    if request.path.startswith("/returns/"):
        return _return_file(sandbox, request.path.removeprefix("/returns/"))
    if request.path.startswith("/statements/"):
        return _statement(sandbox, request.path.removeprefix("/statements/"))
    handler = _ROUTES.get((request.method, request.path))
    return (
        handler(sandbox, request)
        if handler
        else reply({"message": "Not found", "routes": [f"{m} /control{p}" for m, p in _ROUTES]}, 404)
    )


def _health(sandbox: "Sandbox", request: Request) -> Response:
    story = sandbox.store.meta("story")
    return reply(
        {"ok": True, "now": iso(sandbox.clock.now()), "story": story, "companies": list(sandbox.companies)}
    )


def _size(sandbox: "Sandbox", request: Request) -> Response:
    """How many records the upstreams would serve to somebody who reads everything."""
    query = (
        "SELECT (SELECT count(*) FROM rows WHERE hidden = 0)"
        " + (SELECT count(*) FROM lines WHERE hidden = 0 AND payload IS NOT NULL)"
    )
    found = sandbox.store.one(query)
    assert found is not None  # an aggregate always answers
    return reply({"records": found[0]})


def _companies(sandbox: "Sandbox", request: Request) -> Response:
    found = []
    for company in sandbox.companies.values():
        account_ids = sandbox.scene(company.key).book.account_ids
        found.append(company.as_json() | {"accounts": account_ids})
    return reply({"companies": found})


def _truth(sandbox: "Sandbox", request: Request) -> Response:
    """What every bank line paid. `source` says whether the line is served by the API or stands in an OFX file.

    In pieces, because it is 10 MB for the shop.
    """
    return Response(
        200,
        b'{"lines":[',
        {"content-type": "application/json"},
        stream=_truth_pieces(sandbox, request.query.get("company", "")),
    )


def _truth_pieces(sandbox: "Sandbox", company: str) -> Iterator[bytes]:
    query = (
        "SELECT l.rowid, l.id, l.account, l.day, l.cents, l.fitid, l.payload IS NOT NULL, t.kind, t.refs FROM lines l JOIN truth t ON t.line = l.id"
        " WHERE l.company = ? AND l.hidden <> 2 AND l.rowid > ? ORDER BY l.rowid LIMIT 500"
    )
    last, comma = 0, b""
    while lines := sandbox.store.all(query, (company, last)):
        yield comma + b",".join(_truth_line(*line[1:]) for line in lines)
        last, comma = lines[-1][0], b","
    yield b"]}"


def _truth_line(
    line: str, account: str, day: str, cents: int, fitid: str, api: int, kind: str, refs: bytes
) -> bytes:
    known = {
        "line_id": line,
        "account_id": account,
        "day": day,
        "cents": cents,
        "fitid": fitid,
        "source": "api" if api else "ofx",
        "kind": kind,
    }
    return orjson.dumps(known)[:-1] + b',"refs":' + refs + b"}"


def _accounts(sandbox: "Sandbox", request: Request) -> Response:
    """The opening balance and the sum of posted lines of every account: together its balance."""
    rows = sandbox.store.all(
        "SELECT id, company, payload FROM objects WHERE kind = 'opening' ORDER BY company, id"
    )
    found = []
    for account, company, payload in rows:
        total = sandbox.store.one(
            "SELECT coalesce(sum(cents), 0), count(*) FROM lines WHERE account = ? AND status = 'POSTED'",
            (account,),
        )
        assert total is not None  # an aggregate always answers
        known = sandbox.store.get("account", account)
        if known is not None:  # of a removed item only the bank knows the lines
            sums = {"lines": total[1], "sum_cents": total[0], "balance": known["balance"]}
            found.append({"account_id": account, "company": company, **orjson.loads(payload), **sums})
    return reply({"accounts": found})


def _faults(sandbox: "Sandbox", request: Request) -> Response:
    active = [
        {name: getattr(fault, name) for name in fault.__dataclass_fields__} for fault in sandbox.faults.active
    ]
    return reply({"active": active, "log": sandbox.faults.log, "kinds": sorted(KINDS)})


def _add_faults(sandbox: "Sandbox", request: Request) -> Response:
    try:
        wanted = orjson.loads(request.body)
        sandbox.faults.add(wanted if isinstance(wanted, list) else [wanted])
    except (ValueError, TypeError) as exc:
        return reply({"message": str(exc)}, 400)
    return _faults(sandbox, request)


def _clear_faults(sandbox: "Sandbox", request: Request) -> Response:
    sandbox.faults.clear()
    sandbox.forget_shifts()
    late = show_late_rows(sandbox)
    sandbox.deliveries.release_held()
    return reply({"active": [], "late": late})


def _tick(sandbox: "Sandbox", request: Request) -> Response:
    asked = request.json()
    kind, company = asked.get("kind"), asked.get("company")
    if kind not in (None, *live.KINDS) or company not in (None, *sandbox.companies):
        return reply(
            {
                "message": f"kind is one of {', '.join(live.KINDS)}; company one of {', '.join(sandbox.companies)}"
            },
            400,
        )
    return reply(live.tick(sandbox, kind, company))


def _budget(sandbox: "Sandbox", request: Request) -> Response:
    """Multiply the request budgets of a company; 0 switches them off. `{"unlimited": true}` does so for all."""
    asked = request.json()
    if "unlimited" in asked:
        sandbox.limits.unlimited = bool(asked["unlimited"])
    if asked.get("company") in sandbox.companies:
        sandbox.limits.set_factor(asked["company"], float(asked.get("factor", 1)))
    return reply({"unlimited": sandbox.limits.unlimited, "factors": sandbox.limits.factors})


def _requests(sandbox: "Sandbox", request: Request) -> Response:
    return reply({"requests": dict(sandbox.requests)})


def _statements(sandbox: "Sandbox", request: Request) -> Response:
    company = request.query.get("company")
    if company not in (None, *sandbox.companies):
        return reply({"message": "unknown company"}, 404)
    return reply({"statements": [statement.as_json() for statement in list_statements(sandbox, company)]})


def _statement(sandbox: "Sandbox", name: str) -> Response:
    found = next((statement for statement in list_statements(sandbox) if statement.name == name), None)
    if found is None:
        return reply({"message": "no such statement"}, 404)
    return raw(
        render(sandbox, found),
        content_type="application/x-ofx",
        content_disposition=f'attachment; filename="{name}"',
    )


def _returns(sandbox: "Sandbox", request: Request) -> Response:
    """The return files of the law office's collection."""
    return reply({"returns": [file.as_json() for file in returns.list_returns(sandbox)]})


def _return_file(sandbox: "Sandbox", name: str) -> Response:
    file = next((each for each in returns.list_returns(sandbox) if each.name == name), None)
    if file is None:
        return reply({"message": f"no return file {name}"}, 404)
    return raw(returns.render(sandbox, file), content_type="application/octet-stream")


def _item(sandbox: "Sandbox", request: Request) -> Response:
    """Put an item into a state: UPDATED, LOGIN_ERROR, OUTDATED or WAITING_USER_INPUT (with an optional error `code`)."""
    asked = request.json()
    item, company = (
        sandbox.store.get("item", str(asked.get("item_id"))),
        sandbox.store.owner("item", str(asked.get("item_id"))),
    )
    status = asked.get("status")
    if item is None or company is None or status not in ("UPDATED", "WAITING_USER_INPUT", *_TROUBLES):
        return reply(
            {"message": "item_id and status (UPDATED, LOGIN_ERROR, OUTDATED, WAITING_USER_INPUT) are needed"},
            400,
        )
    if status == "UPDATED":
        succeed(sandbox, company, item)
    elif status == "WAITING_USER_INPUT":
        sandbox.store.put(
            "item",
            item["id"],
            company,
            "",
            item | {"status": status, "executionStatus": status, "parameter": TOKEN},
        )
        sandbox.deliveries.send(company, "item/waiting_user_input", item["id"], {})
    else:
        set_state(sandbox, company, item, status, asked.get("code") or _TROUBLES[status], "Set by hand")
    return reply(sandbox.store.get("item", item["id"]))


def _expire_keys(sandbox: "Sandbox", request: Request) -> Response:
    """Let every API key that was issued until now be expired."""
    sandbox.key_generation += 1
    return reply({"generation": sandbox.key_generation})


def _deliveries(sandbox: "Sandbox", request: Request) -> Response:
    return reply({"deliveries": sandbox.deliveries.log})


_ROUTES: Final[dict[tuple[str, str], Callable[["Sandbox", Request], Response]]] = {
    ("GET", "/health"): _health, ("GET", "/size"): _size, ("GET", "/companies"): _companies, ("GET", "/truth"): _truth, ("GET", "/accounts"): _accounts, ("GET", "/faults"): _faults,
    ("POST", "/faults"): _add_faults, ("DELETE", "/faults"): _clear_faults, ("POST", "/tick"): _tick, ("POST", "/budget"): _budget,
    ("GET", "/requests"): _requests, ("GET", "/statements"): _statements, ("POST", "/items"): _item, ("POST", "/expire_keys"): _expire_keys,
    ("GET", "/deliveries"): _deliveries, ("GET", "/returns"): _returns,
}  # fmt: skip
