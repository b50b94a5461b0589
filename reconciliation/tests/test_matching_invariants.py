"""What holds whatever the data: sums, nothing settled twice, order, bounds."""

import random
import tracemalloc
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.evaluation.generate import generate
from reconciliation.matching import sums
from reconciliation.matching.match import match
from reconciliation.matching.records import Boleto, Item, Line, Mapping
from reconciliation.matching.tables import ItemTable

DAY = date(2026, 3, 10)
NAMES = [
    "",
    "Maria Silva",
    "MARIA S",
    "João Galvão Werneck",
    "JOAO GALVAO WER",
    "Estrela Serviços Ltda",
    "CIELO",
    "Só Um",
]
DOCUMENTS = ["", "11144477735", "***444777**", "52998224725", "11222333000181", "11222333000262", "lixo"]
WORDS = [
    "",
    "PIX",
    "ESTORNO",
    "PEDIDO-778899",
    "LOTE-556677 COBRANCA",
    "TRANSF ENTRE CONTAS",
    "41998765432",
    "1234567890",
]
CENTS = [1, 1000, 1500, 2500, 4000, 9850, 10_000, 10_200, 12_345, 30_000, 10**17]

days = st.integers(-40, 40).map(lambda n: DAY + timedelta(n))
amounts = st.builds(
    lambda cents, sign: Decimal(cents * sign).scaleb(-2), st.sampled_from(CENTS), st.sampled_from([1, 1, -1])
)
lines_of = st.lists(
    st.builds(
        Line, st.just(""), days, amounts, st.sampled_from(NAMES), st.sampled_from(DOCUMENTS), st.sampled_from(WORDS),
        st.sampled_from(WORDS), st.sampled_from(["", "a", "b"]), st.sampled_from(["BRL", "BRL", "USD"]), st.booleans(),
        st.sampled_from([None, Boleto(Decimal("100.00"), Decimal("1.00"), Decimal("2.00"))]),
    ), max_size=9,
).map(lambda rows: [replace(row, id=f"l{n}") for n, row in enumerate(rows)])  # fmt: skip
items_of = st.lists(
    st.builds(
        Item, st.just(""), days, amounts, st.sampled_from(NAMES), st.sampled_from(DOCUMENTS), st.sampled_from(WORDS),
        st.sampled_from(["", "(41) 99876-5432"]), st.just(""), st.sampled_from([None, "7"]), st.sampled_from(["BRL", "BRL", "USD"]),
        st.sampled_from(["", "Cartão", "Cartão Cielo"]),
    ), max_size=9,
).map(lambda rows: [replace(row, id=f"i{n}") for n, row in enumerate(rows)])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(lines_of, items_of, st.randoms(use_true_random=False))
def test_sums_hold_nothing_is_settled_twice_and_order_changes_nothing(lines, items, rng):
    mappings = [Mapping("52998224725", "", "7", right=4)]
    judged = match(lines, items, mappings=mappings)
    assert [found.line_id for found in judged] == [line.id for line in lines]
    for found in judged:
        check_shape(found, {line.id: line for line in lines}, {item.id: item for item in items})
    check_once(judged, lines, items)
    mixed = rng.sample(lines, len(lines))
    again = {found.line_id: found for found in match(mixed, rng.sample(items, len(items)), mappings=mappings)}
    assert [again[line.id] for line in lines] == judged


def check_shape(found, lines, items):
    assert (
        {"clear": 1, "none": 0}.get(found.verdict, 1)
        <= len(found.settlements)
        <= {"clear": 1, "none": 0}.get(found.verdict, 3)
    )
    for settlement in found.settlements:
        assert found.line_id in {share.id for share in settlement.lines}
        parts = (*settlement.items, *settlement.adjustments)
        assert sum(share.amount for share in settlement.lines) == sum(
            (part.amount for part in parts), Decimal(0)
        )
        assert all(share.amount == lines[share.id].amount for share in settlement.lines)
        assert all(0 < share.amount / items[share.id].amount <= 1 for share in settlement.items)
        assert all(adjustment.amount for adjustment in settlement.adjustments)
        assert sum(reason.points for reason in settlement.reasons) == settlement.score
        assert 0 <= settlement.score <= 100
        currencies = {lines[share.id].currency for share in settlement.lines}
        assert currencies | {items[share.id].currency for share in settlement.items} == currencies
        assert len(currencies) == 1


def check_once(judged, lines, items):
    clear = {found.settlements[0] for found in judged if found.verdict == "clear"}
    used: dict[str, int] = defaultdict(int)
    taken: dict[str, Decimal] = defaultdict(Decimal)
    for settlement in clear:
        for share in settlement.lines:
            used[share.id] += 1
        for share in settlement.items:
            taken[share.id] += share.amount
    assert all(count == 1 for count in used.values())
    assert all(abs(taken[item.id]) <= abs(item.amount) for item in items)
    assert set(used) == {found.line_id for found in judged if found.verdict == "clear"}


