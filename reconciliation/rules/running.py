"""Runs of rules at work: batches that commit with the place they reached, until a run is through or its time is up.

Locks are taken in one order: the rule, its run, then either the ledger's (edits) or the one of decisions (settling), then bank lines.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F
from django.http import Http404

from ledger import edits
from ledger.models import Transaction
from lib import pg
from live import events, wake
from reconciliation.models import Match, MatchLine, Rule, RuleEffect, RuleRun, Run
from reconciliation.rules import engine, reading
from reconciliation.rules.conditions import Unusable
from reconciliation.rules.engine import Outcome, Verdict
from reconciliation.rules.reading import Seen
from reconciliation.rules.services import needs, tried
from reconciliation.services import Outcome as Decided
from reconciliation.services import Refused, booking, deciding, desk, writing
from reconciliation.services.writing import By
from tenants import access as doors
from tenants import keys
from tenants.access import Access

log = structlog.get_logger(__name__)
BATCH: Final = 500  # lines of one transaction; what edits take at once
LIMIT: Final = timedelta(seconds=20)  # of one call; the next beat goes on
SHOWN: Final = 20  # examples of a verdict
APART: Final = timedelta(seconds=10)
Status = RuleRun.Status
_COLUMNS: Final[dict[Verdict, str]] = {
    "act": "hits", "same": "same", "nothing_clear": "nothing_clear", "earlier": "by_earlier", "person": "by_person",
}  # fmt: skip
_EXAMPLES: Final = ("act", "earlier", "person", "nothing_clear")


def work(run_id: int, *, limit: timedelta = LIMIT) -> RuleRun:
    """Go on with a run, forwards or back, until it is through or the time is up; return it as it is then. Safe to call twice at once."""
    until = time.monotonic() + limit.total_seconds()
    steps: dict[str, Callable[[int], bool]] = {Status.OPEN: _forward, Status.UNDOING: _back}
    while True:
        status = RuleRun.objects.values_list("status", flat=True).get(pk=run_id)
        step = steps.get(status)
        if step is None or not step(run_id) or time.monotonic() >= until:
            return RuleRun.objects.get(pk=run_id)


def wake_unfinished() -> int:
    """Wake a worker for each run that is not through and on which nobody worked a moment ago; return how many."""
    found = _unfinished(pg.now() - APART)
    for pk in found:
        wake.now("reconciliation.rule_run", run_id=pk)
    return len(found)


def work_unfinished() -> int:
    """Work on every run that is not through, once, in this process; return how many there were."""
    found = _unfinished(pg.now())
    for pk in found:
        work(pk)
    return len(found)


def _unfinished(before: Any) -> list[int]:
    rows = RuleRun.objects.filter(status__in=[Status.OPEN, Status.UNDOING], tenant__is_active=True)
    return list(rows.exclude(worked_at__gt=before).order_by("pk").values_list("pk", flat=True))


# --- forwards ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def _forward(run_id: int) -> bool:
    """Do one batch; return whether there may be more."""
    rule_id = RuleRun.objects.values_list("rule_id", flat=True).get(pk=run_id)
    rule = Rule.objects.select_for_update(no_key=True).select_related("tenant").get(pk=rule_id)
    run = RuleRun.objects.select_for_update(no_key=True).get(pk=run_id)
    if run.status != Status.OPEN:
        return False
    access = _access(run)
    if access is None or not _still(rule, run):
        return _finish(run, Status.STOPPED)
    try:
        rules, target = reading.before(rule), reading.ready(rule)
    except (
        Unusable
    ) as error:  # stored by an older release, or damaged: a rule that cannot be read does nothing
        log.warning("rule_unreadable", rule=rule.pk, error=error.code)
        return _finish(run, Status.STOPPED)
    found = reading.batch(run, closed=desk.closed_through(run.tenant_id), limit=BATCH)
    if not found:
        return _finish(run, Status.DONE)
    act = _dry if run.dry else _ACTS[target.action]
    outcomes = act(_Job(rule, run, access, [*rules], target), found)
    _count(run, found, outcomes)
    return True


def _still(rule: Rule, run: RuleRun) -> bool:
    """Return whether the rule is what the run was begun with."""
    if rule.removed_at is not None or rule.version != run.version:
        return False
    return run.dry or (rule.is_active and rule.dry_run_version == run.version)


def _access(run: RuleRun) -> Access | None:
    """Return what who began the run may do at this moment, None when they may do it no more. A run never outlives its right."""
    backwards = run.status == Status.UNDOING
    user = run.undone_by if backwards else run.actor
    key_id = run.undone_by_key_id if backwards else run.api_key_id
    if user is not None:
        try:
            access: Access | None = doors.enter(user=user, slug=run.tenant.slug)
        except Http404:
            access = None
    else:
        key = keys.by_id(key_id) if key_id else None
        access = doors.enter_by_key(key=key) if key else None
    return access if access and access.may(needs(run.action)) else None


class _Job:
    """A run with everything that its batches need."""

    __slots__ = ("access", "before", "rule", "run", "target")

    def __init__(
        self, rule: Rule, run: RuleRun, access: Access, before: list[engine.Rule], target: engine.Rule
    ) -> None:
        self.rule, self.run, self.access, self.before, self.target = rule, run, access, before, target

    def decide(self, lines: Sequence[Seen]) -> dict[int, Outcome]:
        """Return what the rule would do to each line."""
        return {one.id: engine.decide(self.before, self.target, one.subject, one.state) for one in lines}


def _dry(job: _Job, lines: Sequence[Seen]) -> dict[int, Outcome]:
    """Return what would happen, and do nothing."""
    return job.decide(lines)


def _edit(job: _Job, lines: Sequence[Seen]) -> dict[int, Outcome]:
    """Categorise or ignore, as the person who began the run could by hand; return what happened."""
    hit = [pk for pk, one in job.decide(lines).items() if one.verdict == "act"]
    held = {}
    if hit:
        pg.lock(pg.Lock.LEDGER, job.run.tenant_id)
        reading.lock(job.run.tenant_id, hit)
        held = {one.id: one for one in reading.these(job.run.tenant_id, hit)}
    # Again, now that nobody can change them any more; what was voided meanwhile counts as nothing.
    outcomes = job.decide([held.get(one.id, one) for one in lines if one.id in held or one.id not in hit])
    ids = [pk for pk, one in outcomes.items() if one.verdict == "act"]
    if ids:
        category = job.target.category
        fields = {"category_override": category} if category else {"ignored": True}
        with structlog.contextvars.bound_contextvars(request_id=f"rule-run-{job.run.pk}"):
            edits.edit_many(access=job.access, name="transactions", ids=ids, fields=fields)
    _effects(job, ids, {pk: held[pk].state.category for pk in ids})
    return outcomes


def _ask(job: _Job, lines: Sequence[Seen]) -> dict[int, Outcome]:
    """Mark the lines as a person's to decide; return what happened."""
    outcomes = job.decide(lines)
    _effects(job, [pk for pk, one in outcomes.items() if one.verdict == "act"], {})
    return outcomes


