"""Items: created, refreshed, answered and removed. An execution begins as UPDATING and ends a moment later, as its user name says."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from sync.sandbox.clock import iso, local_instant
from sync.sandbox.generator.documents import make_uuid
from sync.sandbox.http import Request, Response, reply
from sync.sandbox.pluggy.connectors import BANK_OF, BY_ID, TOKEN
from sync.sandbox.pluggy.errors import error
from sync.sandbox.pluggy.provision import provision
from sync.sandbox.pluggy.shapes import make_item

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

EXECUTION_SECONDS: Final = 0.3
MFA_ANSWER: Final = "123456"
PASSWORD: Final = "password-ok"  # noqa: S105 - the published sandbox password
_TOO_MANY_FAILURES: Final = 5
# user -> (status, executionStatus, code, sentence)
_TROUBLES: Final = {
    "user-logged": (
        "LOGIN_ERROR",
        "ALREADY_LOGGED_IN",
        "There is already a session open with these credentials",
    ),
    "user-locked": ("LOGIN_ERROR", "ACCOUNT_LOCKED", "The account is locked"),
    "user-error": ("OUTDATED", "UNEXPECTED_ERROR", "Unexpected error, please try again"),
    "user-unavailable": ("OUTDATED", "SITE_NOT_AVAILABLE", "The institution is not available"),
    "user-account-need-actions": (
        "LOGIN_ERROR",
        "ACCOUNT_NEEDS_ACTION",
        "The account needs an action at the institution",
    ),
    "user-not-granted": (
        "LOGIN_ERROR",
        "USER_AUTHORIZATION_NOT_GRANTED",
        "The user did not authorize the access",
    ),
}
_WRONG: Final = ("LOGIN_ERROR", "INVALID_CREDENTIALS", "Invalid credentials")


def create(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Create an item and begin its first execution."""
    asked = request.json()
    connector_id, parameters = asked.get("connectorId"), asked.get("parameters") or {}
    if connector_id not in BY_ID:
        return error(404, "connector not found", "CONNECTOR_NOT_FOUND")
    missing = [
        {"code": "001", "message": f"{field['name']} parameter is required", "parameter": field["name"]}
        for field in BY_ID[connector_id]["credentials"]
        if not parameters.get(field["name"])
    ]
    if missing:
        return error(
            400,
            "Connector parameters do not match validation rules",
            "CONNECTOR_VALIDATION_ERROR",
            errors=missing,
            details=missing,
        )
    if asked.get("avoidDuplicates") and _same(sandbox, request.company, connector_id, parameters["user"]):
        return error(
            409,
            "There are other items with the same credentials, you can't create a new one",
            "ITEM_USER_ALREADY_EXISTS",
        )
    return reply(start_item(sandbox, request.company, connector_id, parameters, asked))


def _same(sandbox: "Sandbox", company: str, connector_id: int, user: str) -> bool:
    rows = sandbox.store.all("SELECT id FROM objects WHERE kind = 'item' AND company = ?", (company,))
    return any(
        (sandbox.store.get("login", row[0]) or {}).get("user") == user
        and (sandbox.store.get("item", row[0]) or {})["connector"]["id"] == connector_id
        for row in rows
    )


def start_item(
    sandbox: "Sandbox", company: str, connector_id: int, parameters: dict[str, str], options: dict[str, Any]
) -> dict[str, Any]:
    """Store a new item, begin its execution and return it. `options`: clientUserId, webhookUrl."""
    stamp, number = iso(sandbox.clock.now()), sandbox.next_number("item")
    item_id = make_uuid(sandbox.rng(f"item:{number}"))
    consent = (
        local_instant(sandbox.clock.today().replace(year=sandbox.clock.today().year + 1), 0)
        if BY_ID[connector_id]["isOpenFinance"]
        else None
    )
    item = make_item(
        item_id, connector_id, stamp=stamp, next_sync=stamp, client_user_id=options.get("clientUserId"), webhook_url=options.get("webhookUrl"), consent=consent,
    )  # fmt: skip
    item |= {"status": "UPDATING", "executionStatus": "CREATED"}
    item.pop("lastUpdatedAt")
    sandbox.store.put("item", item_id, company, "", item)
    sandbox.store.put(
        "login", item_id, company, "", {"user": parameters["user"], "password": parameters["password"]}
    )
    sandbox.deliveries.send(company, "item/created", item_id, {}, "USER")
    _finish_soon(sandbox, company, item_id, bool(BY_ID[connector_id]["hasMFA"]))
    return item


