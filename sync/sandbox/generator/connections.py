"""The bank connections that exist from the start, and the balances that follow the lines."""

from datetime import timedelta

from sync.sandbox.clock import local_instant
from sync.sandbox.generator.scene import Scene
from sync.sandbox.pluggy.connectors import BY_ID, ID_OF_BANK
from sync.sandbox.pluggy.shapes import make_account, make_item
from sync.sandbox.store import Store


def create_first_items(store: Store, scene: Scene) -> None:
    """Create an item for each bank of the company and its accounts, connected the day before the start day at 05:00."""
    stamp = local_instant(*scene.span.connected)
    today = scene.span.now[0]
    for bank, item_id in scene.company.pluggy.items.items():
        connector_id = ID_OF_BANK[bank]
        consent = (
            local_instant(today + timedelta(days=340), 0) if BY_ID[connector_id]["isOpenFinance"] else None
        )
        item = make_item(
            item_id, connector_id, stamp=stamp, next_sync=local_instant(today + timedelta(days=1), 6 * 3600),
            client_user_id=scene.company.pluggy.client_user_id, webhook_url=None, consent=consent,
        )  # fmt: skip
        store.put("item", item_id, scene.spec.key, "", item)
        for account in scene.spec.accounts:
            if account.bank == bank:
                account_id = scene.company.accounts[account.key]
                store.put(
                    "account",
                    account_id,
                    scene.spec.key,
                    item_id,
                    make_account(account_id, item_id, account, scene.company, 0, stamp, today, scene.scale),
                )
                store.put(
                    "opening",
                    account_id,
                    scene.spec.key,
                    item_id,
                    {"opening_cents": scene.fixed(account.opening_cents), "key": account.key},
                )


def update_balances(store: Store, scene: Scene, *, stamp: str | None = None) -> None:
    """Write the balances of the book into the accounts, and the time into the items."""
    now = stamp or local_instant(*scene.span.now)
    for account in scene.spec.accounts:
        account_id = scene.book.account_ids[account.key]
        known = store.get("account", account_id)
        if known is None:
            continue
        cents = scene.state.balances[account.key]
        fresh = make_account(
            account_id,
            known["itemId"],
            account,
            scene.company,
            cents,
            known["createdAt"],
            scene.span.now[0],
            scene.scale,
        )
        store.put("account", account_id, scene.spec.key, known["itemId"], fresh | {"updatedAt": now})
        item = store.get("item", known["itemId"])
        if item is not None:
            store.put("item", item["id"], scene.spec.key, "", item | {"updatedAt": now, "lastUpdatedAt": now})
