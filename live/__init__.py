"""live: what just happened. The event log, the tenant cache and its generations, health."""
