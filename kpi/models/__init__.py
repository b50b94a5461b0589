"""Numbers: rollups, the materialized view and its state, forecasts, segments, incidents, boards, and who looked."""

from kpi.models.anomaly import Anomaly, AnomalyState
from kpi.models.board import Board, BoardLink, BoardState, LinkedBoard, Tile
from kpi.models.dimension import ByDimension, DimensionDaily, DimensionMonthly, TouchedDay
from kpi.models.forecast import Forecast, ForecastPoint
from kpi.models.rollup import Daily, Monthly, Rollup
from kpi.models.segment import SegmentMember, SegmentState
from kpi.models.view import TenantKpis, ViewState
from kpi.models.visit import Visit

__all__ = [
    "Anomaly",
    "AnomalyState",
    "Board",
    "BoardLink",
    "BoardState",
    "ByDimension",
    "Daily",
    "DimensionDaily",
    "DimensionMonthly",
    "Forecast",
    "ForecastPoint",
    "LinkedBoard",
    "Monthly",
    "Rollup",
    "SegmentMember",
    "SegmentState",
    "TenantKpis",
    "Tile",
    "TouchedDay",
    "ViewState",
    "Visit",
]
