"""API of numbers."""
