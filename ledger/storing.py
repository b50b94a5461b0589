"""How each kind of draft becomes rows: one function a table, in the order in which they refer to each other (`ledger.services.store`)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from ledger import drafts as d
from ledger.models import Account, BankConnection, Customer, OpenItem, Product, Sale, SaleItem, Transaction
from ledger.references import AWAITS, KEY, Origin, SaleName, Sales, ids_of, known_or_made, settle_waiting
from ledger.upsert import Changes, upsert
from lib import pg
from lib.text import fold

Row = tuple[Any, ...]
Tables = dict[str, Changes]


def _columns(draft: type, *references: str) -> tuple[str, ...]:
    """Return the fields of a draft that are columns of its table as they stand."""
    return tuple(part.name for part in fields(draft) if part.name not in references)


BANK_CONNECTION: Final = _columns(d.BankConnectionDraft)
ACCOUNT: Final = _columns(d.AccountDraft, "bank_connection_external_id")
CUSTOMER: Final = _columns(d.CustomerDraft)
PRODUCT: Final = _columns(d.ProductDraft)
SALE: Final = _columns(d.SaleDraft, "customer_external_id", "items")
SALE_ITEM: Final = _columns(d.SaleItemDraft, "product_external_id", "kind")
TRANSACTION: Final = _columns(d.TransactionDraft, "account_external_id", "account_id")
OPEN_ITEM: Final = _columns(
    d.OpenItemDraft, "customer_external_id", "sale_external_id", "sale_number", "details"
)


def bank_connections(origin: Origin, drafts: Sequence[d.BankConnectionDraft]) -> Tables:
    """Store bank connections."""
    rows = map(attrgetter(*BANK_CONNECTION), drafts)
    done = upsert(BankConnection, rows, fixed=origin.fixed, columns=BANK_CONNECTION, key=KEY)
    return {"bank_connections": done}


def accounts(origin: Origin, drafts: Sequence[d.AccountDraft]) -> Tables:
    """Store accounts with their bank connections."""
    named = {draft.bank_connection_external_id: () for draft in drafts if draft.bank_connection_external_id}
    banks, made = known_or_made(BankConnection, origin, named)
    own = attrgetter(*ACCOUNT)
    rows = [(*own(draft), banks.get(draft.bank_connection_external_id or "")) for draft in drafts]
    done = upsert(Account, rows, fixed=origin.fixed, columns=(*ACCOUNT, "bank_connection_id"), key=KEY)
    return {"bank_connections": made, "accounts": done}


def customers(origin: Origin, drafts: Sequence[d.CustomerDraft]) -> Tables:
    """Store customers; one that was known only by name becomes whole."""
    own = attrgetter(*CUSTOMER)
    rows = [(*own(draft), fold(draft.name), False) for draft in drafts]
    columns = (*CUSTOMER, "name_folded", "is_stub")
    return {"customers": upsert(Customer, rows, fixed=origin.fixed, columns=columns, key=KEY)}


def products(origin: Origin, drafts: Sequence[d.ProductDraft]) -> Tables:
    """Store products; one that was known only from a sale becomes whole."""
    own = attrgetter(*PRODUCT)
    rows = [(*own(draft), fold(draft.name), False) for draft in drafts]
    columns = (*PRODUCT, "name_folded", "is_stub")
    return {"products": upsert(Product, rows, fixed=origin.fixed, columns=columns, key=KEY)}


def transactions(origin: Origin, drafts: Sequence[d.TransactionDraft]) -> Tables:
    """Store bank lines; the type follows from the sign of the amount."""
    named = {draft.account_external_id: () for draft in drafts if draft.account_id is None}
    known, made = known_or_made(Account, origin, named)
    _refuse_strangers(origin, {draft.account_id for draft in drafts if draft.account_id is not None})
    own = attrgetter(*TRANSACTION)
    rows = [
        (
            *own(draft),
            known[draft.account_external_id] if draft.account_id is None else draft.account_id,
            Transaction.Type.DEBIT.value if draft.amount < 0 else Transaction.Type.CREDIT.value,
        )
        for draft in drafts
    ]
    done = upsert(
        Transaction, rows, fixed=origin.fixed, columns=(*TRANSACTION, "account_id", "type"), key=KEY
    )
    return {"accounts": made, "transactions": done}


def _refuse_strangers(origin: Origin, account_ids: set[int]) -> None:
    """Raise ValueError when an account that a draft names by its key is not the company's own."""
    if account_ids:
        own = Account.objects.filter(tenant_id=origin.tenant_id, pk__in=account_ids).count()
        if own != len(account_ids):
            raise ValueError("A draft names an account that is not this company's.")


def sales(origin: Origin, drafts: Sequence[d.SaleDraft]) -> Tables:
    """Store sales with their lines, and give open items that waited for one of them their sale."""
    buyers, made = _customers(origin, ((draft.customer_external_id, draft.customer_name) for draft in drafts))
    own = attrgetter(*SALE)
    rows = [(*own(draft), buyers.get(draft.customer_external_id or "")) for draft in drafts]
    done = upsert(Sale, rows, fixed=origin.fixed, columns=(*SALE, "customer_id"), key=KEY)
    made_products, touched = _lines(origin, drafts, done)
    if done.ids:
        settle_waiting(origin)
    return {
        "customers": made,
        "products": made_products,
        "sales": Changes(done.inserted_ids, done.updated_ids + touched),
    }


