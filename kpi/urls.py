"""Addresses of the numbers, under /t/<slug>/."""

from django.urls import path

from kpi import views

app_name = "kpi"
urlpatterns = [path("", views.overview, name="overview")]
