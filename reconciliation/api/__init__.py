"""API of matches: the queue, and deciding on it."""
