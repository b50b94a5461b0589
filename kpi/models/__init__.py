"""Numbers: rollups, the materialized view and its state, forecasts, segments, incidents, and who looked."""

from kpi.models.anomaly import Anomaly, AnomalyState
from kpi.models.dimension import ByDimension, DimensionDaily, DimensionMonthly, TouchedDay
from kpi.models.forecast import Forecast, ForecastPoint
from kpi.models.rollup import Daily, Monthly, Rollup
from kpi.models.segment import SegmentMember, SegmentState
from kpi.models.view import TenantKpis, ViewState
from kpi.models.visit import Visit

__all__ = [
    "Anomaly",
    "AnomalyState",
    "ByDimension",
    "Daily",
    "DimensionDaily",
    "DimensionMonthly",
    "Forecast",
    "ForecastPoint",
    "Monthly",
    "Rollup",
    "SegmentMember",
    "SegmentState",
    "TenantKpis",
    "TouchedDay",
    "ViewState",
    "Visit",
]
