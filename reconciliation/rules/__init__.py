"""Rules that a company orders: when a bank line is like this, do that. `conditions` and `engine` are pure; `services` writes."""
