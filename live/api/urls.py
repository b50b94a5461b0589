"""Addresses of the installation's state and a company's settings."""

from django.urls import path

from live.api import company, events, subscriptions, system
from live.api import notifications as told

urlpatterns = [
    path("system/status", system.StatusView.as_view(), name="system-status"),
    path("system/database/health", system.DatabaseHealthView.as_view(), name="database-health"),
    path("system/cache/stats", system.CacheStatsView.as_view(), name="cache-stats"),
    path("system/cache/clear", system.CacheClearView.as_view(), name="cache-clear"),
    path("notifications", told.NotificationsView.as_view(), name="notifications"),
    path("notifications/<int:pk>/read", told.ReadView.as_view(), name="notification-read"),
    path("notifications/read-all", told.ReadAllView.as_view(), name="notifications-read-all"),
    path("user/notification-preferences", told.PreferencesView.as_view(), name="notification-preferences"),
    path("user/event-subscriptions", subscriptions.SubscriptionsView.as_view(), name="event-subscriptions"),
    path(
        "user/event-subscriptions/<slug:event>",
        subscriptions.SubscriptionView.as_view(),
        name="event-subscription",
    ),
    path("events", events.EventsView.as_view(), name="events"),
    path("metrics/realtime", system.RealtimeView.as_view(), name="metrics-realtime"),
    path("settings", company.SettingsView.as_view(), name="settings"),
]
