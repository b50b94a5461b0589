"""Addresses of the numbers, under /t/<slug>/."""

from django.urls import path

from kpi import views
from kpi.analysis.views import analysis

app_name = "kpi"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("analysis/", analysis, name="analysis"),
]
