"""Confirming, rejecting and taking back. One or many at once; the same key twice is answered once."""

from collections.abc import Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from lib import pg
from reconciliation.models import Decision, Match, Rejection, Run
from reconciliation.services import booking, checking, desk, learning, once, queueing, writing
from reconciliation.services.outcome import Outcome, Refusal, Refused, refusal
from reconciliation.services.writing import By
from tenants.access import Access
from tenants.models import Tenant

AT_ONCE: Final = 1_000
Status = Match.Status
_REMEMBER: Final = """
INSERT INTO reconciliation_rejection (tenant_id, transaction_id, open_item_id, match_id)
SELECT l.tenant_id, l.transaction_id, i.open_item_id, l.match_id
  FROM reconciliation_matchline l JOIN reconciliation_matchitem i USING (tenant_id, match_id)
 WHERE l.tenant_id = %(tenant)s AND l.match_id = ANY(%(matches)s)
   AND 1 = (SELECT count(*) FROM reconciliation_matchline o WHERE o.tenant_id = l.tenant_id AND o.match_id = l.match_id)
   AND 1 = (SELECT count(*) FROM reconciliation_matchitem o WHERE o.tenant_id = l.tenant_id AND o.match_id = l.match_id)
    ON CONFLICT DO NOTHING
"""


@transaction.atomic
def confirm(*, access: Access, matches: Sequence[int], key: str = "") -> Outcome:
    """Settle what these proposals say, those that still can be; return which were and why others were not.

    Several at once are one run, which `undo` takes back as a whole. Raises Refused when none could be confirmed (nothing is written then),
    KeyReused, and ValidationError for more than AT_ONCE.
    """
    ids = _asked(matches)
    ticket = once.take(tenant_id=access.tenant.pk, key=key, question={"confirm": ids})
    if ticket.answer:
        return ticket.answer
    desk.begin(access.tenant.pk)
    run = _bulk(access, Run.Kind.BULK) if len(ids) > 1 else None
    outcome = settle(By(access.tenant, access, run=run), ids)
    ticket.keep(outcome)
    return _told(By(access.tenant, access, run=run), "confirm", outcome)


def settle(by: By, ids: Sequence[int]) -> Outcome:
    """Confirm proposals inside a transaction that has begun to decide. Raises Refused when none could be. Publishing is the caller's."""
    found, parts = desk.matches(by.tenant.pk, ids), desk.parts(by.tenant.pk, ids)
    rows = desk.lay(
        by.tenant,
        {line for match in found for line in parts[match].lines},
        {item for match in found for item in parts[match].items},
    )
    good: list[Match] = []
    refused: list[Refusal] = []
    for pk in ids:
        match = found.get(pk)
        problem = _not_a_proposal(rows, pk, match) or next(checking.problems(rows, pk, parts[pk]), None)
        if problem or match is None:
            refused.append(problem or refusal(pk, "not_found"))
        else:
            good.append(match)
            checking.take(rows, parts[pk])
    if not good:
        raise Refused(refused)
    writing.move(by, good, to=Status.CONFIRMED, action=Decision.Action.CONFIRM)
    if by.access:  # what the machine confirms by itself teaches it nothing
        learning.learn(by.tenant, [match.pk for match in good])
    _count(by, good)
    return Outcome(tuple(match.pk for match in good), tuple(refused), by.run.pk if by.run else None)


def _not_a_proposal(rows: desk.Desk, pk: int, match: Match | None) -> Refusal | None:
    if match is None:
        return refusal(pk, "not_found")
    if match.status == Status.REPLACED:
        return refusal(pk, "replaced")
    if match.status != Status.PROPOSED:
        said = {"status": match.get_status_display(), **checking.who_and_when(rows, match)}
        return refusal(pk, "decided", **said)
    return None


@transaction.atomic
def reject(*, access: Access, matches: Sequence[int], key: str = "") -> Outcome:
    """Refuse these proposals for good; return which were. They are remembered and never proposed again. Raises like `confirm`."""
    ids = _asked(matches)
    ticket = once.take(tenant_id=access.tenant.pk, key=key, question={"reject": ids})
    if ticket.answer:
        return ticket.answer
    desk.begin(access.tenant.pk)
    by, found = By(access.tenant, access), desk.matches(access.tenant.pk, ids)
    rows = desk.lay(access.tenant, (), ())
    refused = [problem for pk in ids if (problem := _not_a_proposal(rows, pk, found.get(pk)))]
    wrong = {problem.match for problem in refused}
    good = [found[pk] for pk in ids if pk not in wrong]
    if not good:
        raise Refused(refused)
    writing.move(by, good, to=Status.REJECTED, action=Decision.Action.REJECT)
    done = [match.pk for match in good]
    pg.execute(_REMEMBER, {"tenant": access.tenant.pk, "matches": done})
    learning.doubt(access.tenant, done)
    outcome = Outcome(tuple(done), tuple(refused))
    ticket.keep(outcome)
    return _told(by, "reject", outcome)


