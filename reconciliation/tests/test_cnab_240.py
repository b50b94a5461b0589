"""CNAB 240 of each bank and of the FEBRABAN standard: files written from the manuals' positions, every field of every entry exact."""

from decimal import Decimal
from typing import Any

import pytest

from reconciliation.cnab import CnabError, read
from reconciliation.tests.cnab_files import (
    banco_do_brasil,
    bradesco,
    caixa,
    febraban,
    itau,
    santander,
    sicoob,
)
from reconciliation.tests.cnab_files.writer import a, changed, file_240, joined, lot_240, n, record

FILES = (itau, bradesco, banco_do_brasil, santander, caixa, sicoob, febraban)


@pytest.mark.parametrize("bank", FILES)
def test_every_field_of_every_entry(bank: Any) -> None:
    lines, expected = bank.cnab240()
    found = read(joined(lines))
    assert tuple(map(str, found.warnings)) == expected.warnings
    for one, other in zip(found.records, expected.records, strict=True):
        assert one == other
    assert found == expected


def test_what_a_collection_credit_adds_up_to() -> None:
    credit = sum(
        (one.credit or Decimal(0) for one in read(joined(febraban.cnab240()[0])).records), Decimal(0)
    )
    assert credit == Decimal("1030.24")


@pytest.mark.parametrize("bank", FILES)
def test_a_bank_of_the_standard_is_the_same_in_every_lot(bank: Any) -> None:
    """A second lot is read like the first, and its own day of credit holds for it."""
    lines, _ = bank.cnab240()
    lot = [line[:3] + "0002" + line[7:] for line in lines[1:-1]]
    trailer = record(
        240, n(1, 3, lines[0][:3]), n(4, 7, 9999), n(8, 8, 9), n(18, 23, 2), n(24, 29, len(lines) + len(lot))
    )
    found, first = read(joined([*lines[:-1], *lot, trailer])), read(joined(lines))
    assert len(found.records) == 2 * len(first.records)
    assert [one.credited_on for one in found.records] == [one.credited_on for one in first.records] * 2
    assert found.warnings == first.warnings


def test_the_lot_trailer_of_santander_may_count_details_only() -> None:
    lines, _ = santander.cnab240()
    assert read(joined(changed(lines, 7, 18, "000004"))).warnings == ()
    assert [str(one) for one in read(joined(changed(lines, 7, 18, "000005"))).warnings] == [
        "Line 7: the lot's trailer counts 5 records, the lot has 6."
    ]


@pytest.mark.parametrize(
    ("line", "start", "text", "warning"),
    [
        (5, 18, "000005", "Line 5: the lot's trailer counts 5 records, the lot has 4."),
        (6, 18, "000002", "Line 6: the trailer counts 2 lots, the file has 1."),
        (6, 24, "000007", "Line 6: the trailer counts 7 records, the file has 6."),
        (3, 49, "7", "Nosso números with a wrong check digit: 1, the first is 12345678 on line 3."),
        (3, 74, "31022026", "Line 3: positions 74 to 81 hold “31022026”, which is no date; it is left out."),
        (3, 74, "15083026", "Line 3: positions 74 to 81 hold “15083026”, which is no date; it is left out."),
        (
            1,
            143,
            "0",
            "Line 1: position 143 is “0” instead of 2; the header is shifted or not from the bank.",
        ),
        (1, 158, "00002X", "Line 1: positions 158 to 163 should be a number but hold “00002X”."),
    ],
)
def test_what_does_not_fit_is_said(line: int, start: int, text: str, warning: str) -> None:
    found = read(joined(changed(itau.cnab240()[0], line, start, text)))
    assert [str(one) for one in found.warnings] == [warning]


def test_an_unknown_occurrence_settles_nothing() -> None:
    lines = changed(changed(itau.cnab240()[0], 3, 16, "Z9"), 4, 16, "Z9")
    found = read(joined(lines))
    assert [(one.occurrence, one.meaning, one.paid_on, one.credit) for one in found.records] == [
        ("Z9", "unknown", None, None)
    ]
    assert [str(one) for one in found.warnings] == [
        "The bank's table has no occurrence “Z9”: 1 lines, the first is line 3; they are kept as unknown."
    ]


@pytest.mark.parametrize(
    ("line", "start", "text", "error"),
    [
        (
            4,
            93,
            "00000000009852 ",
            "Line 4: positions 93 to 107 should be a number but hold “00000000009852 ”.",
        ),
        (
            3,
            82,
            "0000000001000,0",
            "Line 3: positions 82 to 96 should be a number but hold “0000000001000,0”.",
        ),
        (4, 16, "09", "Line 4: segment U has occurrence “09”, the segment T before it “06”."),
        (3, 14, "Y", "Line 4: a segment U without its segment T: what was paid cannot be told."),
        (3, 1, "237", "Line 3 is of bank “237”, the header of bank “341”."),
        (2, 8, "7", "Line 2: a record of type “7” does not belong here."),
        (5, 8, "1", "Line 5: a lot begins before the last one has ended."),
        (2, 8, "5", "Line 2: a lot ends that has not begun."),
        (2, 10, "20", "The file holds no lot of collection: it is a return of payments or a statement."),
        (6, 8, "5", "The file ends at line 6 without its trailer: it is cut off."),
        (
            1,
            143,
            "1",
            "This is a remittance, the company's file to the bank; the return file is the answer to it.",
        ),
        (1, 4, "0001", "This is no return file: the first line is neither a CNAB 240 nor a CNAB 400 header."),
    ],
)
def test_what_cannot_be_read_is_refused(line: int, start: int, text: str, error: str) -> None:
    with pytest.raises(CnabError) as caught:
        read(joined(changed(itau.cnab240()[0], line, start, text)))
    assert str(caught.value) == error


def test_a_segment_t_without_its_u_keeps_its_amounts_unknown() -> None:
    lines = itau.cnab240()[0]
    found = read(joined([*lines[:3], *lines[4:]]))
    assert [(one.paid, one.net, one.face, one.paid_on) for one in found.records] == [
        (None, None, Decimal("1000.00"), None)
    ]
    assert [str(one) for one in found.warnings] == [
        "Line 3: a segment T without its segment U: what was paid is unknown.",
        "Line 4: the lot's trailer counts 4 records, the lot has 3.",
        "Line 5: the trailer counts 6 records, the file has 5.",
    ]


def test_a_file_that_ends_inside_a_lot_is_refused() -> None:
    lines = itau.cnab240()[0]
    with pytest.raises(CnabError, match="Line 5: the file ends inside a lot, whose trailer is missing"):
        read(joined([*lines[:4], lines[5]]))


def test_lots_of_other_services_are_skipped_and_said() -> None:
    head = febraban.HEADER
    payments = lot_240("341", febraban.LOT, [("A", (n(16, 17, 0),))], lot=1)
    payments[0] = payments[0][:9] + "20" + payments[0][11:]
    collection = itau.cnab240()[0][1:-1]
    found = read(joined(file_240("341", head, payments, collection)))
    assert len(found.records) == 1
    assert [str(one) for one in found.warnings] == [
        "Line 2: a lot of service “20” is no collection; it is skipped."
    ]


def test_a_segment_that_is_not_known_is_said_once() -> None:
    details = [("W", (a(15, 15, " "),)), ("W", (a(15, 15, " "),))]
    found = read(joined(file_240("341", febraban.HEADER, lot_240("341", febraban.LOT, details))))
    assert (found.records, [str(one) for one in found.warnings]) == ((), ["Line 3: segment “W” is not read."])
