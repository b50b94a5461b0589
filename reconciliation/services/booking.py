"""Settling bank lines for which nothing was due: bank fees, taxes, card purchases. Each line is a match of its own, with a category or none.

A category is written into the line as well, as a person's edit; so whoever books one queues behind writers of the ledger first.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ledger import edits
from ledger.models import Transaction
from lib import pg
from reconciliation.models import Decision, Match, MatchAdjustment, MatchLine, Run
from reconciliation.services import checking, desk, linking, once, writing
from reconciliation.services.desk import Desk, Parts
from reconciliation.services.outcome import Outcome, Refusal, Refused, refusal
from reconciliation.services.signing import digest, signature
from reconciliation.services.writing import By
from tenants.access import Access

AT_ONCE: Final = edits.AT_ONCE
LONGEST: Final = 80  # characters of a category
Kind = Match.Kind
# What booking wrote into lines that still say so: (line, category, the one before).
_CATEGORIES: Final = """
SELECT t.id, r -> 'detail' ->> 'category', r -> 'detail' ->> 'before'
  FROM reconciliation_match m
  JOIN reconciliation_matchline l ON l.tenant_id = m.tenant_id AND l.match_id = m.id
  JOIN ledger_transaction t ON t.tenant_id = l.tenant_id AND t.id = l.transaction_id
 CROSS JOIN LATERAL jsonb_array_elements(m.reasons) r
 WHERE m.tenant_id = %(tenant)s AND m.id = ANY(%(matches)s) AND m.kind = 'booked' AND t.void_at IS NULL
   AND r -> 'detail' ? 'before' AND t.category_override = r -> 'detail' ->> 'category'
"""


@transaction.atomic
def book(*, access: Access, lines: Sequence[int], category: str = "", key: str = "") -> Outcome:
    """Settle these lines without an open item, each by itself, and give them the category if one is said; return the matches.

    Lines that cannot be settled are refused one by one; several at once are one run, which `undo` takes back as a whole. Raises Refused
    when none could be settled, KeyReused, and ValidationError for more than AT_ONCE or a category that is too long.
    """
    ids, name = _asked(lines), clean(category)
    ticket = once.take(tenant_id=access.tenant.pk, key=key, question={"book": ids, "category": name})
    if ticket.answer:
        return ticket.answer
    begin(access.tenant.pk)
    run = None
    if len(ids) > 1:
        run = Run.objects.create(
            tenant=access.tenant, kind=Run.Kind.BULK, actor=access.user, actor_name=access.actor_name
        )
    by = By(access.tenant, access, run=run)
    outcome, done = place(by, ids, category=name, editor=access, origin=Match.Origin.PERSON)
    if run is not None:
        Run.objects.filter(pk=run.pk).update(decided=len(done), lines=len(done), finished_at=pg.now())
    ticket.keep(outcome)
    writing.tell(by, "book", outcome.decided, done)
    return outcome


def begin(tenant_id: int) -> None:
    """Wait until nobody else writes the company's ledger or decides in it, in this order. Needs a transaction."""
    pg.lock(pg.Lock.LEDGER, tenant_id)
    desk.begin(tenant_id)


def clean(category: str) -> str:
    """Return the category as it is kept. Raises ValidationError when it is too long."""
    name = " ".join(category.replace("\x00", "").split())
    if len(name) > LONGEST:
        raise ValidationError(
            {"category": _("This text is too long: %(limit)d characters at most.") % {"limit": LONGEST}}
        )
    return name


def _asked(lines: Sequence[int]) -> list[int]:
    ids = sorted(set(lines))
    if not ids:
        raise ValidationError({"lines": _("Name at least one bank line.")})
    if len(ids) > AT_ONCE:
        raise ValidationError({"lines": _("At most %(n)d can be decided at once.") % {"n": AT_ONCE}})
    return ids