def _settle(job: _Job, lines: Sequence[Seen]) -> dict[int, Outcome]:
    """Confirm the clear proposals of the lines, as far as they still can be; return what happened.

    A proposal over several lines is confirmed when the rule wants it for each of them.
    """
    if all(one.verdict != "act" for one in job.decide(lines).values()):
        return job.decide(lines)
    desk.begin(job.run.tenant_id)
    fresh = reading.these(job.run.tenant_id, [one.id for one in lines])
    outcomes = job.decide(fresh)
    wanted = {
        one.id: one.state.clear_match
        for one in fresh
        if one.state.clear_match is not None and outcomes[one.id].verdict == "act"
    }
    lines_of = _wanted_by_all(job, wanted)
    settled = _confirm(job, sorted(lines_of))
    done = [line for match in settled for line in lines_of[match]]
    _effects(job, done, {})
    return {
        pk: Outcome("nothing_clear", one.winner) if one.verdict == "act" and pk not in done else one
        for pk, one in outcomes.items()
    }


def _book(job: _Job, lines: Sequence[Seen]) -> dict[int, Outcome]:
    """Settle lines without an open item, as the person who began the run could by hand; return what happened."""
    hit = [pk for pk, one in job.decide(lines).items() if one.verdict == "act"]
    if not hit:
        return job.decide(lines)
    booking.begin(job.run.tenant_id)
    held = {one.id: one for one in reading.these(job.run.tenant_id, hit)}
    outcomes = job.decide([held.get(one.id, one) for one in lines if one.id in held or one.id not in hit])
    ids = [pk for pk, one in outcomes.items() if one.verdict == "act"]
    by = By(job.rule.tenant, name=_name(job), run=_run_of(job))
    done: list[int] = []
    try:
        with structlog.contextvars.bound_contextvars(request_id=f"rule-run-{job.run.pk}"):
            outcome, done = booking.place(
                by, ids, category=job.target.category, editor=job.access, origin=Match.Origin.RULE
            )
        _counted(job, len(done))
        writing.tell(by, "rule", outcome.decided, done)
    except Refused:
        pass  # all of them are being changed by somebody, or no longer count: they are counted below
    _effects(job, done, {})
    return {
        pk: Outcome("nothing_clear", one.winner) if one.verdict == "act" and pk not in done else one
        for pk, one in outcomes.items()
    }


