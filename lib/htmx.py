"""What htmx asked for."""

from django.http import HttpRequest


def wants_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asked for a part: not a boosted link and not a page restored from history."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def asks_for(request: HttpRequest, element: str) -> bool:
    """Return whether htmx asked for a part that replaces the element with this id."""
    return wants_fragment(request) and request.htmx.target == element  # type: ignore[attr-defined]
