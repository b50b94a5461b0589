"""E-mail from rows: whatever is due for a person in a company goes out as one message.

Whoever sends first moves the rows' due time on and commits (the claim), then speaks with the mail server, then marks the rows as sent. So a
message is lost in no case, and doubled in one: when the worker dies, or loses the database, between the server's "accepted" and our mark.
The second copy has the same Message-ID, by which mail programs recognise it.
"""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

import structlog
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib import clock
from live.models import Notification, NotificationPreference
from live.notifications import queries
from live.notifications.due import after_quiet, is_quiet
from live.notifications.words import Shown, shown
from tenants.models import Membership, Tenant, User

log = structlog.get_logger(__name__)
# Longer than sending one message can take: what is not marked by then is sent again.
LEASE: Final = timedelta(minutes=10)
TIMEOUT: Final = 20  # seconds that the mail server may be silent
FIRST_REST: Final = timedelta(minutes=1)
LONGEST_REST: Final = timedelta(hours=1)
GIVE_UP: Final = timedelta(days=4)  # after it happened; it stays in the bell
MOST: Final = 200  # notifications in one message
SALT: Final = "live.notifications.unsubscribe"


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to one person about one company in one message. Without rows there is nothing to send (any more)."""

    tenant: Tenant
    user: User
    rows: Sequence[Notification]


def send_due() -> int:
    """Send every message that is due, and return how many went out. Several workers may do it at once.

    A message that fails rests, longer each time (1 minute to 1 hour), until four days after it happened; a recipient that the server
    refuses for good is not tried again. When the server cannot be reached the rest waits for the next call.
    """
    sent = 0
    connection: BaseEmailBackend = get_connection(timeout=TIMEOUT)
    try:
        while (letter := _claim(clock.now())) is not None:
            if not letter.rows:
                continue
            try:
                connection.open()
            except OSError as error:  # smtplib's errors are among them
                _failed(letter, error)
                return sent
            sent += _send(letter, connection)
    finally:
        _close(connection)
    return sent


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError as error:  # a server that hangs up first has taken everything all the same
        log.info("mail_connection_lost", error=type(error).__name__)


# --- which ---------------------------------------------------------------------------------------------------------------
@transaction.atomic
def _claim(now: datetime) -> Letter | None:
    """Return the next message, its rows given a later due time that commits before anything is sent; None when nothing is due.

    The lock on the person's preferences keeps a second worker from taking half of a digest.
    """
    due = Notification.objects.filter(emailed_at=None, email_due_at__lte=now)
    theirs = due.filter(tenant=OuterRef("tenant"), user=OuterRef("user"))
    preference = (
        NotificationPreference.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("tenant", "user")
        .filter(Exists(theirs))
        .order_by("pk")
        .first()
    )
    if preference is None:
        return None
    rows = due.filter(tenant=preference.tenant_id, user=preference.user_id)
    wanted = _still_wanted(preference, rows, now)
    taken = list(wanted.order_by("pk")[:MOST])
    Notification.objects.filter(pk__in=[row.pk for row in taken]).update(
        email_due_at=now + LEASE, email_attempts=F("email_attempts") + 1
    )
    return Letter(preference.tenant, preference.user, taken)


def _still_wanted(
    preference: NotificationPreference, rows: QuerySet[Notification], now: datetime
) -> QuerySet[Notification]:
    """Return the rows that may go out now; the others are given up, or moved to the end of the quiet hours."""
    member = Membership.objects.filter(
        tenant=preference.tenant_id, user=preference.user_id, user__is_active=True, tenant__is_active=True
    )
    if not preference.email_notifications or not member.exists():
        rows.update(email_due_at=None)
        return rows.none()
    zone, quiet = preference.tenant.zone, queries.quiet_of(preference)
    if is_quiet(now, quiet=quiet, zone=zone):
        # Due before, but no worker came: it waits like everything that happens now.
        calm = rows.exclude(severity=Notification.Severity.CRITICAL)
        calm.update(email_due_at=after_quiet(now, quiet=quiet, zone=zone))
        return rows.filter(severity=Notification.Severity.CRITICAL)
    return rows


# --- sending ---------------------------------------------------------------------------------------------------------------
def _send(letter: Letter, connection: BaseEmailBackend) -> int:
    """Send one message and mark its rows. Return 1, or 0 when the server did not take it."""
    try:
        connection.send_messages([message(letter)])
    except OSError as error:
        _failed(letter, error)
        # After an error the conversation is in no known state.
        _close(connection)
        return 0
    _rows(letter).update(emailed_at=clock.now())
    return 1


def _failed(letter: Letter, error: OSError) -> None:
    """Let the message rest, or give it up: it stays in the bell."""
    attempts = max(row.email_attempts for row in letter.rows) + 1
    rest = min(FIRST_REST * 2 ** min(attempts - 1, 10), LONGEST_REST)
    now = clock.now()
    hopeless = _is_final(error)
    rows = _rows(letter)
    rows.update(email_due_at=now + rest)
    lost = (rows if hopeless else rows.filter(created_at__lt=now - GIVE_UP)).update(email_due_at=None)
    log.warning(
        "notification_mail_failed",
        tenant=letter.tenant.pk,
        user=letter.user.pk,
        notifications=len(letter.rows),
        given_up=lost,
        attempts=attempts,
        error=type(error).__name__,
    )


def _is_final(error: OSError) -> bool:
    """Return whether the server will never take mail for this address."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _text in error.recipients.values())


