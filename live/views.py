"""Health, for whoever watches over the processes. Open to all: it says states and counts, nothing else."""

import hmac
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lib import clock
from live import exposition, figures
from live import health as parts
from tenants.api.renderers import dumps

log = structlog.get_logger(__name__)


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


@require_safe
@never_cache
def realtime(request: HttpRequest) -> HttpResponse:
    """This process's last minute, 503 when it should get no more work. Asks nobody else."""
    now = figures.own()
    return _answer(
        {**figures.health_json(now), "timestamp": clock.now()}, status=200 if figures.is_well(now) else 503
    )


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything that is counted, for Prometheus. Without METRICS_TOKEN it does not exist; with a wrong one it is 401."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=404)
    told = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(told, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    try:
        body = exposition.text()
    except DatabaseFailure as error:
        log.warning("metrics_unreadable", error=type(error).__name__)
        return HttpResponse(status=503)
    return HttpResponse(body, content_type="text/plain; version=0.0.4; charset=utf-8")
