"""Boards as files: one workbook, one document, one picture."""
