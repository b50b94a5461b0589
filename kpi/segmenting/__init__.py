"""Segments of a company's customers: computed in SQL, kept by month, read by page and API."""
