"""Addresses of live."""

from django.urls import path

from live import views

app_name = "live"
urlpatterns = [
    path("health", views.health, name="health"),
    path("health/live", views.live, name="health_live"),
    path("health/ready", views.ready, name="health_ready"),
]
