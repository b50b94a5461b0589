"""What is known about matches, without changing anything. Every function names the company; amounts are signed (+ in, − out)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from ledger.lists import Filters
from ledger.models import OpenItem, Transaction
from lib import keyset, pg
from lib.keyset import Page
from reconciliation.lists import DECIDED, OPEN, PAYERS, QUEUE
from reconciliation.models import Decision, Match, MatchAdjustment, MatchItem, MatchLine
from reconciliation.services.desk import closed_through
from tenants.models import Tenant

Row = dict[str, Any]
ITEM_COLUMNS: Final = (
    "open_item_id", "amount", "open_item__amount", "open_item__open_amount", "open_item__due_date", "open_item__number",
    "open_item__description", "open_item__counterparty_name", "open_item__customer_id", "open_item__status",
)  # fmt: skip
MATCH_COLUMNS: Final = (
    "id", "status", "kind", "verdict", "origin", "score", "reasons", "amount", "currency", "run_id", "created_at", "decided_at",
    "decided_by_name",
)  # fmt: skip

_SUMMARY: Final = """
SELECT o.currency, o.verdict, count(*), coalesce(sum(o.amount) FILTER (WHERE o.amount > 0), 0), coalesce(sum(o.amount) FILTER (WHERE o.amount < 0), 0),
       count(*) FILTER (WHERE o.waits_since IS NOT NULL)
  FROM reconciliation_openline o LEFT JOIN reconciliation_closing c ON c.tenant_id = o.tenant_id
 WHERE o.tenant_id = %s AND o.posted_as_id IS NULL AND (c.closed_through IS NULL OR o.date > c.closed_through)
 GROUP BY 1, 2
"""
# The KPI term: the smaller of what the ERP still shows open and face − confirmed settlements, so that nothing is subtracted twice.
STILL_OPEN: Final = """
SELECT o.id, sign(o.amount) * greatest(0, least(abs(o.open_amount), abs(o.amount) - abs(coalesce(s.settled, 0))))
  FROM ledger_openitem o
  LEFT JOIN (SELECT open_item_id, sum(amount) AS settled FROM reconciliation_matchitem
              WHERE tenant_id = %(tenant)s AND confirmed AND open_item_id = ANY(%(items)s) GROUP BY open_item_id) s ON s.open_item_id = o.id
 WHERE o.tenant_id = %(tenant)s AND o.id = ANY(%(items)s)
