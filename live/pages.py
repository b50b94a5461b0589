"""What pages need to stay alive: where their stream begins, which of them a browser may keep for a time without network, the service worker."""

import hmac
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from live.cache import forget_generations
from live.models import Generation

# Pages of these apps show facts and may be kept; settings, keys and people may not.
KEPT: Final = frozenset({"kpi", "ledger", "sync", "live", "reconciliation"})
Handler = Callable[[HttpRequest], HttpResponse]


class LivePagesMiddleware:
    """Gives each page of a company the number from which its stream goes on, and says which pages the browser may keep.

    The number is read before the page's own data: an event in between is then told twice rather than never.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        access = getattr(request, "access", None)
        match = request.resolver_match
        if match and match.app_name in KEPT and access and access.user and _is_page(request, response):
            response["X-Kept-For"] = kept_for(user_id=access.user.pk, tenant_id=access.tenant.pk)
            # A page and its part share an address; so does the page of the next person at this computer.
            patch_vary_headers(response, ["HX-Request", "Cookie"])
        elif response.status_code == 404 and access is None and request.path.startswith("/t/"):
            # Shut out of this company, or never in it: what the browser kept of it goes.
            response["X-Kept-For"] = "none"
        if access and not response.has_header("Cache-Control"):
            response["Cache-Control"] = (
                "private, no-cache"  # a company's pages and files are for nobody in between
            )
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """Before the view reads anything: read the number of the newest event, and let go of what may be too old for a part."""
        slug = kwargs.get("slug")
        if request.method != "GET" or not slug or not request.path.startswith("/t/"):
            return
        anew = request.headers.get("Cache-Control") == "no-cache"
        whole = not getattr(request, "htmx", False)
        if not (anew or whole) or not request.user.is_authenticated:
            return
        rows = Generation.objects.filter(tenant__slug=slug).values_list("tenant_id", "event_number")
        tenant_id, number = rows.first() or (None, 0)
        if anew and tenant_id:
            # A part is read again because of an event that this process may not have heard of yet. Of this company only: whoever may open
            # one page could otherwise make the process ask for everybody's.
            forget_generations(tenant_id)
        if whole:
            request.live_number = number


def _is_page(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether the answer is a page to look at, or a part of one: no file, no JSON, no error."""
    return (
        request.method == "GET"
        and response.status_code == 200
        and response.get("Content-Type", "").startswith("text/html")
        and not response.has_header("Content-Disposition")
    )


def kept_for(*, user_id: int, tenant_id: int) -> str:
    """Return the name under which a browser keeps pages: one a person and company, telling neither."""
    name = hmac.digest(settings.SECRET_KEY.encode(), f"kept:{user_id}".encode(), "sha256").hex()[:24]
    return f"{name}.{tenant_id}"


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the service worker. At the root, because it may only keep pages below its own address."""
    found = finders.find("js/sw.js")
    if not found:
        raise Http404
    with open(found, "rb") as file:
        response = HttpResponse(file.read(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


def live(request: HttpRequest) -> dict[str, Any]:
    """Return what base.html tells static/js/live.js; a context processor."""
    access = getattr(request, "access", None)
    number = getattr(request, "live_number", None)
    if access is None or access.user is None or number is None:
        return {"live": None}
    return {
        "live": {
            "address": f"/api/events?tenant={access.tenant.slug}",
            "key": kept_for(user_id=access.user.pk, tenant_id=access.tenant.pk),
            "number": number,
            "report": reverse("live:seen", kwargs={"slug": access.tenant.slug}),
            "heartbeat": settings.WEBSOCKET_HEARTBEAT_INTERVAL,
            "polling": settings.ENABLE_SMART_POLLING,
        }
    }
