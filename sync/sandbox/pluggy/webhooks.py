"""Registered webhooks. The live rule "public HTTPS name only" is loosened to loopback addresses, because the sandbox speaks only to those."""

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sync.sandbox.clock import iso
from sync.sandbox.generator.documents import make_uuid
from sync.sandbox.http import Request, Response, reply
from sync.sandbox.pluggy.errors import error

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

EVENTS: Final = frozenset(
    "all item/created item/updated item/error item/deleted item/waiting_user_input item/waiting_user_action item/login_succeeded "
    "connector/status_updated transactions/created transactions/updated transactions/deleted".split()
)
MOST_PER_EVENT: Final = 5


def listing(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return all webhooks of the client."""
    found = sandbox.store.children("webhook", request.company)
    return reply({"page": 1, "total": len(found), "totalPages": 1, "results": found})


def _own(sandbox: "Sandbox", request: Request, hook_id: str) -> dict[str, Any] | None:
    return (
        sandbox.store.get("webhook", hook_id)
        if sandbox.store.owner("webhook", hook_id) == request.company
        else None
    )


def read(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return one webhook; its headers are never shown."""
    hook = _own(sandbox, request, rest[0])
    return reply(hook) if hook else error(404, "webhook not found")


def _refuse(
    sandbox: "Sandbox", request: Request, url: str, event: str, *, ignore: str = ""
) -> Response | None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        return error(400, "url must be a valid https url")
    if event not in EVENTS:
        return error(400, f"event {event} is not supported")
    same = [
        hook
        for hook in sandbox.store.children("webhook", request.company)
        if hook["event"] == event and hook["id"] != ignore
    ]
    return (
        error(400, f"At most {MOST_PER_EVENT} webhooks per event are allowed")
        if len(same) >= MOST_PER_EVENT
        else None
    )


def create(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Register a webhook; answers 201."""
    asked = request.json()
    url, event = str(asked.get("url", "")), str(asked.get("event", ""))
    refused = _refuse(sandbox, request, url, event)
    if refused:
        return refused
    now, number = iso(sandbox.clock.now()), sandbox.next_number("webhook")
    hook = {
        "id": make_uuid(sandbox.rng(f"webhook:{number}")),
        "url": url,
        "event": event,
        "createdAt": now,
        "updatedAt": now,
    }
    sandbox.store.put("webhook", hook["id"], request.company, request.company, hook)
    sandbox.store.put("webhook_headers", hook["id"], request.company, "", asked.get("headers") or {})
    return reply(hook, 201)


def update(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Change address, event or headers, or switch a disabled webhook on again with `enabled: true`."""
    hook, asked = _own(sandbox, request, rest[0]), request.json()
    if hook is None:
        return error(404, "webhook not found")
    hook |= {key: asked[key] for key in ("url", "event") if asked.get(key)}
    refused = _refuse(sandbox, request, hook["url"], hook["event"], ignore=hook["id"])
    if refused:
        return refused
    now = iso(sandbox.clock.now())
    if asked.get("enabled") is True:
        hook.pop("disabledAt", None)
        sandbox.deliveries.forgive(hook["id"])
    elif asked.get("enabled") is False:
        hook["disabledAt"] = now
    if "headers" in asked:
        sandbox.store.put("webhook_headers", hook["id"], request.company, "", asked["headers"] or {})
    sandbox.store.put("webhook", hook["id"], request.company, request.company, hook | {"updatedAt": now})
    return reply(hook | {"updatedAt": now})


def delete(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Remove a webhook."""
    if _own(sandbox, request, rest[0]) is None:
        return error(404, "webhook not found")
    sandbox.store.run(
        "DELETE FROM objects WHERE kind IN ('webhook', 'webhook_headers') AND id = ?", (rest[0],)
    )
    return reply({"count": 1})
