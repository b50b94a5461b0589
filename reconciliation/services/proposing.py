"""Storing what the matcher thinks: new judgements replace older ones of the same lines; what was decided is never touched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson
from django.db import transaction

from lib import pg
from reconciliation.matching.records import Judgement, Settlement
from reconciliation.models import Match, MatchAdjustment, MatchItem, MatchLine, OpenLine, Rejection
from reconciliation.services import desk
from reconciliation.services.signing import digest, signature
from tenants.models import Tenant

_JUDGED: Final = """
UPDATE reconciliation_openline o
   SET verdict = j.verdict, score = j.score, posted_as_id = j.posted_as, judged_at = now(), waits_since = NULL
  FROM json_to_recordset(%(rows)s) AS j (line bigint, verdict text, score int, posted_as bigint)
 WHERE o.tenant_id = %(tenant)s AND o.transaction_id = j.line
"""
_REPLACE: Final = """
WITH gone AS (
    UPDATE reconciliation_match SET status = 'replaced' WHERE tenant_id = %(tenant)s AND id = ANY(%(matches)s) AND status = 'proposed'
    RETURNING id),
-- Look-ups by key, whatever the planner knows of tables that have just been filled: joined by hash, each chunk would read all of them.
freed AS (
    SELECT l.transaction_id FROM gone CROSS JOIN LATERAL (
        SELECT transaction_id FROM reconciliation_matchline WHERE tenant_id = %(tenant)s AND match_id = gone.id OFFSET 0) AS l)
UPDATE reconciliation_openline o SET waits_since = clock_timestamp()
 WHERE o.tenant_id = %(tenant)s AND o.transaction_id = ANY(ARRAY(SELECT transaction_id FROM freed)) AND o.transaction_id <> ALL(%(lines)s)
"""


@dataclass(slots=True)
class Wanted:
    """A settlement as it is to be stored: its parts by id, and its place among the proposals of each line."""

    settlement: Settlement
    verdict: str
    lines: dict[int, Decimal]
    items: dict[int, Decimal]
    ranks: dict[int, int] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """Return what names its lines and items."""
        return signature(self.lines, self.items)

    @property
    def adjustments(self) -> dict[str, Decimal]:
        """Return the differences by kind."""
        found: dict[str, Decimal] = {}
        for one in self.settlement.adjustments:
            found[one.kind] = found.get(one.kind, Decimal(0)) + one.amount
        return found

    @property
    def reasons(self) -> list[dict[str, Any]]:
        """Return the reasons as they are stored."""
        return [
            {"name": one.name, "points": one.points, "detail": dict(one.detail)}
            for one in self.settlement.reasons
        ]

    @property
    def digest(self) -> str:
        """Return what changes as soon as anything that is shown changes."""
        return digest(
            kind=self.settlement.kind, verdict=self.verdict, score=self.settlement.score, reasons=self.reasons,
            ranks=self.ranks, lines=self.lines, items=self.items, adjustments=self.adjustments,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a call of `propose` did: lines judged by verdict, proposals written, those replaced, and lines that were decided meanwhile."""

    clear: int = 0
    ambiguous: int = 0
    nothing: int = 0
    written: int = 0
    replaced: int = 0
    passed_over: int = 0

    @property
    def changed(self) -> bool:
        """Return whether anything that people see is different now."""
        return bool(self.written or self.replaced)

    def __add__(self, other: "Proposed") -> "Proposed":
        return Proposed(
            self.clear + other.clear,
            self.ambiguous + other.ambiguous,
            self.nothing + other.nothing,
            self.written + other.written,
            self.replaced + other.replaced,
            self.passed_over + other.passed_over,
        )


@transaction.atomic
def propose(
    *,
    tenant: Tenant,
    judgements: Sequence[Judgement],
    origin: Match.Origin = Match.Origin.AUTOMATIC,
    read_at: datetime | None = None,
) -> Proposed:
    """Store the judgements; return what changed. A proposal that comes out the same keeps its row, older ones of these lines are replaced.

    Lines that were decided meanwhile, or changed after `read_at` (when the facts of the judgements were read; None: just now), are passed
    over, and so is every settlement with a rejected pair or set. Publishing is the caller's.
    """
    desk.begin(tenant.pk)
    judged = _still_asked(tenant, judgements, read_at)
    wanted, left = _wanted(tenant, judged)
    _refuse_rejected(tenant, wanted)
    lines = [int(one.line_id) for one in judged]
    same, stale = _compare(tenant, lines, wanted, origin)
    pg.execute(_REPLACE, {"tenant": tenant.pk, "matches": stale, "lines": lines})
    new = [one for name, one in wanted.items() if name not in same]
    _write(tenant, new, origin)
    verdicts = _mark(tenant, judged, wanted)
    return Proposed(
        clear=verdicts.count("clear"),
        ambiguous=verdicts.count("ambiguous"),
        nothing=verdicts.count("none"),
        written=len(new),
        replaced=len(stale),
        passed_over=len(judgements) - len(judged) + left,
    )


def _still_asked(
    tenant: Tenant, judgements: Sequence[Judgement], read_at: datetime | None
) -> list[Judgement]:
    """Return the judgements of lines that are still open and did not change since they were read."""
    ids = [int(one.line_id) for one in judgements]
    rows = OpenLine.objects.filter(tenant=tenant, transaction__in=ids).values_list(
        "transaction", "waits_since"
    )
    fit = {pk for pk, waits in rows if read_at is None or waits is None or waits <= read_at}
    return [one for one in judgements if int(one.line_id) in fit]


