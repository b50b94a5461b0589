"""Telling judgements that say something new from those that are stored already."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from lib import pg
from reconciliation.matching.records import Judgement
from reconciliation.models import OpenLine
from reconciliation.services.proposing import Proposed, by_signature
from tenants.models import Tenant

_STORED: Final = """
SELECT l.transaction_id, m.digest FROM reconciliation_matchline l
  JOIN reconciliation_match m ON m.id = l.match_id AND m.status = 'proposed' AND m.origin = 'automatic'
 WHERE l.tenant_id = %(tenant)s AND l.transaction_id = ANY(%(lines)s)
"""
_SAME: Final = """
UPDATE reconciliation_openline SET waits_since = NULL, judged_at = now()
 WHERE tenant_id = %(tenant)s AND transaction_id = ANY(%(lines)s) AND waits_since <= %(read_at)s
"""


def sift(
    *, tenant: Tenant, judgements: Sequence[Judgement], read_at: datetime
) -> tuple[list[Judgement], Proposed]:
    """Return the judgements that say something new, and the counts of those that do not: their lines no longer wait. Three statements.

    Judging everything once more, which happens whenever something that concerns any line has changed, then costs next to no writing.
    """
    stored: dict[int, set[str]] = defaultdict(set)
    lines = [int(one.line_id) for one in judgements]
    for line, said in pg.fetch(_STORED, {"tenant": tenant.pk, "lines": lines}):
        stored[line].add(said)
    known = {
        line: (verdict, score, posted_as)
        for line, verdict, score, posted_as in OpenLine.objects.filter(
            tenant=tenant, transaction__in=lines
        ).values_list("transaction", "verdict", "score", "posted_as")
    }
    wanted: dict[int, set[str]] = defaultdict(set)
    for found in by_signature(judgements).values():
        for line in found.ranks:
            wanted[line].add(found.digest)
    new: list[Judgement] = []
    same: list[Judgement] = []
    for one in judgements:
        line, score = int(one.line_id), max((found.score for found in one.settlements), default=0)
        said = one.verdict, score, int(one.posted_as) if one.posted_as else None
        old = known.get(line) == said and stored[line] == wanted[line]
        (same if old else new).append(one)
    pg.execute(_SAME, {"tenant": tenant.pk, "lines": [int(one.line_id) for one in same], "read_at": read_at})
    verdicts = Counter(one.verdict for one in same)
    return new, Proposed(verdicts["clear"], verdicts["ambiguous"], verdicts["none"])
