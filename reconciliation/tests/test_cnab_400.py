"""CNAB 400 of each bank: files written from the manuals' positions, every field of every entry exact; what does not fit is said."""

from decimal import Decimal
from typing import Any

import pytest

from reconciliation.cnab import CnabError, read
from reconciliation.tests.cnab_files import banco_do_brasil, bradesco, caixa, inter, itau, santander, sicoob
from reconciliation.tests.cnab_files.writer import changed, joined

FILES = (itau, bradesco, banco_do_brasil, santander, caixa, sicoob, inter)


@pytest.mark.parametrize("bank", FILES)
def test_every_field_of_every_entry(bank: Any) -> None:
    lines, expected = bank.cnab400()
    found = read(joined(lines))
    assert found.warnings == ()
    for one, other in zip(found.records, expected.records, strict=True):
        assert one == other
    assert found == expected


def test_what_a_collection_credit_adds_up_to() -> None:
    """Net where the bank posts the entry after its fee, what was paid where the layout tells no net; nothing of what is not settled."""
    found = {
        bank.__name__.rsplit(".", 1)[-1]: [one.credit for one in read(joined(bank.cnab400()[0])).records]
        for bank in FILES
    }
    assert found == {
        "itau": [Decimal("990.24"), Decimal("500.00"), None],
        "bradesco": [Decimal("497.50"), None],
        "banco_do_brasil": [Decimal("16.00"), None],
        "santander": [Decimal("198.26"), None],
        "caixa": [Decimal("82.70"), Decimal("77.70"), None],
        "sicoob": [Decimal("301.30")],
        "inter": [Decimal("10.30"), None],
    }


@pytest.mark.parametrize(
    ("bank", "line", "start", "text", "warning"),
    [
        (itau, 6, 213, "00000004", "Line 6: the trailer counts 4 entries (occurrence *), the file has 3."),
        (
            itau,
            6,
            221,
            "00000000158001",
            "Line 6: the trailer's sum is 1580.01 (occurrence *), the entries add up to 1580.00.",
        ),
        (itau, 2, 94, "9", "Nosso números with a wrong check digit: 1, the first is 12345678 on line 2."),
        (
            bradesco,
            2,
            82,
            "P",
            "Nosso números with a wrong check digit: 1, the first is 00000000002 on line 2.",
        ),
        (santander, 2, 70, "8", "Nosso números with a wrong check digit: 1, the first is 3147578 on line 2."),
        (bradesco, 4, 87, "00002", "Line 4: the trailer counts 2 entries (occurrence 06), the file has 1."),
        (sicoob, 3, 164, "00000002", "Line 3: the trailer counts 2 entries (occurrence *), the file has 1."),
        (
            inter,
            4,
            121,
            "000000001031",
            "Line 4: the trailer's sum is 10.31 (occurrence 06), the entries add up to 10.30.",
        ),
        (itau, 2, 395, "000003", "Line 2 is numbered “000003” instead of 2: lines are missing or doubled."),
        (
            itau,
            2,
            147,
            "310226",
            "Line 2: positions 147 to 152 hold “310226”, which is no date; it is left out.",
        ),
        (
            caixa,
            2,
            109,
            "77",
            "The bank's table has no occurrence “77”: 1 lines, the first is line 2; they are kept as unknown.",
        ),
        (itau, 1, 109, "0002X", "Line 1: positions 109 to 113 should be a number but hold “0002X”."),
    ],
)
def test_what_does_not_fit_is_said(bank: Any, line: int, start: int, text: str, warning: str) -> None:
    found = read(joined(changed(bank.cnab400()[0], line, start, text)))
    assert [str(one) for one in found.warnings] == [warning]


def test_an_unknown_occurrence_settles_nothing() -> None:
    found = read(joined(changed(caixa.cnab400()[0], 2, 109, "77")))
    assert (found.records[0].occurrence, found.records[0].meaning, found.records[0].paid_on) == (
        "77",
        "unknown",
        None,
    )
    assert len(found.settled) == 1


@pytest.mark.parametrize(
    ("bank", "line", "start", "text", "error"),
    [
        (
            itau,
            2,
            254,
            "00000000990,2",
            "Line 2: positions 254 to 266 should be a number but hold “00000000990,2”.",
        ),
        (
            itau,
            2,
            254,
            "0000000099   ",
            "Line 2: positions 254 to 266 should be a number but hold “0000000099   ”.",
        ),
        (itau, 2, 109, "  ", "Line 2 has no occurrence code: its fields are shifted."),
        (itau, 2, 1, "8", "Line 2: files of bank 341 have no record type “8” here."),
        (itau, 3, 1, "9", "Line 3: files of bank 341 have no record type “9” here."),  # two files in one
        (banco_do_brasil, 2, 1, "1", "Line 2: files of bank 001 have no record type “1” here."),
        (itau, 6, 1, "1", "The file ends at line 6 without its trailer: it is cut off."),
        (
            itau,
            1,
            77,
            "999",
            "Line 1: there is no table for CNAB 400 files of bank “999”; known are 001, 033, 077, 104, 237, 341, 756.",
        ),
        (
            itau,
            1,
            2,
            "1REMESSA",
            "This is a remittance, the company's file to the bank; the return file is the answer to it.",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(bank: Any, line: int, start: int, text: str, error: str) -> None:
    with pytest.raises(CnabError) as caught:
        read(joined(changed(bank.cnab400()[0], line, start, text)))
    assert str(caught.value) == error