def by_signature(judged: Iterable[Judgement]) -> dict[str, Wanted]:
    """Return the settlements of the judgements, each once however many lines it has, by signature."""
    wanted: dict[str, Wanted] = {}
    for one in judged:
        for rank, settlement in enumerate(one.settlements, start=1):
            found = Wanted(
                settlement,
                one.verdict,
                {int(share.id): share.amount for share in settlement.lines},
                {int(share.id): share.amount for share in settlement.items},
            )
            found = wanted.setdefault(found.signature, found)
            found.ranks[int(one.line_id)] = rank
    return wanted


def _wanted(tenant: Tenant, judged: Sequence[Judgement]) -> tuple[dict[str, Wanted], int]:
    """Return the settlements by signature, and how many were left out because one of their lines is no longer open."""
    wanted = by_signature(judged)
    every = {line for one in wanted.values() for line in one.lines}
    open_ = set(
        OpenLine.objects.filter(tenant=tenant, transaction__in=every).values_list("transaction", flat=True)
    )
    absent = [name for name, one in wanted.items() if not one.lines.keys() <= open_]
    for name in absent:
        del wanted[name]
    return wanted, len(absent)


def _refuse_rejected(tenant: Tenant, wanted: dict[str, Wanted]) -> None:
    """Drop what somebody rejected: a pair of one line and one item, or exactly this set."""
    sets = Match.objects.filter(tenant=tenant, status=Match.Status.REJECTED, signature__in=wanted)
    for name in set(sets.values_list("signature", flat=True)):
        del wanted[name]
    single = {
        (next(iter(one.lines)), next(iter(one.items))): name
        for name, one in wanted.items()
        if len(one.lines) == len(one.items) == 1
    }
    pairs = Rejection.objects.filter(
        tenant=tenant, withdrawn_at=None, transaction__in={line for line, _item in single}
    )
    for pair in pairs.values_list("transaction_id", "open_item_id"):
        if pair in single:
            del wanted[single[pair]]


def _compare(
    tenant: Tenant, lines: Sequence[int], wanted: Mapping[str, Wanted], origin: Match.Origin
) -> tuple[set[str], list[int]]:
    """Return the signatures that are stored as wanted, and the proposals that are to be replaced."""
    # Two statements by plain keys: over tables that have just grown from nothing the planner joins them badly.
    held = MatchLine.objects.filter(tenant=tenant, transaction__in=lines).values_list("match", flat=True)
    mine = Match.objects.filter(status=Match.Status.PROPOSED, origin=origin, pk__in=set(held))
    same: set[str] = set()
    stale: list[int] = []
    for pk, name, said in mine.values_list("pk", "signature", "digest"):
        if name in wanted and wanted[name].digest == said:
            same.add(name)
        else:
            stale.append(pk)
    others = Match.objects.filter(tenant=tenant, status=Match.Status.PROPOSED, signature__in=wanted)
    stale += others.exclude(origin=origin).values_list("pk", flat=True)
    return same, stale


def _write(tenant: Tenant, new: Sequence[Wanted], origin: Match.Origin) -> None:
    currencies = dict(
        OpenLine.objects.filter(
            tenant=tenant, transaction__in={line for one in new for line in one.lines}
        ).values_list("transaction", "currency")
    )
    rows = Match.objects.bulk_create(
        Match(
            tenant=tenant,
            status=Match.Status.PROPOSED,
            kind=one.settlement.kind,
            verdict=one.verdict,
            origin=origin,
            score=one.settlement.score,
            reasons=one.reasons,
            amount=sum(one.lines.values(), Decimal(0)),
            currency=currencies[next(iter(one.lines))],
            signature=one.signature,
            digest=one.digest,
            decided_by_name="",
        )
        for one in new
    )
    pairs = list(zip(rows, new, strict=True))
    MatchLine.objects.bulk_create(_lines(tenant, pairs))
    MatchItem.objects.bulk_create(
        MatchItem(tenant=tenant, match=match, open_item_id=pk, amount=amount, confirmed=False)
        for match, one in pairs
        for pk, amount in one.items.items()
    )
    MatchAdjustment.objects.bulk_create(
        MatchAdjustment(tenant=tenant, match=match, kind=kind, amount=amount)
        for match, one in pairs
        for kind, amount in one.adjustments.items()
    )


def _lines(tenant: Tenant, pairs: Iterable[tuple[Match, Wanted]]) -> Iterator[MatchLine]:
    for match, one in pairs:
        for pk, amount in one.lines.items():
            yield MatchLine(
                tenant=tenant,
                match=match,
                transaction_id=pk,
                amount=amount,
                rank=one.ranks.get(pk, 1),
                confirmed=False,
            )


def _mark(tenant: Tenant, judged: Sequence[Judgement], wanted: Mapping[str, Wanted]) -> list[str]:
    """Write the verdicts into the queue and return them. One whose settlements were all dropped is "none"."""
    best: dict[int, int] = {}
    for one in wanted.values():
        for line in one.ranks:
            best[line] = max(best.get(line, 0), one.settlement.score)
    rows = [
        {
            "line": (line := int(one.line_id)),
            "verdict": one.verdict if line in best else "none",
            "score": best.get(line, 0),
            "posted_as": int(one.posted_as) if one.posted_as else None,
        }
        for one in judged
    ]
    pg.execute(_JUDGED, {"tenant": tenant.pk, "rows": orjson.dumps(rows).decode()})
    return [str(row["verdict"]) for row in rows]
