"""What several addresses ask alike: the number of a row, and which page of a list. A cursor of another list is a 400 everywhere."""

from typing import Final

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter

from tenants.api.base import ApiRequest
from tenants.api.errors import BadParameter
from tenants.api.forms import LARGEST
from tenants.api.schema import Schema, query

ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": LARGEST}
NUMBER: Final = OpenApiParameter("id", ID, OpenApiParameter.PATH)
CURSOR: Final = query("cursor", "Where the last page ended (`data.next`).")
PAGE: Final = 50
MOST: Final = 200


def limit(description: str) -> OpenApiParameter:
    """Return the parameter of how many rows a page has."""
    return query("limit", description, {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE})


def limit_of(request: ApiRequest) -> int:
    """Return how many rows a page has. Raises BadParameter."""
    text = request.query_params.get("limit", str(PAGE))
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MOST):
        raise BadParameter({"limit": _("Use a whole number from 1 to %(most)d.") % {"most": MOST}})
    return int(text)


def cursor_of(request: ApiRequest) -> str | None:
    """Return where the page before ended, None for the first."""
    return request.query_params.get("cursor") or None
