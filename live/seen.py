"""How long it takes until people see it: open pages report a sample of their re-readings.

A report is `{"ms": from the event's commit until the page showed it, "event": the event's number (0: unknown)}`. The page adds the age
that the server said when it sent the event to its own stop-watch, so no clock of a visitor plays a part; what the network adds on the way
to the page is not in it.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from lib import pg
from live import freshness, limits, measure
from live.models import Event, PerformanceMetric
from tenants.access import TenantRequest, member_required
from tenants.models import Tenant

LONGEST: Final = 10 * 60 * 1_000  # ms; a page that slept reports nothing
MOST_BYTES: Final = 200
REPORTS: Final = 12  # a person and minute: enough for a percentile
EVENT_TO_SCREEN: Final = "event_to_screen_ms"
UPSTREAM_TO_SCREEN: Final = "upstream_to_screen_ms"
_PERCENTILES: Final = """
SELECT metric_type, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY metric_value::float8),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY metric_value::float8)
  FROM live_performancemetric
 WHERE metric_type IN (%(event)s, %(upstream)s) AND recorded_at > now() - %(age)s AND (%(tenant)s::bigint IS NULL OR tenant_id = %(tenant)s)
 GROUP BY metric_type
"""


@require_POST
@member_required()
def report(request: TenantRequest) -> HttpResponse:
    """Take one report. 204 also for one that is not kept: a page has nothing to do about it."""
    found = _read(request)
    if found is None:
        return HttpResponse(status=400)
    verdict = limits.hit("seen", str(request.user.pk), limit=REPORTS, closed_when_down=True)
    if settings.ENABLE_PERFORMANCE_MONITORING and verdict.allowed:
        keep(tenant=request.tenant, ms=found[0], number=found[1])
    return HttpResponse(status=204)


def _read(request: HttpRequest) -> tuple[int, int] | None:
    """Return milliseconds and event number; None for a report that makes no sense."""
    if len(request.body) > MOST_BYTES:
        return None
    try:
        said: Any = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict):
        return None
    ms, number = _whole(said.get("ms"), LONGEST), _whole(said.get("event", 0), 2**63 - 1)
    return None if ms is None or number is None else (ms, number)


def _whole(value: Any, most: int) -> int | None:
    """Return a whole number from 0 to `most`; None for everything else, True among it."""
    return value if type(value) is int and 0 <= value <= most else None


def keep(*, tenant: Tenant, ms: int, number: int) -> None:
    """Keep a report, and, where an upstream had a part in the event, how long it took from there."""
    measured = {EVENT_TO_SCREEN: float(ms)}
    event = Event.objects.filter(tenant=tenant, number=number).first() if number else None
    origin = event and freshness.origin_of(tenant.pk, event.payload, event.created_at)
    if event and origin:
        before = (event.created_at - origin) / timedelta(milliseconds=1)
        measured[UPSTREAM_TO_SCREEN] = max(0.0, before) + ms
    for name, value in measured.items():
        measure.observe(name, value)
    PerformanceMetric.objects.bulk_create(
        PerformanceMetric(
            tenant=tenant,
            metric_type=name,
            metric_value=Decimal(str(round(value, 2))),
            metadata={"event": event.name} if event else {},
        )
        for name, value in measured.items()
    )


@dataclass(frozen=True, slots=True)
class Delay:
    """How long it takes: milliseconds that half and 95 % of `n` reports stay below. None: nobody reported."""

    n: int = 0
    p50: float | None = None
    p95: float | None = None


def delays(tenant: Tenant | None, *, age: timedelta = timedelta(days=1)) -> dict[str, Delay]:
    """Return the delays of the last day by name, for one company or all. One query."""
    params = {
        "event": EVENT_TO_SCREEN, "upstream": UPSTREAM_TO_SCREEN, "age": age, "tenant": tenant and tenant.pk,
    }  # fmt: skip
    rows = {name: Delay(n, p50, p95) for name, n, p50, p95 in pg.fetch(_PERCENTILES, params)}
    return {name: rows.get(name, Delay()) for name in (EVENT_TO_SCREEN, UPSTREAM_TO_SCREEN)}
