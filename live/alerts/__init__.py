"""What is wrong for long enough to tell somebody: kinds of alerts, who looks for them, and the rows that remember. See docs/observed.md."""

from live.alerts.catalog import AlertKind, Finding, Limits, register_alert_source

__all__ = ["AlertKind", "Finding", "Limits", "register_alert_source"]
