"""Webhooks out: a company's own programs are told of what happens. Signed as Standard Webhooks says. See docs/alerts.md."""

from live.hooks.services import register_events, send

__all__ = ["register_events", "send"]
