"""Row faults: rows that come late, change, vanish or get another id while somebody reads them. Balances follow the lines."""

from typing import TYPE_CHECKING, Any, Final

import orjson

from sync.sandbox.clock import LOCAL, iso
from sync.sandbox.faults import Fault
from sync.sandbox.generator.connections import update_balances
from sync.sandbox.generator.documents import make_uuid
from sync.sandbox.generator.erp import money
from sync.sandbox.generator.story import save
from sync.sandbox.http import Request

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

_RECENT: Final = 300


def apply(sandbox: "Sandbox", request: Request, path: str, fault: Fault) -> None:
    """Let a row fault act on recent rows of what the request reads, and write down which."""
    if request.upstream == "pluggy":
        ids: list[Any] = _apply_to_lines(sandbox, request, fault)
    else:
        ids = _apply_to_rows(sandbox, request, path.strip("/").split("/")[0], fault)
    sandbox.faults.log.append(
        {
            "kind": fault.kind,
            "upstream": request.upstream,
            "path": path,
            "company": request.company,
            "ids": ids,
        }
    )


def _apply_to_rows(sandbox: "Sandbox", request: Request, resource: str, fault: Fault) -> list[Any]:
    kind = request.query.get("tipo", "produto") if resource == "vendas" else None
    query = "SELECT id, payload FROM rows WHERE company = ? AND resource = ? AND hidden = 0 AND kind = coalesce(?, kind) ORDER BY id DESC LIMIT ?"
    recent = sandbox.store.all(query, (request.company, resource, kind, _RECENT))
    chosen = sandbox.faults.rng.sample(recent, min(fault.rows, len(recent)))
    for row_id, payload in chosen:
        _ROW_ACTIONS[fault.kind](sandbox, request.company, resource, row_id, orjson.loads(payload))
    return [row_id for row_id, _ in chosen]


def _hide_row(sandbox: "Sandbox", company: str, resource: str, row_id: int, payload: dict[str, Any]) -> None:
    sandbox.store.run(
        "UPDATE rows SET hidden = 1 WHERE company = ? AND resource = ? AND id = ?",
        (company, resource, row_id),
    )


def _drop_row(sandbox: "Sandbox", company: str, resource: str, row_id: int, payload: dict[str, Any]) -> None:
    sandbox.store.run(
        "DELETE FROM rows WHERE company = ? AND resource = ? AND id = ?", (company, resource, row_id)
    )


def _change_row(
    sandbox: "Sandbox", company: str, resource: str, row_id: int, payload: dict[str, Any]
) -> None:
    _change(resource, payload)
    if "modificado_em" in payload:
        payload["modificado_em"] = f"{sandbox.clock.now().astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"
    query = "UPDATE rows SET payload = ? WHERE company = ? AND resource = ? AND id = ?"
    sandbox.store.run(query, (orjson.dumps(payload), company, resource, row_id))


def _change(resource: str, payload: dict[str, Any]) -> None:
    def add(key: str, cents: int) -> None:
        payload[key] = money(int((payload[key] or "0.00").replace(".", "")) + cents)

    if resource == "vendas":
        add("valor_frete", 500)
        add("valor_total", 500)
    elif resource in ("recebimentos", "pagamentos"):
        add("juros", 100)
        add("valor_total", 100)
    elif resource == "produtos":
        add("valor_venda", 100)
    elif resource == "transactions":
        payload["description"] += " AJUSTADO"
    else:
        payload["email"] = f"novo.{payload['id']}@exemplo.com.br"


def _renumber_row(
    sandbox: "Sandbox", company: str, resource: str, row_id: int, payload: dict[str, Any]
) -> None:
    row = sandbox.store.one(
        "SELECT max(id) FROM rows WHERE company = ? AND resource = ?", (company, resource)
    )
    fresh = (row[0] if row else row_id) + 100_001
    payload["id"] = fresh if isinstance(payload["id"], int) else str(fresh)
    query = "UPDATE rows SET id = ?, payload = ? WHERE company = ? AND resource = ? AND id = ?"
    sandbox.store.run(query, (fresh, orjson.dumps(payload), company, resource, row_id))


_ROW_ACTIONS = {
    "late_rows": _hide_row,
    "vanished_rows": _drop_row,
    "changed_rows": _change_row,
    "new_id_rows": _renumber_row,
}


def _apply_to_lines(sandbox: "Sandbox", request: Request, fault: Fault) -> list[str]:
    account = request.query.get("accountId")
    query = (
        "SELECT id, account, cents, status, payload FROM lines WHERE company = ? AND account = coalesce(?, account) AND hidden = 0"
        " AND payload IS NOT NULL ORDER BY at DESC, id DESC LIMIT ?"
    )
    recent = sandbox.store.all(query, (request.company, account, _RECENT))
    chosen = sandbox.faults.rng.sample(recent, min(fault.rows, len(recent)))
    changed: dict[str, list[str]] = {}
    for line_id, of_account, cents, status, payload in chosen:
        changed.setdefault(of_account, []).append(line_id)
        _LINE_ACTIONS[fault.kind](
            sandbox, request.company, of_account, line_id, cents, status, orjson.loads(payload)
        )
    scene = sandbox.scene(request.company)
    update_balances(sandbox.store, scene, stamp=iso(sandbox.clock.now()))
    save(scene)
    for of_account, ids in changed.items():
        _announce(sandbox, request.company, of_account, ids, fault.kind)
    return [row[0] for row in chosen]


