"""The payout of a card acquirer: many sales less a fee."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from reconciliation.matching import sums
from reconciliation.matching.normal import MARKS
from reconciliation.matching.records import Adjustment, Settlement
from reconciliation.matching.state import Evidence, State
from reconciliation.matching.tables import money

FEES: Final = (0.002, 0.08)  # what acquirers take, as a share
FEE_ALIKE: Final = 0.004  # two fees this near are the same contract's
FEE_SAME: Final = 0.0005  # two payouts' fees of one rate differ by rounding alone
MOST_TO_THE_CENT: Final = 9  # sales among which a set is looked for that fits to the cent
LONGEST_PAYOUT: Final = 4  # days of sales in one payout: a weekend and a holiday
PAID_AFTER: Final = 45  # days from sale to payout at most
MOST_SPANS: Final = 20  # runs of days looked at for one payout

_ACQUIRER = re.compile(
    r"\b(?:(?P<cielo>CIELO)|(?P<rede>REDECARD|REDE\b)|(?P<stone>STONE)|(?P<getnet>GETNET)|(?P<pagseguro>PAG ?SEGURO|PAGBANK)"
    r"|(?P<mercadopago>MERCADO ?PAGO)|(?P<sumup>SUM ?UP)|(?P<safrapay>SAFRA ?PAY)|(?P<infinitepay>INFINITE ?PAY|CLOUDWALK)|(?P<ton>TON\b)"
    r"|(?P<vero>VERO\b|BANRICARD)|(?P<sipag>SIPAG)|(?P<bin>BIN\b)|(?P<paypal>PAYPAL)|(?P<adyen>ADYEN)|(?P<stripe>STRIPE)"
    r"|(?P<izettle>I?ZETTLE)|(?P<c6pay>C6 ?PAY)|(?P<pagarme>PAGAR\.?ME))"
)
# The first words of all of them: looked up before the pattern, which is slow on the many texts that name none.
_ACQUIRER_WORDS: Final = frozenset(
    """CIELO REDECARD REDE STONE GETNET PAG PAGSEGURO PAGBANK MERCADO MERCADOPAGO SUM SUMUP SAFRA SAFRAPAY INFINITE INFINITEPAY CLOUDWALK
    TON VERO BANRICARD SIPAG BIN PAYPAL ADYEN STRIPE ZETTLE IZETTLE C6 C6PAY PAGAR PAGARME""".split()
)
_BRAND: Final = re.compile(
    r"\b(?:(?P<visa>VISA|ELECTRON)|(?P<master>MASTER ?CARD|MASTER|MAESTRO|MC\b)|(?P<elo>ELO)|(?P<amex>AMEX|AMERICAN EXPRESS)|(?P<hiper>HIPER(?:CARD)?))\b"
)
_MODE: Final = re.compile(
    r"\b(?:(?P<instalments>PARC(?:ELAD[OA])?\d*)|(?P<debit>D[EÉ]BITO|DB\d*|DEB)|(?P<credit>CR[EÉ]DITO|CD\d*|CRED))\b"
)
_CARD: Final = re.compile(r"CARTAO|CARTÃO|CREDIT CARD|DEBIT CARD|\bCARD\b|MAQUIN")


def acquirer_of(shown: str) -> str:
    """Return which card acquirer this text (capitals, words apart) names, "" for none."""
    if _ACQUIRER_WORDS.isdisjoint(shown.split()):
        return ""
    found = _ACQUIRER.search(shown)
    return found.lastgroup or "" if found else ""


class Contract(NamedTuple):
    """What a text says of card money: acquirer, brand, and whether by debit, credit or in instalments; "" for what it does not say."""

    acquirer: str
    brand: str
    mode: str

    def may_be(self, other: "Contract") -> bool:
        """Return whether nothing that both say differs."""
        return all(not ours or not theirs or ours == theirs for ours, theirs in zip(self, other, strict=True))


def contract_of(shown: str) -> Contract:
    """Return what this text (capitals, words apart) says of card money; nothing but "" where it names no acquirer and no card."""
    acquirer = acquirer_of(shown)
    if not acquirer and not _CARD.search(shown):
        return Contract("", "", "")
    brand, mode = _BRAND.search(shown), _MODE.search(shown)
    return Contract(acquirer, brand.lastgroup or "" if brand else "", mode.lastgroup or "" if mode else "")


def settle_payouts(state: State, rates: Mapping[tuple[str, str, str], float]) -> None:
    """Settle an acquirer's payouts, each with all its sales of one to a few following days, less a fee that fits the acquirer's others.

    `rates`: what share acquirers are known to take; without it the payouts at hand must agree on one.
    """
    lines: dict[tuple[int, Contract], list[int]] = defaultdict(list)
    for row in map(int, np.flatnonzero(state.free_line & (state.lines.cents > 0))):
        if (contract := contract_of(state.lines.said[row])).acquirer:
            lines[int(state.lines.currency[row]), contract].append(row)
    if not lines:
        return
    sales = _sales(state)
    for currency, contract in sorted(lines):
        rows = _sales_of(state, sales, currency, contract)
        if rows:
            _settle_contract(state, contract, lines[currency, contract], rows, rates.get(contract))


def _sales(state: State) -> dict[tuple[int, Contract], list[int]]:
    """Return free card sales by currency and what they say of acquirer, brand and kind of sale."""
    found: dict[tuple[int, Contract], list[int]] = defaultdict(list)
    for row in map(int, np.flatnonzero(state.free_item & (state.items.cents > 0))):
        item = state.items.rows[row]
        shown = f"{item.name} {item.text} {item.method}".upper().translate(MARKS)
        contract = contract_of(shown)
        if contract.acquirer or _CARD.search(shown):
            found[int(state.items.currency[row]), contract].append(row)
    return found


def _sales_of(
    state: State, sales: dict[tuple[int, Contract], list[int]], currency: int, paid: Contract
) -> list[int]:
    """Return the sales that a payout may be of, in order of day: those that name its acquirer, else those that name none."""
    fitting = [
        (contract, rows) for (of, contract), rows in sales.items() if of == currency and contract.may_be(paid)
    ]
    named = [rows for contract, rows in fitting if contract.acquirer]
    days = state.items.days
    chosen = named or [rows for _, rows in fitting]
    return sorted(
        (row for rows in chosen for row in rows if state.free_item[row]), key=lambda r: (days[r], r)
    )


class _Spans:
    """Runs of one to a few following days with sales: their sums."""

    def __init__(self, state: State, sales: list[int]) -> None:
        days = state.items.days[sales]
        starts = np.unique(days)
        sums = np.concatenate([[0], np.cumsum(state.items.cents[sales])])
        first = np.repeat(np.arange(len(starts)), LONGEST_PAYOUT)
        last = first + np.tile(np.arange(LONGEST_PAYOUT), len(starts))
        first, last = first[last < len(starts)], last[last < len(starts)]
        self.sales = sales
        self.low = np.searchsorted(days, starts[first], "left")
        self.high = np.searchsorted(days, starts[last], "right")
        self.gross = sums[self.high] - sums[self.low]
        self.until = starts[last]

    def fitting(self, paid: int, today: int) -> list[tuple[list[int], float]]:
        """Return (items, fee share) of each run of days whose sales could be this payout, the latest first, a bounded number."""
        fee = (self.gross - paid) / self.gross
        fits = (
            (fee >= FEES[0]) & (fee <= FEES[1]) & (self.until <= today) & (self.until >= today - PAID_AFTER)
        )
        return [
            (self.sales[self.low[at] : self.high[at]], float(fee[at]))
            for at in np.flatnonzero(fits)[::-1][:MOST_SPANS]
        ]


def _settle_contract(
    state: State, contract: Contract, lines: list[int], sales: list[int], rate: float | None
) -> None:
    runs = _Spans(state, sales)
    spans = {line: runs.fitting(int(state.lines.cents[line]), int(state.lines.days[line])) for line in lines}
    pools = {line: _recent(state, line, sales) for line in lines}
    fees = [fee for options in spans.values() for _, fee in options]
    fees += [fee for line, pool in pools.items() for fee in _single_fees(state, line, pool)]
    usual = _usual_fee(fees) if rate is None else rate
    for line in sorted(lines, key=lambda row: (state.lines.days[row], row)):
        if usual is not None and _settle_to_the_cent(state, line, pools[line], usual, contract):
            continue
        options = [
            (items, fee)
            for items, fee in spans[line]
            if state.free_item[items].all() and not state.is_rejected([line], items)
        ]
        fitting = [option for option in options if usual is None or abs(option[1] - usual) <= FEE_ALIKE]
        best = fitting or options
        settlements = [_payout(state, line, items, fee, contract) for items, fee in best[:3]]
        if len(best) == 1:
            state.settle(settlements[0], [line], best[0][0])
        else:
            for settlement in settlements:
                state.show(line, settlement)


def _recent(state: State, line: int, sales: list[int]) -> list[int]:
    """Return the sales due on the line's day or a few days before."""
    days = state.items.days[sales]
    today = int(state.lines.days[line])
    low, high = np.searchsorted(days, today - LONGEST_PAYOUT, "left"), np.searchsorted(days, today, "right")
    return sales[int(low) : int(high)]


