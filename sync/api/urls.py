"""Addresses of how facts arrive."""

from django.urls import path

from sync import webhooks
from sync.api import views

urlpatterns = [
    path("system/sync/status", views.SyncStatusView.as_view(), name="sync-status"),
    path("system/sync/trigger", views.SyncTriggerView.as_view(), name="sync-trigger"),
    path("pluggy/sync", views.PluggySyncView.as_view(), name="pluggy-sync"),
    path("webhooks/pluggy/<str:token>", webhooks.pluggy, name="pluggy-webhook"),
]
