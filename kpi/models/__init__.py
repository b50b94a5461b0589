"""Numbers: rollups, the view and its state, forecasts, segments, incidents, boards, goals, occasions, alerts, recurring lines, and who looked."""

from kpi.models.alert import AlertEvent, AlertRule, AlertState, Foretold
from kpi.models.anomaly import Anomaly, AnomalyState
from kpi.models.board import Board, BoardLink, BoardState, LinkedBoard, Tile
from kpi.models.dimension import ByDimension, DimensionDaily, DimensionMonthly, TouchedDay
from kpi.models.forecast import Forecast, ForecastPoint
from kpi.models.occasion import Occasion
from kpi.models.recurring import RecurringLine, RecurringState
from kpi.models.report import Report, ReportDelivery, ReportRecipient
from kpi.models.rollup import Daily, Monthly, Rollup
from kpi.models.segment import SegmentMember, SegmentState
from kpi.models.target import Target
from kpi.models.view import TenantKpis, ViewState
from kpi.models.visit import Visit

__all__ = [
    "AlertEvent",
    "AlertRule",
    "AlertState",
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
    "Foretold",
    "LinkedBoard",
    "Monthly",
    "Occasion",
    "RecurringLine",
    "RecurringState",
    "Report",
    "ReportDelivery",
    "ReportRecipient",
    "Rollup",
    "SegmentMember",
    "SegmentState",
    "Target",
    "TenantKpis",
    "Tile",
    "TouchedDay",
    "ViewState",
    "Visit",
]
