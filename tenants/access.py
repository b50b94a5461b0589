"""The one door: who may see and do what in which company. Strangers get 404, readers who may not write get 403."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from tenants.models import ApiKey, Capability, Membership, Tenant, User

P = ParamSpec("P")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody inside one company: a member or an API key, and what they may do."""

    tenant: Tenant
    capabilities: frozenset[Capability]
    user: User | None = None
    api_key: ApiKey | None = None

    def may(self, capability: Capability | str) -> bool:
        """Return whether this access includes the capability."""
        return capability in self.capabilities

    def require(self, capability: Capability | str) -> None:
        """Raise PermissionDenied unless this access includes the capability."""
        if not self.may(capability):
            raise PermissionDenied(self._refusal(capability))

    def _refusal(self, capability: Capability | str) -> str:
        names = {"company": self.tenant.name, "capability": Capability(capability).label}
        if self.api_key:
            return _("This key lacks the scope “%(capability)s” in %(company)s.") % names
        return _("Your role in %(company)s does not allow this.") % names

    def name_in_logs(self) -> None:
        """Let every log line from here on say the ids of company and person."""
        structlog.contextvars.bind_contextvars(tenant=self.tenant.pk)
        if self.user:
            structlog.contextvars.bind_contextvars(user=self.user.pk)

    @property
    def actor_name(self) -> str:
        """Return who this is, for the audit log."""
        return str(self.user) if self.user else f"API key {self.api_key}"


class TenantRequest(HttpRequest):
    """A request that came through the door."""

    htmx: HtmxDetails
    access: Access
    tenant: Tenant
    user: User


class CompanyNotNamed(Exception):
    """The user belongs to several companies and named none; `slugs` are theirs."""

    def __init__(self, slugs: list[str]) -> None:
        super().__init__("several companies")
        self.slugs = slugs


def enter(*, user: User, slug: str) -> Access:
    """Return the user's access to the company `slug`. Raises Http404 when there is none: a stranger must not learn that it exists."""
    membership = (
        Membership.objects.select_related("tenant")
        .filter(user=user, tenant__slug=slug, tenant__is_active=True)
        .first()
        if user.is_authenticated and user.is_active
        else None
    )
    if membership is None:
        raise Http404
    return Access(tenant=membership.tenant, capabilities=membership.capabilities, user=user)


def enter_only(*, user: User) -> Access:
    """Return the access of a user who belongs to one company. Raises Http404 when there is none and CompanyNotNamed when there are several."""
    found = list(
        Membership.objects.select_related("tenant")
        .filter(user=user, tenant__is_active=True)
        .order_by("tenant__slug")[:50]
    )
    if not found:
        raise Http404
    if len(found) > 1:
        raise CompanyNotNamed([membership.tenant.slug for membership in found])
    return Access(tenant=found[0].tenant, capabilities=found[0].capabilities, user=user)


def enter_by_key(*, key: ApiKey) -> Access:
    """Return the access that an API key gives: its company, its scopes."""
    return Access(
        tenant=key.tenant, capabilities=frozenset(Capability(scope) for scope in key.scopes), api_key=key
    )


def enter_as_staff(*, user: User, slug: str) -> Access:
    """Return the installation's staff inside any company, for operating it: everything but managing its people. Raises Http404."""
    tenant = get_object_or_404(Tenant, slug=slug)
    return Access(tenant=tenant, capabilities=frozenset(Capability) - {Capability.OWN}, user=user)


def member_required(
    capability: Capability = Capability.READ,
) -> Callable[
    [Callable[Concatenate[Any, P], HttpResponseBase]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]
]:
    """Return a decorator for pages under /t/<slug>/: signs in, enters the tenant (404 for strangers), requires the capability (403).

    The view receives a TenantRequest and no `slug`.
    """

    def decorate(
        view: Callable[Concatenate[Any, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @login_required
        @wraps(view)
        def inside(request: Any, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            request.access = enter(user=request.user, slug=slug)
            request.tenant = request.access.tenant
            request.access.name_in_logs()
            request.access.require(capability)
            return view(request, *args, **kwargs)

        inside.requires = capability  # type: ignore[attr-defined]  # a test walks the URLs and asks
        return inside  # type: ignore[return-value]

    return decorate


def owned(queryset: QuerySet[M], *, tenant: Tenant, **lookup: Any) -> M:
    """Return the tenant's row, or raise 404."""
    return get_object_or_404(queryset.filter(tenant=tenant), **lookup)
