"""What people are told: a catalog of events, rows a person, e-mail that respects wishes. See docs/notifications.md."""

from live.notifications.catalog import Kind, UnknownEvent, register
from live.notifications.services import amend, notify

__all__ = ["Kind", "UnknownEvent", "amend", "notify", "register"]
