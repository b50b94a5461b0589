"""Addresses of live."""

from django.urls import path

from live import pages, views

app_name = "live"
urlpatterns = [
    path("sw.js", pages.service_worker, name="service_worker"),
    path("health", views.health, name="health"),
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
    path("health/realtime", views.realtime, name="health_realtime"),
    path("metrics", views.metrics, name="metrics"),
]
