"""What kpi can say to who watches the installation: companies whose monthly view is behind their facts."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from lib import pg
from live import alerts
from live.alerts import AlertKind, Finding
from live.exposition import Reading

KINDS: Final = (
    AlertKind(
        "LATE_ROLLUPS",
        _("Monthly numbers behind the facts"),
        _("Look whether a worker is running; `manage.py check_kpis --refresh` does it at once."),
        limit=lambda: Decimal(5),
        unit="min",
        # A company whose facts change once a day is behind for some seconds, with a view of yesterday.
        open_after=3,
        concerns_everybody=True,
    ),
)
READINGS: Final = {"kpi_companies_behind": "Companies whose monthly view is behind their facts."}

_BEHIND = """
SELECT count(*) FROM live_generation g JOIN tenants_tenant t ON t.id = g.tenant_id AND t.is_active
  LEFT JOIN kpi_viewstate s ON s.tenant_id = g.tenant_id
 WHERE s.built_version IS DISTINCT FROM g.facts AND (s.built_at IS NULL OR s.built_at <= now() - %s)
   AND (g.facts > 0 OR s.built_version IS NOT NULL)
"""


def find(limits: alerts.Limits) -> Iterator[Finding]:
    """Yield that views are behind, when they were last built longer ago than the limit."""
    minutes = limits.get("LATE_ROLLUPS")
    behind = 0 if minutes is None else _behind(timedelta(minutes=float(minutes)))
    if behind:
        text = gettext_noop("Companies whose monthly numbers are behind their facts: %(n)s.")
        yield Finding("LATE_ROLLUPS", text, {"n": behind}, Decimal(behind))


def read() -> Iterator[Reading]:
    """Yield what /metrics says of views. One query."""
    yield "kpi_companies_behind", {}, _behind(timedelta(0))


def _behind(age: timedelta) -> int:
    return int(pg.fetch(_BEHIND, [age])[0][0])
