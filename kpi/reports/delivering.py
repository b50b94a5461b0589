"""Delivering: what is due becomes rows, each row one message, each message handed over once.

A worker claims a row (it gets a later due time and a number of its own, and commits), makes the files, then marks the row as being sent,
commits, and only then speaks of its content with the mail server. Killed before that mark, the row is taken again when its time is up; killed
after it, nobody knows whether the server took the message, so it is not sent by itself again but shown as such, with a button. So nothing is
sent twice and nothing disappears. Whatever the server refuses, or cannot be reached for, waits longer and longer and is tried again.
"""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from kpi.exports.typesetting import TypesettingError
from kpi.models import Report, ReportDelivery
from kpi.reports import letters, recipients, rendering, telling
from kpi.reports.occasions import next_occasion
from kpi.reports.services import copy_of, plan_of, who_of
from lib import clock

log = structlog.get_logger(__name__)
# Longer than making and sending one message can take.
LEASE: Final = timedelta(minutes=10)
TIMEOUT: Final = 20  # seconds that the mail server may be silent
FIRST_REST: Final = timedelta(minutes=1)
LONGEST_REST: Final = timedelta(hours=1)
GIVE_UP: Final = timedelta(days=3)  # after it was planned
MOST_DEATHS: Final = 6  # claims that came to nothing: what kills its worker must not do so for ever
KEPT: Final = timedelta(days=400)
Status = ReportDelivery.Status


# --- what is due -----------------------------------------------------------------------------------------------------------
def plan_due() -> int:
    """Make the deliveries of every report whose occasion has come; return how many reports. Occasions missed meanwhile are made up for by one."""
    done = 0
    while _plan_next(clock.now()):
        done += 1
    return done


@transaction.atomic
def _plan_next(now: datetime) -> bool:
    due = Report.objects.filter(is_active=True, next_at__lte=now, tenant__is_active=True)
    report = (
        due.select_for_update(no_key=True, of=("self",), skip_locked=True)
        .select_related("tenant")
        .order_by("next_at")
        .first()
    )
    if report is None:
        return False
    assert report.next_at is not None, "filtered by it"
    rows = [
        ReportDelivery(
            tenant=report.tenant, report=report, recipient=one, user=one.user, who=who_of(one), occasion=report.next_at.isoformat(),
            planned_for=report.next_at, due_at=now, language=one.user.language if one.user else one.language, **copy_of(one),
        )
        for one in report.recipients.select_related("user").filter(unsubscribed_at=None)
    ]  # fmt: skip
    # The unique key decides, whatever made the rows before: one occasion, one recipient, one row.
    ReportDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    report.next_at = next_occasion(plan_of(report), after=now, zone=report.tenant.zone)
    report.save(update_fields=["next_at"])
    return True


# --- one after the other ---------------------------------------------------------------------------------------------------
def deliver_due() -> int:
    """Deliver everything that is due, and return how many messages went out. Several workers may do it at once.

    When the mail server cannot be reached the rest waits for the next call.
    """
    sent = 0
    connection: BaseEmailBackend = get_connection(timeout=TIMEOUT)
    try:
        while (delivery := _claim(clock.now())) is not None:
            made = _make(delivery)
            if made is None:
                continue
            try:
                connection.open()
            except OSError as error:  # smtplib's errors are among them
                _rest(delivery, error)
                return sent
            sent += _send(delivery, made, connection)
    finally:
        _close(connection)
    return sent


@transaction.atomic
def _claim(now: datetime) -> ReportDelivery | None:
    """Return the next delivery, taken for this worker until its lease ends; None when nothing is due."""
    _end_lost(now)
    due = ReportDelivery.objects.filter(status__in=[Status.QUEUED, Status.MAKING], due_at__lte=now)
    row = due.select_for_update(no_key=True, skip_locked=True).order_by("due_at", "pk").first()
    if row is None:
        return None
    ReportDelivery.objects.filter(pk=row.pk).update(
        status=Status.MAKING, due_at=now + LEASE, attempts=F("attempts") + 1
    )
    return ReportDelivery.objects.select_related(
        "tenant", "report__tenant", "report__board__tenant", "recipient__user", "user"
    ).get(pk=row.pk)


def _end_lost(now: datetime) -> None:
    """Say of what a killed worker had in hand that nobody knows, and give up what kills every worker."""
    lost = ReportDelivery.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        due_at__lte=now
    )
    # Attempts that the mail server refused left a reason: of these a single death more says nothing.
    deadly = Q(reason="") | Q(planned_for__lt=now - GIVE_UP)
    killed = Q(status=Status.MAKING, attempts__gte=MOST_DEATHS) & deadly
    for row in lost.filter(Q(status=Status.SENDING) | killed):
        if row.status == Status.SENDING:
            _end(
                row,
                Status.UNSURE,
                gettext_noop("The connection broke while the mail server took it. It may have arrived."),
            )
        else:
            _end(row, Status.FAILED, gettext_noop("It could not be made. Nothing was sent."))