def _single_fees(state: State, line: int, pool: list[int]) -> list[float]:
    """Return what the fee would be if the line were one of these sales alone, where that is a fee."""
    if not pool:
        return []
    gross = state.items.cents[pool]
    fee = (gross - state.lines.cents[line]) / gross
    return [float(share) for share in fee[(fee >= FEES[0]) & (fee <= FEES[1])]]


def _settle_to_the_cent(state: State, line: int, pool: list[int], usual: float, contract: Contract) -> bool:
    """Settle the line with the one set of recent sales that it pays to the cent at the contract's rate; return whether there is one.

    Sales of one contract that go to two accounts, or on two days, are told apart so. Rates have two decimals of a per cent, and each sale's
    fee is rounded, so a set may be off by a cent a sale.
    """
    free = [item for item in pool if state.free_item[item]]
    if not 0 < len(free) <= MOST_TO_THE_CENT:
        return False
    gross = sums.every(state.items.cents[free])
    counts = sums.every(np.ones(len(free), np.int64))
    off = np.abs(gross - int(state.lines.cents[line]) - gross * round(usual, 4))
    found = [int(chosen) for chosen in np.flatnonzero((counts > 0) & (off <= counts))]
    if len(found) != 1:
        return False
    items = [item for at, item in enumerate(free) if found[0] >> at & 1]
    if state.is_rejected([line], items):
        return False
    total = int(gross[found[0]])
    fee = (total - int(state.lines.cents[line])) / total
    state.settle(_payout(state, line, items, fee, contract), [line], items)
    return True


def _usual_fee(fees: list[float]) -> float | None:
    """Return the fee that most runs of days agree on, None when no two do."""
    ranked = np.sort(np.asarray(fees))
    if not len(ranked):
        return None
    low = np.searchsorted(ranked, ranked - FEE_SAME, "left")
    near = np.searchsorted(ranked, ranked + FEE_SAME, "right") - low
    best = int(near.argmax())
    return float(np.median(ranked[low[best] : low[best] + near[best]])) if near[best] > 1 else None


def _payout(state: State, line: int, items: list[int], fee: float, contract: Contract) -> Settlement:
    gap = int(state.lines.cents[line] - state.items.cents[items].sum())
    late = int(state.lines.days[line] - state.items.days[items].max())
    detail = {"sales": str(len(items)), "percent": f"{100 * fee:.2f}", **contract._asdict()}
    evidence = Evidence(("acquirer", 0.9), None, ("amount_less_fee_of_payout", 0.9), late, detail)
    return state.settlement("payout", [line], items, (Adjustment("fee", money(gap)),), evidence)
