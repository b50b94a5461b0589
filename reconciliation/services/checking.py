"""Whether a match may be settled now. What is checked here for the message, the database checks again."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.utils import formats

from ledger.models import OpenItem
from reconciliation.models import Match, MatchLine
from reconciliation.services.desk import ZERO, Desk, Parts
from reconciliation.services.outcome import Refusal, refusal


def problems(desk: Desk, match: int | None, parts: Parts, *, by_hand: bool = False) -> Iterator[Refusal]:
    """Yield what stands against settling these parts; nothing when they may be. `by_hand`: a person outranks what the ERP shows as paid."""
    yield from _lines(desk, match, parts)
    yield from _items(desk, match, parts.items, by_hand=by_hand)


def take(desk: Desk, parts: Parts) -> None:
    """Let the desk know that these parts are settled: what comes after in the same bulk must not settle them again."""
    desk.taken |= parts.lines.keys()
    for item, amount in parts.items.items():
        desk.settled[item] = desk.settled.get(item, ZERO) + amount


def _lines(desk: Desk, match: int | None, parts: Parts) -> Iterator[Refusal]:
    for pk, amount in parts.lines.items():
        line = desk.lines.get(pk)
        if line is None:
            yield refusal(match, "busy" if pk in desk.known_lines else "not_found")
        elif pk in desk.taken:
            yield refusal(match, "line_twice")
        elif pk not in desk.queue:
            yield _no_longer_open(desk, match, pk)
        elif line.void_at is not None or line.ignored:
            yield refusal(match, "line_gone")
        elif line.amount != amount:
            yield refusal(match, "line_changed")
        elif desk.closed_through and line.date <= desk.closed_through:
            yield closed(desk, match)


def closed(desk: Desk, match: int | None) -> Refusal:
    """Return the refusal of a closed period."""
    day = formats.date_format(desk.closed_through, "SHORT_DATE_FORMAT") if desk.closed_through else "–"
    return refusal(match, "period_closed", day=day)


def _no_longer_open(desk: Desk, match: int | None, line: int) -> Refusal:
    settled = MatchLine.objects.filter(tenant=desk.tenant, transaction=line, confirmed=True)
    by = settled.select_related("match").first()
    if by is None:
        return refusal(match, "line_gone")
    return refusal(match, "line_settled", **who_and_when(desk, by.match))


def who_and_when(desk: Desk, match: Match) -> dict[str, object]:
    """Return who decided a match and when, as people read it."""
    when = match.decided_at.astimezone(desk.tenant.zone) if match.decided_at else None
    said = formats.date_format(when, "SHORT_DATETIME_FORMAT") if when else "–"
    return {"who": match.decided_by_name or "–", "when": said}


def _items(
    desk: Desk, match: int | None, items: Mapping[int, Decimal], *, by_hand: bool
) -> Iterator[Refusal]:
    for pk, amount in items.items():
        item = desk.items.get(pk)
        if item is None:
            yield refusal(match, "busy" if pk in desk.known_items else "not_found")
        elif item.void_at is not None or item.status == OpenItem.Status.CANCELLED:
            yield refusal(match, "item_gone")
        elif not _fits(desk, item, amount, by_hand=by_hand):
            left = desk.left(item, whatever_the_erp_says=by_hand)
            said = formats.number_format(left, decimal_pos=2, use_l10n=True, force_grouping=True)
            yield refusal(match, "item_settled", open=said)


def _fits(desk: Desk, item: OpenItem, amount: Decimal, *, by_hand: bool) -> bool:
    """Return whether the share is within what is left of the item; a refund gives back at most what was settled."""
    share = amount if item.amount >= 0 else -amount
    if share < 0:
        return -share <= abs(desk.settled.get(item.pk, ZERO))
    return share <= abs(desk.left(item, whatever_the_erp_says=by_hand))
