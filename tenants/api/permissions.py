"""The API's door: everything is closed unless the view says which capability opens it."""

from typing import Any

from django.conf import settings
from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants import access
from tenants.access import Access
from tenants.tokens import Credential


class HasAccess(BasePermission):
    """Lets in whoever belongs to the company and may do what the view's `requires` names for the method.

    Sets `request.access` (None only for staff looking at the whole installation, where the view allows that).
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether to go on. No credential: False, which DRF answers with 401. Raises Http404, PermissionDenied, CompanyNotNamed."""
        credential = request.auth
        if not isinstance(credential, Credential):
            return False
        slug = request.headers.get("X-Tenant", "")
        # An EventSource of a browser cannot send headers, so streams are told in the address.
        if getattr(view, "tenant_in_query", False):
            slug = request.query_params.get("tenant", "") or slug
        found = _enter(credential, slug, staff=view.staff_sees_all)
        request.access = request._request.access = found  # type: ignore[attr-defined]
        method = "GET" if request.method == "HEAD" else request.method
        needed = view.requires.get(method)
        if needed is None:
            # A method that the view does not have is answered with 405, one that it forgot to declare stays shut.
            if method in view.allowed_methods and method != "OPTIONS":
                raise PermissionDenied
            return True
        if found is not None:
            found.name_in_logs()
            found.require(needed)
        return True


def _enter(credential: Credential, slug: str, *, staff: bool) -> Access | None:
    if credential.api_key:
        if slug and slug != credential.api_key.tenant.slug:
            raise Http404
        return access.enter_by_key(key=credential.api_key)
    user = credential.user
    assert user is not None, "a credential has an owner"
    # Staff sees every company, so staff shows a second factor first, as for the admin.
    if staff and user.is_staff and (credential.strong or not settings.ADMIN_SECOND_FACTOR):
        return access.enter_as_staff(user=user, slug=slug) if slug else None
    return access.enter(user=user, slug=slug) if slug else access.enter_only(user=user)
