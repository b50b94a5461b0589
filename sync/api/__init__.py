"""API of sync."""
