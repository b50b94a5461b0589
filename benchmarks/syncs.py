"""What one sync costs while the table grows: 500 changed and 500 new lines of one company, stored with their rollups and told of."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from django.db import transaction

from benchmarks.database import LARGE, SMALL, SMALL_ROWS, Cost, costing, typical, use
from benchmarks.results import Result, Settings

VISITS: Final = 3
SYNCS_A_VISIT: Final = 8
HALF: Final = 500


def sync_while_the_table_grows(settings: Settings) -> list[Result]:
    """The two sizes take turns, each sync in another company, after one that only warms up the connection."""
    costs: dict[str, list[Cost]] = {SMALL: [], LARGE: []}
    companies: dict[str, Iterator[int]] = {}
    for _visit in range(VISITS):
        for name, rows in ((SMALL, SMALL_ROWS), (LARGE, settings.rows)):
            use(name, rows)
            from tenants.models import Tenant

            slugs = Tenant.objects.filter(slug__startswith="bench-").exclude(slug="bench-1").order_by("id")
            waiting = companies.setdefault(name, iter(list(slugs.values_list("id", flat=True))))
            _sync(next(waiting))
            costs[name] += [_sync(next(waiting)) for _ in range(SYNCS_A_VISIT)]
    figures: dict[str, float] = {}
    for name, found in costs.items():
        size = "small" if name == SMALL else "large"
        figures |= {
            f"{size}_ms": 1000 * typical([cost.seconds for cost in found]),
            f"{size}_buffers": typical([float(cost.buffers) for cost in found]),
            f"{size}_wal_kb": typical([cost.wal / 1e3 for cost in found]),
        }
    title = f"sync of 1,000 changed rows at {settings.rows:,} lines, against {SMALL_ROWS:,}"
    return [Result(title, figures["large_ms"] / figures["small_ms"], "×", "<=", 2, figures)]


def _sync(tenant_id: int) -> Cost:
    from ledger import drafts as d
    from ledger.models import Transaction
    from ledger.services import store
    from live import events

    known = list(Transaction.objects.filter(tenant_id=tenant_id).order_by("-date", "-id")[:HALF])
    drafts = []
    for n, row in enumerate(known):
        values = {name: getattr(row, name) for name in _COPIED}
        step = Decimal("0.01") if row.amount > 0 else Decimal("-0.01")
        drafts.append(d.TransactionDraft(**values | {"amount": row.amount + step}))
        drafts.append(d.TransactionDraft(**values | {"external_id": f"new-{n}"}))
    with costing() as cost, transaction.atomic():
        stored = store(tenant_id=tenant_id, source_id=known[0].source_id, drafts=drafts)
        events.publish("sync_complete", tenant_id=tenant_id)
    assert (stored.inserted, stored.updated) == (HALF, HALF)
    return cost


_COPIED: Final = (
    "external_id", "account_id", "date", "posted_at", "amount", "currency", "status", "nature", "operation", "description",
    "description_raw", "category", "counterparty_name", "counterparty_document", "reference", "provider_id", "balance_after",
    "position", "details",
)  # fmt: skip
