"""The envelope of a failed answer: `{"error": true, "message", "code", "details"}`, whatever failed and wherever."""

import math
import sys
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template import loader
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from lib.keyset import CursorError
from tenants.access import CompanyNotNamed
from tenants.api.renderers import dumps

# DRF says "not_authenticated" and "authentication_failed"; the difference helps nobody but a guesser.
_CODES: Final = {"not_authenticated": "unauthenticated", "authentication_failed": "unauthenticated"}


class TooMany(exceptions.Throttled):
    """More requests than the limit lets through."""

    def __init__(self, wait: float) -> None:
        seconds = max(1, math.ceil(wait))
        detail = ngettext(
            "Too many requests. Try again in %(n)d second.",
            "Too many requests. Try again in %(n)d seconds.",
            seconds,
        )
        super().__init__(wait=None, detail=detail % {"n": seconds})
        self.wait = seconds  # set here: DRF would add its own sentence


class Conflict(exceptions.APIException):
    """What was asked for does not fit the present state; the message says the way out."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"

    def __init__(self, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.details = details or {}


class BadParameter(exceptions.APIException):
    """A query parameter could not be used. Nothing was guessed instead."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_parameter"

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class SecondFactorRequired(exceptions.APIException):
    """The password was right; the account also asks for a code."""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_detail = gettext_lazy("Send the code of your second factor as “code”.")
    default_code = "second_factor_required"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the envelope of an error that means something to the caller, or None for a fault of ours (answered with 500)."""
    known = _known(error)
    if known is None:
        return None
    set_rollback()
    headers = {}
    # DRF turns it into 403 on views without authenticators; who is not known gets 401 everywhere.
    if isinstance(known, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        known.status_code = status.HTTP_401_UNAUTHORIZED
    if known.status_code == status.HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Api-Key realm="Painel", Bearer realm="Painel"'
    wait = getattr(known, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return Response(_body(known), status=known.status_code, headers=headers)


def _known(error: Exception) -> exceptions.APIException | None:
    """Return the error as one of DRF's, or None when it is a fault of ours."""
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound(_("There is nothing here, or not for you."))
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or _("You may not do this."))
    if isinstance(error, ValidationError):
        return exceptions.ValidationError(
            error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
        )
    if isinstance(error, CursorError):
        return BadParameter({"cursor": _("This cursor is of another list. Start without one.")})
    if isinstance(error, CompanyNotNamed):
        problem = BadParameter(
            {"X-Tenant": _("You belong to several companies: name one in the header X-Tenant.")}
        )
        problem.problems["companies"] = ", ".join(error.slugs)
        return problem
    return None


def _body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return envelope(_("Some of what was sent cannot be used."), "invalid", _named(error.detail))
    if isinstance(error, BadParameter):
        return envelope(str(error.detail), "bad_parameter", error.problems)
    if isinstance(error, Conflict):
        return envelope(str(error.detail), "conflict", error.details)
    code = str(getattr(error.detail, "code", error.default_code))
    return envelope(str(error.detail), _CODES.get(code, code), {})


def _named(details: Any) -> Any:
    """Return the details with text for every key: DRF counts the entries of a list by number, which JSON has no keys for."""
    if isinstance(details, dict):
        return {str(name): _named(value) for name, value in details.items()}
    return [_named(value) for value in details] if isinstance(details, list) else details


def envelope(message: str, code: str, details: Any) -> dict[str, Any]:
    """Return the body of every failed answer."""
    return {"error": True, "message": message, "code": code, "details": details}


Fallback = Callable[..., HttpResponseBase]


def _page_or_envelope(
    fallback: Fallback, status_code: int, code: str, message: Promise
) -> Callable[..., HttpResponseBase]:
    """Return an error view for the whole site: the API gets the envelope, people get their page."""

    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.path.startswith("/api/"):
            body = dumps(envelope(str(message), code, {}))
            return HttpResponse(body, content_type="application/json", status=status_code)
        return fallback(request, *args, **kwargs)

    return view


# What no view answered: named in config.urls.
bad_request = _page_or_envelope(
    defaults.bad_request, 400, "bad_request", gettext_lazy("This request cannot be read.")
)
forbidden = _page_or_envelope(
    defaults.permission_denied, 403, "permission_denied", gettext_lazy("You may not do this.")
)


def _old_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page that says what to do: mostly the form stood open until the login ended, or the browser keeps no cookies."""
    return render(request, "403_csrf.html", status=status.HTTP_403_FORBIDDEN)


csrf_failure = _page_or_envelope(
    _old_form, 403, "permission_denied", gettext_lazy("The CSRF token is missing or wrong.")
)
not_found = _page_or_envelope(
    defaults.page_not_found, 404, "not_found", gettext_lazy("There is nothing here, or not for you.")
)
_fault = _page_or_envelope(
    defaults.server_error,
    500,
    "server_error",
    gettext_lazy("Something failed on our side. Nothing was lost; try again."),
)


def _no_database(request: HttpRequest) -> HttpResponse:
    """Return the page without a context of the request: whatever asks the database would fail again."""
    return HttpResponse(loader.get_template("503.html").render(), status=503)


_away = _page_or_envelope(
    _no_database,
    503,
    "unavailable",
    gettext_lazy("The database does not answer right now. Nothing was lost; try again in a few seconds."),
)
_AWAY_WAIT: Final = "5"  # seconds


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Return the answer to a fault: 503 while the database is away, which passes and is no bug (browsers show what they kept), else 500."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _fault(request)
    response = _away(request)
    response["Retry-After"] = _AWAY_WAIT
    return response