def _wanted_by_all(job: _Job, wanted: Mapping[int, int]) -> dict[int, list[int]]:
    """Return the lines of each match, of those matches that the rule wants for every line."""
    rows = MatchLine.objects.filter(tenant=job.run.tenant_id, match__in=set(wanted.values()))
    lines_of: dict[int, list[int]] = defaultdict(list)
    for match, line in rows.values_list("match_id", "transaction_id"):
        lines_of[match].append(line)
    others = {line for lines in lines_of.values() for line in lines} - wanted.keys()
    seen = {one.id: one for one in reading.these(job.run.tenant_id, others)} if others else {}
    outcomes = job.decide(list(seen.values()))
    agreed = dict(wanted) | {
        pk: one.state.clear_match or 0 for pk, one in seen.items() if outcomes[pk].verdict == "act"
    }
    return {
        match: lines for match, lines in lines_of.items() if all(agreed.get(line) == match for line in lines)
    }


def _confirm(job: _Job, matches: Sequence[int]) -> tuple[int, ...]:
    """Return the matches that were confirmed. They belong to the run's own `Run`; the rule teaches the matcher nothing."""
    if not matches:
        return ()
    whole = _run_of(job)
    by = By(job.rule.tenant, name=_name(job), run=whole)
    before = Run.objects.values_list("decided", flat=True).get(pk=whole.pk)
    try:
        outcome = deciding.settle(by, matches)
    except Refused:
        return ()
    Run.objects.filter(pk=whole.pk).update(decided=before)  # `settle` counts its own bulk
    _counted(job, len(outcome.decided))
    lines = {line for one in desk.parts(job.run.tenant_id, outcome.decided).values() for line in one.lines}
    writing.tell(by, "rule", outcome.decided, lines)
    return outcome.decided


def _run_of(job: _Job) -> Run:
    """Return the run that holds what this one confirms; made with the first match."""
    run = job.run
    if run.run is None:
        run.run = Run.objects.create(
            tenant=run.tenant, kind=Run.Kind.RULE, actor=run.actor, actor_name=run.actor_name
        )
        run.save(update_fields=["run"])
    return run.run


def _name(job: _Job) -> str:
    return f"{job.rule.name} · {job.run.actor_name}"


def _counted(job: _Job, number: int) -> None:
    """Add to how much the run has decided."""
    rows = Run.objects.filter(pk=_run_of(job).pk)
    rows.update(decided=F("decided") + number, lines=F("decided") + number, finished_at=pg.now())


def _effects(job: _Job, lines: Sequence[int], before: Mapping[int, str]) -> None:
    RuleEffect.objects.bulk_create(
        RuleEffect(
            tenant=job.run.tenant,
            rule_run=job.run,
            transaction_id=line,
            action=job.target.action,
            category=job.target.category,
            before=before.get(line, ""),
        )
        for line in lines
    )


_ACTS: Final[dict[str, Callable[[_Job, Sequence[Seen]], dict[int, Outcome]]]] = {
    Rule.Action.CATEGORISE: _edit,
    Rule.Action.IGNORE: _edit,
    Rule.Action.ASK: _ask,
    Rule.Action.SETTLE: _settle,
    Rule.Action.BOOK: _book,
}


def _count(run: RuleRun, found: Sequence[Seen], outcomes: Mapping[int, Outcome]) -> None:
    """Write down the place and the counts. Commits with what was done."""
    for verdict, number in engine.tally(outcomes).items():
        if verdict in _COLUMNS:
            column = _COLUMNS[verdict]
            setattr(run, column, getattr(run, column) + number)
    for name in _EXAMPLES:
        shown = run.examples.setdefault(name, [])
        shown += [pk for pk, one in outcomes.items() if one.verdict == name][: SHOWN - len(shown)]
    run.lines += len(found)
    run.place_date, run.place, run.worked_at = found[-1].date, found[-1].id, pg.now()
    run.save(update_fields=[*_COLUMNS.values(), "examples", "lines", "place_date", "place", "worked_at"])


