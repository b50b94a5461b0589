"""What a decision needs on the desk: its rows, locked, as they are now.

Writers of matches of one company queue behind `Lock.DECIDE`, so two people never meet half-way: who comes second sees what the first one
decided. Rows of the ledger belong to syncs and edits, which nobody waits for here: a row that is being changed is "busy".
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from ledger.models import OpenItem, Transaction
from lib import pg
from reconciliation.models import Closing, Match, MatchItem, MatchLine, OpenLine
from tenants.models import Tenant

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Parts:
    """The lines and items of one match with their signed shares."""

    lines: dict[int, Decimal] = field(default_factory=dict)
    items: dict[int, Decimal] = field(default_factory=dict)


@dataclass(slots=True)
class Desk:
    """Everything that decides whether matches may be settled. `settled` is what is settled of each item, signed; it moves as we settle."""

    tenant: Tenant
    queue: frozenset[int]
    lines: dict[int, Transaction]
    items: dict[int, OpenItem]
    known_lines: frozenset[int]
    known_items: frozenset[int]
    settled: dict[int, Decimal]
    closed_through: date | None
    taken: set[int] = field(default_factory=set)  # lines that this very decision settles

    def left(self, item: OpenItem, *, whatever_the_erp_says: bool = False) -> Decimal:
        """Return how much of an item may still be settled, signed like it: the smaller of what the ERP shows open and face − confirmed.

        A person may say that a payment settled what the ERP already shows as paid: then only confirmed settlements count.
        """
        rest = abs(item.amount) - abs(self.settled.get(item.pk, ZERO))
        if not whatever_the_erp_says:
            rest = min(rest, abs(item.open_amount))
        return max(rest, ZERO).copy_sign(item.amount)


def begin(tenant_id: int) -> None:
    """Wait until nobody else decides in this company. Needs a transaction, and goes before every other lock."""
    pg.lock(pg.Lock.DECIDE, tenant_id)


def lay(tenant: Tenant, lines: Collection[int], items: Collection[int]) -> Desk:
    """Return the rows, those of the ledger locked until the transaction ends; what others are changing is left out of `lines` and `items`."""
    begin_lines = Transaction.objects.filter(tenant=tenant, pk__in=lines).order_by("pk")
    begin_items = OpenItem.objects.filter(tenant=tenant, pk__in=items).order_by("pk")
    locked = {row.pk: row for row in begin_lines.select_for_update(skip_locked=True, no_key=True)}
    free = {row.pk: row for row in begin_items.select_for_update(skip_locked=True, no_key=True)}
    sums = MatchItem.objects.filter(tenant=tenant, open_item__in=items, confirmed=True).values("open_item")
    return Desk(
        tenant=tenant,
        queue=frozenset(
            OpenLine.objects.filter(tenant=tenant, transaction__in=lines).values_list(
                "transaction", flat=True
            )
        ),
        lines=locked,
        items=free,
        known_lines=frozenset(begin_lines.values_list("pk", flat=True)),
        known_items=frozenset(begin_items.values_list("pk", flat=True)),
        settled=dict(sums.annotate(settled=Sum("amount")).values_list("open_item", "settled")),
        closed_through=closed_through(tenant.pk),
    )


def closed_through(tenant_id: int) -> date | None:
    """Return the last closed day of the company, None when nothing is closed."""
    return Closing.objects.filter(tenant=tenant_id).values_list("closed_through", flat=True).first()


def matches(tenant_id: int, ids: Iterable[int]) -> dict[int, Match]:
    """Return the company's matches of these ids, by id."""
    return {row.pk: row for row in Match.objects.filter(tenant=tenant_id, pk__in=list(ids))}


def parts(tenant_id: int, match_ids: Sequence[int]) -> dict[int, Parts]:
    """Return the parts of matches, by match."""
    found: dict[int, Parts] = defaultdict(Parts)
    lines = MatchLine.objects.filter(tenant=tenant_id, match__in=match_ids)
    for match, line, amount in lines.values_list("match_id", "transaction_id", "amount"):
        found[match].lines[line] = amount
    items = MatchItem.objects.filter(tenant=tenant_id, match__in=match_ids)
    for match, item, amount in items.values_list("match_id", "open_item_id", "amount"):
        found[match].items[item] = amount
    return found
