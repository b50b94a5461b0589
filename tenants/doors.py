"""The doors that anybody may knock at, and how often one address may: counted by django-ratelimit, refused in words.

Who is signed in has a budget of their own (`live.limits`). allauth counts by account as well (ACCOUNT_RATE_LIMITS); what it would count by
address is counted here instead, once.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_ratelimit.core import get_usage

from tenants import counters
from tenants.api.errors import envelope
from tenants.api.renderers import dumps

Handler = Callable[[HttpRequest], HttpResponse]
# allauth's own limits by account say no time; none of theirs is longer.
_UNNAMED_WAIT: Final = 60
_CLOSED_WAIT: Final = 5  # seconds after which a door that is closed because nobody counts may be tried again


@dataclass(frozen=True, slots=True)
class Door:
    """How often one address may knock (`20/m`), with which methods. `guarded`: where guessing pays; closed while nobody can count."""

    group: str
    rate: str
    methods: tuple[str, ...] = ("POST",)
    guarded: bool = False


_DOORS: Final[dict[str, Door]] = {}
refused: Final[dict[tuple[str, str], int]] = {}  # (group, why) -> how often, since this process began


def register(view_name: str, door: Door) -> None:
    """Guard the view of this name. Called from `AppConfig.ready()`."""
    _DOORS[view_name] = door


register("account_login", Door("login", "30/m", guarded=True))
register("mfa_authenticate", Door("second_factor", "30/m", guarded=True))
register("mfa_login_webauthn", Door("passkey", "30/m", guarded=True))
register("account_reset_password", Door("reset_password", "20/m"))
# Where an invitation is accepted, too. A GET names a key, so it counts.
register("account_reset_password_from_key", Door("password_link", "60/m", methods=("GET", "POST")))
register("token", Door("token", "20/m", guarded=True))
register("token-refresh", Door("token", "20/m", guarded=True))
register("set_language", Door("language", "30/m"))
# Written anew for everybody who asks: half a second of work.
register("schema", Door("schema", "30/m", methods=("GET",)))
# No view of its own: keys and tokens that open nothing, wherever they are shown (tenants.api.base).
CREDENTIALS: Final = Door("credentials", "30/m", methods=())


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nobody is let in, and the whole seconds until it is worth asking again."""

    wait: int
    closed: bool = False


def knock(request: HttpRequest, door: Door) -> Refusal | None:
    """Count one knock from this address; return the refusal when there were too many, or when a guarded door has nobody who counts."""
    usage = get_usage(request, group=door.group, key="ip", rate=door.rate, increment=True)
    found = None
    if door.guarded and settings.REDIS_URL and counters.away():
        found = Refusal(_CLOSED_WAIT, closed=True)
    elif usage and usage["should_limit"]:
        found = Refusal(max(1, math.ceil(usage["time_left"])))
    if found:
        reason = (door.group, "closed" if found.closed else "rate")
        refused[reason] = refused.get(reason, 0) + 1
    return found


def answer(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return the 429: the envelope for the API, a page for people, `Retry-After` in both."""
    if request.path.startswith("/api/"):
        body = dumps(envelope(sentence(refusal), "closed" if refusal.closed else "throttled", {}))
        response = HttpResponse(body, content_type="application/json", status=429)
    else:
        response = render(request, "429.html", {"sentence": sentence(refusal)}, status=429)
    response["Retry-After"] = str(refusal.wait)
    return response


def sentence(refusal: Refusal) -> str:
    """Return what happened and when to come back, in words."""
    if refusal.closed:
        return _(
            "Signing in is closed for a moment: the part that counts attempts does not answer. Who is signed in can go on. "
            "Try again in a few seconds."
        )
    return " ".join([_("Too many requests came from here in a short time."), come_back(refusal.wait)])


def come_back(seconds: int) -> str:
    """Return when to try again, in words."""
    if seconds < 60:
        return ngettext("Try again in %(n)d second.", "Try again in %(n)d seconds.", seconds) % {"n": seconds}
    minutes = math.ceil(seconds / 60)
    return ngettext("Try again in %(n)d minute.", "Try again in %(n)d minutes.", minutes) % {"n": minutes}


class DoorsMiddleware:
    """Counts knocks at registered doors before their view runs."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 429 and not response.has_header("Retry-After"):
            response["Retry-After"] = str(_UNNAMED_WAIT)
        return response

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        """Return the refusal, or nothing to let the view answer."""
        door = _DOORS.get(request.resolver_match.view_name) if request.resolver_match else None
        # What answers GET answers HEAD too, with the same work.
        method = "GET" if request.method == "HEAD" else request.method
        if door is None or method not in door.methods:
            return None
        refusal = knock(request, door)
        return answer(request, refusal) if refusal else None
