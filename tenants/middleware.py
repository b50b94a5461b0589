"""What every request passes: the true client address, the person's language, the admin's door, and its looser CSP."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode

ADMIN = "/admin/"
Handler = Callable[[HttpRequest], HttpResponse]


def _trusted(address: str) -> bool:
    try:
        return any(
            ip_address(address) in ip_network(proxy, strict=False) for proxy in settings.TRUSTED_PROXIES
        )
    except ValueError:
        return False


def client_address(request: HttpRequest) -> str:
    """Return the address of the client: the right-most one in X-Forwarded-For that is not a proxy of ours, else the peer's own."""
    peer = request.META.get("REMOTE_ADDR") or "127.0.0.1"
    return address_behind(peer, request.META.get("HTTP_X_FORWARDED_FOR", ""))


def address_behind(peer: str, forwarded: str) -> str:
    """Return the client's address of a connection from `peer` that carries this X-Forwarded-For; "0.0.0.0" when it cannot be read."""
    address = peer
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    while hops and _trusted(address):
        address = hops.pop()
    try:
        return str(ip_address(address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 - a name for "unreadable", not an address to listen on


class TrustedProxyMiddleware:
    """Sets REMOTE_ADDR to the client's address and forgets forwarding headers that no proxy of ours wrote."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _trusted(request.META.get("REMOTE_ADDR") or ""):
            for header in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"):
                request.META.pop(header, None)
        request.META["REMOTE_ADDR"] = client_address(request)
        return self.get_response(request)


class TenantMiddleware:
    """Speaks the person's language, and loosens the CSP where a third party's page needs it.

    Those pages are the admin (Alpine needs eval, widgets write inline styles) and the API explorer (inline styles).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Only with a session cookie: asking for the user of an open page would cost it a query.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        response = self.get_response(request)
        if request.path.startswith(ADMIN):
            response._csp_update = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}  # type: ignore[attr-defined]
        elif request.path == "/api/docs":
            response._csp_update = {"style-src": [UNSAFE_INLINE]}  # type: ignore[attr-defined]
        return response


class AdminDoorMiddleware:
    """Lets into the admin only staff who showed a second factor in this session. To everybody else it does not exist."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ADMIN):
            return self.get_response(request)
        user = request.user
        if not user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not user.is_staff:
            raise Http404
        if settings.ADMIN_SECOND_FACTOR and not showed_second_factor(request):
            return _ask_for_second_factor(request)
        return self.get_response(request)


def showed_second_factor(request: HttpRequest) -> bool:
    """Return whether the signed-in person showed a second factor in this session."""
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)


def is_operator(request: HttpRequest) -> bool:
    """Return whether this is staff who may see the whole installation: with a second factor, unless none is asked for."""
    return bool(request.user.is_staff) and (not settings.ADMIN_SECOND_FACTOR or showed_second_factor(request))


def _ask_for_second_factor(request: HttpRequest) -> HttpResponse:
    """Return the page that says what is missing: a second factor, or only showing it in this session."""
    kinds = set(Authenticator.objects.filter(user_id=request.user.pk).values_list("type", flat=True))
    way = "mfa_index"
    if Authenticator.Type.TOTP in kinds:
        way = "mfa_reauthenticate"
    elif Authenticator.Type.WEBAUTHN in kinds:
        way = "mfa_reauthenticate_webauthn"
    target = f"{reverse(way)}?{urlencode({'next': request.get_full_path()})}"
    context = {"has_one": way != "mfa_index", "way": target}
    return render(request, "tenants/second_factor.html", context, status=403)
