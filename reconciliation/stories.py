"""One customer's story: what they bought, what they owe, what they paid and who pays for them, the newest first."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ledger.models import Customer, OpenItem, Sale
from lib import clock, pg
from reconciliation import queries, words
from reconciliation.models import ClientMapping, Match, MatchAdjustment
from tenants.models import Tenant

PAGE: Final = 30
EVERYTHING: Final = "9999-12-31.4.0"
SALE, ITEM, PAYMENT, PAYER = range(1, 5)  # what happened; of one day the payment stands above what it paid
_CURSOR: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.([1-4])\.(\d{1,18})")
Row = dict[str, Any]

# Every part reads only as many rows as a page has. Payments have the day of their latest bank line.
_EVENTS: Final = """
SELECT day, what, id FROM (
    (SELECT s.date AS day, 1 AS what, s.id FROM ledger_sale s
      WHERE s.tenant_id = %(tenant)s AND s.customer_id = %(customer)s AND s.void_at IS NULL AND (s.date, 1, s.id) < (%(day)s, %(what)s, %(id)s)
      ORDER BY s.date DESC, s.id DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT o.due_date, 2, o.id FROM ledger_openitem o
      WHERE o.tenant_id = %(tenant)s AND o.customer_id = %(customer)s AND o.void_at IS NULL AND (o.due_date, 2, o.id) < (%(day)s, %(what)s, %(id)s)
      ORDER BY o.due_date DESC, o.id DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT p.day, 3, p.id FROM (
        SELECT i.match_id AS id, max(t.date) AS day FROM ledger_openitem o
          JOIN reconciliation_matchitem i ON i.tenant_id = o.tenant_id AND i.open_item_id = o.id AND i.confirmed
          JOIN reconciliation_matchline l ON l.tenant_id = i.tenant_id AND l.match_id = i.match_id
          JOIN ledger_transaction t ON t.tenant_id = l.tenant_id AND t.id = l.transaction_id
         WHERE o.tenant_id = %(tenant)s AND o.customer_id = %(customer)s GROUP BY i.match_id) p
      WHERE (p.day, 3, p.id) < (%(day)s, %(what)s, %(id)s) ORDER BY p.day DESC, p.id DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT m.day, 4, m.id FROM (
        SELECT c.id, (c.created_at AT TIME ZONE %(zone)s)::date AS day FROM reconciliation_clientmapping c
         WHERE c.tenant_id = %(tenant)s AND c.customer_id = %(customer)s) m
      WHERE (m.day, 4, m.id) < (%(day)s, %(what)s, %(id)s) ORDER BY m.day DESC, m.id DESC LIMIT %(limit)s)
) events ORDER BY day DESC, what DESC, id DESC LIMIT %(limit)s
"""
# What is left of an item is the KPI term: the smaller of what the ERP shows open and face − confirmed settlements.
_TOTALS: Final = """
WITH owed AS (
    SELECT o.amount, o.due_date, coalesce(s.settled, 0) AS seen,
           CASE WHEN o.status IN ('open', 'partial') AND NOT o.ignored
                THEN greatest(0, least(o.open_amount, o.amount - coalesce(s.settled, 0))) ELSE 0 END AS rest
      FROM ledger_openitem o
      LEFT JOIN LATERAL (SELECT sum(i.amount) AS settled FROM reconciliation_matchitem i
                          WHERE i.tenant_id = o.tenant_id AND i.open_item_id = o.id AND i.confirmed) s ON true
     WHERE o.tenant_id = %(tenant)s AND o.customer_id = %(customer)s AND o.void_at IS NULL AND o.direction = 'receivable'
       AND o.status <> 'cancelled' AND o.currency = %(currency)s)
SELECT coalesce(sum(amount - rest), 0), coalesce(sum(seen), 0), coalesce(sum(rest), 0), coalesce(sum(rest) FILTER (WHERE due_date < %(today)s), 0),
       min(due_date) FILTER (WHERE rest > 0 AND due_date < %(today)s), count(*) FILTER (WHERE rest > 0),
       coalesce(sum(rest) FILTER (WHERE due_date > %(today)s), 0), count(*) FILTER (WHERE rest > 0 AND due_date > %(today)s),
       min(due_date) FILTER (WHERE rest > 0 AND due_date > %(today)s)
  FROM owed
"""
_BOUGHT: Final = """
SELECT coalesce(sum(total), 0), count(*), max(date) FROM ledger_sale
 WHERE tenant_id = %(tenant)s AND customer_id = %(customer)s AND void_at IS NULL AND NOT is_cancelled AND NOT ignored AND currency = %(currency)s
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """One customer in the company's currency. `paid` is what is no longer open of receivables, `seen` how much of it was found in the bank."""

    bought: Decimal
    sales: int
    last: date | None
    paid: Decimal
    seen: Decimal
    open: Decimal
    items: int  # that are open
    overdue: Decimal
    days_late: int  # of the oldest
    coming: Decimal  # due after today
    coming_items: int
    next_due: date | None


