"""Writing the audit log, in the transaction of the change it tells."""

from typing import Any

import structlog
from django.db import models

from tenants.access import Access
from tenants.models import AuditLog, Tenant, User


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
    user = actor.user if isinstance(actor, Access) else actor
    name = actor.actor_name if isinstance(actor, Access) else str(actor or "system")
    return AuditLog.objects.create(
        tenant=tenant,
        actor=user,
        actor_name=name[:160],
        action=action,
        table=row._meta.db_table,
        row_id=str(row.pk),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
        before=before,
        after=after,
    )
