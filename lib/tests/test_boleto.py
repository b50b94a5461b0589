"""Boletos and bills by their numbers: examples that FEBRABAN, banks and others published, with their exact parts."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import boleto
from lib.boleto import Bill, Boleto, BoletoError

# line (or barcode), barcode, amount, due date read on a day near it, nosso número without its check digit
BOLETOS = {
    "Itaú, manual of 2021": (
        "34196166700000123451101234567880057123457000",
        "34196166700000123451101234567880057123457000",
        "123.45",
        date(2002, 5, 1),
        "12345678",
    ),
    "Itaú 175 without amount": (
        "34191.75124 34567.840813 05367.890000 1 43290000000000",
        "34191432900000000001751234567840810536789000",
        None,
        date(2009, 8, 14),
        "12345678",
    ),
    "Caixa, manual of 2020": (
        "10490.05505 77222.133348 77777.777713 4 32420000032112",
        "10494324200000321120055077222133347777777771",
        "321.12",
        date(2006, 8, 23),
        "14222333777777777",
    ),
    "Bradesco 06": (
        "23791.17209 60007.589645 52040.300502 5 42230000295295",
        "23795422300002952951172060007589645204030050",
        "2952.95",
        date(2009, 4, 30),
        "00075896452",
    ),
    "Banco do Brasil, agreement of eight digits": (
        "00190.00009 01238.798977 77700.168188 3 37690000013500",
        "00193376900000135000000001238798977770016818",
        "135.00",
        date(2008, 2, 1),
        "12387989777700168",
    ),
    "Santander": (
        "03399.63290 64000.000006 00125.201020 4 56140000017832",
        "03394561400000178329632964000000000012520102",
        "178.32",
        date(2013, 2, 19),
        "000000000125",
    ),
    "Sicoob": (
        "75691.43279 01022.938508 00000.240010 2 67080000005000",
        "75692670800000050001432701022938500000024001",
        "50.00",
        date(2016, 2, 18),
        "0000002",
    ),
    "a factor of the second round": (
        "34191091233456789012334567890123815440000150000",
        "34198154400001500001091234567890123456789012",
        "1500.00",
        date(2026, 8, 20),
        "12345678",
    ),
}


@pytest.mark.parametrize("name", BOLETOS)
def test_published_boletos(name: str) -> None:
    text, barcode, amount, due, number = BOLETOS[name]
    found = boleto.parse(text)
    assert isinstance(found, Boleto)
    assert found.barcode == barcode
    assert found.bank == barcode[:3]
    assert found.amount == (None if amount is None else Decimal(amount))
    assert found.due_date(due + timedelta(days=10)) == due
    assert found.nosso_numero == number
    assert found.free_field == barcode[19:]
    assert boleto.parse(found.line) == found == boleto.parse(found.barcode)


def test_inter_and_the_digit_that_becomes_one() -> None:
    """The Inter manual's example of a remainder of 10: 11 − 10 = 1; its free field is branch, wallet, operation, nosso número with digit."""
    assert boleto.modulo_11("9999" + "1012" + "0000035000" + "7772130530150081897500000") == 1
    free = "0001" + "112" + "0012345" + "00000678901"
    general = boleto.modulo_11("0779" + "1544" + "0000010000" + free)
    found = boleto.parse(f"0779{1 if general > 9 else general}15440000010000{free}")
    assert isinstance(found, Boleto)
    assert (found.bank, found.nosso_numero, found.amount) == ("077", "0000067890", Decimal("100.00"))


# typed line, barcode, segment, amount, company
BILLS = {
    "power, modulo 10": (
        "83640000001-1 33120138000-2 81288462711-6 08013618155-1",
        "83640000001331201380008128846271108013618155",
        "3",
        "133.12",
        "0138",
    ),
    "government, modulo 11": (
        "85890000460-9 52460179160-5 60759305086-5 83148300001-0",
        "85890000460524601791606075930508683148300001",
        "5",
        "46052.46",
        "0179",
    ),
    "telephone": (
        "848200000000599004020007002868026006073377503180",
        "84820000000599004020000028680260007337750318",
        "4",
        "59.90",
        "0402",
    ),
}


@pytest.mark.parametrize("name", BILLS)
def test_published_bills(name: str) -> None:
    text, barcode, segment, amount, company = BILLS[name]
    found = boleto.parse(text)
    assert isinstance(found, Bill)
    assert (found.barcode, found.segment, found.company) == (barcode, segment, company)
    assert found.amount == (None if amount is None else Decimal(amount))
    assert found.free_field == barcode[19:]
    assert boleto.parse(found.line) == found == boleto.parse(found.barcode)


def test_a_bill_that_holds_a_reference_has_no_amount() -> None:
    body = "849" + "00000012345" + "0402" + "0000000000000000000000001"
    general = boleto.modulo_11(body) % 11 % 10
    found = boleto.parse(f"{body[:3]}{general}{body[3:]}")
    assert isinstance(found, Bill)
    assert found.amount is None