def _lines(origin: Origin, drafts: Sequence[d.SaleDraft], done: Changes) -> tuple[Changes, tuple[int, ...]]:
    """Replace the lines of the sales by position. Return the products made, and the sales of which only lines changed."""
    known, made = _products(origin, drafts)
    ids = ids_of(Sale, origin, {draft.external_id for draft in drafts})
    own = attrgetter(*SALE_ITEM)
    rows = [
        (*own(item), ids[draft.external_id], position, known.get(item.product_external_id or ""))
        for draft in drafts
        for position, item in enumerate(draft.items, start=1)
    ]
    changed = upsert(
        SaleItem,
        rows,
        fixed={"tenant_id": origin.tenant_id},
        columns=(*SALE_ITEM, "sale_id", "position", "product_id"),
        key=("sale_id", "position"),
        touch=None,
        revive=None,
    )
    lengths = {ids[draft.external_id]: len(draft.items) for draft in drafts}
    for pk in done.inserted_ids:
        lengths.pop(pk, None)  # a new sale has no old lines
    cut = _cut(origin, lengths)
    unwritten = lengths.keys() - set(done.updated_ids)
    return made, _touch(origin, (cut | _sales_of(changed)) & unwritten) if unwritten else ()


def _products(origin: Origin, drafts: Sequence[d.SaleDraft]) -> tuple[dict[str, int], Changes]:
    """Return the products of the lines; one that no catalogue has named yet is made from its line."""
    bare: dict[str, Row] = {}
    for item in (item for draft in drafts for item in draft.items):
        if item.product_external_id:
            bare.setdefault(item.product_external_id, (item.name, fold(item.name), item.kind, True))
    return known_or_made(Product, origin, bare, ("name", "name_folded", "kind", "is_stub"))


def _customers(origin: Origin, named: Iterable[tuple[str | None, str]]) -> tuple[dict[str, int], Changes]:
    """Return the customers of (upstream's id, name) pairs; one whose own record has not come yet is made from its name."""
    bare: dict[str, Row] = {}
    for external_id, name in named:
        if external_id and not bare.get(external_id, ("",))[0]:
            bare[external_id] = (name, fold(name), True)
    return known_or_made(Customer, origin, bare, ("name", "name_folded", "is_stub"))


def _cut(origin: Origin, lengths: Mapping[int, int]) -> set[int]:
    """Delete the lines beyond the length of each sale. Return the sales that lost some."""
    if not lengths:
        return set()
    rows = pg.fetch(
        "DELETE FROM ledger_saleitem i USING unnest(%s::bigint[], %s::int[]) AS s (sale_id, length)"
        " WHERE i.tenant_id = %s AND i.sale_id = s.sale_id AND i.position > s.length RETURNING i.sale_id",
        [list(lengths), list(lengths.values()), origin.tenant_id],
    )
    return {row[0] for row in rows}


def _sales_of(lines: Changes) -> set[int]:
    """Return the sales that the written lines belong to."""
    if not lines.ids:
        return set()
    return {
        row[0]
        for row in pg.fetch(
            "SELECT DISTINCT sale_id FROM ledger_saleitem WHERE id = ANY(%s)", [list(lines.ids)]
        )
    }


def _touch(origin: Origin, sale_ids: set[int]) -> tuple[int, ...]:
    """Mark sales as changed. Return them."""
    if sale_ids:
        pg.execute(
            "UPDATE ledger_sale SET updated_at = now() WHERE tenant_id = %s AND id = ANY(%s)",
            [origin.tenant_id, list(sale_ids)],
        )
    return tuple(sale_ids)


def open_items(origin: Origin, drafts: Sequence[d.OpenItemDraft]) -> Tables:
    """Store open items with their customer and sale; one whose sale is not known yet remembers which it was."""
    debtors, made = _customers(
        origin, ((draft.customer_external_id, draft.counterparty_name) for draft in drafts)
    )
    names = [SaleName(draft.sale_external_id, draft.sale_number) for draft in drafts]
    known = Sales(origin, names)
    own = attrgetter(*OPEN_ITEM)
    rows: list[Row] = []
    for draft, name in zip(drafts, names, strict=True):
        customer_id = debtors.get(draft.customer_external_id or "")
        sale_id = known.find(name, customer_id)
        awaits = {AWAITS: name.as_json()} if name and sale_id is None else {}
        rows.append((*own(draft), customer_id, sale_id, draft.details | awaits))
    columns = (*OPEN_ITEM, "customer_id", "sale_id", "details")
    done = upsert(OpenItem, rows, fixed=origin.fixed, columns=columns, key=KEY)
    return {"customers": made, "open_items": done}


# In the order in which tables refer to each other.
WRITERS: Final[tuple[tuple[type[Any], Callable[[Origin, Sequence[Any]], Tables]], ...]] = (
    (d.BankConnectionDraft, bank_connections),
    (d.AccountDraft, accounts),
    (d.CustomerDraft, customers),
    (d.ProductDraft, products),
    (d.SaleDraft, sales),
    (d.TransactionDraft, transactions),
    (d.OpenItemDraft, open_items),
)
