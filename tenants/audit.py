"""Writing the audit log, in the transaction of the change it tells."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from django.db import models

from tenants.access import Access
from tenants.models import AuditLog, Tenant, User


def request_id() -> str:
    """Return the name of the request that is being answered, as entries keep it; "" outside of one. Callers may choose it: it proves nothing."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]


def record(
    *,
    tenant: Tenant | None,
    action: str,
    row: models.Model,
    actor: User | Access | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditLog:
    """Return the new entry: who did `action` to `row`, with the changed columns before and after. None as actor is the system.

    Secrets must not be in `before` or `after`; the caller names the columns.
    """
    entry = _entry(tenant, action, row, actor, before, after)
    entry.save(force_insert=True)
    return entry


def record_many(
    *,
    tenant: Tenant,
    action: str,
    changes: Iterable[tuple[models.Model, Mapping[str, Any], Mapping[str, Any]]],
    actor: User | Access | None,
) -> None:
    """Write one entry for each (row, before, after) in one statement: what `record` writes, for a change of many rows."""
    AuditLog.objects.bulk_create(
        _entry(tenant, action, row, actor, dict(before), dict(after)) for row, before, after in changes
    )


def _entry(
    tenant: Tenant | None,
    action: str,
    row: models.Model,
    actor: User | Access | None,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> AuditLog:
    user = actor.user if isinstance(actor, Access) else actor
    name = actor.actor_name if isinstance(actor, Access) else str(actor or "system")
    return AuditLog(
        tenant=tenant,
        actor=user,
        actor_name=name[:160],
        action=action,
        table=row._meta.db_table,
        row_id=str(row.pk),
        request_id=request_id(),
        before=before,
        after=after,
    )
