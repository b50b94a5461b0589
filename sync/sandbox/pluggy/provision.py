"""The accounts of a new item. Somebody who reconnects a bank meets the same accounts and lines under new ids, as in life."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson

from sync.sandbox.clock import iso
from sync.sandbox.companies import BY_KEY, AccountSpec
from sync.sandbox.generator.bank import BankBook, Draft
from sync.sandbox.generator.documents import make_uuid
from sync.sandbox.generator.scene import Scene, days_between
from sync.sandbox.generator.story import save
from sync.sandbox.pluggy.shapes import make_account
from sync.sandbox.store import Line, Writer

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox


def provision(sandbox: "Sandbox", company: str, item_id: str, bank: str) -> list[str]:
    """Give an item its accounts, unless it has them: those of the company at this bank, or a small new one. Return the new ids."""
    if sandbox.store.children("account", item_id):
        return []
    scene = sandbox.scene(company)
    known = [account for account in BY_KEY[company].accounts if account.bank == bank]
    if known:
        ids = [_bring_back(sandbox, scene, item_id, account) for account in known]
    else:
        ids = [_open_small_account(sandbox, scene, item_id)]
    save(scene)
    return ids


def _bring_back(sandbox: "Sandbox", scene: Scene, item_id: str, account: AccountSpec) -> str:
    store, now = sandbox.store, iso(sandbox.clock.now())
    rng = sandbox.rng(f"{item_id}:{account.key}")
    old, fresh = scene.book.account_ids[account.key], make_uuid(rng)
    cents = scene.state.balances[account.key]
    store.put(
        "account",
        fresh,
        scene.spec.key,
        item_id,
        make_account(fresh, item_id, account, scene.company, cents, now, scene.span.now[0], scene.scale),
    )
    opening = store.get("opening", old) or {}
    store.put("opening", fresh, scene.spec.key, item_id, opening)
    columns = "id, company, at, day, cents, status, fitid, memo, sequence, payload"
    lines: list[Line] = []
    ids: list[tuple[str, str]] = []
    query = f"SELECT {columns} FROM lines WHERE account = ? AND hidden IN (0, 2) ORDER BY at, id"  # noqa: S608 - constants
    for line_id, company, at, day, value, status, fitid, memo, sequence, payload in store.all(query, (old,)):
        new_id = make_uuid(rng)
        text = (
            orjson.dumps(
                orjson.loads(payload) | {"id": new_id, "accountId": fresh, "createdAt": now, "updatedAt": now}
            )
            if payload
            else None
        )
        lines.append((new_id, company, fresh, at, day, value, status, now, fitid, memo, sequence, text))
        ids.append((new_id, line_id))
    store.put_lines(lines)
    for new_id, line_id in ids:
        store.run(
            "INSERT OR REPLACE INTO truth SELECT ?, company, kind, refs FROM truth WHERE line = ?",
            (new_id, line_id),
        )
    scene.book.account_ids[account.key] = fresh
    store.set_meta(f"accounts:{scene.spec.key}", scene.book.account_ids)
    return fresh


def _open_small_account(sandbox: "Sandbox", scene: Scene, item_id: str) -> str:
    """Open an account with a year of a few lines a month, worded by a bank of its own."""
    rng, today = sandbox.rng(f"{item_id}:small"), scene.span.now[0]
    account = AccountSpec(
        "small",
        "077",
        "checking",
        f"{rng.randrange(10**5, 10**6)}-{rng.randrange(10)}",
        "0001",
        "Conta Corrente",
        scene.fixed(500_000),
    )
    fresh, now = make_uuid(rng), iso(sandbox.clock.now())
    writer, balances = Writer(sandbox.store), {"small": account.opening_cents}
    book = BankBook(
        scene.company,
        replace(scene.spec, accounts=(account,)),
        writer,
        balances,
        replace(scene.span, seen_at=now),
    )
    book.account_ids = {"small": fresh}
    for day in days_between(today - timedelta(days=364), today - timedelta(days=1)):
        if rng.random() < 0.28:
            person = scene.people[rng.randrange(len(scene.people))]
            cents = rng.randrange(2_000, 90_000) * (1 if rng.random() < 0.62 else -1)
            kind = "pix_in" if cents > 0 else "pix_out"
            book.add(
                Draft(
                    "small",
                    rng.randrange(32_000, 76_000),
                    cents,
                    kind,
                    "other",
                    {},
                    person.name,
                    person.document,
                    person.bank,
                    person.account,
                )
            )
        book.close_day(rng, day)
    writer.flush()
    sandbox.store.put(
        "account",
        fresh,
        scene.spec.key,
        item_id,
        make_account(fresh, item_id, account, scene.company, balances["small"], now, today, scene.scale),
    )
    sandbox.store.put(
        "opening", fresh, scene.spec.key, item_id, {"opening_cents": account.opening_cents, "key": "small"}
    )
    return fresh
