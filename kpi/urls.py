"""Addresses of the numbers, under /t/<slug>/."""

from django.urls import include, path

from kpi import views
from kpi.alerts import hook_views
from kpi.alerts import views as alerts
from kpi.analysis.views import analysis
from kpi.incidents.views import anomalies, feedback
from kpi.occasions.views import occasion, occasions
from kpi.occasions.views import remove as occasion_remove
from kpi.recurrence.views import say as recurring_say
from kpi.segmenting.edge_views import edges_page
from kpi.segmenting.views import segments, segments_csv
from kpi.targets.views import targets

app_name = "kpi"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("forecast/", views.forecast_anew, name="forecast_anew"),
    path("analysis/", analysis, name="analysis"),
    path("recurring/<int:pk>/", recurring_say, name="recurring_say"),
    path("anomalies/", anomalies, name="anomalies"),
    path("anomalies/<int:pk>/feedback/", feedback, name="anomaly_feedback"),
    path("segments/", segments, name="segments"),
    path("segments/csv/", segments_csv, name="segments_csv"),
    path("segments/edges/", edges_page, name="edges"),
    path("boards/", include("kpi.boards.urls")),
    path("boards/", include("kpi.exports.urls")),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/history/", alerts.alert_history, name="alert_history"),
    path("alerts/new/", alerts.alert_new, name="alert_new"),
    path("alerts/<int:pk>/", alerts.alert, name="alert"),
    path("alerts/<int:pk>/edit/", alerts.alert_edit, name="alert_edit"),
    path("alerts/<int:pk>/do/", alerts.alert_do, name="alert_do"),
    path("alerts/webhooks/", hook_views.webhooks, name="webhooks"),
    path("alerts/webhooks/<int:pk>/", hook_views.webhook, name="webhook"),
    path("alerts/webhooks/<int:pk>/do/", hook_views.webhook_do, name="webhook_do"),
    path("targets/", targets, name="targets"),
    path("occasions/", occasions, name="occasions"),
    path("occasions/<int:pk>/", occasion, name="occasion"),
    path("occasions/<int:pk>/remove/", occasion_remove, name="occasion_remove"),
]