"""


@dataclass(frozen=True, slots=True)
class Open:
    """The open lines of one currency: how many by verdict ("" is not judged yet), how many wait for the matcher, and their money by sign."""

    currency: str
    by_verdict: Mapping[str, int]
    waiting: int
    inflow: Decimal
    outflow: Decimal

    @property
    def lines(self) -> int:
        """Return how many lines are open."""
        return sum(self.by_verdict.values())


def summary(tenant_id: int) -> list[Open]:
    """Return what is open, the currency with most lines first. One statement over the queue."""
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for currency, *rest in pg.fetch(_SUMMARY, [tenant_id]):
        rows[currency].append(tuple(rest))
    found = [
        Open(
            currency,
            {verdict: n for verdict, n, *_ in parts},
            sum(waiting for *_, waiting in parts),
            sum((inflow for _v, _n, inflow, _o, _w in parts), Decimal(0)),
            sum((outflow for _v, _n, _i, outflow, _w in parts), Decimal(0)),
        )
        for currency, parts in rows.items()
    ]
    return sorted(found, key=lambda one: (-one.lines, one.currency))


def open_lines(tenant: Tenant, filters: Filters, *, limit: int, cursor: str | None = None) -> Page[Row]:
    """Return one page of the queue: each line with its proposals (`matches`), best first. The same cost at any depth. Raises CursorError.

    Seven statements, however long the page.
    """
    rows = QUEUE.base(tenant.pk).filter(filters.condition, OPEN, _not_closed(tenant)).values(*QUEUE.values)
    page = keyset.paginate(rows, order=QUEUE.orders[filters.order][1], limit=limit, cursor=cursor)
    proposals = proposals_of(tenant.pk, [row["transaction_id"] for row in page.rows])
    for row in page.rows:
        row["matches"] = proposals.get(row["transaction_id"], [])
    return page


def open_until(tenant: Tenant, days: Sequence[date]) -> list[tuple[date, int]]:
    """Return for each day how many open lines have that day or an earlier one: what closing the books through it would leave behind."""
    rows = QUEUE.base(tenant.pk).filter(OPEN, _not_closed(tenant))
    counts = rows.aggregate(**{f"d{n}": Count("pk", filter=Q(date__lte=day)) for n, day in enumerate(days)})
    return [(day, counts[f"d{n}"]) for n, day in enumerate(days)]


def _not_closed(tenant: Tenant) -> Q:
    day = closed_through(tenant.pk)
    return Q(date__gt=day) if day else Q()


def proposals_of(tenant_id: int, lines: Sequence[int]) -> dict[int, list[Row]]:
    """Return the live proposals of these lines, best first, by line."""
    places = MatchLine.objects.filter(
        tenant=tenant_id, transaction__in=lines, match__status=Match.Status.PROPOSED
    )
    ranked = list(places.order_by("rank", "-match__score", "match").values_list("transaction_id", "match_id"))
    known = {
        row["id"]: row
        for row in matches(tenant_id, Match.objects.filter(pk__in={match for _, match in ranked}))
    }
    found: dict[int, list[Row]] = defaultdict(list)
    for line, match in ranked:
        found[line].append(known[match])
    return found


def decided(tenant: Tenant, filters: Filters, *, limit: int, cursor: str | None = None) -> Page[Row]:
    """Return one page of decided matches with their parts, the latest decision first. Raises CursorError."""
    rows = DECIDED.base(tenant.pk).filter(filters.condition).values(*DECIDED.values)
    page = keyset.paginate(rows, order=DECIDED.orders[filters.order][1], limit=limit, cursor=cursor)
    known = {
        row["id"]: row
        for row in matches(tenant.pk, Match.objects.filter(pk__in=[row["id"] for row in page.rows]))
    }
    return Page([known[row["id"]] for row in page.rows], page.next, page.previous)


def matches(tenant_id: int, rows: QuerySet[Match]) -> list[Row]:
    """Return matches with their `lines`, `items` and `adjustments`. Four statements."""
    found: list[Row] = [dict(row) for row in rows.filter(tenant=tenant_id).values(*MATCH_COLUMNS)]
    ids = [row["id"] for row in found]
    lines, items, adjustments = _lines(tenant_id, ids), _items(tenant_id, ids), _adjustments(tenant_id, ids)
    for row in found:
        row |= {"lines": lines[row["id"]], "items": items[row["id"]], "adjustments": adjustments[row["id"]]}
    return found


def _lines(tenant_id: int, ids: Collection[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    rows = MatchLine.objects.filter(tenant=tenant_id, match__in=ids).order_by(
        "transaction__date", "transaction"
    )
    for row in rows.select_related("transaction"):
        found[row.match_id].append(line(row.transaction))
    return found


def line(row: Transaction) -> Row:
    """Return a bank line as matches show it."""
    return {
        "id": row.pk,
        "date": row.date,
        "amount": row.amount,
        "currency": row.currency,
        "account_id": row.account_id,
        "name": row.name_override or row.counterparty_name,
        "document": row.counterparty_document,
        "description": row.description,
        "reference": row.reference,
        "operation": row.operation,
        "status": row.status,
    }


def _items(tenant_id: int, ids: Collection[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    rows = MatchItem.objects.filter(tenant=tenant_id, match__in=ids).order_by(
        "open_item__due_date", "open_item"
    )
    for row in rows.values("match_id", *ITEM_COLUMNS):
        match = row.pop("match_id")
        found[match].append(
            {
                "id": row["open_item_id"],
                "amount": row["amount"],
                "face": row["open_item__amount"],
                "open_amount": row["open_item__open_amount"],
                "due_date": row["open_item__due_date"],
                "number": row["open_item__number"],
                "description": row["open_item__description"],
                "name": row["open_item__counterparty_name"],
                "customer_id": row["open_item__customer_id"],
                "status": row["open_item__status"],
            }
        )
    return found


def _adjustments(tenant_id: int, ids: Collection[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    rows = MatchAdjustment.objects.filter(tenant=tenant_id, match__in=ids).order_by("pk")
    for match, kind, amount in rows.values_list("match_id", "kind", "amount"):
        found[match].append({"kind": kind, "amount": amount})
    return found


def payers(tenant: Tenant, filters: Filters, *, limit: int, cursor: str | None = None) -> Page[Row]:
    """Return one page of known payers with their customers. One statement. Raises CursorError."""
    rows = PAYERS.base(tenant.pk).filter(filters.condition).values(*PAYERS.values)
    return keyset.paginate(rows, order=PAYERS.orders[filters.order][1], limit=limit, cursor=cursor)


def decisions(tenant_id: int, *, match: int | None = None, limit: int = 50) -> list[Decision]:
    """Return the latest decisions of the company, or all about one match, the newest first."""
    rows = Decision.objects.filter(tenant=tenant_id)
    if match is not None:
        rows = rows.filter(match=match)
    return list(rows.order_by("-created_at", "-pk")[:limit])


def still_open(tenant_id: int, items: Iterable[int]) -> dict[int, Decimal]:
    """Return what is left of open items by id, signed: the smaller of what the ERP shows open and face − confirmed settlements."""
    return dict(pg.fetch(STILL_OPEN, {"tenant": tenant_id, "items": list(items)}))


def some_left() -> Q:
    """Return the condition that an open item is not wholly settled by one match: what lists of open items leave out."""
    whole = MatchItem.objects.filter(
        tenant=OuterRef("tenant"), open_item=OuterRef("pk"), confirmed=True, amount=OuterRef("amount")
    )
    return ~Q(Exists(whole))


def with_left(rows: QuerySet[OpenItem]) -> QuerySet[Any]:
    """Return open items with `left`: what `still_open` says of each, for sums over many. One look into an index an item."""
    settled = MatchItem.objects.filter(tenant=OuterRef("tenant"), open_item=OuterRef("pk"), confirmed=True)
    total = Coalesce(
        Subquery(settled.values("open_item").annotate(n=Sum("amount")).values("n")), Value(Decimal(0))
    )
    rest, nothing = F("amount") - total, Value(Decimal(0))
    return rows.annotate(
        left=Case(
            When(direction="receivable", then=Greatest(nothing, Least(F("open_amount"), rest))),
            default=Least(nothing, Greatest(F("open_amount"), rest)),
            output_field=DecimalField(max_digits=18, decimal_places=2),
        )
    )
