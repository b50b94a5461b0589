"""Console of how facts arrive."""

from sync.admin import arrivals, connections, runs

__all__ = ["arrivals", "connections", "runs"]
