"""Numbers: rollups, the materialized view and its state, and who looked."""

from kpi.models.rollup import Daily, Monthly, Rollup
from kpi.models.view import TenantKpis, ViewState
from kpi.models.visit import Visit

__all__ = ["Daily", "Monthly", "Rollup", "TenantKpis", "ViewState", "Visit"]