def place(
    by: By, ids: Sequence[int], *, category: str, editor: Access, origin: Match.Origin
) -> tuple[Outcome, list[int]]:
    """Settle the lines after `begin`; return what was decided, and its lines. Raises Refused when none could be. Publishing is the caller's.

    `editor`: who gives the category. The same number of statements however many lines.
    """
    pg.execute(linking.QUEUE, {"tenant": by.tenant.pk, "lines": list(ids)})
    rows = desk.lay(by.tenant, ids, ())
    good: list[Transaction] = []
    refused: list[Refusal] = []
    for pk in ids:
        problem = _problem(rows, pk)
        if problem is None:
            good.append(rows.lines[pk])
        else:
            refused.append(problem)
    if not good:
        raise Refused(refused)
    matches = _write(by, good, category, origin)
    why = {match.pk: ("", {"category": category}) for match in matches} if category else None
    writing.move(by, matches, to=Match.Status.CONFIRMED, action=Decision.Action.BOOK, reasons=why)
    done = [row.pk for row in good]
    changed = [row.pk for row in good if _changes(row, category)]
    if changed:
        edits.edit_many(
            access=editor, name="transactions", ids=changed, fields={"category_override": category}
        )
    return Outcome(tuple(match.pk for match in matches), tuple(refused), by.run.pk if by.run else None), done


def _problem(rows: Desk, pk: int) -> Refusal | None:
    line = rows.lines.get(pk)
    if line is None:
        return replace(refusal(None, "busy" if pk in rows.known_lines else "not_found"), line=pk)
    found = next(checking.problems(rows, None, Parts({pk: line.amount})), None)
    return found and replace(found, line=pk)


def _write(by: By, lines: Sequence[Transaction], category: str, origin: Match.Origin) -> list[Match]:
    drafts = [(row, _reasons(row, category)) for row in lines]
    matches = Match.objects.bulk_create(
        Match(
            tenant=by.tenant,
            status=Match.Status.PROPOSED,
            kind=Kind.BOOKED,
            verdict=Match.Verdict.CLEAR,
            origin=origin,
            score=0,
            reasons=reasons,
            amount=row.amount,
            currency=row.currency,
            signature=signature([row.pk], ()),
            digest=digest(
                kind=Kind.BOOKED, verdict="clear", score=0, reasons=reasons, ranks={},
                lines={row.pk: row.amount}, items={}, adjustments={MatchAdjustment.Kind.BOOKED: row.amount},
            ),
            decided_by_name="",
        )
        for row, reasons in drafts
    )  # fmt: skip
    pairs = list(zip(matches, lines, strict=True))
    MatchLine.objects.bulk_create(
        MatchLine(tenant=by.tenant, match=match, transaction=row, amount=row.amount, rank=1, confirmed=False)
        for match, row in pairs
    )
    MatchAdjustment.objects.bulk_create(
        MatchAdjustment(tenant=by.tenant, match=match, kind=MatchAdjustment.Kind.BOOKED, amount=row.amount)
        for match, row in pairs
    )
    return matches


def _reasons(line: Transaction, category: str) -> list[dict[str, Any]]:
    if not category:
        return [{"name": "booked_without", "points": 0, "detail": {}}]
    detail = {"category": category}
    if _changes(line, category):  # else there is nothing that undoing would have to give back
        detail["before"] = line.category_override
    return [{"name": "booked_as", "points": 0, "detail": detail}]


def _changes(line: Transaction, category: str) -> bool:
    return category not in {"", line.category_override or line.category}


def begin_undo(tenant_id: int, matches: Collection[int]) -> None:
    """Begin to decide, behind writers of the ledger when one of these matches may have given its line a category."""
    if Match.objects.filter(tenant=tenant_id, pk__in=matches, kind=Kind.BOOKED).exists():
        begin(tenant_id)
    else:
        desk.begin(tenant_id)


def restore(access: Access, matches: Iterable[int]) -> None:
    """Give lines the category that they had before these matches gave them one; those that somebody has changed since keep theirs.

    Needs `begin_undo`.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    params = {"tenant": access.tenant.pk, "matches": list(matches)}
    for line, _category, before in pg.fetch(_CATEGORIES, params):
        groups[before].append(line)
    for before, ids in groups.items():
        for start in range(0, len(ids), AT_ONCE):
            edits.edit_many(
                access=access,
                name="transactions",
                ids=ids[start : start + AT_ONCE],
                fields={"category_override": before},
            )
