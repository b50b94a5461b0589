"""The base of every API view."""

from collections.abc import Mapping
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView

from tenants.access import Access
from tenants.models import Capability, Tenant, User


class ApiRequest(Request):
    """A request that came through the door."""

    access: Access


class ApiView(APIView):
    """A view behind the door. `requires` names the capability of each method; what it does not name stays shut."""

    requires: ClassVar[Mapping[str, Capability]] = {}
    # Staff with a second factor who names no company looks at the whole installation; `request.access` is then None.
    staff_sees_all: ClassVar[bool] = False


def tenant_of(request: Request) -> Tenant | None:
    """Return the company that is asked about, None when staff asks about all of them."""
    found: Access | None = request.access  # type: ignore[attr-defined]
    return found.tenant if found else None


def actor_of(request: Request) -> Access | User | None:
    """Return who acts, for the audit log: the access, or the member of staff who named no company."""
    found: Access | None = request.access  # type: ignore[attr-defined]
    return found or (request.user if isinstance(request.user, User) else None)
