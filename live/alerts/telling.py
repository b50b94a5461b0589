"""Telling of alerts: the people of the company through their notifications, staff by e-mail about the installation.

The rows are the queue: what opened and was not told, and what is over and was not said to be. A mail server that is away is asked again
after the next look.
"""

from typing import Final

import structlog
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from live.alerts import catalog
from live.models import Alert
from live.notifications import notify
from live.notifications.mail import root
from tenants.models import User

log = structlog.get_logger(__name__)
TIMEOUT: Final = 20  # seconds that the mail server may be silent


def tell() -> int:
    """Tell of everything that is to be told; return of how many alerts. Raises django.db.Error."""
    return sum(_tell(pk) for pk in _untold().values_list("pk", flat=True))


def _untold() -> QuerySet[Alert]:
    now = timezone.now()
    silent = [kind.code for kind in catalog.kinds().values() if not kind.tells]
    rows = Alert.objects.filter(is_pending=False).exclude(code__in={*silent, *catalog.rules().muted})
    opened = Q(told_at=None, closed_at=None)
    over = Q(told_at__isnull=False, closed_at__isnull=False, over_told_at=None)
    return rows.filter(opened | over).filter(Q(muted_until=None) | Q(muted_until__lt=now)).order_by("pk")


@transaction.atomic
def _tell(pk: int) -> bool:
    """Tell of one, unless another process is at it; return whether it was told."""
    row = (
        _untold()
        .select_related("tenant")
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(pk=pk)
        .first()
    )
    if row is None or not (_tell_company(row) if row.tenant else _tell_staff(row)):
        return False
    column = "over_told_at" if row.closed_at else "told_at"
    Alert.objects.filter(pk=row.pk).update(**{column: timezone.now()})
    return True


def _tell_company(row: Alert) -> bool:
    assert row.tenant is not None
    notify(
        "alert_closed" if row.closed_at else "alert_opened",
        tenant=row.tenant,
        params={"what": {"text": row.params["text"], "values": row.params["values"]}},
        path=row.params.get("path") or reverse("live:status", kwargs={"slug": row.tenant.slug}),
        severity="info" if row.closed_at else row.severity,
        once_key=f"alert:{row.pk}:{'over' if row.closed_at else 'open'}",
    )
    return True


def _tell_staff(row: Alert) -> bool:
    """Send one message to each member of staff in their language; return whether the mail server took them."""
    staff = list(User.objects.filter(is_staff=True, is_active=True).order_by("pk"))
    mails = [_mail(row, user) for user in staff]
    try:
        if mails:
            get_connection(timeout=TIMEOUT).send_messages(mails)
    except OSError as error:  # smtplib's errors are among them
        log.warning("alert_not_mailed", code=row.code, error=type(error).__name__)
        return False
    return True


def _mail(row: Alert, user: User) -> EmailMessage:
    with translation.override(user.language):
        sentence = catalog.message(row.params)
        kind = catalog.kinds().get(row.code)
        lines = [sentence, str(kind.advice) if kind and not row.closed_at else "", root()]
        subject = _("Well again: %(what)s") if row.closed_at else "%(what)s"
        return EmailMessage(
            " ".join((subject % {"what": sentence}).split()),
            "\n\n".join(line for line in lines if line),
            to=[user.email],
            headers={"Auto-Submitted": "auto-generated", "X-Painel-Alert": row.code},
        )


def mute(row: Alert, *, until: object) -> None:
    """Say nothing more about this one until then; None ends that."""
    Alert.objects.filter(pk=row.pk).update(muted_until=until, seen_at=F("seen_at"))