def test_the_same_holds_on_a_set_with_every_case():
    made = generate(5, lines=1_500, items=900, each=15)
    judged = match(made.lines, made.items, mappings=made.mappings, collections=made.collections, own=made.own)
    lines, items = {line.id: line for line in made.lines}, {item.id: item for item in made.items}
    for found in judged:
        check_shape(found, lines, items)
    check_once(judged, made.lines, made.items)


def test_a_prepared_table_gives_the_same_as_the_items():
    made = generate(6, lines=400, items=300)
    table = ItemTable(made.items)
    whole = match(made.lines, table)
    assert whole == match(made.lines, made.items) == match(made.lines, table)


def test_progress_goes_from_nothing_to_all():
    told: list[tuple[float, str]] = []
    match([], [], progress=lambda share, stage: told.append((share, stage)))
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[0] == (0.0, "normalise")
    assert told[-1] == (1.0, "done")


@pytest.mark.parametrize("alike", ["price", "name", "document", "reference", "nothing", "own", "refund"])
def test_memory_stays_bounded_where_everything_is_alike(alike):
    """2,500 × 2,500 rows that all fit each other: 6 million pairs, of which a bounded number a line is held."""
    rng = random.Random(1)
    text = {"own": "TRANSF ENTRE CONTAS", "refund": "ESTORNO"}.get(alike, "PIX")
    reference = "CONTRATO-123456" if alike == "reference" else ""
    document = "11144477735" if alike == "document" else ""
    name = {"name": "Maria Silva", "document": "Maria Silva", "refund": "Maria Silva"}.get(alike, "")
    names = [
        name or (f"{rng.choice('ABCDEFG') * 5} {n:05d}x" if alike == "price" else "") for n in range(2_500)
    ]
    items = [Item(f"i{n}", DAY, Decimal(50), names[n], document, reference) for n in range(2_500)]
    sign = -1 if alike in ("own", "refund") else 1
    lines = [
        Line(
            f"l{n}",
            DAY,
            Decimal(50) * (sign if n % 2 else 1),
            names[-n],
            document,
            text if n % 2 else "PIX",
            reference,
        )
        for n in range(2_500)
    ]
    tracemalloc.start()
    try:
        judged = match(lines, items)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(judged) == 2_500
    assert peak < 64 * 2**20


def test_a_subset_sum_with_a_million_combinations_answers_within_its_steps():
    amounts = np.asarray([10_000 + 7 * n for n in range(24)])
    found = sums.subsets(amounts, int(amounts[6:18].sum()))
    assert len(found) == sums.MOST_ANSWERS
    assert all(sum(int(amounts[at]) for at in chosen) == amounts[6:18].sum() for chosen in found)
    assert sums.subsets(amounts, 1) == []
    with pytest.raises(ValueError, match="at most 24 amounts"):
        sums.subsets(np.ones(25, np.int64), 3)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=9), st.integers(1, 200))
def test_subsets_are_those_that_trying_all_finds(amounts, target):
    found = sums.subsets(np.asarray(amounts, np.int64), target)
    every = {
        chosen
        for mask in range(1 << len(amounts))
        if len(chosen := tuple(at for at in range(len(amounts)) if mask >> at & 1)) >= 2
        and sum(amounts[at] for at in chosen) == target
    }
    assert set(found) <= every
    assert len(set(found)) == len(found) == min(len(every), sums.MOST_ANSWERS)


def test_a_payer_with_hundreds_of_items_is_never_believed_on_a_sum():
    items = [
        Item(
            f"i{n:03}",
            DAY + timedelta(n % 30),
            Decimal(1_000 + 7 * n).scaleb(-2),
            "Maria Silva",
            "11144477735",
        )
        for n in range(300)
    ]
    lines = [Line("l1", DAY, sum((i.amount for i in items[10:22]), Decimal(0)), "MARIA SILVA", "11144477735")]
    (found,) = match(lines, items)
    assert found.verdict in ("ambiguous", "none")


def test_what_one_number_holds_together_is_of_one_currency():
    """A batch, a payout: the sum of a dollar and a real is no amount."""
    named = {"due_date": date(2026, 3, 10), "reference": "PEDIDO-778899"}
    items = [
        Item(id="i0", amount=Decimal(10), **named),
        Item(id="i1", amount=Decimal(10), currency="USD", **named),
    ]
    line = Line(id="l0", date=date(2026, 3, 10), amount=Decimal(20), reference="PEDIDO-778899")
    for currency in ("BRL", "USD"):
        (found,) = match([replace(line, currency=currency)], items)
        assert all(len(settlement.items) < 2 for settlement in found.settlements)