@transaction.atomic
def undo(*, access: Access, matches: Sequence[int] = (), run: int | None = None, key: str = "") -> Outcome:
    """Take back confirmations and rejections, however old: single ones, or all that a run confirmed and nobody took back since.

    Nothing is deleted: the matches stay as taken back, their lines and items are open again. Raises like `confirm`.
    """
    ids = _asked(matches) if run is None else _of_run(access.tenant, run)
    ticket = once.take(
        tenant_id=access.tenant.pk, key=key, question={"undo": ids} if run is None else {"run": run}
    )
    if ticket.answer:
        return ticket.answer
    booking.begin_undo(access.tenant.pk, ids)
    by = By(access.tenant, access)
    outcome = take_back(by, ids, learn=True)
    booking.restore(access, outcome.decided)
    ticket.keep(outcome)
    return _told(by, "undo", outcome)


def take_back(by: By, ids: Sequence[int], *, learn: bool) -> Outcome:
    """Take decided matches back inside a transaction that has begun to decide. Raises Refused when none could be."""
    found, parts = desk.matches(by.tenant.pk, ids), desk.parts(by.tenant.pk, ids)
    rows = desk.lay(by.tenant, {line for match in found for line in parts[match].lines}, ())
    refused = [problem for pk in ids if (problem := _not_to_undo(rows, pk, found.get(pk), parts[pk]))]
    wrong = {problem.match for problem in refused}
    good = [found[pk] for pk in ids if pk not in wrong]
    if not good:
        raise Refused(refused)
    confirmed = [match.pk for match in good if match.status == Status.CONFIRMED]
    writing.move(by, good, to=Status.UNDONE, action=Decision.Action.UNDO)
    done = [match.pk for match in good]
    Rejection.objects.filter(tenant=by.tenant, match__in=done, withdrawn_at=None).update(
        withdrawn_at=pg.now()
    )
    if learn:
        learning.unlearn(by.tenant, confirmed)
    queueing.look_again(by.tenant.pk, {item for pk in done for item in parts[pk].items})
    return Outcome(tuple(done), tuple(refused))


def _not_to_undo(rows: desk.Desk, pk: int, match: Match | None, parts: desk.Parts) -> Refusal | None:
    if match is None:
        return refusal(pk, "not_found")
    if match.status not in {Status.CONFIRMED, Status.REJECTED}:
        said = {"status": match.get_status_display(), **checking.who_and_when(rows, match)}
        return refusal(pk, "decided", **said)
    if match.status == Status.CONFIRMED and rows.closed_through:
        if parts.lines.keys() - rows.lines.keys():
            return refusal(pk, "busy")
        if any(rows.lines[line].date <= rows.closed_through for line in parts.lines):
            return checking.closed(rows, pk)
    return None


def _asked(matches: Sequence[int]) -> list[int]:
    ids = sorted(set(matches))
    if not ids:
        raise ValidationError({"matches": _("Name at least one match.")})
    if len(ids) > AT_ONCE:
        raise ValidationError({"matches": _("At most %(n)d can be decided at once.") % {"n": AT_ONCE}})
    return ids


def _of_run(tenant: Tenant, run: int) -> list[int]:
    rows = Match.objects.filter(tenant=tenant, run=run, status=Status.CONFIRMED).order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    if not ids:
        raise Refused([refusal(None, "not_found")])
    return ids


def _bulk(access: Access, kind: Run.Kind) -> Run:
    return Run.objects.create(
        tenant=access.tenant, kind=kind, actor=access.user, actor_name=access.actor_name
    )


def _count(by: By, good: Sequence[Match]) -> None:
    if by.run is not None:
        Run.objects.filter(pk=by.run.pk).update(decided=len(good), lines=len(good), finished_at=pg.now())


def _told(by: By, action: str, outcome: Outcome) -> Outcome:
    parts: dict[int, Any] = desk.parts(by.tenant.pk, outcome.decided)
    writing.tell(by, action, outcome.decided, {line for one in parts.values() for line in one.lines})
    return outcome
