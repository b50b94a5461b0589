"""Judgements for tests, as the matcher would say them."""

from collections.abc import Mapping
from decimal import Decimal

from ledger.models import OpenItem, Transaction
from reconciliation.matching.records import Adjustment, Judgement, Reason, Settlement, Share
from reconciliation.models import OpenLine
from tenants.models import Tenant
from tests.factories import Amount

EVIDENCE = (Reason("document_equal", 40, {"document": "***"}), Reason("amount_exact", 20))


def settlement(
    lines: Transaction | list[Transaction],
    *items: OpenItem | tuple[OpenItem, Amount],
    kind: str = "exact",
    score: int = 60,
    adjustments: Mapping[str, Amount] | None = None,
) -> Settlement:
    """Return a settlement of whole lines and the given shares of items (without a share: what is open)."""
    lines = list(lines) if isinstance(lines, list) else [lines]
    shares = [item if isinstance(item, tuple) else (item, item.open_amount) for item in items]
    return Settlement(
        kind=kind,
        lines=tuple(Share(str(line.pk), Decimal(line.amount)) for line in lines),
        items=tuple(Share(str(item.pk), Decimal(amount)) for item, amount in shares),
        adjustments=tuple(Adjustment(name, Decimal(amount)) for name, amount in (adjustments or {}).items()),
        score=score,
        reasons=EVIDENCE,
    )


def judge(line: Transaction, *found: Settlement, verdict: str = "", posted_as: str = "") -> Judgement:
    """Return what is thought of a line; the verdict follows from how many settlements there are unless given."""
    by_count = {0: "none", 1: "clear"}
    return Judgement(str(line.pk), verdict or by_count.get(len(found), "ambiguous"), found, posted_as)


def clear(line: Transaction, item: OpenItem, score: int = 60) -> Judgement:
    """Return the clear judgement that the line pays the item."""
    return judge(line, settlement(line, item, score=score))


def waiting(tenant: Tenant) -> set[int]:
    """Return the lines that wait for the matcher."""
    rows = OpenLine.objects.filter(tenant=tenant, waits_since__isnull=False)
    return set(rows.values_list("transaction", flat=True))


def queue(tenant: Tenant) -> dict[int, str]:
    """Return the verdict of every open line."""
    return dict(OpenLine.objects.filter(tenant=tenant).values_list("transaction", "verdict"))
