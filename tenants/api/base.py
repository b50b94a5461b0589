"""The base of every API view."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, NoReturn

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import doors
from tenants.access import Access, CompanyNotNamed
from tenants.api.errors import BadParameter, TooMany
from tenants.api.validators import validated
from tenants.models import Capability, Tenant, User


class ApiRequest(Request):
    """A request that came through the door."""

    access: Access


class ApiView(APIView):
    """A view behind the door. `requires` names the capability of each method; what it does not name stays shut."""

    requires: ClassVar[Mapping[str, Capability]] = {}
    # Staff with a second factor who names no company looks at the whole installation; `request.access` is then None.
    staff_sees_all: ClassVar[bool] = False

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks. Keys and tokens that open nothing are counted by address. Raises AuthenticationFailed, and TooMany to a guesser.

        Good ones from the same address go on. They are proven by 256 bits each: that they are still looked at helps nobody to guess.
        """
        try:
            super().perform_authentication(request)
        except AuthenticationFailed:
            refusal = doors.knock(request._request, doors.CREDENTIALS)
            if refusal:
                raise TooMany(refusal.wait) from None
            raise

    def check_permissions(self, request: Request) -> None:
        """Let in or raise. Who is turned away is counted too: guessing names of companies must not be free."""
        try:
            super().check_permissions(request)
        except (APIException, Http404, PermissionDenied, CompanyNotNamed):
            self.check_throttles(request)
            raise

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in, then refuse a list's query string with a name that the list does not have. Raises BadParameter."""
        super().initial(request, *args, **kwargs)
        known = getattr(getattr(self, (request.method or "").lower(), None), "query_names", None)
        strange = sorted(set(request.query_params) - known) if known is not None else []
        if strange:
            said = _("This list has no such parameter. It has: %(known)s.") % {
                "known": ", ".join(sorted(known or ()))
            }
            raise BadParameter({name[:40]: said for name in strange[:10]})

    # `Any`: the types of DRF know only its own answers, it lets every other through.
    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Give what is read at every request a validator; cached answers and lists with deltas bring their own."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        is_read = request.method in {"GET", "HEAD"} and answer.status_code == HTTPStatus.OK
        enveloped = isinstance(answer, Response) and isinstance(answer.data, dict) and "meta" in answer.data
        return validated(request, answer) if is_read and enveloped else answer

    def throttled(self, request: Request, wait: float | None) -> NoReturn:
        """Raise the 429 in our words."""
        raise TooMany(wait or 1)


def tenant_of(request: Request) -> Tenant | None:
    """Return the company that is asked about, None when staff asks about all of them."""
    found: Access | None = request.access  # type: ignore[attr-defined]
    return found.tenant if found else None


def actor_of(request: Request) -> Access | User | None:
    """Return who acts, for the audit log: the access, or the member of staff who named no company."""
    found: Access | None = request.access  # type: ignore[attr-defined]
    return found or (request.user if isinstance(request.user, User) else None)
