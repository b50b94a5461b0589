"""Reading the event log: where a stream begins, and what came after a number."""

from dataclasses import dataclass, field
from typing import Final, Literal

import orjson

from lib import pg
from live.streams.told import Told

PAGE: Final = 500  # events that are read at once: the LIMIT in AFTER
Reload = Literal["too_old", "unknown"]

# For each pair: the number of the company's newest event, and a page of the events after `after`. One statement, so one moment.
# Numbers are given at commit while the company's row is locked, so what is seen never has a hole that is filled later.
AFTER: Final = """
SELECT wanted.tenant_id, wanted.after, coalesce(g.event_number, 0), e.number, e.name, e.payload::text,
       1000 * extract(epoch FROM clock_timestamp() - e.created_at)::float
  FROM unnest(%s::bigint[], %s::bigint[]) AS wanted(tenant_id, after)
  LEFT JOIN live_generation g ON g.tenant_id = wanted.tenant_id
  LEFT JOIN LATERAL (
       SELECT number, name, payload, created_at FROM live_event
        WHERE tenant_id = wanted.tenant_id AND number > wanted.after ORDER BY number LIMIT 500) e ON true
 ORDER BY wanted.tenant_id, wanted.after, e.number
"""
Row = tuple[int, int, int, int | None, str, str, float]


@dataclass(frozen=True, slots=True)
class Page:
    """What came after a number: `events` without a gap, and the number of the company's newest one.

    `reload` says why events are missing: the log is kept for a day ("too_old"), or never had that number ("unknown": an older copy of
    the database was restored). Whoever looks must then read everything again and goes on from `newest`.
    """

    newest: int
    events: list[Told] = field(default_factory=list)
    reload: Reload | None = None

    @property
    def position(self) -> int:
        """Return the number from which to go on."""
        return self.events[-1].number if self.events else self.newest


def pages(rows: list[Row]) -> dict[tuple[int, int], Page]:
    """Return the rows of AFTER as one page for each (tenant, after) that was asked for."""
    found: dict[tuple[int, int], Page] = {}
    for tenant_id, after, newest, number, name, payload, age_ms in rows:
        page = found.setdefault((tenant_id, after), Page(newest))
        if number is not None:
            page.events.append(Told(number, name, orjson.loads(payload), max(0.0, age_ms)))
    return {pair: _checked(pair[1], page) for pair, page in found.items()}


def _checked(after: int, page: Page) -> Page:
    """Return the page, or an empty one that says why it would have a hole."""
    if after > page.newest:
        return Page(page.newest, reload="unknown")
    if page.newest > after and (not page.events or page.events[0].number != after + 1):
        return Page(page.newest, reload="too_old")
    return page


def since(tenant_id: int, after: int | None) -> Page:
    """Return the first page of a stream that saw `after` last; None begins with what happens from now on."""
    if after is None:
        found = pg.fetch("SELECT event_number FROM live_generation WHERE tenant_id = %s", [tenant_id])
        return Page(found[0][0] if found else 0)
    rows = pg.fetch(AFTER, [[tenant_id], [min(after, 2**62)]])
    return pages(rows)[tenant_id, min(after, 2**62)]
