"""Why a payment differs from what was due, by rates that the field knows. Works on magnitudes in cents: `paid` by the line, `due` by the item.

Rates: withholding on services (IRRF: Decreto 9.580/2018 art. 714; PIS, COFINS and CSLL: Lei 10.833/2003 art. 30; INSS: Lei 8.212/1991
art. 31; ISS: 2 to 5 %, Lei Complementar 116/2003 art. 8 and 8-A) and late payment (fine of at most 2 %, Lei 8.078/1990 art. 52;
interest of 1 % a month, Código Tributário Nacional art. 161 by custom).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from reconciliation.matching.columns import Bools, Floats, Ints
from reconciliation.matching.records import AdjustmentKind

(
    UNEXPLAINED,
    EXACT,
    ROUNDING,
    BOLETO,
    LATE,
    LATE_ABOUT,
    DISCOUNT,
    DISCOUNT_ABOUT,
    FEE,
    PARTIAL,
    WITHHOLDING,
) = range(11)
"""Codes of explanations. WITHHOLDING + n is the n-th of WITHHELD."""

WITHHELD: Final[tuple[tuple[AdjustmentKind, float], ...]] = (
    ("withholding_irrf", 0.015),
    ("withholding_pcc", 0.0465),
    ("withholding_irrf_pcc", 0.0615),
    ("withholding_inss", 0.11),
    *(("withholding_iss", rate / 1000) for rate in (20, 25, 30, 35, 40, 45, 50)),
)
FINE: Final = 0.02
INTEREST_A_DAY: Final = 0.01 / 30
MOST_LATE: Final = 0.12, 0.001  # fine and other charges at most; interest a day at most
DISCOUNTS: Final = (0.01, 0.02, 0.025, 0.03, 0.04, 0.05, 0.07, 0.08, 0.10)
MOST_DISCOUNT: Final = 0.20
LEAST_PART: Final = 0.05  # a smaller part of what is due is no partial payment

WORTH: Final = {
    UNEXPLAINED: 0.0,
    EXACT: 1.0,
    ROUNDING: 0.95,
    BOLETO: 1.0,
    LATE: 0.9,
    LATE_ABOUT: 0.6,
    DISCOUNT: 0.85,
    DISCOUNT_ABOUT: 0.5,
    FEE: 0.75,
    PARTIAL: 0.3,
    **{WITHHOLDING + n: 0.9 for n in range(len(WITHHELD))},
}


@dataclass(slots=True)
class Difference:
    """What is known about each pair. `late`: days after due; `known`: something besides the amount says who paid; `company`: a CNPJ pays."""

    paid: Ints
    due: Ints
    late: Ints
    known: Bools
    company: Bools
    boleto_base: Ints  # what the bank says the boleto was worth before interest and discount; 0: not said

    def explained(self, tolerance: int, percent: float) -> tuple[Ints, Floats]:
        """Return the code of the best explanation of each pair and its worth, 0 to 1. `tolerance` in cents."""
        code = np.zeros(len(self.paid), np.int64)
        for value, holds in reversed(self._explanations(tolerance, percent)):
            code[holds] = value
        worth = np.asarray([WORTH[n] for n in range(len(WORTH))])[code]
        fee = code == FEE
        share = (self.due[fee] - self.paid[fee]) / np.maximum(self.due[fee], 1)
        worth[fee] = 0.9 - 0.3 * share * 100 / max(percent, 0.01)
        return code, worth

    def _explanations(self, tolerance: int, percent: float) -> list[tuple[int, Bools]]:
        """Return (code, where it holds), the most convincing first."""
        gap = self.paid - self.due
        less = -gap
        late = self.late > 0
        return [
            (EXACT, gap == 0),
            (BOLETO, (self.boleto_base > 0) & (self.boleto_base == self.due)),
            *(
                (WITHHOLDING + n, self.known & self.company & self._is(self.due * (1 - rate)))
                for n, (_, rate) in enumerate(WITHHELD)
            ),
            (LATE, self.known & late & self._is_late_by_rule()),
            (
                DISCOUNT,
                self.known & ~late & np.any([self._is(self.due * (1 - rate)) for rate in DISCOUNTS], axis=0),
            ),
            (ROUNDING, np.abs(gap) <= tolerance),
            (FEE, (less > 0) & (less * 100 <= percent * self.due)),
            (
                LATE_ABOUT,
                self.known & late & (gap > 0) & (gap <= self.due * (MOST_LATE[0] + MOST_LATE[1] * self.late)),
            ),
            (DISCOUNT_ABOUT, self.known & ~late & (less > 0) & (less <= self.due * MOST_DISCOUNT)),
            (PARTIAL, self.known & (less > 0) & (self.paid >= self.due * LEAST_PART)),
        ]

    def _is(self, expected: Floats, cents: float = 1.0) -> Bools:
        """Return where that much was paid, a cent of rounding apart. On small amounts a cent is no evidence."""
        near: Bools = (np.abs(self.paid - expected) <= cents) & (self.due >= 1_000) & (self.paid != self.due)
        return near

    def _is_late_by_rule(self) -> Bools:
        interest = self.due * INTEREST_A_DAY * self.late
        alone, fined = (self._is(self.due * (1 + fine) + interest, 2.0) for fine in (0.0, FINE))
        return alone | fined


def late_parts(due: int, gap: int, late: int) -> tuple[int, int]:
    """Return (fine, interest) that add up to the gap: interest alone where that fits, else the lawful fine and the rest as interest."""
    fine = round(due * FINE)
    if gap < fine or abs(gap - due * INTEREST_A_DAY * late) <= 2:
        return 0, gap
    return fine, gap - fine
