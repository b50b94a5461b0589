"""Which pages may open a WebSocket. A browser sends our session along whoever's page asks, so the page itself must be ours."""

from urllib.parse import SplitResult, urlsplit

from channels.security.websocket import OriginValidator
from django.conf import settings

from live.streams.door import Scope


def named(scope: Scope) -> bool:
    """Return whether a browser says which page opens this; programs do not, and their cookies are not believed."""
    return _header(scope, b"origin") is not None


def allowed(scope: Scope) -> bool:
    """Return whether the origin is the host that was asked, or one of WEBSOCKET_CORS_ORIGIN; a program without any may come."""
    text = _header(scope, b"origin")
    if text is None:
        return True
    try:
        found, host = urlsplit(text), urlsplit(f"//{_header(scope, b'host') or ''}")
        _ = found.port, host.port
    except ValueError:
        return False
    if _is_ours(found, host):
        return True
    return bool(OriginValidator(None, settings.WEBSOCKET_CORS_ORIGIN).validate_origin(found))


def _is_ours(origin: SplitResult, host: SplitResult) -> bool:
    """Same host and port. A proxy that names the host without its port is believed about the host."""
    if not origin.hostname or origin.hostname != host.hostname:
        return False
    if settings.HTTPS_ONLY and origin.scheme != "https":
        return False
    standard = {"http": 80, "https": 443}.get(origin.scheme)
    return standard is not None and (host.port is None or (origin.port or standard) == host.port)


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)
