"""Rows for tests, one plain function a noun. Every value that a test does not name is fixed or counted up, never random or of today.

Amounts may be given as text ("12.50"); ledger signs hold (negative is money out). What a function needs and was not given it makes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils.text import slugify

from ledger.models import Account, Customer, OpenItem, Product, Sale, SaleItem, Source, Transaction
from lib.text import fold
from reconciliation.models import Match, MatchAdjustment, MatchItem, MatchLine, OpenLine
from sync.models import Connection, SyncRun
from tenants.access import Access
from tenants.models import Membership, Role, Tenant, User

DAY = date(2026, 3, 10)  # a Tuesday
NOON = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # noon of DAY in São Paulo
PASSWORD = "correct horse battery"

Amount = Decimal | str | int
_numbers = count(1)


def make_tenant(name: str = "Aurora", **fields: Any) -> Tenant:
    """Return a company (the database adds its settings); `slug` follows from the name unless given."""
    fields.setdefault("slug", slugify(name))
    return Tenant.objects.create(name=name, **fields)


def make_user(email: str | None = None, *, password: str | None = None, **fields: Any) -> User:
    """Return a person. Without `password` nobody can sign in by one, which spares the slow hash; `force_login` still works."""
    return User.objects.create_user(email or f"person{next(_numbers)}@example.com", password, **fields)


def make_member(
    tenant: Tenant, role: str = Role.OWNER, *, user: User | None = None, email: str | None = None
) -> User:
    """Return a person who has this role in the company."""
    user = user or make_user(email)
    Membership.objects.create(tenant=tenant, user=user, role=role)
    return user


def access_of(user: User, tenant: Tenant) -> Access:
    """Return what `tenants.access.enter` would: this member inside the company."""
    membership = Membership.objects.get(tenant=tenant, user=user)
    return Access(tenant=tenant, capabilities=membership.capabilities, user=user)


def make_source(tenant: Tenant, kind: str = "gestaoclick", name: str = "") -> Source:
    """Return an origin of facts."""
    return Source.objects.create(tenant=tenant, kind=kind, name=name or kind)


def make_connection(tenant: Tenant, kind: str = "gestaoclick", **fields: Any) -> Connection:
    """Return an active connection with a source of its own and no credentials."""
    fields.setdefault("name", kind)
    fields.setdefault("source", make_source(tenant, kind))
    return Connection.objects.create(tenant=tenant, kind=kind, **fields)


def make_run(connection: Connection, **fields: Any) -> SyncRun:
    """Return an attempt of the connection, queued unless said otherwise."""
    return SyncRun.objects.create(tenant=connection.tenant, connection=connection, **fields)


def make_account(tenant: Tenant, *, source: Source | None = None, **fields: Any) -> Account:
    """Return a checking account with no known balance."""
    fields.setdefault("external_id", f"acc-{next(_numbers)}")
    fields.setdefault("name", "Conta corrente")
    fields.setdefault("currency", tenant.currency)
    return Account.objects.create(tenant=tenant, source=source or make_source(tenant, "pluggy"), **fields)


def make_transaction(account: Account, amount: Amount = "100.00", **fields: Any) -> Transaction:
    """Return a posted bank line of the account on DAY; its type follows from the sign of the amount."""
    value = Decimal(amount)
    fields.setdefault("type", Transaction.Type.DEBIT if value < 0 else Transaction.Type.CREDIT)
    fields.setdefault("external_id", f"tx-{next(_numbers)}")
    fields.setdefault("date", DAY)
    fields.setdefault("currency", account.currency)
    return Transaction.objects.create(
        tenant_id=account.tenant_id, source_id=account.source_id, account=account, amount=value, **fields
    )


def make_customer(
    tenant: Tenant, name: str = "Maria Souza", *, source: Source | None = None, **fields: Any
) -> Customer:
    """Return a customer of the ERP."""
    fields.setdefault("external_id", f"cu-{next(_numbers)}")
    fields.setdefault("name_folded", fold(name))
    return Customer.objects.create(tenant=tenant, source=source or make_source(tenant), name=name, **fields)


def make_product(
    tenant: Tenant, name: str = "Consulta", *, source: Source | None = None, **fields: Any
) -> Product:
    """Return a product of the catalogue."""
    fields.setdefault("external_id", f"pr-{next(_numbers)}")
    fields.setdefault("name_folded", fold(name))
    return Product.objects.create(tenant=tenant, source=source or make_source(tenant), name=name, **fields)


def make_sale(
    tenant: Tenant,
    total: Amount = "100.00",
    *,
    source: Source | None = None,
    customer: Customer | None = None,
    items: Sequence[tuple[Product | None, Amount]] = (),
    **fields: Any,
) -> Sale:
    """Return a sale on DAY with one line for each (product, total) of `items`, each of quantity 1."""
    source = source or (customer.source if customer else make_source(tenant))
    fields.setdefault("external_id", f"sa-{next(_numbers)}")
    fields.setdefault("number", fields["external_id"].removeprefix("sa-"))
    fields.setdefault("date", DAY)
    fields.setdefault("currency", tenant.currency)
    sale = Sale.objects.create(
        tenant=tenant, source=source, customer=customer, total=Decimal(total), **fields
    )
    for position, (product, price) in enumerate(items, start=1):
        make_sale_item(sale, product, price, position=position)
    return sale


def make_sale_item(sale: Sale, product: Product | None, total: Amount, *, position: int = 1) -> SaleItem:
    """Return one line of a sale, of quantity 1."""
    return SaleItem.objects.create(
        tenant_id=sale.tenant_id,
        sale=sale,
        position=position,
        product=product,
        name=str(product or "Avulso"),
        quantity=1,
        unit_price=Decimal(total),
        total=Decimal(total),
    )


def make_open_item(
    tenant: Tenant, amount: Amount = "100.00", *, source: Source | None = None, **fields: Any
) -> OpenItem:
    """Return an open item due on DAY, wholly open; its direction follows from the sign of the amount."""
    value = Decimal(amount)
    fields.setdefault("direction", OpenItem.Direction.PAYABLE if value < 0 else OpenItem.Direction.RECEIVABLE)
    fields.setdefault("external_id", f"oi-{next(_numbers)}")
    fields.setdefault("due_date", DAY)
    fields.setdefault("open_amount", value)
    fields.setdefault("currency", tenant.currency)
    return OpenItem.objects.create(
        tenant=tenant, source=source or make_source(tenant), amount=value, **fields
    )


def make_match(
    lines: Transaction | Sequence[Transaction],
    *items: OpenItem | tuple[OpenItem, Amount],
    adjustments: Mapping[str, Amount] | None = None,
    **fields: Any,
) -> Match:
    """Return a proposal over whole lines and the given shares of items (without a share: what is open). Nothing checks that it adds up."""
    lines = [lines] if isinstance(lines, Transaction) else list(lines)
    shares = [item if isinstance(item, tuple) else (item, item.open_amount) for item in items]
    tenant_id = lines[0].tenant_id
    fields.setdefault("kind", Match.Kind.EXACT)
    fields.setdefault("amount", sum(Decimal(line.amount) for line in lines))
    fields.setdefault("currency", lines[0].currency)
    fields.setdefault("signature", f"signature {next(_numbers)}")
    fields.setdefault("digest", fields["signature"])
    match = Match.objects.create(tenant_id=tenant_id, **fields)
    own: dict[str, Any] = {"tenant_id": tenant_id, "match": match}
    MatchLine.objects.bulk_create(MatchLine(**own, transaction=line, amount=line.amount) for line in lines)
    MatchItem.objects.bulk_create(
        MatchItem(**own, open_item=item, amount=Decimal(share)) for item, share in shares
    )
    MatchAdjustment.objects.bulk_create(
        MatchAdjustment(**own, kind=kind, amount=Decimal(amount))
        for kind, amount in (adjustments or {}).items()
    )
    return match


def make_open_line(line: Transaction, **fields: Any) -> OpenLine:
    """Return the line's place in the queue, judged by nobody yet."""
    fields.setdefault("line_changed_at", line.updated_at)
    return OpenLine.objects.create(
        tenant_id=line.tenant_id,
        transaction=line,
        date=line.date,
        amount=line.amount,
        currency=line.currency,
        **fields,
    )
