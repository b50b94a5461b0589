"""What the workbench shows: shapes that only its page needs. Every function names the company; amounts are signed (+ in, − out)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

import orjson
from django.db.models import Count, F, Q, Sum

from ledger.lists import LISTS, Filters
from ledger.models import Account, Customer, OpenItem, Transaction
from lib import clock
from live import cache
from reconciliation import queries, words
from reconciliation.lists import OPEN, QUEUE
from reconciliation.models import Decision, Match, MatchAdjustment, MatchLine, OpenLine, Progress, Run
from reconciliation.services import AT_ONCE
from reconciliation.services.desk import closed_through
from tenants.models import Tenant, User

Row = dict[str, Any]
FOUND: Final = 20  # rows that a search offers
CATEGORIES: Final = 200  # that are offered
HISTORY: Final = 60  # decisions that the history looks at
_BULKS: Final = frozenset(
    {Decision.Action.CONFIRM, Decision.Action.BOOK}
)  # what a run does, undone as a whole
KINDS: Final = dict(Match.Kind.choices)
DIFFERENCES: Final = dict(MatchAdjustment.Kind.choices)
# In the editor people write amounts without a sign; these make a payment smaller than what was due, the others larger.
LESSENING: Final = frozenset(kind for kind in DIFFERENCES if kind.startswith("withholding")) | {
    "discount",
    "fee",
}


def progress(tenant: Tenant) -> list[Row]:
    """Return by currency what is open (counts by verdict, money in and out) and how many lines were settled today."""

    def count() -> list[Row]:
        return [
            {
                "currency": one.currency,
                "lines": one.lines,
                "clear": one.by_verdict.get("clear", 0),
                "ambiguous": one.by_verdict.get("ambiguous", 0),
                "none": one.by_verdict.get("none", 0),
                "waiting": one.waiting,
                "inflow": one.inflow,
                "outflow": one.outflow,
            }
            for one in queries.summary(tenant.pk)
        ]

    kept = cache.remember("recon", tenant_id=tenant.pk, compute=count, part="bench").body
    settled = _settled_today(tenant)
    rows: list[Row] = orjson.loads(kept)
    for row in rows:
        row |= {name: Decimal(row[name]) for name in ("inflow", "outflow")}
        row["settled"] = settled.pop(row["currency"], 0)
        row["all"] = row["settled"] + row["lines"]
    return rows


def _settled_today(tenant: Tenant) -> dict[str, int]:
    today = datetime.combine(clock.today(tenant.zone), time.min, tenant.zone)
    done = Match.objects.filter(tenant=tenant, decided_at__gte=today, status=Match.Status.CONFIRMED)
    return dict(done.values("currency").annotate(n=Count("lines")).values_list("currency", "n"))


def line(tenant: Tenant, pk: int) -> Row | None:
    """Return a line of the queue with its proposals, as `queries.open_lines` does; None when it is not open."""
    row: Row | None = QUEUE.base(tenant.pk).filter(OPEN, transaction=pk).values(*QUEUE.values).first()
    day = closed_through(tenant.pk)
    if row is None or (day and row["date"] <= day):
        return None
    row["matches"] = queries.proposals_of(tenant.pk, [pk]).get(pk, [])
    return row


def settled_by(tenant: Tenant, pk: int) -> Row | None:
    """Return the confirmed match of a line that is no longer open; None when it has none."""
    place = MatchLine.objects.filter(tenant=tenant, transaction=pk, confirmed=True).first()
    return match(tenant, place.match_id) if place else None


def match(tenant: Tenant, pk: int) -> Row | None:
    """Return one match with its parts."""
    found = queries.matches(tenant.pk, Match.objects.filter(pk=pk))
    return found[0] if found else None


def explain(tenant: Tenant, matches: Sequence[Row]) -> list[Row]:
    """Return matches with what people read: `label`, `chips`, and `steps` from the bank line to the open items. One statement."""
    left = queries.still_open(tenant.pk, {item["id"] for one in matches for item in one["items"]})
    return [
        one | {"label": KINDS[one["kind"]], "chips": words.chips(one["reasons"])} | _steps(one, left)
        for one in matches
    ]


def _steps(found: Row, left: Mapping[int, Decimal]) -> Row:
    """Return the differences by name and how much of its items stays open after a proposal."""
    due = sum((item["amount"] for item in found["items"]), Decimal(0))
    differences = [
        one | {"label": DIFFERENCES[one["kind"]], "percent": words.percent_of(one["amount"], due)}
        for one in found["adjustments"]
    ]
    items = []
    for item in found["items"]:
        rest = left.get(item["id"], Decimal(0))
        after = rest - item["amount"] if found["status"] == Match.Status.PROPOSED else rest
        items.append(item | {"rest": after if after * item["face"] > 0 else Decimal(0)})
    return {"differences": differences, "items": items, "due": due, "single": len(items) == 1}


def after(tenant: Tenant, filters: Filters, pk: int) -> int | None:
    """Return the next open line behind this one in the list, else the first one; None when the list is empty."""
    rows = QUEUE.base(tenant.pk).filter(filters.condition, OPEN, _not_closed(tenant)).exclude(transaction=pk)
    order = QUEUE.orders[filters.order][1]
    column = order[0].lstrip("-")
    here = Transaction.objects.filter(tenant=tenant, pk=pk).first()
    found = None
    if here:
        behind = "lt" if order[0].startswith("-") else "gt"
        place = Q(**{f"{column}__{behind}e": getattr(here, column)}) & (
            Q(**{f"{column}__{behind}": getattr(here, column)}) | Q(**{f"transaction_id__{behind}": pk})
        )
        found = rows.filter(place).order_by(*order).values_list("transaction_id", flat=True).first()
    return found or rows.order_by(*order).values_list("transaction_id", flat=True).first()


def _not_closed(tenant: Tenant) -> Q:
    day = closed_through(tenant.pk)
    return Q(date__gt=day) if day else Q()


@dataclass(frozen=True, slots=True)
class Clear:
    """The clear proposals that a bulk would confirm: ids by kind, with count and money. `more`: there are others behind them."""

    kinds: tuple[Row, ...]
    lines: int
    more: bool


def clear(tenant: Tenant, filters: Filters) -> Clear:
    """Return what confirming all clear lines of the list would settle, the newest first, as many as go at once."""
    ready = OpenLine.objects.filter(tenant=tenant, verdict="clear", waits_since=None).filter(
        OPEN, _not_closed(tenant)
    )
    # The list's own condition is about QUEUE's columns, all of which are of the row or its line.
    rows = (
        ready.filter(filters.condition)
        .order_by("-date", "-transaction_id")
        .values_list("transaction_id", flat=True)
    )
    lines = list(rows[: AT_ONCE + 1])
    places = MatchLine.objects.filter(
        tenant=tenant,
        transaction__in=lines[:AT_ONCE],
        match__status=Match.Status.PROPOSED,
        match__verdict="clear",
    )
    matches = {pk: (kind, currency, amount) for pk, kind, currency, amount in places.values_list(
        "match_id", "match__kind", "match__currency", "match__amount"
    )}  # fmt: skip
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for pk, (kind, currency, _amount) in matches.items():
        groups[kind, currency].append(pk)
    found = [
        {
            "kind": kind, "currency": currency, "label": KINDS[kind], "ids": ",".join(map(str, sorted(ids))), "count": len(ids),
            "inflow": sum((matches[pk][2] for pk in ids if matches[pk][2] > 0), Decimal(0)),
            "outflow": sum((matches[pk][2] for pk in ids if matches[pk][2] < 0), Decimal(0)),
        }
        for (kind, currency), ids in groups.items()
    ]  # fmt: skip
    return Clear(tuple(sorted(found, key=lambda one: -one["count"])), len(matches), len(lines) > AT_ONCE)


def history(tenant: Tenant, user: User) -> list[Row]:
    """Return the latest decisions, a bulk as one entry: who, what, when, how much, and whether it can be taken back now."""
    rows = (
        Decision.objects.filter(
            tenant=tenant, action__in=["confirm", "link", "book", "reject", "undo", "reopen"]
        )
        .order_by("-created_at", "-pk")
        .annotate(status=F("match__status"), amount=F("match__amount"), currency=F("match__currency"))
        .select_related("run")[:HISTORY]
    )
    entries: list[Row] = []
    bulks: set[tuple[int, str]] = set()
    for row in rows:
        if row.run is not None and row.action in _BULKS:
            if (row.run.pk, row.action) not in bulks:
                bulks.add((row.run.pk, row.action))
                entries.append(_bulk(row.run, row))
            continue
        entries.append(_entry(row))
    _runs_left(tenant, entries)
    names = _names(tenant, [one["match"] for one in entries if one["match"]])
    undoable = True
    for one in entries:
        one["name"] = names.get(one["match"], "")
        one["mine"] = one.pop("actor") == user.pk
        one["latest"] = undoable and one["mine"] and one["undoable"]
        undoable = undoable and not one["latest"]
    return entries


def _entry(row: Any) -> Row:
    return {
        "match": row.match_id, "run": None, "action": row.action, "label": row.get_action_display(), "who": row.actor_name, "actor": row.actor_id,
        "at": row.created_at, "amount": row.amount, "currency": row.currency, "count": 1,
        "undoable": row.status == row.after and row.status in {Match.Status.CONFIRMED, Match.Status.REJECTED},
    }  # fmt: skip


def _bulk(run: Run, row: Any) -> Row:
    return _entry(row) | {
        "match": None,
        "run": run.pk,
        "label": run.get_kind_display(),
        "at": row.created_at,
        "count": run.decided,
    }


def _runs_left(tenant: Tenant, entries: list[Row]) -> None:
    runs = [one["run"] for one in entries if one["run"]]
    confirmed = Match.objects.filter(tenant=tenant, run__in=runs, status=Match.Status.CONFIRMED)
    left = {
        run: (n, total)
        for run, n, total in confirmed.values("run")
        .annotate(n=Count("pk"), total=Sum("amount"))
        .values_list("run", "n", "total")
    }
    for one in entries:
        if one["run"]:
            n, total = left.get(one["run"], (0, None))
            one |= {"undoable": n > 0, "amount": total, "left": n}


def _names(tenant: Tenant, matches: Sequence[int]) -> dict[int, str]:
    rows = MatchLine.objects.filter(tenant=tenant, match__in=matches).order_by("-pk").values_list(
        "match_id", "transaction__name_override", "transaction__counterparty_name", "transaction__description"
    )  # fmt: skip
    return {match: own or name or description for match, own, name, description in rows}


def latest_of(tenant: Tenant, user: User) -> Row | None:
    """Return this person's latest decision that can be taken back."""
    return next((one for one in history(tenant, user) if one["latest"]), None)


