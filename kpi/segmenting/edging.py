"""A company's own edges: what they are, and who would be where with others. Scores stay as they are, so trying costs one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from kpi.models import SegmentState
from kpi.segmenting.services import month_of
from kpi.segments import edges
from kpi.segments.edges import SEGMENTS, Rule
from lib import pg
from tenants.models import Tenant

MOST: Final = 60  # rules; more than eleven segments need
_SCORES: Final = """
SELECT r, f, m, segment, count(*) FROM kpi_segmentmember WHERE tenant_id = %(tenant)s AND month = %(month)s GROUP BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Edges:
    """The rules that name a company's segments, and whether it made them itself."""

    rules: tuple[Rule, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules would do to the current month: customers by segment now and then, and how many change theirs."""

    now: dict[str, int]
    then: dict[str, int]
    moved: int

    @property
    def rows(self) -> list[tuple[str, int, int, int]]:
        """Return (segment, customers now, then, difference), the best segment first."""
        return [
            (code, self.now[code], self.then[code], self.then[code] - self.now[code]) for code in SEGMENTS
        ]


def standing(tenant: Tenant) -> Edges:
    """Return the rules that hold. One query."""
    own = SegmentState.objects.filter(tenant=tenant).values_list("rules", flat=True).first()
    return Edges(edges.read(own) if own else edges.DEFAULT, bool(own))


def tried(tenant: Tenant, rules: Sequence[Rule]) -> Trial | None:
    """Return what these rules would do; None before segments were first computed. Two queries. Raises EdgesError."""
    named = edges.names(rules)
    as_of = SegmentState.objects.filter(tenant=tenant).values_list("as_of", flat=True).first()
    if as_of is None:
        return None
    now, then, moved = dict.fromkeys(SEGMENTS, 0), dict.fromkeys(SEGMENTS, 0), 0
    for r, f, m, segment, n in pg.fetch(_SCORES, {"tenant": tenant.pk, "month": month_of(as_of)}):
        new = named[r, f, m]
        now[segment] += n
        then[new] += n
        moved += n * (new != segment)
    return Trial(now, then, moved)


def checked(rows: Any) -> tuple[Rule, ...]:
    """Return rules from JSON. Raises EdgesError, also where there are too many or no rows at all."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or len(rows) > MOST:
        raise edges.EdgesError(f"a list of at most {MOST} rules is expected")
    return edges.read(rows)
