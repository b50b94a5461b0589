"""Time goes on: with every tick a few sales and payments appear, as if somebody were working, and pending lines post."""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, Final

import orjson

from sync.sandbox.clock import iso
from sync.sandbox.generator import card, merchant, office_money
from sync.sandbox.generator.connections import update_balances
from sync.sandbox.generator.documents import make_uuid
from sync.sandbox.generator.scene import Scene
from sync.sandbox.generator.story import play_missing_days, run_event, save, write_open_rows
from sync.sandbox.mutations import add_to_balance, rekey, show_late_rows

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox

KINDS: Final = ("sale", "payment", "expense", "card", "post")
# What one tick of a mixture brings a company, most often nothing: ticks come every few seconds, and a shop that sold at each of them would
# have sold a month by the evening. Payments and expenses are taken from the days to come, so they are rarer still.
_MIXTURE: Final = {"": 60, "sale": 26, "payment": 7, "card": 6, "expense": 1}


def tick(sandbox: "Sandbox", kind: str | None = None, company: str | None = None) -> dict[str, Any]:
    """Do one step for all companies or one: of one kind, or of a mixture. Return how many rows and lines appeared and what posted."""
    sandbox.clock.step()
    late = show_late_rows(sandbox)
    done = {key: _tick(sandbox, key, kind) for key in sandbox.companies if company in (None, key)}
    sandbox.deliveries.release_held()
    return {"companies": done, "late": late, "now": iso(sandbox.clock.now())}


def _tick(sandbox: "Sandbox", company: str, kind: str | None) -> dict[str, int]:
    scene = sandbox.scene(company)
    if scene.state.last_day < scene.span.now[0].isoformat():
        play_missing_days(scene)  # midnight passed while the sandbox was running
    scene.state.ticks += 1
    rng = scene.rng(scene.span.now[0], f"tick:{scene.state.ticks}")
    kinds = [kind] if kind else ["post", *rng.choices(list(_MIXTURE), list(_MIXTURE.values()))]
    posted = _post_pending(sandbox, scene, rng) if "post" in kinds else 0
    scene.set_now(scene.span.now, seen_at=iso(sandbox.clock.now()))
    for name in kinds:
        if name in _ACTIONS:
            _ACTIONS[name](scene, rng)
    scene.book.close_day(rng, scene.span.now[0], status="PENDING" if rng.random() < 0.25 else "POSTED")
    write_open_rows(scene)
    done = {"rows": len(scene.writer.rows), "lines": len(scene.writer.lines), "posted": posted}
    accounts = list(dict.fromkeys(line[2] for line in scene.writer.lines))
    scene.writer.flush()
    update_balances(sandbox.store, scene, stamp=scene.span.seen_at)
    save(scene)
    _announce(sandbox, company, accounts)
    return done


def _announce(sandbox: "Sandbox", company: str, accounts: list[str]) -> None:
    items = {}
    for account in accounts:
        sandbox.deliveries.lines(company, account, "transactions/created", [])
        items[(sandbox.store.get("account", account) or {}).get("itemId", "")] = True
    for item in items:
        sandbox.deliveries.send(company, "item/updated", item, {})


def _sale(scene: Scene, rng: Random) -> None:
    day, second = scene.span.now
    if scene.spec.erp == "advbox":
        office_money.consult_now(scene, rng, day)
    else:
        merchant.sell(scene, rng, day, second, mode="pix" if rng.random() < 0.6 else None)


def _payment(scene: Scene, rng: Random) -> None:
    if scene.spec.erp == "advbox":
        event = scene.take_soonest(("fee_in",))
        if event:
            office_money.receive_fees(scene, rng, scene.span.now[0], [event])
        return
    event = scene.take_soonest(("boleto", "ted"))
    if event:
        run_event(scene, rng, scene.span.now[0], event)
    else:
        merchant.sell(scene, rng, *scene.span.now, mode="pix")


def _expense(scene: Scene, rng: Random) -> None:
    event = scene.take_soonest(("pay", "expense"))
    if event and scene.spec.erp == "advbox":
        office_money.pay_expense(scene, rng, scene.span.now[0], event)
    elif event:
        run_event(scene, rng, scene.span.now[0], event)


def _card(scene: Scene, rng: Random) -> None:
    if card.card_of(scene) is None:
        return
    day, _ = scene.span.now
    index = rng.randrange(len(card.MERCHANTS))
    event = ["card", index, rng.randrange(*card.MERCHANTS[index][4:6]), 1, 1, day.isoformat(), False]
    card.buy(scene, rng, day, event)


_ACTIONS: Final[dict[str, Callable[[Scene, Random], None]]] = {
    "sale": _sale,
    "payment": _payment,
    "expense": _expense,
    "card": _card,
}


def _post_pending(sandbox: "Sandbox", scene: Scene, rng: Random) -> int:
    """Post the oldest pending lines: in Open Finance under the same id, at a direct connector under a new one."""
    query = (
        "SELECT l.id, l.account, l.cents, l.payload, t.kind FROM lines l LEFT JOIN truth t ON t.line = l.id"
        " WHERE l.company = ? AND l.status = 'PENDING' AND l.hidden = 0 ORDER BY l.day, l.id LIMIT 2"
    )
    lines = sandbox.store.all(query, (scene.spec.key,))
    now = iso(sandbox.clock.now())
    for line_id, account, cents, text, kind in lines:
        if kind == "announced":  # its posted twin stands there already
            sandbox.store.run("DELETE FROM lines WHERE id = ?", (line_id,))
            sandbox.store.run("DELETE FROM truth WHERE line = ?", (line_id,))
            sandbox.deliveries.lines(scene.spec.key, account, "transactions/deleted", [line_id])
            continue
        payload = orjson.loads(text) | {"status": "POSTED", "updatedAt": now}
        sandbox.store.run(
            "UPDATE lines SET status = 'POSTED', payload = ? WHERE id = ?", (orjson.dumps(payload), line_id)
        )
        add_to_balance(sandbox, scene.spec.key, account, cents)
        if "providerId" in payload:
            sandbox.deliveries.lines(scene.spec.key, account, "transactions/updated", [line_id])
        else:
            rekey(sandbox, line_id, payload, make_uuid(rng))
            sandbox.deliveries.lines(scene.spec.key, account, "transactions/deleted", [line_id])
            sandbox.deliveries.lines(scene.spec.key, account, "transactions/created", [])
    return len(lines)
