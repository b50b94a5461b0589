"""Numbers: rollups, the materialized view and its state, forecasts, and who looked."""

from kpi.models.dimension import ByDimension, DimensionDaily, DimensionMonthly, TouchedDay
from kpi.models.forecast import Forecast, ForecastPoint
from kpi.models.rollup import Daily, Monthly, Rollup
from kpi.models.view import TenantKpis, ViewState
from kpi.models.visit import Visit

__all__ = [
    "ByDimension",
    "Daily",
    "DimensionDaily",
    "DimensionMonthly",
    "Forecast",
    "ForecastPoint",
    "Monthly",
    "Rollup",
    "TenantKpis",
    "TouchedDay",
    "ViewState",
    "Visit",
]