def totals(tenant: Tenant, customer: Customer) -> Totals:
    """Return what the customer bought, paid and owes. Two statements over the customer's own rows."""
    today = clock.today(tenant.zone)
    named = {"tenant": tenant.pk, "customer": customer.pk, "currency": tenant.currency, "today": today}
    ((bought, sales, last),) = pg.fetch(_BOUGHT, named)
    ((paid, seen, rest, overdue, oldest, items, *coming),) = pg.fetch(_TOTALS, named)
    days = (today - oldest).days if oldest else 0
    return Totals(bought, sales, last, paid, seen, rest, items, overdue, days, *coming)


@dataclass(frozen=True, slots=True)
class Events:
    """A page of the timeline, the newest first, and where the older ones begin ("" when these are the last)."""

    rows: list[Row]
    older: str


def events(tenant: Tenant, customer: Customer, *, before: str = "") -> Events:
    """Return what happened before that place of the timeline; without one, up to and with today. Nine statements at most.

    A place of EVERYTHING begins with what falls due last.
    """
    today = clock.today(tenant.zone)
    found = pg.fetch(
        _EVENTS,
        _place(before, today)
        | {"tenant": tenant.pk, "customer": customer.pk, "zone": str(tenant.zone), "limit": PAGE + 1},
    )
    shown = found[:PAGE]
    ids = {kind: [pk for _day, what, pk in shown if what == kind] for kind in (SALE, ITEM, PAYMENT, PAYER)}
    known = {
        SALE: _sales(tenant, ids[SALE]),
        ITEM: _items(tenant, ids[ITEM], today),
        PAYMENT: _payments(tenant, ids[PAYMENT], customer),
        PAYER: _payers(tenant, ids[PAYER]),
    }
    rows = [known[what][pk] | {"day": day} for day, what, pk in shown if pk in known[what]]
    last = shown[-1] if len(found) > PAGE else None
    return Events(rows, f"{last[0].isoformat()}.{last[1]}.{last[2]}" if last else "")


def _place(before: str, today: date) -> Row:
    part = _CURSOR.fullmatch(before)
    try:
        day = date.fromisoformat(part[1]) if part else today
    except ValueError:
        part, day = None, today
    return {"day": day, "what": int(part[2]) if part else PAYER + 1, "id": int(part[3]) if part else 0}


def _sales(tenant: Tenant, ids: Iterable[int]) -> dict[int, Row]:
    rows = Sale.objects.filter(tenant=tenant, pk__in=list(ids)) if ids else ()
    return {
        row.pk: {
            "kind": "sale", "id": row.pk, "number": row.number, "amount": row.total, "currency": row.currency,
            "off": row.is_cancelled or row.ignored,
        }
        for row in rows
    }  # fmt: skip


def _items(tenant: Tenant, ids: list[int], today: date) -> dict[int, Row]:
    rows = OpenItem.objects.filter(tenant=tenant, pk__in=ids) if ids else ()
    left = queries.still_open(tenant.pk, ids) if ids else {}
    found = {}
    for row in rows:
        owed = row.status in {OpenItem.Status.OPEN, OpenItem.Status.PARTIAL}
        rest = left.get(row.pk, Decimal(0)) if owed else Decimal(0)
        found[row.pk] = {
            "kind": "item", "id": row.pk, "number": row.number, "description": row.description, "amount": row.amount,
            "currency": row.currency, "rest": rest, "item": row, "part": bool(rest) and rest != row.amount,
            "off": row.status == OpenItem.Status.CANCELLED or row.ignored,
            "settled": owed and not rest and not row.ignored, "late": (today - row.due_date).days if rest and row.due_date < today else 0,
        }  # fmt: skip
    return found


def _payments(tenant: Tenant, ids: list[int], customer: Customer) -> dict[int, Row]:
    if not ids:
        return {}
    kinds, differences = dict(Match.Kind.choices), dict(MatchAdjustment.Kind.choices)
    found = {}
    for one in queries.matches(tenant.pk, Match.objects.filter(pk__in=ids)):
        own = [item for item in one["items"] if item["customer_id"] == customer.pk]
        first = one["lines"][0]
        found[one["id"]] = {
            "kind": "payment", "id": one["id"], "amount": sum((item["amount"] for item in own), Decimal(0)),
            "currency": one["currency"], "whole": one["amount"], "others": len(one["items"]) - len(own), "label": kinds[one["kind"]],
            "payer": first["name"] or first["description"], "lines": one["lines"], "items": own, "chips": words.chips(one["reasons"]),
            "differences": [part | {"label": differences[part["kind"]]} for part in one["adjustments"]],
            "who": one["decided_by_name"],
        }  # fmt: skip
    return found


def _payers(tenant: Tenant, ids: list[int]) -> dict[int, Row]:
    rows = ClientMapping.objects.filter(tenant=tenant, pk__in=ids) if ids else ()
    return {
        row.pk: {"kind": "payer", "id": row.pk, "mapping": row, "payer": row.payer, "off": not row.is_active}
        for row in rows
    }  # fmt: skip


def read(tenant: Tenant, customer: Customer, before: str) -> Row:
    """Return what the customer's page shows of the story, under the names that its template knows."""
    return {
        "story": events(tenant, customer, before=before),
        "totals": totals(tenant, customer),
        "everything": EVERYTHING,
        "from_today": not before,
    }
