"""Which line is which: the same in every export, two equal purchases stay two, only what is equal in everything is a repeat."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.providers.assembly import fingerprint
from sync.providers.memo import plain
from sync.providers.ofx.reader import read_ofx
from sync.providers.statement import StatementLine
from sync.tests.bankfiles import ACCOUNT, fixture, ofx, row


def mark(line: StatementLine) -> str:
    return fingerprint(line.date, line.amount, plain(line.description))


def ids(*rows: str, **options: str) -> list[str]:
    return [line.external_id for line in read_ofx(ofx(*rows, **options)).lines]


def test_a_banks_own_id_is_the_identity():
    assert ids(row(fitid="202607020001"), row(fitid="X-2")) == ["fitid:202607020001", "fitid:X-2"]


@pytest.mark.parametrize("fitid", ["", "0", "000000", "0.0", "-", "000-000"])
def test_an_id_of_nothing_is_none(fitid):
    assert ids(row(fitid=fitid))[0].startswith("fp:")


def test_two_equal_purchases_without_ids_stay_two():
    first, second = ids(row(fitid="0"), row(fitid="0"))
    assert (first[:-2], first[-2:], second[-2:]) == (second[:-2], ":0", ":1")


def test_a_repeat_has_the_same_id_and_everything_else():
    statement = read_ofx(ofx(row(), row(), row()))
    assert ([line.external_id for line in statement.lines], statement.skipped) == (["fitid:A1"], 2)
    assert statement.warnings == (
        "Rows that repeat another one word for word, id included, were left out: 2 (the first has the id A1).",
    )


@pytest.mark.parametrize(
    "other", [{"amount": "-10.01"}, {"day": "20260703"}, {"memo": "COMPRA 2"}, {"more": "<CHECKNUM>7"}]
)
def test_the_same_id_on_different_rows_keeps_both_and_is_told(other):
    statement = read_ofx(ofx(row(), row(**other)))
    assert len(statement.lines) == 2
    assert len({line.external_id for line in statement.lines}) == 2
    assert all(line.external_id.startswith("fp:") for line in statement.lines)
    assert statement.warnings == ("The id A1 stands on 2 different rows; all were kept.",)


def test_a_repeat_beside_a_different_row_goes_and_the_rest_stays():
    statement = read_ofx(ofx(row(), row(), row(memo="OUTRA")))
    assert ([line.memo for line in statement.lines], statement.skipped) == (["COMPRA", "OUTRA"], 1)


def test_the_same_id_in_two_accounts_is_no_repeat():
    second = f"</STMTRS><STMTRS>{ACCOUNT.replace('1-1', '2-2')}<BANKTRANLIST>{row()}</BANKTRANLIST>"
    assert ids(row(), end=second) == ["fitid:A1", "fitid:A1"]


@pytest.mark.parametrize("numbers", [("1", "2", "3"), ("0001", "0002", "0003"), ("2", "3", "4"), ("1",)])
def test_ids_that_only_count_the_rows_identify_nothing(numbers):
    """The next export gives number 1 to another row, which would overwrite the first."""
    rows = [row(fitid=number, memo=f"LOJA {number}") for number in numbers]
    assert all(external_id.startswith("fp:") for external_id in ids(*rows))


def test_balances_are_counted_too_before_they_are_left_out():
    rows = [row(fitid=str(n), memo="SALDO DO DIA" if n == 2 else f"LOJA {n}") for n in (1, 2, 3)]
    assert all(external_id.startswith("fp:") for external_id in ids(*rows))


def test_numbers_that_do_not_count_are_ids():
    assert ids(row(fitid="1"), row(fitid="3")) == ["fitid:1", "fitid:3"]


def test_an_id_longer_than_a_column_is_shortened_to_its_hash():
    (first,), (second,) = ids(row(fitid="x" * 255)), ids(row(fitid="x" * 254 + "y"))
    assert len(first) == len("fitid:") + 40
    assert first != second


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("COMPRA CARTÃO", "COMPRA CARTAO"),
        ("PIX QRS SUL AMERICA", "PIX QRS SUL AMERICA10/08"),
        ("Compra  cartao ", "COMPRA CARTAO"),
        ("TED-CRÉDITO", "TED CREDITO"),
    ],
)
def test_spelling_that_changes_between_exports_does_not_change_the_identity(one, other):
    assert ids(row(fitid="", memo=one)) == ids(row(fitid="", memo=other))


@pytest.mark.parametrize("other", [{"amount": "-10.01"}, {"day": "20260703"}, {"memo": "COMPRA 2"}])
def test_other_rows_have_other_fingerprints(other):
    one, two = read_ofx(ofx(row(), row(fitid="A2", **other))).lines
    assert mark(one) != mark(two)


def test_an_account_statement_names_the_same_lines_with_and_without_ids():
    with_ids = read_ofx(ofx(row(fitid="A"), row(fitid="B", memo="X"))).lines
    without = read_ofx(ofx(row(fitid=""), row(fitid="", memo="X"))).lines
    assert [mark(line) for line in with_ids] == [mark(line) for line in without]


PURCHASES = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(["-10.00", "-10,00", "25.00"]),
        st.sampled_from(["PADARIA", "PADARIA DA VILA", "PIX RECEBIDO ANA"]),
        st.booleans(),
    ),
    max_size=25,
)


def written(purchases: list[tuple[int, str, str, bool]]) -> list[tuple[date, str]]:
    """Return (day, row text) for each purchase; those with an id have one of their own."""
    days = [date(2026, 7, 1) + timedelta(days=offset) for offset, *_ in purchases]
    return [
        (day, row(f"{day:%Y%m%d}", amount, f"N{number:04}X" if has_id else "0", memo))
        for number, (day, (_, amount, memo, has_id)) in enumerate(zip(days, purchases, strict=True))
    ]


@settings(max_examples=150)
@given(PURCHASES, st.integers(0, 6), st.integers(0, 6), st.randoms(use_true_random=False))
def test_overlapping_exports_in_any_order_name_the_same_lines(purchases, last_of_first, first_of_second, rng):
    """Two exports that overlap by whole days, each in its own order: together they name what one export of everything names."""
    rows = written(purchases)
    begin = date(2026, 7, 1)
    cut = begin + timedelta(days=min(first_of_second, last_of_first + 1))
    older = [text for day, text in rows if day <= begin + timedelta(days=last_of_first)]
    newer = [text for day, text in rows if day >= cut]
    everything = [text for _, text in rows]
    for export in (older, newer, everything):
        rng.shuffle(export)
    whole = ids(*everything)
    assert len(set(whole)) == len(rows)
    assert set(ids(*older)) | set(ids(*newer)) == set(whole)


@settings(max_examples=100)
@given(PURCHASES, st.data())
def test_an_export_of_part_of_a_day_invents_no_line(purchases, data):
    """A morning's export has some rows of the day; whichever they are, the evening's export knows all their names."""
    texts = [text for _, text in written(purchases)]
    part = data.draw(st.lists(st.sampled_from(texts), unique=True)) if texts else []
    part = [text for text, count in Counter(part).items() for _ in range(min(count, texts.count(text)))]
    assert set(ids(*part)) <= set(ids(*texts))


@settings(max_examples=100)
@given(PURCHASES)
def test_no_row_is_lost_or_doubled(purchases):
    statement = read_ofx(ofx(*[text for _, text in written(purchases)]))
    assert statement.rows == len(purchases) == len(statement.lines)
    assert statement.sum == sum(line.amount for line in statement.lines)
    assert [line.position for line in statement.lines] == list(range(1, len(purchases) + 1))


def test_the_stored_files_name_each_line_once():
    for name in ("banco_do_brasil.ofx", "bradesco.ofx", "itau.ofx", "caixa.ofx", "digital.ofx"):
        lines = read_ofx(fixture(name)).lines
        assert len({(line.account_key, line.external_id) for line in lines}) == len(lines)
        assert lines == read_ofx(fixture(name)).lines
