"""Telling people, marking as read, keeping their wishes."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.http import url_has_allowed_host_and_scheme

from lib import clock, jsontext, pg
from live import wake
from live.events import publish
from live.models import EventSubscription, Notification, NotificationPreference
from live.notifications import catalog, queries
from live.notifications.due import Quiet, due_at
from live.notifications.queries import Hearer, Wishes
from tenants.models import Tenant, User

SEND: Final = "live.send_notifications"
KEPT_READ: Final = timedelta(days=90)
KEPT_UNREAD: Final = timedelta(days=365)
_BATCH: Final = 5_000
Severity = Notification.Severity

_INSERT = """
INSERT INTO live_notification (tenant_id, user_id, event, severity, params, path, once_key, email_due_at)
SELECT %(tenant)s, hearer.user_id, %(event)s, %(severity)s, %(params)s::jsonb, %(path)s, %(once_key)s, hearer.due
FROM unnest(%(users)s::bigint[], %(due)s::timestamptz[]) AS hearer (user_id, due)
ORDER BY hearer.user_id
ON CONFLICT DO NOTHING
RETURNING id, user_id
"""


@transaction.atomic
def notify(
    event: str,
    *,
    tenant: Tenant,
    params: Mapping[str, Any],
    path: str = "",
    severity: str | None = None,
    users: Collection[User] | None = None,
    once_key: str = "",
) -> list[int]:
    """Tell the people of a company who hear of `event`, in the caller's transaction; return the ids of the new notifications.

    `params` are what the event's sentences need, as JSON. `path` is where the reader goes, in place of the catalog's page. `users` are told
    instead of the event's audience, as far as they are members and did not turn it off. With `once_key` a person is told once: the
    same key again, also from another process at the same moment, tells nobody twice. Each row publishes the event `notification`.
    Raises UnknownEvent, and ValueError for a severity that does not exist or a path that leads out of the panel.
    """
    kind = catalog.get(event)
    level = Severity(severity or kind.severity).value
    if path and not (path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)):
        raise ValueError(f"{path!r} is no path of this panel")
    kept: dict[str, Any] = json.loads(jsontext.canonical(dict(params)))
    found = queries.hearers(kind, tenant=tenant, params=kept, severity=level, users=users)
    if not found:
        return []
    now = clock.now()
    due = [_due(hearer, tenant=tenant, severity=level, now=now) for hearer in found]
    values = {
        "tenant": tenant.pk,
        "event": event,
        "severity": level,
        "params": json.dumps(kept),
        "path": path,
        "once_key": once_key,
        "users": [hearer.user_id for hearer in found],
        "due": due,
    }
    rows = pg.fetch(_INSERT, values)
    if rows and any(at is not None and at <= now for at in due):
        wake.on_commit(SEND)
    for pk, user_id in rows:
        publish("notification", tenant_id=tenant.pk, user=user_id, id=pk)
    return [pk for pk, _user_id in rows]


def amend(*, tenant: Tenant, once_key: str, params: Mapping[str, Any]) -> int:
    """Give what was told under a key the words that are true now; return how many notifications. Nobody is told again; e-mail that waits says
    the new words.
    """
    kept: dict[str, Any] = json.loads(jsontext.canonical(dict(params)))
    return Notification.objects.filter(tenant=tenant, once_key=once_key).update(params=kept)


def _due(hearer: Hearer, *, tenant: Tenant, severity: str, now: datetime) -> datetime | None:
    """Return when this person's e-mail goes out, None when they want none."""
    preference = hearer.preference
    if preference is None or not preference.email_notifications:
        return None
    return due_at(
        now,
        frequency=preference.frequency,
        quiet=queries.quiet_of(preference),
        zone=tenant.zone,
        critical=severity == Severity.CRITICAL,
    )


@transaction.atomic
def mark_read(*, tenant: Tenant, user: User, pk: int) -> Notification:
    """Mark one of the person's notifications as read and return it; reading again changes nothing. Raises Notification.DoesNotExist."""
    rows = queries.mine(tenant=tenant, user=user).filter(pk=pk)
    if rows.filter(read_at=None).update(read_at=clock.now()):
        _tell_other_devices(tenant, user, id=pk)
    return rows.get()


@transaction.atomic
def mark_all_read(*, tenant: Tenant, user: User, up_to: int | None = None) -> int:
    """Mark as read what the person was told, those up to the id `up_to` when it is given: what came since was not seen. Return how many."""
    rows = queries.mine(tenant=tenant, user=user).filter(read_at=None)
    done = (rows if up_to is None else rows.filter(pk__lte=up_to)).update(read_at=clock.now())
    if done:
        _tell_other_devices(tenant, user)
    return done


