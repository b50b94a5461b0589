"""Tokens: how a program comes in without a session."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import login, tokens
from tenants.api.answers import ok
from tenants.api.authentication import ApiKeyAuthentication, SessionAuthentication
from tenants.api.errors import SecondFactorRequired
from tenants.api.schema import INTEGER, STRING, Schema, documented, record
from tenants.tokens import Credential

ACCESS: dict[str, Schema] = {"access": STRING, "token_type": {"const": "Bearer"}, "expires_in": INTEGER}
PAIR = record({**ACCESS, "refresh": STRING, "refresh_expires_in": INTEGER})


class PasswordForm(serializers.Serializer[Any]):
    """What a person without session or key sends."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1_000, trim_whitespace=False)
    code = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)


class RefreshForm(serializers.Serializer[Any]):
    """What is sent for a new access token."""

    refresh = serializers.CharField(max_length=4_000)


class TokenView(APIView):
    """Gives a pair of tokens to whoever proves to be somebody."""

    # No Bearer: a token of 15 minutes must not buy one of seven days.
    authentication_classes = (ApiKeyAuthentication, SessionAuthentication)
    permission_classes = (AllowAny,)

    @documented(
        summary="Tokens from a session, an API key, or a password",
        description="With a session or an API key the body stays empty. With a password, accounts that have a second factor also send "
        "`code`. Locked after five failures in five minutes, like the login page.",
        data=PAIR,
        body={
            "type": "object",
            "properties": {
                "email": {"type": "string", "format": "email"},
                "password": STRING,
                "code": STRING,
            },
        },
        errors=(400, 401, 429),
    )
    def post(self, request: Request) -> Response:
        """Issue a pair."""
        credential = request.auth if isinstance(request.auth, Credential) else _by_password(request)
        return ok(tokens.issue(credential))


def _by_password(request: Request) -> Credential:
    form = PasswordForm(data=request.data)
    if not request.data:
        raise AuthenticationFailed(_("Send e-mail and password, or come with a session or an API key."))
    form.is_valid(raise_exception=True)
    try:
        return login.by_password(request._request, **form.validated_data)
    except login.Refused as error:
        raise AuthenticationFailed(_("E-mail, password or code is not right.")) from error
    except login.CodeMissing as error:
        raise SecondFactorRequired from error
    except login.LockedOut as error:
        raise Throttled(
            wait=login.LOCKED_SECONDS, detail=_("Too many attempts. Wait a few minutes and try again.")
        ) from error


class TokenRefreshView(APIView):
    """Gives a new access token for a refresh token."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @documented(
        summary="A new access token",
        description="Refused when the user was deactivated, changed the password, or the key was revoked.",
        data=record(ACCESS),
        body=record({"refresh": STRING}),
        errors=(400, 401, 429),
        open_to_all=True,
    )
    def post(self, request: Request) -> Response:
        """Refresh."""
        form = RefreshForm(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            return ok(tokens.refresh(form.validated_data["refresh"]))
        except tokens.TokenRefused as error:
            raise AuthenticationFailed(_("This token opens nothing: it is wrong or has expired.")) from error
