"""Addresses of numbers."""

from django.urls import path

from kpi.api import analysis, anomalies, boards, forecasts, segments, views

urlpatterns = [
    path("forecasts", forecasts.ForecastsView.as_view(), name="forecasts"),
    path("kpis", views.KpisView.as_view(), name="kpis"),
    path("kpis/ageing", analysis.AgeingView.as_view(), name="kpis-ageing"),
    path("kpis/boards", boards.BoardsView.as_view(), name="kpis-boards"),
    path("kpis/boards/<uuid:key>", boards.BoardView.as_view(), name="kpis-board"),
    path("kpis/boards/<uuid:key>/contents", boards.BoardContentsView.as_view(), name="kpis-board-contents"),
    path("kpis/cohorts", analysis.CohortsView.as_view(), name="kpis-cohorts"),
    path("kpis/concentration", analysis.ConcentrationView.as_view(), name="kpis-concentration"),
    path("kpis/drivers", analysis.DriversView.as_view(), name="kpis-drivers"),
    path("kpis/projection", analysis.ProjectionView.as_view(), name="kpis-projection"),
    path("kpis/<str:month>", views.MonthView.as_view(), name="kpis-month"),
    path("anomalies", anomalies.AnomaliesView.as_view(), name="anomalies"),
    path("anomalies/<int:pk>/feedback", anomalies.FeedbackView.as_view(), name="anomaly-feedback"),
    path("segments", segments.SegmentsView.as_view(), name="segments"),
    path("segments/edges", segments.EdgesView.as_view(), name="segments-edges"),
]
