"""What is done to reports: planned, changed, ended, asked for. Each verb writes its audit entry in its own transaction."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpi.analysis.sums import names
from kpi.boards.queries import visible
from kpi.models import Board, DimensionMonthly, Report, ReportDelivery, ReportRecipient
from kpi.reports.occasions import Plan, next_occasion
from kpi.reports.queries import SCOPES
from lib import clock, periods
from live import wake
from tenants import audit
from tenants.access import Access
from tenants.models import Membership, Tenant, User

DELIVER: Final = "kpi.reports_due"
MOST_REPORTS: Final = 50  # of a company
MOST_RECIPIENTS: Final = 30  # of a report
ADDRESS: Final = 254  # characters of an e-mail address: RFC 5321, and what the column holds
FIELDS: Final = (
    "name", "frequency", "weekday", "month_day", "hour", "period", "as_pdf", "as_xlsx", "is_active",
)  # fmt: skip
Status = ReportDelivery.Status


@transaction.atomic
def create(*, access: Access, board: Board, fields: Mapping[str, Any]) -> Report:
    """Return a new report of the board; a person who makes it is its first recipient. Raises ValidationError by field."""
    Tenant.objects.select_for_update(no_key=True).only("pk").get(
        pk=access.tenant.pk
    )  # so that none is one too many
    if Report.objects.filter(tenant=access.tenant).count() >= MOST_REPORTS:
        raise ValidationError(_("A company can have %(n)d reports at most.") % {"n": MOST_REPORTS})
    board = get_object_or_404(Board.objects.select_for_update(no_key=True), pk=board.pk)
    report = _set(Report(tenant=access.tenant, board=board, created_by=access.user), fields)
    report.save()
    if access.user:
        ReportRecipient.objects.create(tenant=access.tenant, report=report, user=access.user)
    audit.record(tenant=access.tenant, actor=access, action="report.create", row=report, after=_said(report))
    return report


@transaction.atomic
def change(*, access: Access, report: Report, fields: Mapping[str, Any]) -> Report:
    """Return the report with these fields changed; the next occasion follows from now, but for one that is due. Raises ValidationError by field."""
    row = _locked(report)
    before = _said(row)
    _set(row, fields)
    row.save()
    audit.record(
        tenant=row.tenant, actor=access, action="report.change", row=row, before=before, after=_said(row)
    )
    return row


@transaction.atomic
def remove(*, access: Access, report: Report) -> None:
    """End a report and forget its history; what waits to be sent is not sent."""
    report = _locked(report)
    audit.record(tenant=report.tenant, actor=access, action="report.remove", row=report, before=_said(report))
    report.delete()


# --- recipients ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def add_recipient(
    *,
    access: Access,
    report: Report,
    user: User | None = None,
    email: str = "",
    dimension: str = "",
    key: str = "",
) -> ReportRecipient:
    """Return the new recipient: a member, or an address. The address of a member is that member. Raises ValidationError by field."""
    report = _locked(report)
    address = email.strip().lower()
    if user is None and not address:
        raise ValidationError({"email": _("Choose a person, or write an e-mail address.")})
    if user is None:
        _check_address(address)
        user = User.objects.filter(email__iexact=address, memberships__tenant=report.tenant).first()
    _check_person(report, user)
    _check_room(report, user, address)
    row = ReportRecipient.objects.create(
        tenant=report.tenant, report=report, user=user, email="" if user else address,
        language=user.language if user else get_language() or "pt-br", **_scope(report, dimension, key),
    )  # fmt: skip
    _tell(access, report, "report.add_recipient", row)
    return row


def _check_address(address: str) -> None:
    try:
        validate_email(address)
        MaxLengthValidator(ADDRESS)(address)
    except ValidationError as error:
        raise ValidationError({"email": error}) from error


def _check_person(report: Report, user: User | None) -> None:
    if user is None:
        return
    if not Membership.objects.filter(tenant=report.tenant_id, user=user).exists():
        raise ValidationError({"user": _("This person does not belong to the company.")})
    if not visible(report.tenant, user).filter(pk=report.board_id).exists():
        raise ValidationError({"user": _("The board is private: share it in the company first.")})


def _check_room(report: Report, user: User | None, address: str) -> None:
    if report.recipients.count() >= MOST_RECIPIENTS:
        raise ValidationError(_("A report can have %(n)d recipients at most.") % {"n": MOST_RECIPIENTS})
    if report.recipients.filter(user=user, email="" if user else address).exists():
        raise ValidationError({"email": _("This recipient is on the list already.")})


def _scope(report: Report, dimension: str, key: str) -> dict[str, str]:
    if not dimension and not key:
        return {}
    known = DimensionMonthly.objects.filter(tenant=report.tenant, dimension=dimension, key=key[:120])
    if dimension not in SCOPES or not key or not known.exists():
        raise ValidationError({"scope": _("Choose what this copy is limited to from the list.")})
    name = names(report.tenant, dimension, [key]).get(key, key)
    return {"dimension": dimension, "key": key, "scope_name": name[:200]}


@transaction.atomic
def remove_recipient(*, access: Access, recipient: ReportRecipient) -> None:
    """Take a recipient off the list; what waits for them is not sent.

    Raises ValidationError for an address that had enough: who forgot it could list it again.
    """
    report = _locked(recipient.report)
    recipient = get_object_or_404(ReportRecipient.objects.select_related("user"), pk=recipient.pk)
    if recipient.unsubscribed_at is not None:
        raise ValidationError(_("This address unsubscribed. It stays listed, so that nobody adds it again."))
    _tell(access, report, "report.remove_recipient", recipient)
    recipient.delete()


@transaction.atomic
def unsubscribe(*, recipient: ReportRecipient) -> None:
    """End a report for the holder of one of its messages: an address stays listed as such, a member is taken off."""
    _locked(recipient.report)
    if recipient.user_id:
        recipient.delete()
    elif recipient.unsubscribed_at is None:
        ReportRecipient.objects.filter(pk=recipient.pk).update(unsubscribed_at=clock.now())


# --- deliveries ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def send_me(*, report: Report, user: User) -> ReportDelivery:
    """Return the delivery of one copy, now, to the member who asks: everything that their own filter shows, changed or not."""
    report = _locked(report)
    own = report.recipients.filter(user=user).first()
    row = _ask(report, who=f"user:{user.pk}", recipient=own, user=user, language=user.language, asked_by=user)
    wake.on_commit(DELIVER)
    return row


@transaction.atomic
def send_all(*, access: Access, report: Report) -> list[ReportDelivery]:
    """Return deliveries to every recipient, now, changed or not."""
    report = _locked(report)
    rows = [
        _ask(
            report,
            who=who_of(one),
            recipient=one,
            user=one.user,
            language=_language(one),
            asked_by=access.user,
        )
        for one in report.recipients.select_related("user").filter(unsubscribed_at=None)
    ]
    audit.record(
        tenant=report.tenant, actor=access, action="report.send", row=report, after={"recipients": len(rows)}
    )
    wake.on_commit(DELIVER)
    return rows


def _ask(
    report: Report,
    *,
    who: str,
    recipient: ReportRecipient | None,
    user: User | None,
    language: str,
    asked_by: User | None,
) -> ReportDelivery:
    now = clock.now()
    copied = copy_of(recipient) if recipient else {}
    return ReportDelivery.objects.create(
        tenant=report.tenant, report=report, recipient=recipient, user=user, who=who, occasion=f"now:{uuid4()}", planned_for=now,
        due_at=now, asked_by=asked_by, **{**copied, "language": language},
    )  # fmt: skip


@transaction.atomic
def send_again(*, access: Access, delivery: ReportDelivery) -> bool:
    """Let a delivery that failed, or of which nobody knows, be tried once more because a person wants it. Return whether it was one of those."""
    changed = ReportDelivery.objects.filter(pk=delivery.pk, status__in=[Status.FAILED, Status.UNSURE]).update(
        status=Status.QUEUED,
        due_at=clock.now(),
        planned_for=clock.now(),
        attempts=0,
        reason="",
        asked_by=access.user,
    )
    if changed:
        audit.record(
            tenant=delivery.tenant,
            actor=access,
            action="report.send_again",
            row=delivery,
            after={"who": delivery.who},
        )
        wake.on_commit(DELIVER)
    return bool(changed)


def who_of(recipient: ReportRecipient) -> str:
    """Return by what a delivery knows its recipient for good."""
    return f"user:{recipient.user_id}" if recipient.user_id else f"address:{recipient.email}"


def copy_of(recipient: ReportRecipient) -> dict[str, str]:
    """Return what a delivery keeps of its recipient, so that its history stays true."""
    return {
        "email": recipient.email,
        "dimension": recipient.dimension,
        "key": recipient.key,
        "scope_name": recipient.scope_name,
    }


def _language(recipient: ReportRecipient) -> str:
    return recipient.user.language if recipient.user else recipient.language


def plan_of(report: Report) -> Plan:
    """Return when the report is due."""
    return Plan(report.frequency, report.weekday, report.month_day, report.hour)


def _locked(report: Report) -> Report:
    """Return the report as it is now, held: whoever adds to it or takes from it comes here first. Raises Http404 where it was removed meanwhile."""
    held = Report.objects.select_for_update(no_key=True, of=("self",)).select_related("tenant", "board")
    return get_object_or_404(held, pk=report.pk)


def _set(report: Report, fields: Mapping[str, Any]) -> Report:
    was, now = (plan_of(report), report.is_active), clock.now()
    for name in FIELDS:
        if name in fields:
            setattr(report, name, fields[name])
    report.name = " ".join(report.name.split())
    problems: dict[str, Any] = {}
    if not (report.as_pdf or report.as_xlsx):
        problems["as_pdf"] = _("Choose PDF, spreadsheet or both.")
    if report.period and report.period not in periods.PRESETS:
        problems["period"] = _("Use one of: %(names)s.") % {"names": ", ".join(periods.PRESETS)}
    for name, least, most in (("weekday", 0, 6), ("month_day", 1, 31), ("hour", 0, 23)):
        if not least <= getattr(report, name) <= most:
            problems[name] = _("Use a whole number from %(least)d to %(most)d.") % {
                "least": least,
                "most": most,
            }
    if problems:
        raise ValidationError(problems)
    report.clean_fields(exclude=["tenant", "board", "created_by"])
    is_due = report.next_at is not None and report.next_at <= now
    if is_due and was == (plan_of(report), report.is_active):
        return report  # the worker has not come to it yet: another name must not cost today's delivery
    report.next_at = (
        next_occasion(plan_of(report), after=now, zone=report.tenant.zone) if report.is_active else None
    )
    return report


def _said(report: Report) -> dict[str, Any]:
    return {"board": report.board.name, **{name: getattr(report, name) for name in FIELDS}}


def _tell(access: Access, report: Report, action: str, row: ReportRecipient) -> None:
    audit.record(
        tenant=report.tenant, actor=access, action=action, row=report, after={"recipient": str(row), "scope": row.scope_name}
    )  # fmt: skip
