"""From columns back to records: settlements with their reasons."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np

from reconciliation.matching import explain
from reconciliation.matching.pairs import EQUAL, MASKED, SAME_ROOT, Pairs
from reconciliation.matching.records import (
    Adjustment,
    AdjustmentKind,
    Boleto,
    Reason,
    Settlement,
    SettlementKind,
    Share,
)
from reconciliation.matching.tables import ItemTable, LineTable, cents, money

KINDS: Final[dict[int, SettlementKind]] = {
    explain.EXACT: "exact",
    explain.ROUNDING: "tolerance",
    explain.FEE: "tolerance",
    explain.BOLETO: "boleto",
    explain.LATE: "boleto",
    explain.LATE_ABOUT: "boleto",
    explain.DISCOUNT: "boleto",
    explain.DISCOUNT_ABOUT: "boleto",
    explain.PARTIAL: "partial",
}
AMOUNT_REASONS: Final = {
    explain.UNEXPLAINED: "amount_differs",
    explain.EXACT: "amount_exact",
    explain.ROUNDING: "amount_rounding",
    explain.FEE: "amount_less_fee",
    explain.BOLETO: "boleto_split",
    explain.LATE: "amount_late_by_rule",
    explain.LATE_ABOUT: "amount_late",
    explain.DISCOUNT: "amount_discount",
    explain.DISCOUNT_ABOUT: "amount_discount",
    explain.PARTIAL: "amount_partial",
    **{explain.WITHHOLDING + n: kind for n, (kind, _) in enumerate(explain.WITHHELD)},
}


def settlements(pairs: Pairs, lines: LineTable, items: ItemTable) -> list[Settlement]:
    """Return the settlement that each pair stands for."""
    points = np.diff(np.rint(np.cumsum(pairs.points, axis=1)), axis=1, prepend=0).astype(int).tolist()
    columns = zip(
        pairs.lines.tolist(), pairs.items.tolist(), pairs.document.tolist(), pairs.code.tolist(), pairs.late.tolist(),
        (100 * pairs.alike).astype(int).tolist(), (pairs.reference > 0).tolist(), (pairs.mapped > 0).tolist(), points,
        strict=True,
    )  # fmt: skip
    return [
        _settlement(
            lines,
            items,
            line,
            item,
            code,
            _reasons(document, code, late, alike, reference, mapped, tuple(given)),
        )
        for line, item, document, code, late, alike, reference, mapped, given in columns
    ]


def _settlement(
    lines: LineTable, items: ItemTable, line: int, item: int, code: int, reasons: tuple[Reason, ...]
) -> Settlement:
    paid, due = lines.rows[line], items.rows[item]
    share = due.amount if code != explain.PARTIAL else paid.amount
    kind = KINDS.get(code, "withholding")
    if kind == "exact" and reasons[0].name == "payer_mapped":
        kind = "mapped"
    return Settlement(
        kind,
        (Share(paid.id, paid.amount),),
        (Share(due.id, share),),
        adjustments(
            code,
            int(lines.cents[line]),
            int(items.cents[item]),
            int(lines.days[line] - items.days[item]),
            paid.boleto,
        ),
        sum([reason.points for reason in reasons]),
        reasons,
    )


def adjustments(
    code: int, paid: int, due: int, late: int, boleto: Boleto | None = None
) -> tuple[Adjustment, ...]:
    """Return what explains the difference of these signed cents: Σ = paid − due."""
    gap = paid - due
    if not gap or code == explain.PARTIAL:
        return ()
    if code == explain.BOLETO and boleto:
        return _boleto_parts(boleto, gap, 1 if due > 0 else -1)
    if code in (explain.LATE, explain.LATE_ABOUT, explain.BOLETO) and abs(paid) > abs(due):
        sign = 1 if due > 0 else -1
        fine, interest = explain.late_parts(abs(due), abs(gap), late)
        return _parts([("fine", sign * fine), ("interest", sign * interest)])
    kinds: dict[int, AdjustmentKind] = {explain.ROUNDING: "rounding", explain.FEE: "fee"}
    if code >= explain.WITHHOLDING:
        return _parts([(explain.WITHHELD[code - explain.WITHHOLDING][0], gap)])
    return _parts([(kinds.get(code, "discount"), gap)])


def _boleto_parts(boleto: Boleto, gap: int, sign: int) -> tuple[Adjustment, ...]:
    parts: list[tuple[AdjustmentKind, int]] = [
        ("interest", sign * cents(boleto.interest)),
        ("fine", sign * cents(boleto.fine)),
        ("discount", -sign * cents(boleto.discount)),
    ]
    rest = gap - sum(amount for _, amount in parts)
    return _parts([*parts, ("rounding", rest)])


def _parts(parts: Iterable[tuple[AdjustmentKind, int]]) -> tuple[Adjustment, ...]:
    return tuple(Adjustment(kind, money(amount)) for kind, amount in parts if amount)


@lru_cache(maxsize=1 << 14)
def _reasons(
    document: int, code: int, late: int, alike: int, reference: bool, mapped: bool, points: tuple[int, ...]
) -> tuple[Reason, ...]:
    """Return the reasons of a pair. Equal evidence shares one tuple: a hundred thousand settlements hold a few thousand of them."""
    identity, name, amount, day, contact = points
    found = (
        [Reason(_identity(document, reference, mapped), identity)] if document or reference or mapped else []
    )
    if alike:
        found.append(Reason("name_equal" if alike == 100 else "name_alike", name, {"percent": str(alike)}))
    found.append(Reason(AMOUNT_REASONS[code], amount))
    found.append(
        Reason(
            "same_day" if not late else "days_late" if late > 0 else "days_early",
            day,
            {"days": str(abs(late))},
        )
    )
    if contact:
        found.append(Reason("contact_equal", contact))
    return tuple(found)


def _identity(document: int, reference: bool, mapped: bool) -> str:
    if document == EQUAL:
        return "document_equal"
    if reference:
        return "reference_equal"
    if mapped:
        return "payer_mapped"
    return {SAME_ROOT: "document_same_company", MASKED: "document_masked_fits"}[document]
