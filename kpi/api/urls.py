"""Addresses of numbers."""

from django.urls import path

from kpi.api import alerts, analysis, anomalies, boards, forecasts, planning, segments, views, webhooks

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
    path("kpis/targets", planning.TargetsView.as_view(), name="kpis-targets"),
    path("kpis/occasions", planning.OccasionsView.as_view(), name="kpis-occasions"),
    path("kpis/occasions/<int:pk>", planning.OccasionView.as_view(), name="kpis-occasion"),
    path("alerts", alerts.AlertsView.as_view(), name="alerts"),
    path("alerts/events", alerts.EventsView.as_view(), name="alert-events"),
    path("alerts/trial", alerts.TrialView.as_view(), name="alert-trial"),
    path("alerts/webhooks", webhooks.WebhooksView.as_view(), name="webhooks"),
    path("alerts/webhooks/<int:pk>", webhooks.WebhookView.as_view(), name="webhook"),
    path("alerts/webhooks/<int:pk>/test", webhooks.WebhookTestView.as_view(), name="webhook-test"),
    path("alerts/webhooks/<int:pk>/deliveries", webhooks.DeliveriesView.as_view(), name="webhook-deliveries"),
    path("alerts/<int:pk>", alerts.AlertView.as_view(), name="alert"),
    path("alerts/<int:pk>/mute", alerts.MuteView.as_view(), name="alert-mute"),
    path("kpis/<str:month>", views.MonthView.as_view(), name="kpis-month"),
    path("anomalies", anomalies.AnomaliesView.as_view(), name="anomalies"),
    path("anomalies/<int:pk>/feedback", anomalies.FeedbackView.as_view(), name="anomaly-feedback"),
    path("segments", segments.SegmentsView.as_view(), name="segments"),
    path("segments/edges", segments.EdgesView.as_view(), name="segments-edges"),
]
