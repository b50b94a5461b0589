"""What is done to the log of events and to the cache of a company."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from lib import pg
from live import cache, delta
from live.models import Generation, Removed
from tenants import audit, services
from tenants.models import Tenant

KEPT: Final = timedelta(days=1)
_BATCH: Final = 10_000


class UnknownResource(Exception):
    """There is no cached resource of this name; the message lists those that exist."""


def prune() -> int:
    """Delete events older than a day and the marks of rows removed before them, a bounded number a call, and return how many."""
    return delta.prune() + pg.execute(
        """
        DELETE FROM live_event WHERE id IN (
            SELECT id FROM live_event WHERE created_at < now() - make_interval(secs => %s) ORDER BY id LIMIT %s
        )
        """,
        [KEPT.total_seconds(), _BATCH],
    )


@transaction.atomic
def clear_cache(*, tenant: Tenant | None, resource: str = "", actor: services.Actor) -> tuple[str, ...]:
    """Drop what is cached of a resource, or of everything, for one company (None: for all). Return the groups that moved on.

    Raises the generation that is part of every key, so nothing is searched or deleted. Clients that keep copies of lists of facts read them
    anew at their next question. Raises UnknownResource.
    """
    known = cache.resources()
    if resource and resource not in known:
        raise UnknownResource(", ".join(sorted(known)))
    groups = known[resource].groups if resource else ("facts", "recon", "settings")
    rows = Generation.objects.filter(tenant=tenant) if tenant else Generation.objects.all()
    rows.update(**{group: F(group) + 1 for group in groups})
    if "facts" in groups:
        companies = [tenant.pk] if tenant else rows.values_list("tenant_id", flat=True)
        marks = [
            Removed(tenant_id=pk, list=Removed.EVERY_LIST, row_id=Removed.WHOLE_LIST) for pk in companies
        ]
        Removed.objects.bulk_create(marks)
    audit.record(
        tenant=tenant,
        action="clear_cache",
        row=tenant or Generation(),
        actor=actor,
        after={"resource": resource, "groups": groups},
    )
    transaction.on_commit(cache.forget_generations)
    return groups
