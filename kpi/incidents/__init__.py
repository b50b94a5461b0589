"""Incidents of a company's own numbers: found after a day is over, kept, explained, told once, and judged by people."""