def test_a_bill_by_cnpj_names_the_company_with_eight_places() -> None:
    body = "866" + "00000012345" + "11222333" + "000000000000000000001"
    found = boleto.parse(f"{body[:3]}{boleto.modulo_10(body)}{body[3:]}")
    assert isinstance(found, Bill)
    assert (found.company, found.free_field, found.amount) == (
        "11222333",
        "000000000000000000001",
        Decimal("123.45"),
    )


def test_check_digits_of_the_manuals() -> None:
    assert boleto.modulo_10("01230067896") == 3  # FEBRABAN, arrecadação
    assert (
        boleto.modulo_10(
            "8221000021504820097412322015409829010860594"[:3] + "0000215048200974123220154098290108605940"
        )
        == 1
    )
    assert boleto.modulo_10("00571234511012345678") == 8  # Itaú, DAC of 110/12345678
    assert boleto.modulo_11("1900000000002", highest=7) == 8  # Bradesco, 19/00000000002
    assert boleto.modulo_11("3147578") == 7  # Santander
    assert boleto.modulo_11("4870184") == 10  # Santander, written 0
    assert boleto.modulo_11("14000000000000019") == 7  # Caixa


@pytest.mark.parametrize(
    ("factor", "on", "due"),
    [
        (1000, date(2000, 6, 1), date(2000, 7, 3)),
        (1667, date(2002, 5, 1), date(2002, 5, 1)),
        (4789, date(2010, 11, 1), date(2010, 11, 17)),
        (9999, date(2025, 2, 1), date(2025, 2, 21)),
        (1000, date(2025, 2, 1), date(2025, 2, 22)),  # the day after factor 9999
        (1001, date(2025, 3, 1), date(2025, 2, 23)),
        (9999, date(2025, 3, 1), date(2025, 2, 21)),
        (1000, date(2049, 10, 1), date(2049, 10, 14)),  # the third round
        (999, date(2000, 6, 1), date(2000, 7, 2)),
        (999, date(2026, 6, 1), None),  # factors below 1000 were used once
        (0, date(2026, 6, 1), None),
    ],
)
def test_the_due_factor_starts_again_at_1000(factor: int, on: date, due: date | None) -> None:
    assert boleto.due_date(factor, on) == due


def test_a_factor_in_the_gap_between_the_rounds_is_no_date() -> None:
    on = date(2026, 11, 22)
    first, last = on - timedelta(days=3_000), on + timedelta(days=5_500)
    read = (boleto.due_date(factor, on) for factor in range(1_000, 10_000))
    days = {day for day in read if day is not None}
    assert (min(days), max(days), len(days)) == (first, last, 8_501)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "only digits"),
        ("34191.75124 34567.840813 05367.890000 1 4329000000000", "44 or 47 digits, not 46"),
        ("34191.75125 34567.840813 05367.890000 1 43290000000000", "field 1"),
        ("34191.75124 34567.840814 05367.890000 1 43290000000000", "field 2"),
        ("34191.75124 34567.840813 05367.890001 1 43290000000000", "field 3"),
        ("34191.75124 34567.840813 05367.890000 2 43290000000000", "general"),
        ("34191.75124 34567.840813 05367.890000 1 43290000000010", "general"),
        ("836400000010331201380002812884627116080136181551", "block 1"),
        ("83640000001331201380008128846271108013618156", "general"),
        ("8364000000133120138000812884627110801361815", "44 or 48"),
        ("83140000001331201380008128846271108013618155", "third digit"),
        ("²" * 44, "only digits"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    with pytest.raises(BoletoError, match=reason):
        boleto.parse(text)


def test_numbers_are_found_in_texts() -> None:
    text = (
        "PAGTO BOLETO 34191.75124 34567.840813 05367.890000 1 43290000000000 / conta 836400000011331201380002812884627116080136181551, "
        "de novo 34191432900000000001751234567840810536789000; nada: 34191432900000000001751234567840810536789001"
    )
    assert [found.barcode for found in boleto.find(text)] == [
        "34191432900000000001751234567840810536789000",
        "83640000001331201380008128846271108013618155",
    ]
    assert boleto.find("PIX RECEBIDO 12345") == []


@given(st.text(alphabet="0123456789. -", max_size=80) | st.text(max_size=60))
def test_any_text_parses_or_says_why_not(text: str) -> None:
    try:
        found = boleto.parse(text)
    except BoletoError:
        return
    assert boleto.parse(found.line) == found


@given(
    st.from_regex(r"[0-9]{3}9[0-9]{14}[0-9]{25}", fullmatch=True).filter(lambda body: body[0] != "8"),
    st.integers(0, 46),
    st.integers(1, 9),
)
def test_any_one_wrong_digit_of_a_line_is_seen(body: str, place: int, shift: int) -> None:
    general = boleto.modulo_11(body)
    line = boleto.parse(f"{body[:4]}{1 if general > 9 else general}{body[4:]}").line
    wrong = line[:place] + str((int(line[place]) + shift) % 10) + line[place + 1 :]
    if wrong[0] == "8":  # another kind of document, with another length
        return
    # Modulo 11 writes 1 for 0, 10 and 11: a digit of the due factor or amount may hide behind that, the rest may not.
    if place >= 33 and boleto.modulo_11(body) in (1, 10, 11):
        return
    with pytest.raises(BoletoError):
        boleto.parse(wrong)
