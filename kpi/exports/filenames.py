"""What exported files are called."""

from datetime import date
from typing import Final

from django.utils.text import slugify

TYPES: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "svg": "image/svg+xml",
}


def file_name(*parts: str, day: date, ending: str) -> str:
    """Return a name of plain letters: `aurora-visao-do-mes-2026-11-22.pdf`."""
    words = [slug for part in parts if (slug := slugify(part)[:60].strip("-"))]
    return f"{'-'.join([*words, f'{day}'])}.{ending}"
