"""Advbox: a bearer token, `limit` and `offset`, 30 GET a minute, a `totalCount` that promises more than paging gives."""

from typing import TYPE_CHECKING, Any, Final

import orjson

from sync.sandbox.generator.office import CATEGORIES, ORIGINS, TYPES, lawsuits_of
from sync.sandbox.http import Request, Response, array, raw, reply

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

MAX_LIMIT: Final = 1_000
# How many rows more than there are `totalCount` claims.
LIE: Final = 7
_LIKE, _EQUAL = "LIKE", "="
_FILTERS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "customers": {"name": ("name", _LIKE), "identification": ("document", _EQUAL), "created_start": ("created", ">="), "created_end": ("created", "<=")},
    "transactions": {
        "customer_name": ("name", _LIKE), "customer_identification": ("document", _EQUAL), "lawsuit_id": ("owner", _EQUAL), "category": ("store", _EQUAL),
        "competence_start": ("status", ">="), "competence_end": ("status", "<="), "created_start": ("created", ">="), "created_end": ("created", "<="),
        "date_due_start": ("day", ">="), "date_due_end": ("day", "<="), "date_payment_start": ("paid", ">="), "date_payment_end": ("paid", "<="),
    },
}  # fmt: skip


def handle(sandbox: "Sandbox", request: Request) -> Response:
    """Answer a request below /advbox (with or without /api/v1)."""
    path = request.path = request.path.removeprefix("/api/v1")
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    company = sandbox.company_by_advbox(token)
    if company is None:
        return reply({"error": "Unauthorized"}, 401)
    request.company = company
    if request.method == "GET":
        refusal = sandbox.limits.take(f"advbox:{company}", company, limit=30, seconds=60)
        if refusal:
            return reply({"message": "Too Many Attempts."}, 429, retry_after=str(refusal.wait_seconds))
    faulty = sandbox.answer_faults(request, path)
    if faulty:
        return faulty
    return _route(sandbox, request, company, path.strip("/"))


def _route(sandbox: "Sandbox", request: Request, company: str, path: str) -> Response:
    resource, _, row_id = path.partition("/")
    if request.method != "GET" or (resource == "transactions" and row_id):
        return reply({"message": f"The {request.method} method is not supported for route {path}."}, 405)
    if path == "settings":
        return reply(_settings(sandbox, company))
    if resource == "lawsuits":
        return _lawsuits(sandbox, request, company, row_id)
    if resource == "customers" and row_id:
        return _customer(sandbox, company, row_id)
    if path in ("customers", "transactions"):
        return _many(sandbox, request, company, path)
    # A wrong path is not told apart from a wrong token.
    return reply({"error": "Unauthorized"}, 401)


def _customer(sandbox: "Sandbox", company: str, row_id: str) -> Response:
    query = "SELECT payload FROM rows WHERE company = ? AND resource = 'customers' AND id = ? AND hidden = 0"
    row = sandbox.store.one(query, (company, int(row_id))) if row_id.isdigit() else None
    return raw(row[0]) if row else reply({"message": "Customer not found"}, 404)


def _page(request: Request) -> tuple[int, int]:
    return min(MAX_LIMIT, max(1, request.number("limit", 10))), max(0, request.number("offset", 0))


def _many(sandbox: "Sandbox", request: Request, company: str, resource: str) -> Response:
    limit, offset = _page(request)
    where, args = _where(request, company, resource)
    total = sandbox.count("rows", where, args)
    shift, _ = sandbox.page_shift(
        request, f"{company}/{resource}/{where}/{args}", offset // limit + 1, total, limit
    )
    payloads = sandbox.store.page_of_rows(where, args, "id", limit, max(0, offset + shift * limit))
    # The count of transactions promises more than paging gives.
    return _envelope(
        array(payloads), total + (LIE if resource == "transactions" and total else 0), limit, offset
    )


def _envelope(data: bytes, total: int, limit: int, offset: int) -> Response:
    return raw(b'{"data":' + data + b',"totalCount":%d,"limit":%d,"offset":%d}' % (total, limit, offset))


def _where(request: Request, company: str, resource: str) -> tuple[str, list[Any]]:
    parts, args = ["company = ?", "resource = ?", "hidden = 0"], [company, resource]
    if resource == "customers":
        parts.append("kind = 'listed'")  # those without an origin are neither listed nor counted
    for key, (column, comparison) in _FILTERS[resource].items():
        text = request.query.get(key, "")
        if not text:
            continue
        if key.startswith("competence") and "/" in text:
            text = "-".join(reversed(text.split("/")))
        if column == "document":
            text = text.translate(str.maketrans("", "", "./-"))
        parts.append(f"{column} {comparison} ?")
        args.append(f"%{text}%" if comparison == _LIKE else text)
        if column == "paid":
            parts.append("paid <> ''")
    return " AND ".join(parts), args


def _settings(sandbox: "Sandbox", company: str) -> dict[str, Any]:
    scene = sandbox.scene(company)
    return {
        "users": [
            {"id": number, "name": name.upper(), "email": f"usuario{number}@exemplo.com.br"}
            for number, name in scene.staff
        ],
        "origins": [{"id": index + 1, "origin": name} for index, name in enumerate(ORIGINS)],
        "stages": [
            {"id": 1, "stage": "INICIAL"},
            {"id": 2, "stage": "INSTRUÇÃO"},
            {"id": 3, "stage": "EXECUÇÃO"},
        ],
        "type_lawsuits": [{"id": index + 1, "type": name} for index, name in enumerate(TYPES)],
        "tasks": [{"id": 1, "task": "AUDIÊNCIA", "reward": 10}, {"id": 2, "task": "PETIÇÃO", "reward": 5}],
        "financial": {
            "banks": [{"id": 1, "name": "BRADESCO", "account": "120394-5"}],
            "categories": [
                {"id": number, "category": name, "type": kind} for number, name, kind in CATEGORIES
            ],
            "cost_centers": [{"id": 1, "cost_center": "ESCRITÓRIO"}],
            "departments": [{"id": 1, "department": "CÍVEL"}],
        },
    }


def _lawsuits(sandbox: "Sandbox", request: Request, company: str, row_id: str) -> Response:
    scene = sandbox.scene(company)
    everything = [
        {
            "id": case["lawsuit_id"], "process_number": case["process_number"], "protocol_number": None, "folder": f"{person.since.year}/{person.id % 1000:03d}",
            "type": TYPES[case["lawsuit_id"] % len(TYPES)], "stage": "INSTRUÇÃO", "responsible": scene.staff[case["lawsuit_id"] % len(scene.staff)][1].upper(),
            "customers": [{"customer_id": person.id, "name": person.name, "identification": person.document}], "fees_money": "0.00",
            "created_at": person.since.isoformat(), "notes": "",
        }
        for person in scene.people[: scene.state.known_people]
        for case in lawsuits_of(scene, person)
    ]  # fmt: skip
    if row_id:
        found = next((case for case in everything if str(case["id"]) == row_id), None)
        return reply(found) if found else reply({"message": "Lawsuit not found"}, 404)
    limit, offset = _page(request)
    data = everything[offset : offset + limit]
    return _envelope(orjson.dumps(data), len(everything), limit, offset)
