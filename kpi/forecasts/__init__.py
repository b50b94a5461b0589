"""Stored forecasts of companies: their series out of the facts (facts), computed and kept (services), read (queries)."""
