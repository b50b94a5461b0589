"""Three ways to say who is asking: an API key, a short token, or the session of the pages."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from tenants import keys, services, tokens
from tenants.models import User
from tenants.tokens import Credential

Found = tuple[User | AnonymousUser, Credential]


class _Header(authentication.BaseAuthentication):
    """Reads `Authorization: <keyword> <text>`; another keyword is for another class."""

    keyword = ""

    def authenticate(self, request: Request) -> Found | None:
        """Return who the header names, None when it has another keyword. Raises AuthenticationFailed."""
        word, _blank, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if word.lower() != self.keyword.lower():
            return None
        return self.find(text.strip())

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401, without which DRF would answer 403."""
        return f'{self.keyword} realm="Painel"'

    def find(self, text: str) -> Found:
        """Return who the text proves. Raises AuthenticationFailed."""
        raise NotImplementedError


class ApiKeyAuthentication(_Header):
    """`Authorization: Api-Key pk_…`."""

    keyword = "Api-Key"

    def find(self, text: str) -> Found:
        """Return the key's credential and remember that it was used."""
        key = keys.find(text)
        if key is None:
            raise exceptions.AuthenticationFailed(
                _("This API key opens nothing: it is wrong, expired or revoked.")
            )
        services.touch_api_key(key=key)
        return AnonymousUser(), Credential(api_key=key)


class JwtAuthentication(_Header):
    """`Authorization: Bearer …`, a token of 15 minutes."""

    keyword = "Bearer"

    def find(self, text: str) -> Found:
        """Return the token's owner."""
        try:
            credential = tokens.read(text)
        except tokens.TokenRefused as error:
            raise exceptions.AuthenticationFailed(
                _("This token opens nothing: it is wrong or has expired.")
            ) from error
        return credential.user or AnonymousUser(), credential


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the pages, with CSRF protection for everything that writes."""

    def authenticate(self, request: Request) -> Any:
        """Return the signed-in user; None when there is none."""
        found = super().authenticate(request)
        if found is None:
            return None
        user = found[0]
        records = get_authentication_records(request._request, user)
        return user, Credential(user=user, strong=any(record.get("method") == "mfa" for record in records))
