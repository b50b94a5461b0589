"""Addresses of live."""

from django.urls import path

from live import pages, seen, status, views

app_name = "live"
urlpatterns = [
    path("sw.js", pages.service_worker, name="service_worker"),
    path("health", views.health, name="health"),
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
    path("health/realtime", views.realtime, name="health_realtime"),
    path("t/<slug:slug>/seen", seen.report, name="seen"),
    path("t/<slug:slug>/status/", status.page, name="status"),
    path("t/<slug:slug>/status/alerts/<int:pk>/mute", status.mute, name="mute_alert"),
    path("metrics", views.metrics, name="metrics"),
]
