"""What every request passes: the true client address, and the policy of the two paths that need a looser CSP."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.http import HttpRequest, HttpResponse

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
    address = request.META.get("REMOTE_ADDR") or "127.0.0.1"
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
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
    """Loosens the CSP where a third party's page needs it: the admin (Alpine needs eval) and the API explorer (inline styles)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_update = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}  # type: ignore[attr-defined]
        elif request.path == "/api/docs":
            response._csp_update = {"style-src": [SELF, UNSAFE_INLINE]}  # type: ignore[attr-defined]
        return response
