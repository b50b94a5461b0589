"""Rules that somebody has run act on what changes from then on: after each synchronisation, with the rights of whoever ran them."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Max

from lib import pg
from live import delta
from reconciliation.models import Rule, RuleRun
from reconciliation.rules import reading, running
from reconciliation.services import desk

LIMIT: Final = timedelta(seconds=20)  # of one call for all rules of a company; Beat goes on with what is left
Status = RuleRun.Status


def follow(tenant_id: int, *, settling: bool, limit: timedelta = LIMIT) -> int:
    """Let the company's rules act on the lines that changed since they last looked; return how many runs did something.

    `settling` chooses those that settle or book: they need what the matcher says, so they come after it, and the others before. A rule that
    nobody has run yet, or whose run was taken back, does nothing.
    """
    until = time.monotonic() + limit.total_seconds()
    made = 0
    for rule, since in list(_following(tenant_id, settling=settling)):
        run = _begin(rule, since)
        if run is not None:
            done = running.work(run, limit=timedelta(seconds=max(until - time.monotonic(), 0)))
            made += not _forget_if_idle(done)
    return made


@transaction.atomic
def _forget_if_idle(run: RuleRun) -> bool:
    """Drop a run that found nothing to do, noting in the one before it up to when the rule has looked; return whether it did."""
    if run.status != Status.DONE or run.hits:
        return False
    others = RuleRun.objects.filter(tenant=run.tenant_id, rule=run.rule_id, version=run.version, dry=False)
    last = others.filter(pk__lt=run.pk).latest("pk")
    RuleRun.objects.filter(pk=last.pk).update(seen_until=run.seen_until)
    run.delete()
    return True


def _following(tenant_id: int, *, settling: bool) -> Iterator[tuple[Rule, datetime]]:
    """Yield the rules that may act by themselves, in their order, and up to when each has looked."""
    rules = Rule.objects.filter(
        tenant=tenant_id, removed_at=None, is_active=True, dry_run_version=F("version")
    )
    late = list(reading.NEEDED)
    rules = rules.filter(action__in=late) if settling else rules.exclude(action__in=late)
    for rule in rules.order_by("position", "pk"):
        runs = RuleRun.objects.filter(tenant=tenant_id, rule=rule, version=rule.version, dry=False)
        first = runs.filter(since=None).order_by("-pk").first()
        if first is None or first.status != Status.DONE or runs.filter(status=Status.OPEN).exists():
            continue
        seen = runs.filter(pk__gte=first.pk).aggregate(seen=Max("seen_until"))["seen"]
        if seen is not None:
            yield rule, seen


@transaction.atomic
def _begin(rule: Rule, since: datetime) -> int | None:
    """Return a new run over what changed since, which has the rights of the last one; None when nothing did."""
    row = Rule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    if not row.is_active or row.removed_at is not None or row.version != rule.version:
        return None
    last = RuleRun.objects.filter(tenant=row.tenant_id, rule=row, version=row.version, dry=False).latest("pk")
    seen_until = delta.clock().settled
    closed, end = desk.closed_through(row.tenant_id), reading.last_line(row.tenant_id)
    total = reading.count(row.tenant_id, last=end, closed=closed, since=since, action=row.action)
    if not total:
        RuleRun.objects.filter(pk=last.pk).update(seen_until=seen_until)
        return None
    run = RuleRun.objects.create(
        tenant_id=row.tenant_id,
        rule=row,
        version=row.version,
        action=row.action,
        dry=False,
        last_id=end,
        since=since,
        seen_until=seen_until,
        total=total,
        worked_at=pg.now(),
        actor=last.actor,
        api_key=last.api_key,
        actor_name=last.actor_name,
    )
    return run.pk
