"""What every template knows about who is looking."""

from typing import Any

from django.http import HttpRequest


def tenant(request: HttpRequest) -> dict[str, Any]:
    """Return the company of this page, what this person may do in it, and the other companies to switch to."""
    access = getattr(request, "access", None)
    return {"access": access, "tenant": getattr(access, "tenant", None)}
