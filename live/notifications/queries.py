"""Reading what people were told, and how they want to be told."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from lib.keyset import Page, paginate
from live.models import EventSubscription, Notification, NotificationPreference
from live.notifications import catalog
from live.notifications.catalog import Kind
from live.notifications.due import Quiet
from tenants.models import Membership, Tenant, User

COUNTED: Final = 100  # unread ones are counted as far as this: the bell says "99+"


@dataclass(frozen=True, slots=True)
class Wishes:
    """How one person wants to hear of one company, and of which events."""

    events: tuple[str, ...]
    frequency: str
    sound: bool
    email: bool
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class Bell:
    """How many the person has not read, COUNTED at most, and the newest of them (0: none)."""

    unread: int
    newest: int

    @property
    def shown(self) -> str:
        """Return the number as the bell says it."""
        return str(self.unread) if self.unread < COUNTED else f"{COUNTED - 1}+"


@dataclass(frozen=True, slots=True)
class Hearer:
    """Somebody who hears of an event; `preference` is None for a person who never chose: the bell only."""

    user_id: int
    preference: NotificationPreference | None


def mine(*, tenant: Tenant, user: User) -> QuerySet[Notification]:
    """Return what this person was told about this company."""
    return Notification.objects.filter(tenant=tenant, user=user)


def listing(
    *, tenant: Tenant, user: User, limit: int, unread: bool = False, cursor: str | None = None
) -> Page[Notification]:
    """Return one page of what the person was told, newest first. Raises CursorError."""
    rows = mine(tenant=tenant, user=user)
    return paginate(rows.filter(read_at=None) if unread else rows, order=("-id",), limit=limit, cursor=cursor)


def bell(*, tenant: Tenant, user: User) -> Bell:
    """Return what the bell shows this person. One query."""
    rows = mine(tenant=tenant, user=user).filter(read_at=None)
    ids = list(rows.order_by("-pk").values_list("pk", flat=True)[:COUNTED])
    return Bell(unread=len(ids), newest=ids[0] if ids else 0)


def newer(*, tenant: Tenant, user: User, than: int) -> list[Notification]:
    """Return the unread ones after the id `than`, newest first, five at most."""
    return list(mine(tenant=tenant, user=user).filter(read_at=None, pk__gt=than).order_by("-pk")[:5])


def quiet_of(preference: NotificationPreference | None) -> Quiet | None:
    """Return the person's quiet hours, None when there are none."""
    if preference is None or preference.quiet_from is None or preference.quiet_until is None:
        return None
    return Quiet(preference.quiet_from, preference.quiet_until)


def wishes(*, tenant: Tenant, user: User) -> Wishes:
    """Return the person's wishes; what they never chose is as the catalog says. Two queries and one for the membership."""
    row = NotificationPreference.objects.filter(tenant=tenant, user=user).first()
    found = row or NotificationPreference(tenant=tenant, user=user)
    return Wishes(
        events=tuple(sorted(_chosen(tenant=tenant, user=user))),
        frequency=found.frequency,
        sound=found.sound_enabled,
        email=found.email_notifications,
        quiet=quiet_of(found),
    )


def _chosen(*, tenant: Tenant, user: User) -> set[str]:
    """Return the events that this person hears of: what they chose, else the default of those that their role may hear."""
    mine = EventSubscription.objects.filter(tenant=tenant, user=user)
    said = dict(mine.values_list("event_type", "is_active"))
    may = {kind.event for kind in kinds_for(tenant=tenant, user=user)}
    return {kind.event for kind in catalog.kinds() if said.get(kind.event, kind.on and kind.event in may)}


def kinds_for(*, tenant: Tenant, user: User) -> list[Kind]:
    """Return the events that this person's role may hear of, in the order of the catalog."""
    membership = Membership.objects.filter(tenant=tenant, user=user).first()
    return [kind for kind in catalog.kinds() if membership and kind.is_for(membership)]


def subscriptions(*, tenant: Tenant, user: User) -> list[tuple[Kind, EventSubscription]]:
    """Return what the person's role may hear of, with what they chose; an unsaved row says the catalog's default. Two queries."""
    rows = {row.event_type: row for row in EventSubscription.objects.filter(tenant=tenant, user=user)}
    return [
        (kind, rows.get(kind.event) or EventSubscription(event_type=kind.event, is_active=kind.on))
        for kind in kinds_for(tenant=tenant, user=user)
    ]


def hearers(
    kind: Kind,
    *,
    tenant: Tenant,
    params: Mapping[str, Any],
    severity: str,
    users: Collection[User] | None = None,
) -> list[Hearer]:
    """Return who hears of this: members who may and did not turn it off, by id.

    `users` names them instead of the audience; who is no active member of the company hears nothing all the same. Three queries.
    """
    members = Membership.objects.filter(tenant=tenant, tenant__is_active=True, user__is_active=True)
    if users is not None:
        found = list(members.filter(user__in=[user.pk for user in users]))
    else:
        found = [membership for membership in members if kind.is_for(membership)]
    ids = [membership.user_id for membership in found]
    said = {
        row.user_id: row
        for row in EventSubscription.objects.filter(tenant=tenant, event_type=kind.event, user__in=ids)
    }
    preferences = {
        row.user_id: row for row in NotificationPreference.objects.filter(tenant=tenant, user__in=ids)
    }
    return [
        Hearer(user_id, preferences.get(user_id))
        for user_id in sorted(ids)
        if _hears(kind, said.get(user_id), severity=severity, params=params)
    ]


def _hears(kind: Kind, said: EventSubscription | None, *, severity: str, params: Mapping[str, Any]) -> bool:
    """Return whether the person's choice lets this one through: every filter must name what the notification has."""
    if said is None:
        return kind.on
    facts = {**params, "severity": severity}
    return said.is_active and all(facts.get(name) in allowed for name, allowed in said.filters.items())
