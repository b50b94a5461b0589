"""JSON Web Tokens: short proofs of who is asking. What they may do is looked up at every use, never written into them."""

import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from tenants import keys
from tenants.models import ApiKey, User

USER: Final = "user"
KEY: Final = "key"


def _seconds(name: str) -> int:
    lifetime = settings.SIMPLE_JWT[name]
    assert isinstance(lifetime, timedelta), "SIMPLE_JWT holds lifetimes under these names"
    return int(lifetime.total_seconds())


class TokenRefused(Exception):
    """The token is forged, expired, of the wrong kind, or its owner may not come in any more."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Who is asking: a user or an API key, never both. `strong` says that a second factor was shown.

    `expires_at` is when the token that said so stops counting; None for a session or a key itself.
    """

    user: User | None = None
    api_key: ApiKey | None = None
    strong: bool = False
    expires_at: datetime | None = None


def issue(credential: Credential) -> dict[str, Any]:
    """Return a pair of tokens for the credential, with their lifetimes in seconds."""
    refresh = RefreshToken()
    owner = credential.user or credential.api_key
    assert owner is not None, "a credential has an owner"
    refresh["sub"] = f"{USER if credential.user else KEY}:{owner.pk}"
    refresh["strong"] = credential.strong
    if credential.user:
        refresh["fp"] = _fingerprint(credential.user)
    return {
        "access": str(refresh.access_token),
        "refresh": str(refresh),
        "token_type": "Bearer",
        "expires_in": _seconds("ACCESS_TOKEN_LIFETIME"),
        "refresh_expires_in": _seconds("REFRESH_TOKEN_LIFETIME"),
    }


def refresh(text: str) -> dict[str, Any]:
    """Return a new access token for a refresh token. Raises TokenRefused, also when its user was deactivated or its key revoked."""
    token = _read(RefreshToken, text)
    _owner(token)
    return {
        "access": str(token.access_token),  # type: ignore[attr-defined]
        "token_type": "Bearer",
        "expires_in": _seconds("ACCESS_TOKEN_LIFETIME"),
    }


def read(text: str) -> Credential:
    """Return who an access token speaks for. Raises TokenRefused."""
    token = _read(AccessToken, text)
    return replace(_owner(token), expires_at=datetime.fromtimestamp(int(token["exp"]), UTC))


def _read(kind: type[Token], text: str) -> Token:
    try:
        return kind(text)  # type: ignore[arg-type]  # simplejwt takes the encoded text here
    except TokenError as error:
        raise TokenRefused(str(error)) from error


def _owner(token: Token) -> Credential:
    kind, _, number = str(token.get("sub", "")).partition(":")
    if number.isdecimal() and kind == KEY:
        key = keys.by_id(int(number))
        if key:
            return Credential(api_key=key)
    if number.isdecimal() and kind == USER:
        user = User.objects.filter(pk=int(number), is_active=True).first()
        if user and hmac.compare_digest(_fingerprint(user), str(token.get("fp", ""))):
            return Credential(user=user, strong=bool(token.get("strong")))
    raise TokenRefused("Its owner may not come in any more.")


def _fingerprint(user: User) -> str:
    """Return what changes with the password, so that a new password ends every token."""
    return user.get_session_auth_hash()[:32]
