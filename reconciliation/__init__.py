"""reconciliation: judgements. Which bank line settles which open item, and why."""
