"""A match that a person (or a rule) makes: which lines, which items with how much of each, and what explains the difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _

from lib import pg
from reconciliation.models import Decision, Match, MatchAdjustment, MatchItem, MatchLine
from reconciliation.services import checking, desk, learning, once, writing
from reconciliation.services.desk import ZERO, Desk, Parts
from reconciliation.services.outcome import Outcome, Refused, refusal
from reconciliation.services.signing import digest, signature
from reconciliation.services.writing import By
from tenants.access import Access

MOST_PARTS: Final = 500
Kind = Match.Kind
# What may explain a difference; a line that needs no open item (see `booking`) is explained by that alone.
DIFFERENCES: Final = tuple(kind for kind in MatchAdjustment.Kind if kind != MatchAdjustment.Kind.BOOKED)
_DIFFERENCES: Final = {False: frozenset(DIFFERENCES), True: frozenset({MatchAdjustment.Kind.BOOKED})}
BY_HAND: Final = (Kind.TRANSFER, Kind.REFUND)  # what a person says of lines without items
QUEUE: Final = """
INSERT INTO reconciliation_openline (tenant_id, transaction_id, date, amount, currency, line_changed_at)
SELECT t.tenant_id, t.id, t.date, t.amount, t.currency, t.updated_at FROM ledger_transaction t
 WHERE t.tenant_id = %(tenant)s AND t.id = ANY(%(lines)s) AND t.void_at IS NULL AND NOT t.ignored AND t.amount <> 0
   AND NOT EXISTS (SELECT FROM reconciliation_matchline s WHERE s.tenant_id = t.tenant_id AND s.transaction_id = t.id AND s.confirmed)
 ORDER BY t.id ON CONFLICT DO NOTHING
"""
_SAME_PROPOSAL: Final = """
UPDATE reconciliation_match SET status = 'replaced' WHERE tenant_id = %s AND signature = %s AND status = 'proposed'
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be linked. A share of None is all that is left of the item. Amounts are signed like the ledger."""

    lines: Sequence[int]
    items: Mapping[int, Decimal | None]
    adjustments: Mapping[str, Decimal] = field(default_factory=dict)
    origin: Match.Origin = Match.Origin.PERSON
    kind: Match.Kind | None = None  # None: what its shape says
    score: int = 0
    reasons: Sequence[Mapping[str, Any]] = ()


@transaction.atomic
def link(
    *,
    access: Access,
    lines: Sequence[int],
    items: Mapping[int, Decimal | None],
    adjustments: Mapping[str, Decimal] | None = None,
    kind: str = "",
    key: str = "",
) -> Outcome:
    """Settle bank lines with these shares of open items and these differences (by `MatchAdjustment.Kind`); return the match that says so.

    Whole lines only, several lines or several items alike. No items for lines that cancel each other out: `kind` says then whether that was a
    transfer between own accounts (unless said) or a refund. A person may link an item that
    the ERP shows as paid, as long as no other payment settled it here. Raises ValidationError when it does not add up, Refused when a line or
    item cannot be settled, KeyReused.
    """
    draft = Draft(lines, items, adjustments or {}, kind=_kind_by_hand(kind, lines, items))
    question = {
        "lines": sorted(lines),
        "items": {str(item): str(amount) for item, amount in items.items()},
        "adjustments": {name: str(amount) for name, amount in draft.adjustments.items()},
    } | ({"kind": kind} if kind else {})
    ticket = once.take(tenant_id=access.tenant.pk, key=key, question=question)
    if ticket.answer:
        return ticket.answer
    desk.begin(access.tenant.pk)
    by = By(access.tenant, access)
    match = place(by, draft)
    learning.learn(access.tenant, [match.pk])
    outcome = Outcome((match.pk,))
    ticket.keep(outcome)
    writing.tell(by, "link", outcome.decided, lines)
    return outcome


def _kind_by_hand(kind: str, lines: Sequence[int], items: Mapping[int, Decimal | None]) -> Match.Kind | None:
    if not kind:
        return None
    if kind not in BY_HAND or items or len(lines) < 2:
        raise ValidationError(
            {"kind": _("Only bank lines that cancel each other out are a transfer or a refund.")}
        )
    return Kind(kind)


def place(by: By, draft: Draft, *, why: tuple[str, dict[str, Any]] | None = None) -> Match:
    """Write the match and confirm it, inside a transaction that has begun to decide. Raises like `link`. Publishing is the caller's."""
    _refuse_odd(draft)
    pg.execute(QUEUE, {"tenant": by.tenant.pk, "lines": list(draft.lines)})
    rows = desk.lay(by.tenant, draft.lines, draft.items)
    absent = (set(draft.lines) - rows.known_lines) | (set(draft.items) - rows.known_items)
    if absent:
        raise Refused([refusal(None, "not_found")])
    parts = Parts(
        {line: rows.lines[line].amount for line in draft.lines if line in rows.lines}, _shares(rows, draft)
    )
    busy = [refusal(None, "busy") for line in draft.lines if line not in rows.lines]
    problems = busy or list(checking.problems(rows, None, parts, by_hand=True))
    if problems:
        raise Refused(problems)
    _refuse_sum(parts, draft)
    match = _write(by, rows, parts, draft)
    writing.move(
        by,
        [match],
        to=Match.Status.CONFIRMED,
        action=Decision.Action.LINK,
        reasons={match.pk: why} if why else None,
    )
    return match


