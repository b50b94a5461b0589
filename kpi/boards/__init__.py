"""Boards that a company arranges for itself: tiles from one catalog, the same content for page, workbook, PDF and report."""