def _finish_soon(sandbox: "Sandbox", company: str, item_id: str, mfa: bool) -> None:
    asyncio.get_running_loop().call_later(EXECUTION_SECONDS, finish, sandbox, company, item_id, mfa)


def finish(sandbox: "Sandbox", company: str, item_id: str, mfa: bool = False) -> None:
    """End an execution: by user name and password it succeeds, fails, or asks for a code."""
    item, login = (
        sandbox.store.get("item", item_id),
        sandbox.store.get("login", item_id) or {"user": "user-ok", "password": PASSWORD},
    )
    if item is None or item["status"] != "UPDATING":
        return
    trouble = _TROUBLES.get(login["user"]) or (
        _WRONG if (login["user"], login["password"]) != ("user-ok", PASSWORD) else None
    )
    if trouble:
        set_state(sandbox, company, item, *trouble)
    elif mfa:
        item |= {
            "status": "WAITING_USER_INPUT",
            "executionStatus": "WAITING_USER_INPUT",
            "parameter": TOKEN,
            "updatedAt": iso(sandbox.clock.now()),
        }
        sandbox.store.put("item", item_id, company, "", item)
        sandbox.deliveries.send(company, "item/waiting_user_input", item_id, {}, "USER")
    else:
        succeed(sandbox, company, item)


def succeed(sandbox: "Sandbox", company: str, item: dict[str, Any]) -> None:
    """Mark an item as updated; the first time its accounts appear."""
    now = iso(sandbox.clock.now())
    for key in ("error", "parameter", "statusDetail"):
        item.pop(key, None)
    tomorrow = local_instant(sandbox.clock.today(), 86_399)
    item |= {
        "status": "UPDATED",
        "executionStatus": "SUCCESS",
        "updatedAt": now,
        "lastUpdatedAt": now,
        "nextAutoSyncAt": tomorrow,
        "consecutiveFailedLoginAttempts": 0,
    }
    sandbox.store.put("item", item["id"], company, "", item)
    fresh = provision(sandbox, company, item["id"], BANK_OF[item["connector"]["id"]])
    sandbox.deliveries.send(company, "item/login_succeeded", item["id"], {}, "USER")
    sandbox.deliveries.send(company, "item/updated", item["id"], {}, "USER")
    for account_id in fresh:
        sandbox.deliveries.lines(company, account_id, "transactions/created", [])


def set_state(
    sandbox: "Sandbox", company: str, item: dict[str, Any], status: str, code: str, message: str
) -> None:
    """Let an item end with an error and say so by webhook."""
    failed = item.get("consecutiveFailedLoginAttempts", 0) + (status == "LOGIN_ERROR")
    trouble = {"code": code, "message": message}
    item |= {
        "status": status,
        "executionStatus": code,
        "error": trouble,
        "updatedAt": iso(sandbox.clock.now()),
        "consecutiveFailedLoginAttempts": failed,
    }
    item.pop("parameter", None)
    sandbox.store.put("item", item["id"], company, "", item)
    sandbox.deliveries.send(company, "item/error", item["id"], {"error": trouble})


def _own(sandbox: "Sandbox", request: Request, item_id: str) -> dict[str, Any] | None:
    return (
        sandbox.store.get("item", item_id)
        if sandbox.store.owner("item", item_id) == request.company
        else None
    )