def _refuse_odd(draft: Draft) -> None:
    if not draft.lines:
        raise ValidationError({"lines": _("Name at least one bank line.")})
    if len(set(draft.lines)) != len(draft.lines):
        raise ValidationError({"lines": _("A bank line is named twice.")})
    if len(draft.lines) + len(draft.items) > MOST_PARTS:
        raise ValidationError(_("At most %(n)d lines and items can be linked at once.") % {"n": MOST_PARTS})
    unknown = set(draft.adjustments) - _DIFFERENCES[draft.kind == Kind.BOOKED]
    if unknown:
        raise ValidationError(
            {"adjustments": _("Unknown kind of difference: %(kind)s.") % {"kind": min(unknown)}}
        )


def _shares(rows: Desk, draft: Draft) -> dict[int, Decimal]:
    """Return how much of each item is settled; all that is left where nothing is said."""
    found = {}
    for pk, amount in draft.items.items():
        if amount is None:
            item = rows.items.get(pk)
            amount = rows.left(item) or rows.left(item, whatever_the_erp_says=True) if item else ZERO
        found[pk] = amount
    return found


def _refuse_sum(parts: Parts, draft: Draft) -> None:
    lines, items = sum(parts.lines.values(), ZERO), sum(parts.items.values(), ZERO)
    differences = sum(draft.adjustments.values(), ZERO)
    if any(amount == 0 for amount in [*parts.items.values(), *draft.adjustments.values()]):
        raise ValidationError(_("A share or difference of zero settles nothing."))
    if lines != items + differences:
        said = [
            formats.number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
            for amount in (lines, items + differences, lines - items - differences)
        ]
        raise ValidationError(
            _(
                "The bank lines are %(lines)s, items and differences are %(items)s: %(missing)s is not explained."
            )
            % dict(zip(("lines", "items", "missing"), said, strict=True))
        )


def _write(by: By, rows: Desk, parts: Parts, draft: Draft) -> Match:
    named, kind = signature(parts.lines, parts.items), draft.kind or shape(rows, parts, draft)
    currencies = {rows.lines[line].currency for line in parts.lines} | {
        rows.items[item].currency for item in parts.items
    }
    if len(currencies) > 1:
        raise ValidationError(_("Lines and items of different currencies cannot be linked."))
    pg.execute(_SAME_PROPOSAL, [by.tenant.pk, named])
    reasons = list(draft.reasons)
    match = Match.objects.create(
        tenant=by.tenant,
        kind=kind,
        origin=draft.origin,
        score=draft.score,
        reasons=reasons,
        amount=sum(parts.lines.values(), ZERO),
        currency=currencies.pop(),
        signature=named,
        digest=digest(
            kind=kind, verdict="clear", score=draft.score, reasons=reasons, ranks={},
            lines=parts.lines, items=parts.items, adjustments=draft.adjustments,
        ),
    )  # fmt: skip
    own: dict[str, Any] = {"tenant": by.tenant, "match": match}
    MatchLine.objects.bulk_create(
        MatchLine(**own, transaction_id=pk, amount=amount) for pk, amount in parts.lines.items()
    )
    MatchItem.objects.bulk_create(
        MatchItem(**own, open_item_id=pk, amount=amount) for pk, amount in parts.items.items()
    )
    MatchAdjustment.objects.bulk_create(
        MatchAdjustment(**own, kind=name, amount=amount) for name, amount in draft.adjustments.items()
    )
    match.status = Match.Status.PROPOSED
    return match


def shape(rows: Desk, parts: Parts, draft: Draft) -> Match.Kind:
    """Return the kind that the parts show: how many of each, and what explains the difference."""
    lines, items = len(parts.lines), len(parts.items)
    if not items:
        return Kind.TRANSFER if lines > 1 else Kind.MANUAL
    if any(name.startswith("withholding") for name in draft.adjustments):
        return Kind.WITHHOLDING
    if lines > 1:
        return Kind.MANY_TO_ONE if items == 1 else Kind.MANUAL
    if items > 1:
        return Kind.ONE_TO_MANY
    if draft.adjustments:
        return Kind.TOLERANCE
    pk, amount = next(iter(parts.items.items()))
    return Kind.EXACT if amount == rows.items[pk].amount else Kind.PARTIAL
