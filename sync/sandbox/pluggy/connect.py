"""The page that stands for the Connect widget: choose a bank, give the test user, come back to `callback` with `itemId` or `error`.

No script: two HTML forms. `callback` may only be an address on this computer.
"""

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sync.sandbox.http import Request, Response, raw
from sync.sandbox.pluggy.connectors import BY_ID
from sync.sandbox.pluggy.items import finish, start_item
from sync.sandbox.pluggy.keys import ExpiredKey, InvalidKey, read_key

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1b1f24}main{max-width:26rem;margin:3rem auto;padding:2rem;"
    "background:#fff;border-radius:12px;box-shadow:0 1px 4px #0002}label{display:block;margin:.9rem 0 .25rem;font-weight:600}"
    "input,select,button{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;border:1px solid #8a94a3;border-radius:8px}"
    "button{background:#1f4ed8;color:#fff;border:0;margin-top:1.2rem;cursor:pointer}button.plain{background:#eef0f3;color:#1b1f24}"
    "p.note{color:#4b5563;font-size:.9rem}"
)


def page(sandbox: "Sandbox", request: Request) -> Response:
    """Show the form, or take it and send the person back."""
    asked = request.form() if request.method == "POST" else request.query
    try:
        claims = read_key(sandbox.settings.seed, asked.get("connectToken", ""))
    except (InvalidKey, ExpiredKey):
        return _html("<h1>Link inválido ou vencido</h1><p>Volte ao sistema e comece de novo.</p>", 403)
    callback = asked.get("callback", "")
    if claims.get("type") != "connect" or urlsplit(callback).hostname not in (
        "localhost",
        "127.0.0.1",
        "::1",
    ):
        return _html("<h1>Endereço de retorno inválido</h1>", 400)
    if request.method == "POST":
        return _take(sandbox, claims, asked, callback)
    return _form(sandbox, claims, asked.get("connectToken", ""), callback)


def _form(sandbox: "Sandbox", claims: dict[str, Any], token: str, callback: str) -> Response:
    item = sandbox.store.get("item", claims["itemId"]) if claims.get("itemId") else None
    banks = [item["connector"]] if item else list(BY_ID.values())
    options = "".join(f'<option value="{bank["id"]}">{escape(bank["name"])}</option>' for bank in banks)
    trouble = f'<p class="note">{escape(item["error"]["message"])}</p>' if item and item.get("error") else ""
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("connectToken", token), ("callback", callback))
    )
    return _html(
        f"<h1>{'Reconectar' if item else 'Conectar'} conta</h1>{trouble}"
        '<p class="note">Simulação do Pluggy Connect. Use o usuário <b>user-ok</b> e a senha <b>password-ok</b>; <b>user-locked</b> ou '
        "<b>user-error</b> mostram falhas.</p>"
        f'<form method="post">{hidden}<label for="bank">Banco</label><select id="bank" name="connectorId">{options}</select>'
        '<label for="user">Usuário</label><input id="user" name="user" required autocomplete="off" value="user-ok">'
        '<label for="password">Senha</label><input id="password" name="password" type="password" required autocomplete="off">'
        '<button name="action" value="connect">Conectar</button><button class="plain" name="action" value="cancel" formnovalidate>Cancelar</button></form>'
    )


def _take(sandbox: "Sandbox", claims: dict[str, Any], asked: dict[str, str], callback: str) -> Response:
    if asked.get("action") == "cancel":
        return _back(callback, {"error": "CANCELLED"})
    company = str(claims["company"])
    login = {"user": asked.get("user", ""), "password": asked.get("password", "")}
    item = sandbox.store.get("item", claims["itemId"]) if claims.get("itemId") else None
    if item is None:
        connector = asked.get("connectorId", "")
        if not connector.isdigit() or int(connector) not in BY_ID:
            return _back(callback, {"error": "CONNECTOR_NOT_FOUND"})
        item = start_item(sandbox, company, int(connector), login, claims["options"])
    else:
        sandbox.store.put("login", item["id"], company, "", login)
        item |= {"status": "UPDATING", "executionStatus": "LOGIN_IN_PROGRESS"}
        sandbox.store.put("item", item["id"], company, "", item)
    # The widget waits until the execution ends, so the page ends it at once; a connector with a code asks for it through the API.
    finish(sandbox, company, item["id"], mfa=bool(item["connector"]["hasMFA"]))
    done = sandbox.store.get("item", item["id"]) or item
    result = {"itemId": item["id"]}
    return _back(callback, result | ({"error": done["error"]["code"]} if done.get("error") else {}))


def _back(callback: str, result: dict[str, str]) -> Response:
    parts = urlsplit(callback)
    query = urlencode([*parse_qsl(parts.query), *result.items()])
    return raw(b"", 303, "text/html; charset=utf-8", location=urlunsplit(parts._replace(query=query)))


def _html(body: str, status: int = 200) -> Response:
    text = '<!doctype html><html lang="pt-BR"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    text += f"<title>Pluggy Connect (simulação)</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return raw(
        text.encode(),
        status,
        "text/html; charset=utf-8",
        content_security_policy=policy,
        cache_control="no-store",
    )