def items(tenant: Tenant, row: Row, text: str) -> list[Row]:
    """Return open items that a line might pay: of its sign and currency, by the words that are looked for, the nearest in amount first."""
    spec, amount = LISTS["open_items"], row["amount"]
    open_ = Q(status__in=[OpenItem.Status.OPEN, OpenItem.Status.PARTIAL], void_at=None)
    signed = Q(amount__gt=0) if amount > 0 else Q(amount__lt=0)
    rows = OpenItem.objects.filter(open_, signed, tenant=tenant, currency=row["currency"])
    if text:
        assert spec.search is not None, "open items can be searched"
        rows = spec.base(tenant.pk).filter(open_, signed, spec.search(text), currency=row["currency"])
    else:
        rows = rows.filter(open_amount=amount)
    columns = (
        "id",
        "due_date",
        "number",
        "description",
        "counterparty_name",
        "amount",
        "open_amount",
        "currency",
    )
    found: list[Row] = list(rows.order_by("due_date", "id").values(*columns)[: 5 * FOUND])
    left = queries.still_open(tenant.pk, [one["id"] for one in found])
    for one in found:
        one["rest"] = left.get(one["id"], Decimal(0))
    ready = [one for one in found if one["rest"]]
    return sorted(ready, key=lambda one: (abs(one["rest"] - amount), one["due_date"], one["id"]))[:FOUND]