def _tell_other_devices(tenant: Tenant, user: User, **ids: Any) -> None:
    """Let the person's other bells count again: one event, however many were read, and none when nothing changed."""
    publish("notification", tenant_id=tenant.pk, user=user.pk, operation="read", **ids)


@transaction.atomic
def save_wishes(
    *, tenant: Tenant, user: User, wishes: Wishes, offered: Iterable[str] | None = None
) -> Wishes:
    """Keep how this person wants to hear of this company, and return what holds now.

    Events that `wishes` does not name are turned off: of `offered` when given (those that a form showed), else of all that the
    person's role may hear. E-mail that waits already follows the new wishes. Raises UnknownEvent.
    """
    catalog.check(wishes.events)
    may = {kind.event for kind in queries.kinds_for(tenant=tenant, user=user)}
    shown = (may if offered is None else may & set(offered)) | set(wishes.events)
    EventSubscription.objects.bulk_create(
        [
            EventSubscription(tenant=tenant, user=user, event_type=event, is_active=event in wishes.events)
            for event in sorted(shown)
        ],
        update_conflicts=True,
        unique_fields=["tenant", "user", "event_type"],
        update_fields=["is_active"],
    )
    NotificationPreference.objects.update_or_create(
        tenant=tenant,
        user=user,
        defaults={
            "frequency": wishes.frequency,
            "sound_enabled": wishes.sound,
            "email_notifications": wishes.email,
            "channels": channels(wishes),
            "quiet_from": wishes.quiet.start if wishes.quiet else None,
            "quiet_until": wishes.quiet.end if wishes.quiet else None,
        },
    )
    _plan_again(tenant, user, wishes)
    return queries.wishes(tenant=tenant, user=user)


def subscribe(
    *, tenant: Tenant, user: User, event: str, is_active: bool, filters: Mapping[str, Collection[str]]
) -> EventSubscription:
    """Keep whether this person hears of one event in this company, and of which of its occasions: all filters must name what one has.

    Return the row. Raises UnknownEvent, and ValueError for a filter that does not exist or has a value that no occasion has.
    """
    known = catalog.get(event).filters()
    kept = {name: sorted(set(values)) for name, values in filters.items()}
    strange = {name for name, values in kept.items() if not values or set(values) - set(known.get(name, ()))}
    if strange:
        raise ValueError(f"unknown filters of {event}: {', '.join(sorted(strange))}")
    row, _ = EventSubscription.objects.update_or_create(
        tenant=tenant, user=user, event_type=event, defaults={"is_active": is_active, "filters": kept}
    )
    return row


def channels(wishes: Wishes) -> list[str]:
    """Return the ways by which the person is reached: the bell always, e-mail where it is wanted."""
    return ["app", "email"] if wishes.email else ["app"]


def _plan_again(tenant: Tenant, user: User, wishes: Wishes) -> None:
    """Give e-mail that waits its time by the new wishes. What is due already, or being sent, keeps its time."""
    now = clock.now()
    waiting = queries.mine(tenant=tenant, user=user).filter(emailed_at=None, email_due_at__isnull=False)
    if not wishes.email:
        waiting.update(email_due_at=None)
        return
    due = due_at(now, frequency=wishes.frequency, quiet=wishes.quiet, zone=tenant.zone)
    later = waiting.filter(email_due_at__gt=now, email_attempts=0).exclude(severity=Severity.CRITICAL)
    if later.update(email_due_at=due) and due <= now:
        wake.on_commit(SEND)


@transaction.atomic
def stop_email(*, tenant: Tenant, user: User) -> None:
    """Send this person no more e-mail about this company; the bell goes on. What waits is not sent."""
    NotificationPreference.objects.filter(tenant=tenant, user=user).update(
        email_notifications=False, channels=["app"]
    )
    queries.mine(tenant=tenant, user=user).filter(emailed_at=None).exclude(email_due_at=None).update(
        email_due_at=None
    )


def quiet_hours(start: Any, end: Any) -> Quiet | None:
    """Return quiet hours of two times of day, None when both are missing. Raises ValueError for one alone, or two that are the same."""
    if start is None and end is None:
        return None
    if start is None or end is None or start == end:
        raise ValueError("quiet hours need a beginning and another end")
    return Quiet(start, end)


def prune() -> int:
    """Delete what was read and is older than 90 days, and all that is older than a year; a bounded number a call. Return how many."""
    return pg.execute(
        """
        DELETE FROM live_notification WHERE id IN (
            SELECT id FROM live_notification
            WHERE created_at < now() - make_interval(secs => %s)
               OR (created_at < now() - make_interval(secs => %s) AND read_at IS NOT NULL)
            ORDER BY id LIMIT %s
        )
        """,
        [KEPT_UNREAD.total_seconds(), KEPT_READ.total_seconds(), _BATCH],
    )
