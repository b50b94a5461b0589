"""Closing a period of the books, and opening it again."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lib import clock
from live import events
from reconciliation.models import Closing
from reconciliation.services import desk
from tenants import audit
from tenants.access import Access


@transaction.atomic
def close_through(*, access: Access, day: date | None) -> Closing:
    """Close the books through this day, or open all of them (None): lines up to then can be neither settled nor opened. Return what holds now.

    An earlier day than before opens the days between. Raises ValidationError for a day that is not over.
    """
    if day is not None and day >= clock.today(access.tenant.zone):
        raise ValidationError({"closed_through": _("Only days that are over can be closed.")})
    desk.begin(access.tenant.pk)
    row, _made = Closing.objects.get_or_create(tenant=access.tenant)
    before = row.closed_through
    if before == day:
        return row
    row.closed_through = day
    row.save(update_fields=["closed_through"])
    later = before is not None and (day is None or day < before)
    audit.record(
        tenant=access.tenant,
        action="books.opened" if later else "books.closed",
        row=row,
        actor=access,
        before={"closed_through": before},
        after={"closed_through": day},
    )
    events.publish("reconciliation_changed", tenant_id=access.tenant.pk, action="closing")
    return row