def _announce(sandbox: "Sandbox", company: str, account: str, ids: list[str], kind: str) -> None:
    if kind == "changed_rows":
        sandbox.deliveries.lines(company, account, "transactions/updated", ids)
    elif kind != "late_rows":
        sandbox.deliveries.lines(company, account, "transactions/deleted", ids)
    if kind == "new_id_rows":
        sandbox.deliveries.lines(company, account, "transactions/created", [])


def add_to_balance(sandbox: "Sandbox", company: str, account: str, cents: int) -> None:
    """Move the balance of an account: of one that the company's story keeps, or of one that was connected later."""
    scene = sandbox.scene(company)
    key = next((key for key, account_id in scene.book.account_ids.items() if account_id == account), None)
    known = sandbox.store.get("account", account)
    if key is not None:
        scene.state.balances[key] += cents
    elif known is not None:
        known["balance"] = (round(known["balance"] * 100) + cents) / 100
        sandbox.store.put("account", account, company, known["itemId"], known)


def _hide_line(
    sandbox: "Sandbox",
    company: str,
    account: str,
    line_id: str,
    cents: int,
    status: str,
    payload: dict[str, Any],
) -> None:
    sandbox.store.run("UPDATE lines SET hidden = 1 WHERE id = ?", (line_id,))


def _drop_line(
    sandbox: "Sandbox",
    company: str,
    account: str,
    line_id: str,
    cents: int,
    status: str,
    payload: dict[str, Any],
) -> None:
    sandbox.store.run("DELETE FROM lines WHERE id = ?", (line_id,))
    sandbox.store.run("DELETE FROM truth WHERE line = ?", (line_id,))
    if status == "POSTED":
        add_to_balance(sandbox, company, account, -cents)


def _change_line(
    sandbox: "Sandbox",
    company: str,
    account: str,
    line_id: str,
    cents: int,
    status: str,
    payload: dict[str, Any],
) -> None:
    more = 100 if cents > 0 else -100
    key = "amountInAccountCurrency" if "amountInAccountCurrency" in payload else "amount"
    payload |= {
        key: (cents + more) / 100,
        "description": payload["description"] + " (ajustado)",
        "updatedAt": iso(sandbox.clock.now()),
    }
    sandbox.store.run(
        "UPDATE lines SET cents = ?, payload = ? WHERE id = ?", (cents + more, orjson.dumps(payload), line_id)
    )
    if status == "POSTED":
        add_to_balance(sandbox, company, account, more)


def _rekey_line(
    sandbox: "Sandbox",
    company: str,
    account: str,
    line_id: str,
    cents: int,
    status: str,
    payload: dict[str, Any],
) -> None:
    rekey(sandbox, line_id, payload, make_uuid(sandbox.faults.rng))


def rekey(sandbox: "Sandbox", line_id: str, payload: dict[str, Any], fresh: str) -> None:
    """Give a line another id, as Pluggy does when it no longer recognises it: nothing links the two."""
    now = iso(sandbox.clock.now())
    payload |= {"id": fresh, "createdAt": now, "updatedAt": now}
    sandbox.store.run(
        "UPDATE lines SET id = ?, created = ?, payload = ? WHERE id = ?",
        (fresh, now, orjson.dumps(payload), line_id),
    )
    sandbox.store.run("UPDATE truth SET line = ? WHERE line = ?", (fresh, line_id))


_LINE_ACTIONS = {
    "late_rows": _hide_line,
    "vanished_rows": _drop_line,
    "changed_rows": _change_line,
    "new_id_rows": _rekey_line,
}


def show_late_rows(sandbox: "Sandbox") -> int:
    """Let everything that was kept back appear: old dates, and for the bank a createdAt of now. Return how many."""
    shown = sandbox.store.run("UPDATE rows SET hidden = 0 WHERE hidden = 1")
    late = sandbox.store.all("SELECT id, company, account, payload FROM lines WHERE hidden = 1")
    now, accounts = (
        iso(sandbox.clock.now()),
        dict.fromkeys((company, account) for _, company, account, _ in late),
    )
    for line_id, _, _, payload in late:
        fresh = orjson.dumps(orjson.loads(payload) | {"createdAt": now, "updatedAt": now})
        sandbox.store.run(
            "UPDATE lines SET hidden = 0, created = ?, payload = ? WHERE id = ?", (now, fresh, line_id)
        )
    for company, account in accounts:
        sandbox.deliveries.lines(company, account, "transactions/created", [])
    return shown + len(late)