def _missing() -> Response:
    return error(404, "item not found", "ITEM_NOT_FOUND")


def read(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return one item."""
    item = _own(sandbox, request, rest[0])
    return reply(item) if item else _missing()


def listing(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Return all items of the client by cursor (one page is enough here)."""
    rows = sandbox.store.all(
        "SELECT id FROM objects WHERE kind = 'item' AND company = ? ORDER BY id", (request.company,)
    )
    return reply({"results": [sandbox.store.get("item", row[0]) for row in rows], "next": None})


def update(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Begin an execution again, with new credentials when they are sent."""
    item, asked = _own(sandbox, request, rest[0]), request.json()
    if item is None:
        return _missing()
    if item["status"] == "UPDATING":
        return error(409, "Item is already updating", "ITEM_IS_ALREADY_UPDATING")
    if item.get("consecutiveFailedLoginAttempts", 0) >= _TOO_MANY_FAILURES and not asked.get("parameters"):
        return error(
            400,
            "There has been more than 5 failing syncronizations, please contact support",
            "TOO_MANY_CONSECUTIVE_ERRORS",
        )
    if asked.get("parameters"):
        login = sandbox.store.get("login", item["id"]) or {"user": "user-ok", "password": PASSWORD}
        sandbox.store.put("login", item["id"], request.company, "", login | asked["parameters"])
    item |= {key: asked[key] for key in ("clientUserId", "webhookUrl", "products") if asked.get(key)}
    item |= {
        "status": "UPDATING",
        "executionStatus": "LOGIN_IN_PROGRESS",
        "updatedAt": iso(sandbox.clock.now()),
    }
    sandbox.store.put("item", item["id"], request.company, "", item)
    _finish_soon(sandbox, request.company, item["id"], False)
    return reply(item)


def delete(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Revoke and remove an item with its accounts and lines."""
    item = _own(sandbox, request, rest[0])
    if item is None:
        return _missing()
    sandbox.deliveries.send(request.company, "item/deleted", item["id"], {}, "CLIENT")
    # The bank still knows its lines: they stay, revoked, so that a later connection can bring them back under other ids.
    sandbox.store.run(
        "UPDATE lines SET hidden = 2 WHERE account IN (SELECT id FROM objects WHERE kind = 'account' AND parent = ?)",
        (item["id"],),
    )
    sandbox.store.run("DELETE FROM objects WHERE parent = ? AND kind = 'account'", (item["id"],))
    sandbox.store.run("DELETE FROM objects WHERE id = ? AND kind IN ('item', 'login')", (item["id"],))
    return reply({"count": 1})


def answer_mfa(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Take the code that was asked for."""
    item = _own(sandbox, request, rest[0])
    if item is None:
        return _missing()
    if item["status"] != "WAITING_USER_INPUT":
        return error(400, "Item is not waiting for user input", "ITEM_NOT_WAITING_USER_INPUT")
    asked = (item.get("parameter") or TOKEN)["name"]
    if str(request.json().get(asked)) != MFA_ANSWER:
        set_state(sandbox, request.company, item, "LOGIN_ERROR", "INVALID_CREDENTIALS_MFA", "Invalid code")
        return reply(item)
    item.pop("parameter", None)
    item |= {
        "status": "UPDATING",
        "executionStatus": "LOGIN_MFA_IN_PROGRESS",
        "updatedAt": iso(sandbox.clock.now()),
    }
    sandbox.store.put("item", item["id"], request.company, "", item)
    _finish_soon(sandbox, request.company, item["id"], False)
    return reply(item)


def disable_auto_sync(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """Switch the provider's own schedule off."""
    item = _own(sandbox, request, rest[0])
    if item is None:
        return _missing()
    item.pop("nextAutoSyncAt", None)
    sandbox.store.put("item", item["id"], request.company, "", item)
    return reply(item)
