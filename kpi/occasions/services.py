"""Writing occasions. They change what is compared and expected, so the company's pages are told."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kpi.models import Occasion
from live import events
from tenants import audit
from tenants.access import Access, owned

MOST: Final = 2_000  # of a company
LONGEST: Final = timedelta(days=366)
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
_SAYS: Final = ("kind", "label", "first_day", "last_day")


@transaction.atomic
def create(*, access: Access, fields: Mapping[str, Any]) -> Occasion:
    """Return a new occasion of these `kind`, `label`, `first_day`, `last_day`. Raises ValidationError by field."""
    if Occasion.objects.filter(tenant=access.tenant).count() >= MOST:
        raise ValidationError({"label": _("A company can have %(n)d of them at most.") % {"n": MOST}})
    row = _set(Occasion(tenant=access.tenant), fields)
    row.save()
    _tell(access, "occasion.create", row, after=_said(row))
    return row


@transaction.atomic
def change(*, access: Access, occasion: Occasion, fields: Mapping[str, Any]) -> Occasion:
    """Return the occasion with these fields changed. Raises ValidationError by field, Http404 where it was removed meanwhile."""
    row = owned(Occasion.objects.select_for_update(no_key=True), tenant=access.tenant, pk=occasion.pk)
    before = _said(row)
    _set(row, fields)
    if _said(row) != before:
        row.save()
        _tell(access, "occasion.change", row, before=before, after=_said(row))
    return row


@transaction.atomic
def remove(*, access: Access, occasion: Occasion) -> None:
    """Forget an occasion."""
    _tell(access, "occasion.remove", occasion, before=_said(occasion))
    occasion.delete()


def _set(row: Occasion, fields: Mapping[str, Any]) -> Occasion:
    for name in _SAYS:
        if name in fields:
            setattr(row, name, fields[name])
    row.label = " ".join(row.label.split())
    problems: dict[str, str] = {}
    if not row.label:
        problems["label"] = _("Give it a name.")
    if row.kind not in Occasion.Kind.values:
        problems["kind"] = _("Use one of: %(names)s.") % {"names": ", ".join(Occasion.Kind.values)}
    if not EARLIEST <= row.first_day <= LATEST:
        problems["first_day"] = _("This day lies too far away.")
    elif row.last_day < row.first_day:
        problems["last_day"] = _("It would end before it begins.")
    elif row.last_day - row.first_day > LONGEST:
        problems["last_day"] = _("A year is the longest.")
    if problems:
        raise ValidationError(problems)
    row.clean_fields(exclude=["tenant"])
    return row


def _said(row: Occasion) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in _SAYS}


def _tell(access: Access, action: str, row: Occasion, *, before: Any = None, after: Any = None) -> None:
    audit.record(tenant=access.tenant, actor=access, action=action, row=row, before=before, after=after)
    events.publish("settings_changed", tenant_id=access.tenant.pk)
