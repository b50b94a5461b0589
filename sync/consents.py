"""A consent that a person began at a bank comes back through the browser: only where it began, once, and soon."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Final

from django.utils.crypto import constant_time_compare

from lib import clock
from sync.models import Connection
from tenants.access import TenantRequest

LIFETIME: Final = timedelta(hours=1)  # the bank's own page lets a person take 30 minutes
_KEY: Final = "bank_consents"
_MOST: Final = 5  # tabs that a person may have open


def begin(request: TenantRequest, connection: Connection) -> str:
    """Return a state to send along. The session keeps its hash, and whose it is: this person's, for this company and connection."""
    state = secrets.token_urlsafe(32)
    mine = {
        "hash": _hash(state),
        "until": (clock.now() + LIFETIME).timestamp(),
        **_whose(request, connection),
    }
    request.session[_KEY] = [*_waiting(request)[1 - _MOST :], mine]
    return state


def end(request: TenantRequest, connection: Connection, state: str) -> bool:
    """Return whether this person began this consent here and it is not too old. The state is used up, whatever the answer."""
    asked, kept, fits = _hash(state), [], False
    for one in _waiting(request):
        if constant_time_compare(one["hash"], asked):
            fits = all(one[name] == value for name, value in _whose(request, connection).items())
        else:
            kept.append(one)
    request.session[_KEY] = kept
    return fits


def _waiting(request: TenantRequest) -> list[dict[str, Any]]:
    now = clock.now().timestamp()
    return [one for one in request.session.get(_KEY, []) if one["until"] > now]


def _whose(request: TenantRequest, connection: Connection) -> dict[str, int]:
    return {"user": request.user.pk, "tenant": request.tenant.pk, "connection": connection.pk}


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
