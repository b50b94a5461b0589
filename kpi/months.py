"""One month of bank lines as `mv_tenant_kpis` has it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Case, F, When

from kpi.models import Monthly, TenantKpis, ViewState
from lib import clock
from live.models import Generation
from tenants.models import Tenant

COLUMNS: Final = (
    "type", "tx_count", "total_amount", "avg_amount", "active_tx_count", "active_total_amount",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Month:
    """Rows for CREDIT and DEBIT (dicts of COLUMNS; none where there were no lines), and when they were true."""

    rows: list[dict[str, Any]]
    as_of: datetime


def read(tenant: Tenant, month: date) -> Month:
    """Return the month that `month` is the first day of. Three short queries.

    While the view waits for its refresh, the same columns come from the rollup that it is built over: an answer that is cached under the
    newest generation must not hold numbers of an older one.
    """
    now = clock.now()
    facts = Generation.objects.filter(tenant=tenant).values_list("facts", flat=True).first()
    state = ViewState.objects.filter(tenant=tenant).first()
    if state is not None and state.built_version == facts:
        found = TenantKpis.objects.filter(tenant=tenant, month=month).order_by("type").values(*COLUMNS)
        return Month(list(found), state.built_at)
    return Month(_from_rollup(tenant, month), now)


def _from_rollup(tenant: Tenant, month: date) -> list[dict[str, Any]]:
    rows = Monthly.objects.filter(
        tenant=tenant, month=month, currency=tenant.currency, type__in=["CREDIT", "DEBIT"], n__gt=0
    )
    columns = {
        "tx_count": F("n"),
        "total_amount": F("total"),
        "avg_amount": F("total") / F("n"),
        "active_tx_count": F("active_n"),
        "active_total_amount": Case(When(active_n__gt=0, then=F("active_total"))),
    }
    return [dict(row) for row in rows.order_by("type").values("type", **columns)]
