"""Reading segments: one query over a month and the one before, one for a page of customers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from kpi.models import SegmentMember, SegmentState
from kpi.segmenting.services import month_of
from kpi.segmenting.words import WORDS
from kpi.segments.edges import SEGMENTS
from ledger.models import Customer
from lib import clock, pg
from lib.keyset import Page, paginate
from tenants.models import Tenant

KEPT: Final = 36  # months that are looked back for one customer
MOVES: Final = """
SELECT coalesce(n.segment, ''), coalesce(b.segment, ''), count(*), coalesce(sum(n.monetary), 0), sum(n.expected), sum(n.expected * n.spend)
  FROM (SELECT * FROM kpi_segmentmember WHERE tenant_id = %(tenant)s AND month = %(month)s) n
  FULL JOIN (SELECT * FROM kpi_segmentmember WHERE tenant_id = %(tenant)s AND month = %(before)s) b USING (customer_id)
 GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment of a month and how it moved since the end of the one before. `before` is None where that is unknown.

    `expected` are purchases (days with one) in the next 90 days, `worth` what they are expected to bring; None where no fit was possible.
    """

    code: str
    customers: int
    value: Decimal
    share: Decimal | None
    value_share: Decimal | None
    before: int | None
    entered: int
    left: int
    expected: Decimal | None
    worth: Decimal | None

    @property
    def moved(self) -> int | None:
        """Return how many customers more (or fewer) than at the end of the month before; None where that is unknown."""
        return None if self.before is None else self.customers - self.before


@dataclass(frozen=True, slots=True)
class Overview:
    """All segments of a month, the best first; what customers they are, and where they came from: (from, to) → customers, "" for new ones.

    `earlier` and `later` are the months beside it, None where none was scored.
    """

    month: date
    earlier: date | None
    later: date | None
    as_of: date
    built_at: datetime
    fitted: bool
    customers: int
    value: Decimal
    segments: tuple[Segment, ...]
    moves: dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Member:
    """One customer of a segment."""

    customer_id: int
    name: str
    phone: str
    email: str
    recency: int
    last_day: date
    frequency: int
    monetary: Decimal
    scores: tuple[int, int, int]
    segment: str
    before: str
    expected: Decimal | None
    spend: Decimal | None

    @property
    def worth(self) -> Decimal | None:
        """Return what the expected purchases are expected to bring; None where no fit was possible."""
        if self.expected is None or self.spend is None:
            return None
        return (self.expected * self.spend).quantize(Decimal("0.01"))


def state(tenant: Tenant) -> SegmentState | None:
    """Return what the segments were made from; None before the first time."""
    return SegmentState.objects.filter(tenant=tenant, as_of__isnull=False).first()


def overview(tenant: Tenant, *, month: date | None = None) -> Overview | None:
    """Return all segments of a month (its first day; the running one unless given), None before they were first computed and for a month
    that was never scored. Three queries.
    """
    made = state(tenant)
    if made is None or made.as_of is None or made.built_at is None:
        return None
    now = month_of(made.as_of)
    first, month = _first_month(tenant) or now, month or now
    if not first <= month <= now:
        return None
    as_of = made.as_of if month == now else clock.add_months(month, 1)
    rows = moves(tenant, as_of=as_of)
    known = any(before for _now, before, *_rest in rows)
    customers = sum(row[2] for row in rows if row[0])
    value = sum((row[3] for row in rows), Decimal(0))
    return Overview(
        month, clock.add_months(month, -1) if month > first else None, clock.add_months(month, 1) if month < now else None,
        as_of, made.built_at, made.fitted is not None and month == now, customers, value,
        tuple(_segment(code, rows, customers, value, known) for code in SEGMENTS),
        {(before, now): n for now, before, n, *_rest in rows if now and now != before} if known else {},
    )  # fmt: skip


def _first_month(tenant: Tenant) -> date | None:
    rows = SegmentMember.objects.filter(tenant=tenant).order_by("month")
    return rows.values_list("month", flat=True).first()


def moves(tenant: Tenant, *, as_of: date) -> list[tuple[Any, ...]]:
    """Return (segment now, segment a month before, customers, value, expected, worth) for every way that customers went; "" is none."""
    return pg.fetch(MOVES, {"tenant": tenant.pk, **months_of(as_of)})


def months_of(as_of: date) -> dict[str, date]:
    """Return the months that `MOVES` needs to be told."""
    month = month_of(as_of)
    return {"month": month, "before": clock.add_months(month, -1)}


def _segment(code: str, rows: Sequence[Any], customers: int, value: Decimal, known: bool) -> Segment:
    here = [row for row in rows if row[0] == code]
    n, own = sum(row[2] for row in here), sum((row[3] for row in here), Decimal(0))
    expected = [row[4] for row in here if row[4] is not None]
    worth = [row[5] for row in here if row[5] is not None]
    return Segment(
        code, n, own, Decimal(n) / customers if customers else None, own / value if value > 0 else None,
        sum(row[2] for row in rows if row[1] == code) if known else None,
        sum(row[2] for row in here if row[1] != code) if known else 0,
        sum(row[2] for row in rows if row[1] == code and row[0] != code),
        sum(expected, Decimal(0)) if expected else None, sum(worth, Decimal(0)).quantize(Decimal("0.01")) if worth else None,
    )  # fmt: skip


def members(
    tenant: Tenant, *, as_of: date, segment: str, cursor: str | None = None, limit: int = 50
) -> Page[Member]:
    """Return a page of a segment's customers, those of the largest value first. One query. Raises CursorError."""
    page = paginate(
        _rows(tenant, as_of, segment), order=("-monetary", "-customer_id"), limit=limit, cursor=cursor
    )
    return Page([_member(row, as_of) for row in page.rows], page.next, page.previous)


