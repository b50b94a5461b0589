"""How much a request says it brings."""

from typing import Final

from django.http import HttpRequest

ABSURD: Final = 1 << 62


def stated_length(request: HttpRequest) -> int:
    """Return the bytes of the body as the header states them; 0 for what is no number, of which Django reads nothing either."""
    text = request.META.get("CONTENT_LENGTH") or ""
    if not (text.isascii() and text.isdigit()):
        return 0
    return int(text) if len(text) < 19 else ABSURD