def _rows(letter: Letter) -> QuerySet[Notification]:
    return Notification.objects.filter(pk__in=[row.pk for row in letter.rows], emailed_at=None)


# --- the message -----------------------------------------------------------------------------------------------------------
def message(letter: Letter) -> EmailMultiAlternatives:
    """Return the message in the person's language, with times on the company's clock: plain text, and the same as simple HTML."""
    with translation.override(letter.user.language), timezone.override(letter.tenant.zone):
        items = [shown(row, letter.tenant) for row in letter.rows]
        context = {
            "tenant": letter.tenant,
            "items": items,
            "root": root(),
            "preferences": root() and root() + reverse("notifications:settings", args=[letter.tenant.slug]),
        }
        mail = EmailMultiAlternatives(
            subject=_subject(letter, items),
            body=render_to_string("notifications/email.txt", context),
            to=[letter.user.email],
            headers=_headers(letter),
        )
        mail.attach_alternative(render_to_string("notifications/email.html", context), "text/html")
    return mail


def _subject(letter: Letter, items: Sequence[Shown]) -> str:
    if len(items) == 1:
        text = _("%(title)s · %(company)s") % {"title": items[0].title, "company": letter.tenant.name}
    else:
        count = ngettext("%(n)d notification", "%(n)d notifications", len(items)) % {"n": len(items)}
        text = _("%(title)s · %(company)s") % {"title": count, "company": letter.tenant.name}
    return " ".join(text.split())  # a line break in a name must not end the header


def _headers(letter: Letter) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    first, last = letter.rows[0].pk, letter.rows[-1].pk
    name = f"painel.{letter.tenant.pk}.{letter.user.pk}.{first}.{last}.{len(letter.rows)}"
    headers = {"Message-ID": f"<{name}@{domain}>", "Auto-Submitted": "auto-generated"}
    if root():
        way = reverse("notifications:unsubscribe", args=[token(tenant=letter.tenant, user=letter.user)])
        # RFC 8058: a mail program may post there without asking anybody.
        headers |= {
            "List-Unsubscribe": f"<{root()}{way}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    return headers


def root() -> str:
    """Return the address of the panel without a slash at its end; empty where nobody said it: then messages have no links."""
    return str(settings.PUBLIC_URL).rstrip("/")


def token(*, tenant: Tenant, user: User) -> str:
    """Return the text by which the holder of a message ends this person's e-mail about this company, and can do nothing else."""
    return signing.dumps([tenant.pk, user.pk], salt=SALT)


def holder(text: str) -> Membership | None:
    """Return the membership that an unsubscribing link is about; None for a link that is not ours, or a person who left."""
    try:
        tenant_id, user_id = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return Membership.objects.select_related("tenant", "user").filter(tenant=tenant_id, user=user_id).first()