def all_members(tenant: Tenant, *, as_of: date, segment: str) -> Iterator[Member]:
    """Yield every customer of a segment, or with "" of all, in the same order, a few thousand rows in memory at a time."""
    rows = _rows(tenant, as_of, segment).order_by("-monetary", "-customer_id")
    return (_member(row, as_of) for row in rows.iterator(chunk_size=2_000))


def _rows(tenant: Tenant, as_of: date, segment: str) -> QuerySet[SegmentMember, Any]:
    month = month_of(as_of)
    earlier = SegmentMember.objects.filter(
        tenant=tenant, customer=OuterRef("customer_id"), month=clock.add_months(month, -1)
    )
    return (
        SegmentMember.objects.filter(tenant=tenant, month=month, **({"segment": segment} if segment else {}))
        .annotate(before=Coalesce(Subquery(earlier.values("segment")[:1]), Value("")))
        .values(
            "customer_id", "customer__name", "customer__name_override", "customer__phone", "customer__email", "last_day", "frequency",
            "monetary", "r", "f", "m", "segment", "before", "expected", "spend",
        )
    )  # fmt: skip


def _member(row: dict[str, Any], as_of: date) -> Member:
    return Member(
        row["customer_id"], row["customer__name_override"] or row["customer__name"], row["customer__phone"], row["customer__email"],
        (as_of - row["last_day"]).days, row["last_day"], row["frequency"], row["monetary"], (row["r"], row["f"], row["m"]),
        row["segment"], row["before"], row["expected"], row["spend"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a customer stands in the newest month: since the end of which month, and from where they came ("": from nowhere)."""

    member: SegmentMember
    since: date
    before: str


def of_customer(tenant: Tenant, customer_id: int) -> Standing | None:
    """Return where a customer stands; None for who never bought. One query."""
    rows = list(
        SegmentMember.objects.filter(tenant=tenant, customer_id=customer_id).order_by("-month")[:KEPT]
    )
    if not rows:
        return None
    run = list(takewhile(lambda row: row.segment == rows[0].segment, rows))
    return Standing(rows[0], run[-1].month, rows[len(run)].segment if len(run) < len(rows) else "")


def told_of_customer(tenant: Tenant, row: Customer, _before: str) -> dict[str, Any]:
    """Return what the page of a customer says of their segment."""
    found = of_customer(tenant, row.pk)
    if found is None:
        return {}
    return {
        "standing": found,
        "standing_words": WORDS[found.member.segment],
        "standing_before": WORDS.get(found.before),
    }
