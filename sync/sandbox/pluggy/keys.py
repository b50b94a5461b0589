"""API keys and connect tokens: JWT signed with HS256 (RFC 7515, 7519), so that a client can read `exp`."""

import base64
import hashlib
import hmac
import time
from typing import Any, Final

import orjson

API_KEY_SECONDS: Final = 2 * 3600
CONNECT_TOKEN_SECONDS: Final = 30 * 60
_HEADER: Final = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")


class InvalidKey(Exception):
    """No key, or one that was not signed here."""


class ExpiredKey(Exception):
    """A key whose time is over."""


def _sign(seed: int, text: bytes) -> bytes:
    digest = hmac.new(f"pluggy-sandbox-{seed}".encode(), text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=")


def make_key(seed: int, claims: dict[str, Any], seconds: int, *, now: float | None = None) -> str:
    """Return a signed token with `iat` and `exp` in real time: its reader compares them with its own clock, not with the sandbox's."""
    issued = int(time.time() if now is None else now)
    body = orjson.dumps(claims | {"iat": issued, "exp": issued + seconds})
    text = _HEADER + b"." + base64.urlsafe_b64encode(body).rstrip(b"=")
    return (text + b"." + _sign(seed, text)).decode()


def read_key(seed: int, token: str, *, now: float | None = None) -> dict[str, Any]:
    """Return the claims of a token. Raises InvalidKey or ExpiredKey."""
    head, _, signature = token.rpartition(".")
    if not head or not hmac.compare_digest(_sign(seed, head.encode()), signature.encode()):
        raise InvalidKey
    body = head.partition(".")[2]
    claims: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if claims["exp"] <= (time.time() if now is None else now):
        raise ExpiredKey
    return claims
