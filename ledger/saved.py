"""Lists that people keep under a name: their filters, period and order, for themselves or for the whole company."""

from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from ledger.models import SavedView
from tenants import audit
from tenants.access import Access
from tenants.models import Capability, User

MOST: Final = 30  # of one list and person; more is a menu that nobody reads
_OF_ONE_PAGE: Final = ("cursor", "limit")


def views_of(access: Access, user: User, name: str) -> QuerySet[SavedView]:
    """Return what a person may open on a list: their own views and the company's shared ones, by name."""
    mine = Q(user=user) | Q(shared=True)
    return SavedView.objects.filter(mine, tenant=access.tenant, list=name).order_by("name", "pk")


def deletable(access: Access, user: User) -> QuerySet[SavedView]:
    """Return the views that a person may delete: their own, and shared ones if they may change the company's settings."""
    mine = Q(user=user)
    return SavedView.objects.filter(
        mine | Q(shared=True) if access.may(Capability.WRITE) else mine, tenant=access.tenant
    )


def clean_query(query: str) -> str:
    """Return the part of a page's query string that a view keeps: everything but the place in the list."""
    values = QueryDict(query, mutable=True)
    for name in _OF_ONE_PAGE:
        values.pop(name, None)
    return values.urlencode()


@transaction.atomic
def save(*, access: Access, user: User, list_name: str, name: str, query: str, shared: bool) -> SavedView:
    """Return the view under this name; a second save under the same name replaces the first.

    Raises PermissionDenied for sharing without the right to, and ValidationError for a name or query that does not fit.
    """
    if shared:
        access.require(Capability.WRITE)
    name, query = name.replace("\x00", "").strip(), clean_query(query)
    if not 1 <= len(name) <= 60:
        raise ValidationError(_("Give the view a name of at most 60 characters."))
    if len(query) > 1000:
        raise ValidationError(_("These filters are too long to be kept."))
    mine = SavedView.objects.filter(tenant=access.tenant, user=user, list=list_name)
    if mine.exclude(name=name).count() >= MOST:
        raise ValidationError(
            _("You have %(n)d views of this list. Delete one before you save another.") % {"n": MOST}
        )
    view, _made = SavedView.objects.update_or_create(
        tenant=access.tenant,
        user=user,
        list=list_name,
        name=name,
        defaults={"query": query, "shared": shared},
    )
    if shared:
        audit.record(
            tenant=access.tenant, action="add", row=view, actor=access, after={"name": name, "query": query}
        )
    return view


@transaction.atomic
def delete(*, access: Access, view: SavedView) -> None:
    """Delete a view. What was offered to everybody leaves a trace."""
    if view.shared:
        audit.record(
            tenant=access.tenant,
            action="remove",
            row=view,
            actor=access,
            before={"name": view.name, "query": view.query},
        )
    view.delete()
