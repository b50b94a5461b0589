"""The ledger's upsert against Django's own `bulk_create(update_conflicts=True)`: 100,000 bank lines, new and then unchanged."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from benchmarks.database import SMALL, Cost, costing, typical, use
from benchmarks.results import Result, Settings
from lib import pg

ROWS: Final = 100_000
ROUNDS: Final = 2
Row = tuple[Any, ...]


def upsert_against_orm(settings: Settings) -> list[Result]:
    """Both write the same columns of the same rows, one transaction each; building model instances counts, as it would in a sync."""
    use(SMALL)
    from ledger.models import Account, Source, Transaction
    from tenants.models import Tenant

    tenant = Tenant.objects.create(slug="upsert", name="Upsert")
    source = Source.objects.create(tenant=tenant, kind="pluggy", name="Banco")
    account = Account.objects.create(tenant=tenant, source=source, external_id="a")
    rows = _rows(account.pk)
    ours: list[tuple[Cost, Cost]] = []
    theirs: list[tuple[Cost, Cost]] = []
    for _round in range(ROUNDS):
        for found, write in ((ours, _ours), (theirs, _theirs)):
            pg.execute("TRUNCATE ledger_transaction CASCADE")
            pg.execute("VACUUM ANALYZE ledger_transaction")
            found.append((_cost(write, source, rows), _cost(write, source, rows)))
            assert Transaction.objects.count() == ROWS
    pg.execute("TRUNCATE ledger_transaction CASCADE")
    return _results(ours, theirs)


def _cost(write: Any, source: Any, rows: list[Row]) -> Cost:
    with costing() as cost, transaction.atomic():
        write(source, rows)
    return cost


COLUMNS: Final = (
    "external_id", "account_id", "date", "type", "amount", "currency", "status", "nature", "operation", "description",
    "description_raw", "category", "counterparty_name", "counterparty_document", "reference", "provider_id", "balance_after",
    "position", "details",
)  # fmt: skip


def _rows(account_id: int) -> list[Row]:
    first = date(2025, 1, 1)
    rows: list[Row] = []
    for n in range(ROWS):
        amount = Decimal((n * 104729) % 2_000_003 - 900_000) / 100
        kind = "DEBIT" if amount < 0 else "CREDIT"
        rows.append(
            (
                f"id-{n:08d}", account_id, first + timedelta(days=n % 600), kind, amount, "BRL", "posted", "regular", "pix",
                f"Pix recebido de cliente {n % 997}", f"PIX RECEBIDO {n % 997} - CLIENTE FULANO DE TAL", "Vendas", f"Cliente {n % 997}",
                "12345678901", f"E{n:031d}", "", None, n % 50, {},
            )
        )  # fmt: skip
    return rows


def _ours(source: Any, rows: list[Row]) -> None:
    from ledger.models import Transaction
    from ledger.upsert import upsert

    fixed = {"tenant_id": source.tenant_id, "source_id": source.pk}
    upsert(Transaction, rows, fixed=fixed, columns=COLUMNS, key=("external_id",))


def _theirs(source: Any, rows: list[Row]) -> None:
    from ledger.models import Transaction

    # Every column is given: one left to its database default would be an expression for each row, which is far slower still.
    given = {
        "tenant_id": source.tenant_id, "source_id": source.pk, "category_override": "", "name_override": "", "ignored": False,
        "note": "", "created_at": timezone.now(), "updated_at": timezone.now(),
    }  # fmt: skip
    Transaction.objects.bulk_create(
        [Transaction(**given, **dict(zip(COLUMNS, row, strict=True))) for row in rows],
        update_conflicts=True,
        unique_fields=["tenant", "source", "external_id"],
        update_fields=["account" if name == "account_id" else name for name in COLUMNS[1:]],
        batch_size=1_000,
    )


def _results(ours: list[tuple[Cost, Cost]], theirs: list[tuple[Cost, Cost]]) -> list[Result]:
    fast, slow = (
        [typical([pair[part].seconds for pair in found]) for part in (0, 1)] for found in (ours, theirs)
    )
    insert, again = ours[0]
    figures = [
        {
            "ours_s": fast[part],
            "orm_s": slow[part],
            "ours_wal_mb": ours[0][part].wal / 1e6,
            "orm_wal_mb": theirs[0][part].wal / 1e6,
        }
        for part in (0, 1)
    ]
    return [
        Result("upsert of 100,000 new rows, against the ORM", slow[0] / fast[0], "×", ">=", 2.5, figures[0]),
        Result(
            "re-sync of 100,000 unchanged rows, against the ORM", slow[1] / fast[1], "×", ">=", 8, figures[1]
        ),
        Result("rows written by the re-sync", max(pair[1].rows for pair in ours), "rows", "<=", 0),
        Result("WAL of the re-sync, of the insert's", 100 * again.wal / insert.wal, "%", "<=", 1),
    ]
