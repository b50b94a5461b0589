"""What is alive: events and generations, who is connected, notifications, measurements and alerts, backups, webhooks out."""

from live.models.backup import BackupRun
from live.models.event import Event, Generation
from live.models.hook import HookDelivery, HookEndpoint
from live.models.measure import Alert, AlertRule, PerformanceMetric
from live.models.notification import EventSubscription, Notification, NotificationPreference
from live.models.presence import Presence, Process
from live.models.removed import Removed

__all__ = [
    "Alert",
    "AlertRule",
    "BackupRun",
    "Event",
    "EventSubscription",
    "Generation",
    "HookDelivery",
    "HookEndpoint",
    "Notification",
    "NotificationPreference",
    "PerformanceMetric",
    "Presence",
    "Process",
    "Removed",
]
