"""Who sits at the other end of a stream, as far as it must be known while the stream is open."""

import hashlib
import time
from dataclasses import dataclass

from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpRequest

from lib import clock
from tenants.access import Access
from tenants.tokens import Credential


@dataclass(frozen=True, slots=True)
class Seat:
    """A member or an API key in one company, and what its admission rests on.

    `session`: key of the session that let it in, empty for keys and tokens. `stamp` changes with the person's password.
    `until`: monotonic seconds at which its token or key ends, None when neither does.
    """

    tenant_id: int
    slug: str
    user_id: int | None
    key_id: int | None
    session: str
    stamp: str
    until: float | None
    address: str
    user_agent: str

    @property
    def owner(self) -> str:
        """Return who this is among the limits: one budget a person, whatever tabs they have open."""
        return f"key:{self.key_id}" if self.key_id else f"user:{self.user_id}"

    @property
    def session_mark(self) -> str:
        """Return what the database says of an ended session: a hash, because whoever may LISTEN hears it."""
        return hashlib.sha256(self.session.encode()).hexdigest() if self.session else ""


def take(request: HttpRequest, access: Access, credential: Credential) -> Seat:
    """Return the seat of somebody whom the door has let in."""
    session = request.session
    by_session = (
        credential.user is not None and credential.expires_at is None and BACKEND_SESSION_KEY in session
    )
    return Seat(
        tenant_id=access.tenant.pk,
        slug=access.tenant.slug,
        user_id=access.user.pk if access.user else None,
        key_id=access.api_key.pk if access.api_key else None,
        session=(session.session_key or "") if by_session else "",
        stamp=access.user.get_session_auth_hash() if access.user else "",
        until=_until(credential),
        address=request.META.get("REMOTE_ADDR") or "0.0.0.0",  # noqa: S104 - a name for "unknown", nobody listens there
        user_agent=request.META.get("HTTP_USER_AGENT", "")[:300],
    )


def _until(credential: Credential) -> float | None:
    """Return when the credential ends as a monotonic time: a clock that is set meanwhile must not shorten or prolong it."""
    ends = [credential.expires_at, credential.api_key.expires_at if credential.api_key else None]
    known = [moment for moment in ends if moment is not None]
    return time.monotonic() + (min(known) - clock.now()).total_seconds() if known else None
