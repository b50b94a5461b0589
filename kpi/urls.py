"""Addresses of the numbers, under /t/<slug>/."""

from django.urls import include, path

from kpi import views
from kpi.analysis.views import analysis
from kpi.incidents.views import anomalies, feedback
from kpi.occasions.views import occasion, occasions
from kpi.occasions.views import remove as occasion_remove
from kpi.segmenting.views import segments, segments_csv
from kpi.targets.views import targets

app_name = "kpi"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("analysis/", analysis, name="analysis"),
    path("anomalies/", anomalies, name="anomalies"),
    path("anomalies/<int:pk>/feedback/", feedback, name="anomaly_feedback"),
    path("segments/", segments, name="segments"),
    path("segments/csv/", segments_csv, name="segments_csv"),
    path("boards/", include("kpi.boards.urls")),
    path("targets/", targets, name="targets"),
    path("occasions/", occasions, name="occasions"),
    path("occasions/<int:pk>/", occasion, name="occasion"),
    path("occasions/<int:pk>/remove/", occasion_remove, name="occasion_remove"),
]
