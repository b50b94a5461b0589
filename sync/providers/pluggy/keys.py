"""Pluggy's API key: a JWT of two hours, fetched once for a client and kept until shortly before it ends."""

import base64
import binascii
import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from lib import jsontext

EARLY: Final = timedelta(minutes=5)
# Without a readable `exp` the key is used for less than the two hours that the docs state.
UNSAID: Final = timedelta(minutes=90)
_MOST: Final = 1_000


class KeyRing:
    """The API keys of this process, by client. Asking for a key for every request is what the limit on /auth forbids."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[str, datetime]] = {}

    def get(self, owner: str, now: datetime, fetch: Callable[[], str]) -> str:
        """Return the key of an owner (see `owner_of`), fetching it when there is none that lives on for a while."""
        with self._lock:
            known = self._keys.get(owner)
        if known is not None and now < known[1]:
            return known[0]
        key = fetch()
        with self._lock:
            if len(self._keys) >= _MOST:
                self._keys.clear()
            # A key that is short-lived anyway is used for half its life: never to ask for one with every request.
            end = expiry(key, now)
            self._keys[owner] = (key, max(end - EARLY, now + (end - now) / 2))
        return key

    def drop(self, owner: str, key: str) -> None:
        """Forget a key that upstream refused, unless somebody has replaced it already."""
        with self._lock:
            if self._keys.get(owner, ("",))[0] == key:
                del self._keys[owner]


def owner_of(base_url: str, client_id: str, client_secret: str) -> str:
    """Return what a key is kept under. It hides the secret."""
    text = "\0".join((base_url, client_id, client_secret))
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"pluggy key").hexdigest()


def expiry(key: str, now: datetime) -> datetime:
    """Return when a JWT ends (RFC 7519, `exp`), or 90 minutes from now when it does not say so readably."""
    body = key.split(".")[1] if key.count(".") == 2 else ""
    try:
        claims = jsontext.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, binascii.Error):
        return now + UNSAID


RING: Final = KeyRing()
