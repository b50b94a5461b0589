"""The company's own days: what happened on them, and when it was closed."""
