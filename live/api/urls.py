"""Addresses of the installation's state and a company's settings."""

from django.urls import path

from live.api import company, system

urlpatterns = [
    path("system/status", system.StatusView.as_view(), name="system-status"),
    path("system/database/health", system.DatabaseHealthView.as_view(), name="database-health"),
    path("system/cache/stats", system.CacheStatsView.as_view(), name="cache-stats"),
    path("system/cache/clear", system.CacheClearView.as_view(), name="cache-clear"),
    path("settings", company.SettingsView.as_view(), name="settings"),
]
