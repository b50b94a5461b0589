"""What is known of a company's recurring lines: the lines, the payments to come that stand in no open item, and those of past weeks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.db.models.lookups import In

from kpi import comparing
from kpi.analysis.recurring import Line, Paid
from kpi.analysis.rhythms import Rhythm, Rule
from kpi.analysis.standing import Coming, Item, amounts_of, divided
from kpi.models import RecurringLine
from ledger.models import OpenItem
from lib.text import fold
from lib.workdays import Calendar
from reconciliation.queries import with_left
from tenants.models import Tenant

ZERO: Final = Decimal(0)
WEEK: Final = timedelta(weeks=1)
BEFORE: Final = timedelta(days=60)  # items that are late so long may still be the payment that is late
AFTER: Final = timedelta(days=14)
COLUMNS: Final = (
    "id", "code", "party", "name", "rhythm", "kind", "number", "back", "unit", "share", "amount", "paid",
)  # fmt: skip
Flows = tuple[Decimal, Decimal]  # in and out


@dataclass(frozen=True, slots=True)
class Recurring:
    """One line for people: `amount` is the usual one, `next` the day on which it comes next (None: not before the last week shown), whether it stands
    as an open item or not. `share`: how many of the latest periods had it on its day.
    """

    pk: int
    name: str
    rhythm: str
    kind: str
    number: int
    back: bool
    amount: Decimal
    last: date
    times: int
    share: Decimal
    next: date | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """The lines, those that move most first; (in, out) of each week to come: what stands in no open item (`weeks`) and the open items that stand for the
    rest (`standing`); and of each whole week that passed. `denied` are those that a person said are none, the latest first; they count nowhere.
    """

    lines: tuple[Recurring, ...]
    weeks: tuple[Flows, ...]
    standing: tuple[Flows, ...]
    past: tuple[Flows, ...]
    denied: tuple[Recurring, ...] = ()


def recurring_lines(rows: Iterable[Sequence[Any]] | None) -> list[tuple[int, Line]]:
    """Return id and line of rows of the table in the order of `COLUMNS`, those that move most first. Days and amounts may be text."""
    found = []
    for pk, code, party, name, rhythm, kind, number, back, unit, share, amount, paid in rows or ():
        rule = Rule(Rhythm(rhythm), kind, number, back)
        came = tuple(Paid(date.fromisoformat(day), Decimal(each)) for day, each in paid)
        found.append((pk, Line(code, party, name, rule, unit, Decimal(share), Decimal(amount), came)))
    return sorted(found, key=lambda one: (-one[1].weight, one[1].code))


def ahead(tenant: Tenant, *, starts: Sequence[date], before: int) -> Ahead:
    """Return what comes again in the weeks that begin on `starts` (the first is today), and what came in the `before` weeks before. Three queries, one
    without any line."""
    kept = (
        RecurringLine.objects.filter(tenant=tenant)
        .exclude(is_found=False, denied_at=None)
        .order_by("-denied_at", "code")
    )
    rows = list(kept.values_list(*COLUMNS, "denied_at"))
    lines = recurring_lines(row[:-1] for row in rows if row[-1] is None)
    denied = tuple(
        _shown(pk, line, None) for row in rows if row[-1] for pk, line in recurring_lines([row[:-1]])
    )
    if not lines:
        return replace(laid_out((), (), starts=starts, calendar=Calendar(), before=before), denied=denied)
    items = _items(tenant, [line for _pk, line in lines], starts[0], starts[-1] + WEEK)
    found = laid_out(lines, items, starts=starts, calendar=comparing.calendar(tenant), before=before)
    return replace(found, denied=denied)


def laid_out(
    lines: Sequence[tuple[int, Line]],
    items: Sequence[Item],
    *,
    starts: Sequence[date],
    calendar: Calendar,
    before: int,
) -> Ahead:
    """Return `ahead` of these lines, of which these open items may be payments."""
    today, last = starts[0], starts[-1] + WEEK - timedelta(days=1)
    days = {line.code: line.ahead(today, last, calendar) for _pk, line in lines}
    alone, standing = divided((Coming(line, day) for _pk, line in lines for day in days[line.code]), items)
    came = ((paid.day, paid.amount) for _pk, line in lines for paid in line.paid)
    shown = tuple(_shown(pk, line, min(days[line.code], default=None)) for pk, line in lines)
    return Ahead(
        shown,
        _by_week(((one.day, one.line.amount) for one in alone), today, len(starts)),
        _by_week(((one.day, one.amount) for one in standing), today, len(starts)),
        _by_week(came, today - before * WEEK, before),
    )


def _shown(pk: int, line: Line, following: date | None) -> Recurring:
    rule = line.rule
    return Recurring(
        pk, line.name, str(line.rhythm), rule.kind, rule.number, rule.back, line.amount, line.last, len(line.paid), line.share, following
    )  # fmt: skip


def _by_week(moves: Iterable[tuple[date, Decimal]], first: date, weeks: int) -> tuple[Flows, ...]:
    sums = [[ZERO, ZERO] for _n in range(weeks)]
    for day, amount in moves:
        week = (day - first).days // 7
        if 0 <= week < weeks:
            sums[week][int(amount < 0)] += amount
    return tuple((inward, outward) for inward, outward in sums)


def may_stand(lines: Sequence[Line], today: date, end: date) -> Q:
    """Return which open items may be a payment of these lines that comes from `today` until `end`: of the same party, or as large."""
    documents = [line.party[2:] for line in lines if line.party.startswith("d:")]
    names = sorted({name for line in lines for name in (line.name.lower(), fold(line.name)) if name})
    sizes = ",".join(f"[{low},{high}]" for low, high in map(amounts_of, lines))
    # Our own text; the ORM knows no multiranges.
    as_large = RawSQL(
        "abs(ledger_openitem.open_amount) <@ %s::nummultirange", [f"{{{sizes}}}"], BooleanField()
    )
    named = In(Lower("counterparty_name"), names)
    return (Q(counterparty_document__in=documents) | Q(named) | Q(as_large)) & Q(
        due_date__gte=today - BEFORE, due_date__lt=end + AFTER
    )


def _items(tenant: Tenant, lines: Sequence[Line], today: date, end: date) -> list[Item]:
    """Return the open items that may stand for a payment of these lines. One query."""
    open_now = OpenItem.objects.filter(
        may_stand(lines, today, end),
        tenant=tenant, currency=tenant.currency, status__in=["open", "partial"], void_at=None, ignored=False,
    )  # fmt: skip
    rows = with_left(open_now).values_list("due_date", "left", "counterparty_document", "counterparty_name")
    return [Item(*row) for row in rows]
