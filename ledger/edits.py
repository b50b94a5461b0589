"""A person's edits: only the columns that no sync writes, with audit and event in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.lists import LISTS
from ledger.models import Customer, OpenItem, Product, Sale, Transaction
from lib import pg
from live import events
from tenants import audit
from tenants.access import Access
from tenants.models import AuditLog

Editable = Transaction | Sale | Customer | Product | OpenItem
# The columns that belong to people, by list.
EDITABLE: Final[dict[str, tuple[str, ...]]] = {
    "transactions": ("category_override", "name_override", "ignored", "note"),
    "sales": ("ignored", "note"),
    "customers": ("name_override", "note"),
    "products": ("name_override", "note"),
    "open_items": ("category_override", "ignored", "note"),
}
NOTE_LIMIT: Final = 4_000
AT_ONCE: Final = 500
UNDO_WITHIN: Final = timedelta(hours=1)


@transaction.atomic
def edit(*, access: Access, row: Editable, fields: Mapping[str, Any]) -> Editable:
    """Return the row with a person's columns set. What does not change is not written, and then nothing is audited.

    Raises ValidationError for a column that is not a person's, or a value that does not fit.
    """
    name = next(spec.name for spec in LISTS.values() if isinstance(row, spec.model))
    _refuse_facts(name, fields)
    # Queue behind a sync of this company: it holds rollup rows and may next want this row, which we would hold while we want a rollup row.
    pg.lock(pg.Lock.LEDGER, access.tenant.pk)
    fresh = (
        type(row)
        ._default_manager.select_for_update(no_key=True, of=("self",))
        .get(tenant_id=access.tenant.pk, pk=row.pk)
    )
    values = {column: _checked(type(row), column, value) for column, value in fields.items()}
    changed = {column: value for column, value in values.items() if getattr(fresh, column) != value}
    if not changed:
        return fresh
    before = {column: getattr(fresh, column) for column in changed}
    for column, value in changed.items():
        setattr(fresh, column, value)
    # The database's time, like every writer: clients ask what changed since a moment of its clock.
    fresh.edited_at = fresh.updated_at = pg.started()
    fresh.save(update_fields=[*changed, "edited_at", "updated_at"])
    audit.record(tenant=access.tenant, action="edit", row=fresh, actor=access, before=before, after=changed)
    events.publish("facts_changed", tenant_id=access.tenant.pk, list=name, ids=[row.pk])
    return fresh


@transaction.atomic
def edit_many(*, access: Access, name: str, ids: Sequence[int], fields: Mapping[str, Any]) -> int:
    """Set the same columns of many rows of a list. Return how many changed; ids that the company does not have are not among them.

    Three statements and one event however many rows. Raises ValidationError like `edit`, and for more than AT_ONCE rows.
    """
    model = LISTS[name].model
    _refuse_facts(name, fields)
    if len(ids) > AT_ONCE:
        raise ValidationError(_("At most %(n)d rows can be changed at once.") % {"n": AT_ONCE})
    values = {column: _checked(model, column, value) for column, value in fields.items()}
    pg.lock(pg.Lock.LEDGER, access.tenant.pk)
    rows = model._default_manager.select_for_update(no_key=True).filter(
        tenant_id=access.tenant.pk, pk__in=ids
    )
    changes = []
    for row in rows.order_by("pk"):
        changed = {column: value for column, value in values.items() if getattr(row, column) != value}
        if changed:
            changes.append((row, {column: getattr(row, column) for column in changed}, changed))
    if not changes:
        return 0
    touched = [row.pk for row, _before, _after in changes]
    now = pg.started()
    model._default_manager.filter(tenant_id=access.tenant.pk, pk__in=touched).update(
        **values, edited_at=now, updated_at=now
    )
    audit.record_many(tenant=access.tenant, action="edit", changes=changes, actor=access)
    events.publish("facts_changed", tenant_id=access.tenant.pk, list=name, ids=touched)
    return len(touched)


@transaction.atomic
def undo_many(*, access: Access, name: str, request_id: str) -> int:
    """Give the rows that one request of this person changed their values of before. Return how many; what changed since then stays.

    The audit log remembers the values; the way back is written there as well. Four statements and one event however many rows, and one
    more for each different set of former values. Only for UNDO_WITHIN.
    """
    model = LISTS[name].model
    told = AuditLog.objects.filter(
        tenant=access.tenant, table=model._meta.db_table, action="edit", request_id=request_id,
        actor=access.user, created_at__gt=timezone.now() - UNDO_WITHIN,
    )  # fmt: skip
    entries = {int(entry.row_id): entry for entry in told} if request_id and access.user else {}
    pg.lock(pg.Lock.LEDGER, access.tenant.pk)
    rows = model._default_manager.select_for_update(no_key=True).filter(
        tenant_id=access.tenant.pk, pk__in=entries
    )
    changes, groups = [], defaultdict(list)
    for row in rows.order_by("pk"):
        before, after = entries[row.pk].before or {}, entries[row.pk].after or {}
        if any(getattr(row, column) != value for column, value in after.items()):
            continue
        changes.append((row, after, before))
        groups[tuple(sorted(before.items()))].append(row.pk)
    now = pg.started()
    for values, ids in groups.items():
        model._default_manager.filter(tenant_id=access.tenant.pk, pk__in=ids).update(
            **dict(values), edited_at=now, updated_at=now
        )
    if changes:
        audit.record_many(tenant=access.tenant, action="undo", changes=changes, actor=access)
        ids = [row.pk for row, _before, _after in changes]
        events.publish("facts_changed", tenant_id=access.tenant.pk, list=name, ids=ids)
    return len(changes)


def _refuse_facts(name: str, fields: Mapping[str, Any]) -> None:
    refused = set(fields) - set(EDITABLE[name])
    if refused:
        raise ValidationError(
            _("Only a synchronisation may change: %(fields)s.") % {"fields": ", ".join(sorted(refused))}
        )


def _checked(model: type[Model], column: str, value: Any) -> Any:
    if column == "ignored":
        if not isinstance(value, bool):
            raise ValidationError(_("“Ignored” is yes or no."))
        return value
    text = str(value).replace("\x00", "").strip()
    limit = getattr(model._meta.get_field(column), "max_length", None) or NOTE_LIMIT
    if len(text) > limit:
        raise ValidationError(_("This text is too long: %(limit)d characters at most.") % {"limit": limit})
    return text
