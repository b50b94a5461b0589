"""Signing in with a password outside the pages: the same lock-out, the same second factor as the login page."""

from typing import Final

from allauth.account.adapter import get_adapter
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from tenants.models import User
from tenants.tokens import Credential

LOCKED_SECONDS: Final = 300  # the longer window of ACCOUNT_RATE_LIMITS["login_failed"]
CODES: Final = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)


class Refused(Exception):
    """No such account, a wrong password, a wrong code, or an account that may not come in: they look alike."""


class LockedOut(Exception):
    """Too many failed attempts, for this address or this account."""


class CodeMissing(Exception):
    """The password was right; the account asks for a second factor."""


def by_password(request: HttpRequest, *, email: str, password: str, code: str = "") -> Credential:
    """Return who proved to be the owner of the account. Raises Refused, LockedOut, CodeMissing."""
    try:
        user = get_adapter().authenticate(request, email=email.strip(), password=password)
    except ValidationError as error:
        raise LockedOut from error
    # allauth also hands out accounts that were closed, so that its page can say so.
    if user is None or not user.is_active:
        raise Refused
    if not is_mfa_enabled(user):
        return Credential(user=user)
    if not code:
        raise CodeMissing
    _check_code(user, code)
    return Credential(user=user, strong=True)


def _check_code(user: User, code: str) -> None:
    try:
        forget_failures = check_rate_limit(user)
    except ValidationError as error:
        raise LockedOut from error
    for authenticator in Authenticator.objects.filter(user=user, type__in=CODES):
        if authenticator.wrap().validate_code(code):
            authenticator.record_usage()
            forget_failures()
            return
    raise Refused
