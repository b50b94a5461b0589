"""What people linked by hand, as a labelled set: the cases that the matcher did not offer."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from ledger.models import OpenItem
from reconciliation import loading
from reconciliation.evaluation.labelled import Labelled, Truth
from reconciliation.matching.records import Item
from reconciliation.models import Match, MatchItem, MatchLine

CASE = "corrected"


def corrected(tenant_id: int) -> Labelled:
    """Return the lines of every match that a person made and that still stands, with the items as open as they were before these matches."""
    matches = Match.objects.filter(
        tenant=tenant_id, status=Match.Status.CONFIRMED, origin=Match.Origin.PERSON
    ).exclude(kind=Match.Kind.BOOKED)  # nothing was due: there is no pair to find
    lines: dict[int, set[str]] = defaultdict(set)
    for match, line in MatchLine.objects.filter(match__in=matches).values_list("match", "transaction"):
        lines[match].add(str(line))
    items: dict[int, set[str]] = defaultdict(set)
    settled: dict[int, Decimal] = defaultdict(Decimal)
    for match, item, amount in MatchItem.objects.filter(match__in=matches).values_list(
        "match", "open_item", "amount"
    ):
        items[match].add(str(item))
        settled[item] += amount
    truth = {
        line: Truth(CASE, frozenset(items[match]), frozenset(members))
        for match, members in lines.items()
        for line in members
    }
    found = loading.lines(tenant_id, [int(line) for line in truth])
    return Labelled(
        lines=found, items=_items(tenant_id, settled), truth={line.id: truth[line.id] for line in found}
    )


def _items(tenant_id: int, settled: dict[int, Decimal]) -> list[Item]:
    """Return all open items, and those that are open no more because of `settled`."""
    still_open = {item.id: item for item in loading.items(tenant_id)}
    rows = OpenItem.objects.filter(tenant=tenant_id, pk__in=settled).select_related("customer")
    for row in rows:
        known = still_open.get(str(row.pk)) or _item(row)
        still_open[known.id] = replace(known, amount=known.amount + settled[row.pk])
    return list(still_open.values())


def _item(row: OpenItem) -> Item:
    """Return the item with nothing left."""
    customer = row.customer
    return Item(
        id=str(row.pk),
        due_date=row.due_date,
        amount=Decimal(0),
        name=row.counterparty_name or (customer.name if customer else ""),
        document=row.counterparty_document or (customer.document if customer else ""),
        reference=row.number,
        phone=customer.phone if customer else "",
        email=customer.email if customer else "",
        party=str(row.customer_id) if row.customer_id else None,
        currency=row.currency,
        method=row.payment_method,
    )
