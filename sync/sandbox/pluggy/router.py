"""Who asks, how often, and which handler answers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sync.sandbox.http import Request, Response, reply
from sync.sandbox.pluggy import connect, data, items, transactions, webhooks
from sync.sandbox.pluggy.errors import error
from sync.sandbox.pluggy.keys import (
    API_KEY_SECONDS,
    CONNECT_TOKEN_SECONDS,
    ExpiredKey,
    InvalidKey,
    make_key,
    read_key,
)

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

Handler = Callable[["Sandbox", Request, list[str]], Response]
# Requests a minute, per address and endpoint.
_LIMITS: Final = {("PATCH", "items"): 20}
_LIMIT: Final = 360
_ROUTES: Final[dict[tuple[str, str], Handler]] = {
    ("GET", "connectors"): data.connectors, ("GET", "connectors/*"): data.connector, ("GET", "categories"): data.categories, ("GET", "categories/*"): data.category,
    ("POST", "items"): items.create, ("GET", "items/*"): items.read, ("PATCH", "items/*"): items.update, ("DELETE", "items/*"): items.delete,
    ("POST", "items/*/mfa"): items.answer_mfa, ("PATCH", "items/*/disable-auto-sync"): items.disable_auto_sync, ("GET", "v2/items"): items.listing,
    ("GET", "accounts"): data.accounts, ("GET", "accounts/*"): data.account, ("GET", "accounts/*/balance"): data.balance,
    ("GET", "accounts/*/statements"): data.statements, ("GET", "bills"): data.bills, ("GET", "bills/*"): data.bill, ("GET", "identity"): data.identity,
    ("GET", "transactions"): transactions.by_page, ("GET", "v2/transactions"): transactions.by_cursor, ("GET", "transactions/*"): transactions.one,
    ("PATCH", "transactions/*"): transactions.recategorise, ("GET", "webhooks"): webhooks.listing, ("POST", "webhooks"): webhooks.create,
    ("GET", "webhooks/*"): webhooks.read, ("PATCH", "webhooks/*"): webhooks.update, ("DELETE", "webhooks/*"): webhooks.delete,
}  # fmt: skip


def handle(sandbox: "Sandbox", request: Request) -> Response:
    """Answer a request below /pluggy."""
    if request.path == "/connect":
        return connect.page(sandbox, request)
    parts = request.path.strip("/").split("/")
    endpoint = f"{request.method} {'/'.join(parts[:2] if parts[0] == 'v2' else parts[:1])}"
    limit = _LIMITS.get((request.method, parts[0]), _LIMIT)
    if request.path == "/auth":
        return (
            _limited(sandbox, request, endpoint, limit)
            or sandbox.answer_faults(request, "/auth")
            or _auth(sandbox, request)
        )
    refused = _identify(sandbox, request)
    if refused:
        return refused
    answer = _limited(sandbox, request, endpoint, limit) or sandbox.answer_faults(request, request.path)
    if answer:
        return answer
    if (request.method, request.path) == ("POST", "/connect_token"):
        return _connect_token(sandbox, request)
    return _dispatch(sandbox, request, parts)


def _dispatch(sandbox: "Sandbox", request: Request, parts: list[str]) -> Response:
    first = 2 if parts[0] == "v2" else 1
    shape = "/".join(
        [
            *parts[:first],
            *("*" if index == first else part for index, part in enumerate(parts) if index >= first),
        ]
    )
    handler = _ROUTES.get((request.method, shape))
    if handler is None:
        return error(404, "Not Found")
    return handler(sandbox, request, parts[first:])


def _limited(sandbox: "Sandbox", request: Request, endpoint: str, limit: int) -> Response | None:
    refusal = sandbox.limits.take(
        f"pluggy:{request.client}:{endpoint}", request.company, limit=limit, seconds=60
    )
    if refusal is None:
        return None
    wait = str(refusal.wait_seconds)
    headers = {"ratelimit_limit": str(refusal.limit), "ratelimit_reset": wait, "retry_after": wait}
    return reply({"code": 429, "message": "Too many requests, please try again later."}, 429, **headers)


def _auth(sandbox: "Sandbox", request: Request) -> Response:
    if request.method != "POST":
        return error(404, "Not Found")
    asked = request.json()
    for key, company in sandbox.companies.items():
        if (company.pluggy.client_id, company.pluggy.client_secret) == (
            asked.get("clientId"),
            asked.get("clientSecret"),
        ):
            claims = {
                "clientId": company.pluggy.client_id,
                "company": key,
                "generation": sandbox.key_generation,
            }
            return reply({"apiKey": make_key(sandbox.settings.seed, claims, API_KEY_SECONDS)})
    return error(401, "Client keys are invalid", "CLIENT_KEYS_UNAUTHORIZED")


def _identify(sandbox: "Sandbox", request: Request) -> Response | None:
    try:
        claims = read_key(sandbox.settings.seed, request.headers.get("x-api-key", ""))
    except ExpiredKey:
        return error(401, "API key expired")
    except InvalidKey:
        return error(403, "Missing or invalid authorization token")
    if claims.get("generation") != sandbox.key_generation:
        return error(401, "API key expired")
    request.company = str(claims["company"])
    return None


def _connect_token(sandbox: "Sandbox", request: Request) -> Response:
    asked = request.json()
    item_id = asked.get("itemId")
    if item_id and sandbox.store.owner("item", item_id) != request.company:
        return error(404, "item not found", "ITEM_NOT_FOUND")
    claims = {
        "company": request.company,
        "itemId": item_id,
        "options": asked.get("options") or {},
        "type": "connect",
    }
    return reply({"accessToken": make_key(sandbox.settings.seed, claims, CONNECT_TOKEN_SECONDS)})
