"""Looking at everything and remembering it: rows of Alert open after some looks and close after some more (hysteresis).

Counted in looks, not in minutes: a clock that jumps opens and closes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.db.models.functions import Now

from lib import pg
from live.alerts import catalog
from live.alerts.catalog import Finding, Rules
from live.models import Alert

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Looked:
    """What the sources said: what is wrong, and the codes of which nothing is known because their source failed."""

    findings: dict[tuple[int | None, str, str], Finding] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


@transaction.atomic
def look() -> list[Alert]:
    """Ask every source, move the rows, and return those that opened or closed. Empty as well when another process is looking.

    Raises django.db.Error.
    """
    if not pg.try_lock(pg.Lock.COLLECT):
        return []
    rules = catalog.rules()
    looked = _ask(rules)
    moved = []
    for row in (
        Alert.objects.select_for_update(no_key=True, of=("self",)).filter(closed_at=None).order_by("pk")
    ):
        finding = looked.findings.pop((row.tenant_id, row.code, row.subject), None)
        if row.code not in rules.limits:
            _drop(row)
        elif finding is not None:
            moved += _bad_again(row, finding, rules)
        elif row.code not in looked.unknown:
            moved += _well(row)
    return moved + [row for finding in looked.findings.values() for row in _first_seen(finding, rules)]


def _ask(rules: Rules) -> Looked:
    looked = Looked()
    for entry in catalog.sources():
        try:
            with transaction.atomic():
                found: Iterable[Finding] = list(entry.source(rules.limits))
        except (OperationalError, InterfaceError):
            raise  # there is no database to look into
        except DatabaseError as error:  # such as a table that is not there until setup-db has run
            log.warning("alert_source_blind", codes=sorted(entry.codes), error=str(error).partition("\n")[0])
            looked.unknown |= entry.codes
            continue
        except (
            Exception
        ):  # one who cannot look must not blind the others, and says nothing about what is well
            log.exception("alert_source_broken", codes=sorted(entry.codes))
            looked.unknown |= entry.codes
            continue
        looked.findings |= {one.key: one for one in found if one.code in rules.limits}
    return looked


def _first_seen(finding: Finding, rules: Rules) -> list[Alert]:
    row = Alert(
        tenant_id=finding.tenant_id,
        code=finding.code,
        subject=finding.subject[:80],
        severity=catalog.kinds()[finding.code].severity,
    )
    row.save()
    return _bad_again(row, finding, rules)


def _bad_again(row: Alert, finding: Finding, rules: Rules) -> list[Alert]:
    """Remember that it is still there; return the row when it has now been there for long enough."""
    row.params = {"text": finding.text, "values": dict(finding.values), "path": finding.path}
    row.value, row.threshold = finding.value, rules.limits[finding.code]
    row.bad_looks, row.well_looks, row.seen_at = row.bad_looks + 1, 0, Now()
    opens = row.is_pending and row.bad_looks >= catalog.kinds()[row.code].open_after
    row.is_pending = row.is_pending and not opens
    row.save()
    if opens:
        log.warning("alert_opened", code=row.code, subject=row.subject, company=row.tenant_id)
    return [row] if opens else []


def _well(row: Alert) -> list[Alert]:
    """Remember that it was not there; return the row when that has lasted. What never opened is forgotten at once."""
    if row.is_pending:
        row.delete()
        return []
    row.well_looks += 1
    closes = row.well_looks >= catalog.kinds()[row.code].close_after
    if closes:
        row.closed_at = Now()
        log.info("alert_closed", code=row.code, subject=row.subject, company=row.tenant_id)
    row.save()
    return [row] if closes else []


def _drop(row: Alert) -> None:
    """End an alert of a kind that was switched off, or that no program looks for any more. Nobody is told that it were well."""
    row.closed_at = row.over_told_at = Now()
    row.save()