def _finish(run: RuleRun, status: RuleRun.Status) -> bool:
    run.status, run.finished_at = status, run.finished_at or pg.now()
    run.save(update_fields=["status", "finished_at"])
    if run.dry and status == Status.DONE:
        tried(run)
    events.publish("reconciliation_changed", tenant_id=run.tenant_id, action="rule", rules=[run.rule_id])
    return False


# --- back ----------------------------------------------------------------------------------------------------------------
@transaction.atomic
def _back(run_id: int) -> bool:
    """Take back one batch, the confirmed matches all with the first; return whether there may be more."""
    run = RuleRun.objects.select_for_update(no_key=True).get(pk=run_id)
    if run.status != Status.UNDOING:
        return False
    access = _access(run)
    if access is None:
        log.warning("rule_undo_without_right", run=run.pk)
        return False
    left = RuleEffect.objects.filter(tenant=run.tenant_id, rule_run=run, undone_at=None).order_by(
        "transaction"
    )
    if not left.exists():
        RuleRun.objects.filter(pk=run.pk).update(undone_at=pg.now())
        return _finish(run, Status.UNDONE)
    through = True
    if run.action in reading.NEEDED:
        through = _take_back_matches(run, access)
    elif run.action != Rule.Action.ASK:
        left = RuleEffect.objects.filter(pk__in=list(left.values_list("pk", flat=True)[:BATCH]))
        _take_back_edits(run, access, list(left))
    if through:
        left.update(undone_at=pg.now())
    run.worked_at = pg.now()
    run.save(update_fields=["worked_at", "kept", "examples"])
    return through


def _take_back_matches(run: RuleRun, access: Access) -> bool:
    """Take back what the run confirmed and nobody took back since; return whether that was all.

    Lines of closed periods stay settled and are counted as kept. Lines that somebody is changing are left to the next beat.
    """
    if run.run is None:
        return True
    if run.action == Rule.Action.BOOK:
        booking.begin(run.tenant_id)
    else:
        desk.begin(run.tenant_id)
    ids = list(run.run.matches.filter(status="confirmed").order_by("pk").values_list("pk", flat=True))
    if not ids:
        return True
    by = By(run.tenant, access, run=run.run)
    try:
        outcome = deciding.take_back(by, ids, learn=False)
    except Refused as error:
        outcome = Decided(refused=error.refusals)
    busy = [one for one in outcome.refused if one.code == "busy"]
    kept = [one.match for one in outcome.refused if one.code != "busy"]
    if not busy:
        _keep(
            run,
            MatchLine.objects.filter(tenant=run.tenant_id, match__in=kept).values_list(
                "transaction_id", flat=True
            ),
        )
    parts = desk.parts(run.tenant_id, outcome.decided)
    if outcome.decided:
        with structlog.contextvars.bound_contextvars(request_id=f"rule-run-{run.pk}-undo"):
            booking.restore(access, outcome.decided)
        writing.tell(by, "undo", outcome.decided, {line for one in parts.values() for line in one.lines})
    return not busy


def _keep(run: RuleRun, lines: Iterable[int]) -> None:
    ids = list(lines)
    run.kept += len(ids)
    shown = run.examples.setdefault("kept", [])
    shown += ids[: SHOWN - len(shown)]


def _take_back_edits(run: RuleRun, access: Access, effects: Sequence[RuleEffect]) -> None:
    """Give the lines what they had before; those that somebody has changed since stay."""
    by_line = {one.transaction_id: one for one in effects}
    pg.lock(pg.Lock.LEDGER, run.tenant_id)
    reading.lock(run.tenant_id, by_line.keys())
    groups: dict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    rows = Transaction.objects.filter(tenant=run.tenant_id, pk__in=by_line)
    for pk, category, ignored in rows.values_list("pk", "category_override", "ignored"):
        effect = by_line[pk]
        if effect.action == Rule.Action.IGNORE and ignored:
            groups[(("ignored", False),)].append(pk)
        elif effect.action == Rule.Action.CATEGORISE and category == effect.category:
            groups[(("category_override", effect.before),)].append(pk)
    for fields, ids in groups.items():
        with structlog.contextvars.bound_contextvars(request_id=f"rule-run-{run.pk}-undo"):
            edits.edit_many(access=access, name="transactions", ids=ids, fields=dict(fields))
    _keep(run, by_line.keys() - {pk for ids in groups.values() for pk in ids})
