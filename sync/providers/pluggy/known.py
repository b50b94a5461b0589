"""The banks and accounts of one company, read once in a run, and what they add to the records that are kept."""

from collections.abc import Iterable, Mapping
from typing import Any

from sync.providers import payload as read
from sync.providers.base import Record
from sync.providers.pluggy.accounts import bank_numbers, is_card_account
from sync.providers.pluggy.client import Client
from sync.providers.pluggy.transactions import account_digits, counterparty_account


class Known:
    """Items and accounts by id. Only what belongs to the configured items gets in: one client may serve several companies."""

    def __init__(self, client: Client, item_ids: Iterable[str]) -> None:
        self.item_ids = tuple(dict.fromkeys(item_ids))
        self._client = client
        self._loaded: set[str] = set()
        self._items: dict[str, dict[str, Any]] = {}
        self._accounts: dict[str, dict[str, Any]] = {}
        self._own: set[tuple[str, str]] = set()
        self._categories: dict[str, str] | None = None

    def load(self, item_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """Read a bank and its accounts from upstream and remember them. None when upstream no longer has the bank."""
        self._loaded.add(item_id)
        try:
            item = self._items[item_id] = self._client.item(item_id)
            accounts = self._client.accounts(item_id)
        except KeyError:
            self._items.pop(item_id, None)
            return None
        for account in accounts:
            self._accounts[read.identifier(account, "id")] = account
            code, _, number = bank_numbers(account)
            if code and number and not is_card_account(account):
                self._own.add((code, account_digits(number)))
        return item, accounts

    def accounts(self) -> dict[str, dict[str, Any]]:
        """Return all accounts by id; banks that were not read yet are read now."""
        for item_id in self.item_ids:
            if item_id not in self._loaded:
                self.load(item_id)
        return self._accounts

    def refreshed(self, account: Mapping[str, Any]) -> str:
        """Return when upstream last read the account's bank, as upstream writes it; "" when it never did."""
        return read.text(self._items.get(read.identifier(account, "itemId"), {}), "lastUpdatedAt", 40)

    def account_record(self, account: dict[str, Any]) -> Record:
        """Return the account to keep, with the name and type of its bank, which upstream gives on the item only."""
        item_id = read.identifier(account, "itemId")
        if item_id not in self._items:
            self._items[item_id] = self._client.item(item_id)
        connector = read.part(self._items[item_id], "connector")
        named = {"_connector": {key: connector.get(key) for key in ("name", "type")}}
        return Record("account", read.identifier(account, "id"), account | named)

    def line(self, row: dict[str, Any], account: Mapping[str, Any]) -> Record:
        """Return the transaction to keep, with what its mapping needs from outside of it."""
        extra: dict[str, Any] = {
            "_account": {key: account.get(key) for key in ("type", "subtype", "currencyCode")}
        }
        category = self._category(read.identifier(row, "categoryId"))
        if category:
            extra["_category"] = category
        self.accounts()
        if counterparty_account(row) in self._own:
            extra["_own"] = True
        return Record("transaction", read.identifier(row, "id"), row | extra)

    def _category(self, category_id: str) -> str:
        if not category_id:
            return ""
        if self._categories is None:
            self._categories = self._client.categories()
        return self._categories.get(category_id, "")
