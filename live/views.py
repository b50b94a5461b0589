"""Health, for whoever watches over the processes. Open to all: it says states and counts, nothing else."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lib import clock
from live import health as parts
from tenants.api.renderers import dumps


def _answer(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return HttpResponse(dumps(body), content_type="application/json", status=status)


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Every part and the sum of them; 503 only when the panel cannot work (no database)."""
    found = parts.held_report()
    overall = parts.overall(found)
    body = {
        "status": overall,
        "uptime": parts.uptime_seconds(),
        "parts": {name: part.as_json() for name, part in found.items()},
        "timestamp": clock.now(),
    }
    return _answer(body, status=503 if overall == "down" else 200)


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nobody else, so a lost database does not restart the web."""
    return _answer({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve: its database answers."""
    found = parts.held_report()["database"]
    return _answer({"status": found.status}, status=503 if found.status == "down" else 200)