def customers(tenant: Tenant, text: str) -> list[Customer]:
    """Return customers by a part of their name or document."""
    spec = LISTS["customers"]
    if len(text) < 2:
        return []
    assert spec.search is not None, "customers can be searched"
    ids = (
        spec.base(tenant.pk)
        .filter(spec.search(text), void_at=None)
        .order_by("name", "id")
        .values_list("id", flat=True)[:FOUND]
    )
    return list(Customer.objects.filter(tenant=tenant, pk__in=list(ids)).order_by("name", "pk"))


def categories(tenant: Tenant) -> list[str]:
    """Return the company's own categories of bank lines, by name."""
    own = Transaction.objects.filter(tenant=tenant).exclude(category_override="")
    return list(
        own.order_by("category_override").values_list("category_override", flat=True).distinct()[:CATEGORIES]
    )


def category_of(tenant: Tenant, pk: int) -> str:
    """Return the category of a line: the company's own, else the bank's."""
    row = (
        Transaction.objects.filter(tenant=tenant, pk=pk).values_list("category_override", "category").first()
    )
    return (row[0] or row[1]) if row else ""


def accounts(tenant: Tenant) -> list[Account]:
    """Return the accounts that the queue may be narrowed to."""
    return list(Account.objects.filter(tenant=tenant, void_at=None).order_by("kind", "name"))


def emptiness(tenant: Tenant) -> str:
    """Return why a queue may be empty: `no_lines`, `no_items`, `preparing`, or "" when all is there."""
    if not Transaction.objects.filter(tenant=tenant).exists():
        return "no_lines"
    if not OpenItem.objects.filter(tenant=tenant).exists():
        return "no_items"
    return "" if Progress.objects.filter(tenant=tenant, seen_until__isnull=False).exists() else "preparing"
