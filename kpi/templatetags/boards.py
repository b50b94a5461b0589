"""What the forms of tiles need: stored options, and which numbers a dimension splits."""

from typing import Any

from django import template

from kpi.boards.catalog import SPLITS
from kpi.models import Tile

register = template.Library()


@register.filter
def option(tile: Any, name: str) -> str:
    """Return the stored option of a tile; "" for a tile that is yet to be made."""
    return str(tile.options.get(name, "")) if isinstance(tile, Tile) else ""


@register.filter
def split_of(dimension: str) -> str:
    """Return the measures that can be split by a dimension, for the script that leaves the others out."""
    return " ".join(measure for measure, known in SPLITS.items() if dimension in known)
