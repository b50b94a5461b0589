"""Addresses of numbers."""

from django.urls import path

from kpi.api import forecasts, views

urlpatterns = [
    path("forecasts", forecasts.ForecastsView.as_view(), name="forecasts"),
    path("kpis", views.KpisView.as_view(), name="kpis"),
    path("kpis/<str:month>", views.MonthView.as_view(), name="kpis-month"),
]
