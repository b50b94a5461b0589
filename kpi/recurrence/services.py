"""Looking for recurring lines in a company's bank movements, keeping them, and keeping what people say of them."""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction

from kpi import comparing, sql
from kpi.analysis.recurring import BUSY, NUMBERING, Line, Movement, find
from kpi.models import RecurringLine, RecurringState
from lib import apart, clock, pg
from live import events
from tenants import audit
from tenants.access import Access, owned
from tenants.models import Tenant

WINDOW: Final = timedelta(
    days=760
)  # two of what comes once a year; the forty days that lie between it and its rhythm are the oldest
ALIVE: Final = timedelta(days=140)  # what comes every quarter, and did not for so long, is over
PARTIES: Final = 4_000  # those that move most
MOST: Final = 200  # lines of a company that are kept: those that move most in a month
ACCENTED: Final = "áàâãäéèêëíìîïóòôõöúùûüçñºª"
PLAIN: Final = "aaaaaeeeeiiiiooooouuuucnoa"
_SQL: Final = sql.read("recurring.sql")
_FIELDS: Final = (
    "party", "name", "rhythm", "kind", "number", "back", "unit", "share", "amount", "paid", "is_found",
)  # fmt: skip
# Companies with bank lines whose day is over or whose facts changed; the longer the last search took, the longer the next one waits.
_DUE: Final = """
SELECT t.id FROM tenants_tenant t LEFT JOIN kpi_recurringstate s ON s.tenant_id = t.id LEFT JOIN live_generation g ON g.tenant_id = t.id
 WHERE t.is_active AND EXISTS (SELECT FROM kpi_daily WHERE tenant_id = t.id AND type IN ('CREDIT', 'DEBIT'))
   AND (s.day IS NULL OR s.day < (now() AT TIME ZONE t.time_zone)::date OR s.facts IS DISTINCT FROM g.facts)
   AND (s.found_at IS NULL OR s.found_at < now() - greatest(interval '30 seconds', s.took_ms * interval '100 milliseconds'))
 ORDER BY t.id
"""


def find_due() -> int:
    """Look for the recurring lines of every company that is behind; return how many companies' lines changed. One query when there is nothing to do."""
    ids = [row[0] for row in pg.fetch(_DUE)]
    tenants = Tenant.objects.filter(pk__in=ids).order_by("pk")
    return sum(bool(changed) for _tenant, changed in apart.each(tenants, lambda one: refresh(tenant=one)))


def refresh(*, tenant: Tenant) -> bool | None:
    """Look for the company's recurring lines and keep them; return whether they changed. None when another process is at it."""
    with pg.session_lock(pg.Lock.RECURRING, tenant.pk) as taken:
        if not taken:
            return None
        begun, today = time.monotonic(), clock.today(tenant.zone)
        facts = pg.fetch("SELECT facts FROM live_generation WHERE tenant_id = %s", [tenant.pk])
        found = find(_movements(tenant, today), today=today, calendar=comparing.calendar(tenant))[:MOST]
        state = {
            "day": today,
            "facts": int(facts[0][0]) if facts else 0,
            "found_at": clock.now(),
            "took_ms": round(1_000 * (time.monotonic() - begun)),
        }
        with transaction.atomic():
            RecurringState.objects.update_or_create(tenant=tenant, defaults=state)
            changed = _keep(tenant, found)
            if changed:  # kept answers were made from the old lines
                events.publish("settings_changed", tenant_id=tenant.pk)
        return changed


def _movements(tenant: Tenant, today: date) -> Iterator[Movement]:
    """Yield the lines of whoever came several times. One query."""
    asked = {
        "tenant": tenant.pk, "currency": tenant.currency, "since": today - WINDOW, "today": today, "alive": today - ALIVE, "busy": BUSY,
        "most": PARTIES, "accented": ACCENTED, "plain": PLAIN, "numbering": sorted(NUMBERING),
    }  # fmt: skip
    for party, *columns in pg.fetch(_SQL, asked):
        for day, amount, text, name, description in zip(*columns, strict=True):
            yield Movement(day, amount, party, text, name, description)


def _keep(tenant: Tenant, found: list[Line]) -> bool:
    """Bring the rows in line with what was found; return whether any changed. What a person denied stays, found or not."""
    kept = {
        row.code: row for row in RecurringLine.objects.filter(tenant=tenant).select_for_update(no_key=True)
    }
    wanted = {line.code: _fields(line) for line in found}
    gone = [row.pk for code, row in kept.items() if code not in wanted and row.denied_at is None]
    missing = [row for code, row in kept.items() if code not in wanted and row.denied_at and row.is_found]
    for row in missing:
        row.is_found = False
    moved = []
    for code, fields in wanted.items():
        old = kept.get(code)
        if old is not None and any(getattr(old, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(old, name, value)
            moved.append(old)
    new = [
        RecurringLine(tenant=tenant, code=code, **fields)
        for code, fields in wanted.items()
        if code not in kept
    ]
    RecurringLine.objects.filter(tenant=tenant, pk__in=gone).delete()
    RecurringLine.objects.bulk_update([*moved, *missing], _FIELDS)
    RecurringLine.objects.bulk_create(new)
    return bool(gone or missing or moved or new)


def _fields(line: Line) -> dict[str, Any]:
    return {
        "party": line.party, "name": line.name, "rhythm": str(line.rhythm), "kind": line.rule.kind, "number": line.rule.number, "back": line.rule.back,
        "unit": line.unit, "share": line.share, "amount": line.amount, "paid": [[one.day.isoformat(), str(one.amount)] for one in line.paid],
        "is_found": True,
    }  # fmt: skip


@transaction.atomic
def say(*, access: Access, line: RecurringLine, recurring: bool) -> RecurringLine:
    """Return the line as a person says it is: recurring after all, or not (then it is left out from now on). Saying it again changes nothing.

    Raises Http404 for a line that is gone: the search found that it ended.
    """
    row = owned(RecurringLine.objects.select_for_update(no_key=True), tenant=access.tenant, pk=line.pk)
    if recurring == (row.denied_at is None):
        return row
    before = {"recurring": not recurring}
    row.denied_at, row.denied_by = (None, None) if recurring else (clock.now(), access.user)
    row.save(update_fields=["denied_at", "denied_by"])
    audit.record(
        tenant=access.tenant, actor=access, action="recurring_line.say", row=row, before=before, after={"recurring": recurring, "name": row.name}
    )  # fmt: skip
    events.publish("settings_changed", tenant_id=access.tenant.pk)
    return row