# --- making ----------------------------------------------------------------------------------------------------------------
def _make(delivery: ReportDelivery) -> EmailMultiAlternatives | None:
    """Return the message; None where there is nothing to send (any more), which the row then says."""
    refusal = recipients.refusal(delivery)
    if refusal:
        _end(delivery, Status.DROPPED, refusal)
        return None
    with translation.override(delivery.language), timezone.override(delivery.tenant.zone):
        try:
            return _written(delivery)
        except (TypesettingError, ArithmeticError, LookupError, ValueError, MemoryError) as error:
            log.exception("report_not_made", delivery=delivery.pk, tenant=delivery.tenant_id)
            _rest(delivery, error, reason=gettext_noop("It could not be made. Nothing was sent."))
            return None


def _written(delivery: ReportDelivery) -> EmailMultiAlternatives | None:
    found = rendering.read(delivery)
    delivery.fingerprint = rendering.fingerprint(found.contents)
    if not delivery.occasion.startswith("now:") and _last_sent(delivery) == delivery.fingerprint:
        _end(delivery, Status.SKIPPED, fingerprint=delivery.fingerprint)
        return None
    attached = rendering.files(delivery, found)
    delivery.size = sum(len(one.content) for one in attached)
    return letters.letter(delivery, found, attached, to=recipients.address(delivery))


def _last_sent(delivery: ReportDelivery) -> str:
    """Return the fingerprint of what this recipient saw last of this report through the same filter; "" when nothing."""
    rows = ReportDelivery.objects.filter(
        tenant=delivery.tenant_id, report=delivery.report_id, who=delivery.who, dimension=delivery.dimension, key=delivery.key, status=Status.SENT
    )  # fmt: skip
    return rows.order_by("-sent_at", "-pk").values_list("fingerprint", flat=True).first() or ""


# --- sending ---------------------------------------------------------------------------------------------------------------
def _send(delivery: ReportDelivery, mail: EmailMultiAlternatives, connection: BaseEmailBackend) -> int:
    """Hand one message over. Return 1, or 0 when the server did not take it."""
    # Whoever made it took longer than the lease finds the row in other hands.
    if not _mine(delivery, Status.MAKING).update(
        status=Status.SENDING, fingerprint=delivery.fingerprint, size=delivery.size
    ):
        return 0
    with _watched(connection) as stage:
        try:
            connection.send_messages([mail])
        except OSError as error:
            _close(connection)  # after an error the conversation is in no known state
            if stage["content"] and not isinstance(error, smtplib.SMTPResponseException):
                _end(
                    delivery,
                    Status.UNSURE,
                    gettext_noop("The connection broke while the mail server took it. It may have arrived."),
                )
            else:
                _rest(delivery, error)
            return 0
    _mine(delivery, Status.SENDING).update(status=Status.SENT, sent_at=clock.now(), due_at=None, reason="")
    return 1


def _mine(delivery: ReportDelivery, status: str) -> Any:
    """Return the row, if it is still in the hands of this claim."""
    return ReportDelivery.objects.filter(pk=delivery.pk, status=status, attempts=delivery.attempts)


@contextmanager
def _watched(connection: BaseEmailBackend) -> Iterator[dict[str, bool]]:
    """Note whether the server was given the content: before that, a broken connection has certainly delivered nothing."""
    stage = {"content": False}
    server = getattr(connection, "connection", None)
    if server is None:
        yield stage
        return
    usual = server.data

    def data(message: Any) -> Any:
        stage["content"] = True
        return usual(message)

    server.data = data
    try:
        yield stage
    finally:
        server.data = usual


def _rest(delivery: ReportDelivery, error: BaseException, *, reason: str = "") -> None:
    """Let it rest, longer each time, or give it up: three days after it was planned, or where the address is refused for good."""
    now = clock.now()
    rest = min(FIRST_REST * 2 ** min(delivery.attempts - 1, 10), LONGEST_REST)
    log.warning(
        "report_not_sent", delivery=delivery.pk, tenant=delivery.tenant_id, attempts=delivery.attempts, error=type(error).__name__
    )  # fmt: skip
    if refusal := _final(error):
        _end(delivery, Status.FAILED, refusal)
    elif now - delivery.planned_for > GIVE_UP:
        _end(
            delivery,
            Status.FAILED,
            reason or gettext_noop("The mail server could not be reached for three days."),
        )
    else:
        told = reason or gettext_noop("The mail server could not be reached. It is tried again by itself.")
        ReportDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(
            status=Status.QUEUED, due_at=now + rest, reason=told
        )


def _final(error: BaseException) -> str:
    """Return why it is of no use to try again, as a message id; "" when it may be."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        for_good = all(code >= 500 for code, _text in error.recipients.values())
        return gettext_noop("The mail server does not accept this address.") if for_good else ""
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500:
        return gettext_noop("The mail server does not accept this message.")
    return ""


@transaction.atomic
def _end(delivery: ReportDelivery, status: str, reason: str = "", **fields: Any) -> None:
    ended = ReportDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    if ended.update(status=status, reason=reason, due_at=None, **fields) and status in {
        Status.FAILED,
        Status.UNSURE,
    }:
        telling.not_delivered(delivery, reason)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError as error:  # a server that hangs up first has taken everything all the same
        log.info("mail_connection_lost", error=type(error).__name__)


def prune() -> int:
    """Forget deliveries older than a year and a bit, but what was shown last is remembered. Return how many."""
    old = ReportDelivery.objects.filter(created_at__lt=clock.now() - KEPT).exclude(status=Status.QUEUED)
    return old.delete()[0]
