"""CSV statements in the shapes of Brazilian banks."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.providers.assembly import fingerprint
from sync.providers.csv.mapping import ColumnMapping, UnknownColumnsError, guess_mapping
from sync.providers.csv.reader import read_csv, read_rows
from sync.providers.csv.table import MAX_LINE, read_table
from sync.providers.memo import plain
from sync.providers.statement import MAX_ROWS, StatementError, StatementFile, StatementLine
from sync.statements import read
from sync.tests.bankfiles import fixture
from sync.tests.test_ofx_hostile import calls


def mark(line: StatementLine) -> str:
    return fingerprint(line.date, line.amount, plain(line.description))


def table(*lines: str, encoding: str = "utf-8", end: str = "\n") -> bytes:
    return end.join(lines).encode(encoding)


def amounts(statement: StatementFile) -> list[str]:
    return [str(line.amount) for line in statement.lines]


@pytest.mark.parametrize(
    ("name", "rows", "total", "skipped", "imported"),
    [
        ("banco_do_brasil.csv", 4, "12463.32", 2, ["1250.00", "-18.34"]),
        ("bradesco.csv", 5, "368.26", 1, ["1530.86", "-576.30", "-576.30", "-10.00"]),
        ("inter.csv", 2, "1281.86", 0, ["-42.46", "1324.32"]),
        ("nubank.csv", 2, "210.85", 0, ["310.75", "-99.90"]),
        ("nubank_card.csv", 2, "393.34", 0, ["-106.66", "500.00"]),
        ("itau.txt", 3, "973.49", 1, ["350.00", "-610.51"]),
        ("caixa.csv", 3, "949.75", 1, ["1250.00", "-300.25"]),
    ],
)
def test_each_bank_is_read_to_the_cent(name, rows, total, skipped, imported):
    statement = read(fixture(name), name)
    assert (statement.kind, statement.rows, str(statement.sum), statement.skipped) == (
        "csv",
        rows,
        total,
        skipped,
    )
    assert amounts(statement) == imported


def test_a_line_below_a_movement_belongs_to_it():
    """Bradesco writes who paid on a line of its own."""
    first = read_csv(fixture("bradesco.csv")).lines[0]
    assert first.description == "TRANSFERENCIA PIX REM: CLINICA BOA VISTA LT 01/07"
    assert (first.counterparty_name, first.reference, first.balance_after) == (
        "CLINICA BOA VISTA LT",
        "938274",
        Decimal("15413.64"),
    )


def test_two_equal_movements_stay_two_and_titles_and_totals_are_none():
    statement = read_csv(fixture("bradesco.csv"))
    assert [line.external_id.rpartition(":")[2] for line in statement.lines[1:3]] == ["0", "1"]
    assert mark(statement.lines[1]) == mark(statement.lines[2])
    assert statement.warnings == ("Lines that are no movements (totals, titles, remarks), passed over: 4.",)


def test_the_account_above_the_table_is_known():
    account = read_csv(fixture("bradesco.csv")).accounts[0]
    assert (account.branch, account.number, account.key) == ("185", "34545-6", "185-345456")
    assert read_csv(fixture("inter.csv")).accounts[0].number == "72385499"
    assert read_csv(fixture("nubank.csv")).accounts[0].key == "unknown"


def test_the_same_line_has_the_same_identity_in_both_formats():
    """A bank's own id is the same in its CSV and OFX exports; without one, day, amount and text are."""
    by_csv, by_ofx = read(fixture("nubank.csv"), "a.csv").lines, read(fixture("digital.ofx"), "a.ofx").lines
    assert by_csv[0].external_id == by_ofx[0].external_id == "fitid:66a1f0e2-0001-4d1e-9b3c-0a1b2c3d4e5f"
    by_csv, by_ofx = (
        read(fixture("banco_do_brasil.csv"), "a").lines,
        read(fixture("banco_do_brasil.ofx"), "a").lines,
    )
    assert mark(by_csv[0]) == mark(by_ofx[0])


def test_a_card_bill_is_turned_around_and_told():
    statement = read_csv(fixture("nubank_card.csv"))
    assert statement.accounts[0].kind == "card"
    assert statement.warnings == (
        "The file was read as a card bill: purchases become negative, payments positive.",
    )


def test_a_row_that_says_neither_debit_nor_credit_is_kept_apart():
    (refused,) = read_csv(fixture("caixa.csv")).unreadable
    assert (refused.position, refused.raw["Deb_Cred"]) == (4, "?")


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_separator_and_encoding_are_found(delimiter, encoding):
    cells = [
        ("Data", "Descrição", "Valor"),
        ("01/07/2026", '"PÃO; queijo, etc|"', '"-1.234,56"'),
        ("02/07/2026", "CAFÉ", "7.00"),
    ]
    statement = read(table(*map(delimiter.join, cells), encoding=encoding), "x.csv")
    assert [(str(line.amount), line.description) for line in statement.lines] == [
        ("-1234.56", "PÃO; queijo, etc|"),
        ("7.00", "CAFÉ"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(end):
    assert amounts(
        read_csv(table("Data;Desc;Valor", "01/07/2026;A;1,00", "", "02/07/2026;B;2,00", end=end))
    ) == ["1.00", "2.00"]


@pytest.mark.parametrize("above", [0, 1, 29])
def test_the_header_may_stand_anywhere_in_the_first_thirty_lines(above):
    data = table(*["Cliente: X"] * above, "Data;Histórico;Valor", "01/07/2026;A;1,00")
    assert amounts(read_csv(data)) == ["1.00"]


def test_a_header_further_down_is_not_looked_for():
    with pytest.raises(StatementError, match="in the first 30 lines"):
        read_csv(table(*["Cliente: X"] * 30, "Data;Histórico;Valor", "01/07/2026;A;1,00"))


@pytest.mark.parametrize(
    ("headers", "cells", "amount"),
    [
        ("Data;Histórico;Crédito;Débito", "01/07/2026;A;;10,00", "-10.00"),
        ("Data;Histórico;Crédito;Débito", "01/07/2026;A;;-10,00", "-10.00"),
        ("Data;Histórico;Crédito;Débito", "01/07/2026;A;10,00;0,00", "10.00"),
        ("Data;Histórico;Entradas (R$);Saídas (R$)", "01/07/2026;A;0,00;3,00", "-3.00"),
        ("Data;Histórico;Débito", "01/07/2026;A;3,00", "-3.00"),
        ("Data;Histórico;Valor;D/C", "01/07/2026;A;3,00;D", "-3.00"),
        ("Data;Histórico;Valor;D/C", "01/07/2026;A;-3,00;D", "-3.00"),
        ("Data;Histórico;Valor;D/C", "01/07/2026;A;3,00;C", "3.00"),
        ("Data;Histórico;Valor;Tipo", "01/07/2026;A;3,00;Saída", "-3.00"),
        ("Data;Histórico;Valor", "01/07/2026;A;3,00 D", "-3.00"),
        ("Data;Histórico;Valor", "01/07/2026;A;3,00-", "-3.00"),
        ("Data;Histórico;Valor (R$)", "01/07/2026;A;(3,00)", "-3.00"),
        (
            "RELEASE_DATE;TRANSACTION_TYPE;REFERENCE_ID;TRANSACTION_NET_AMOUNT;PARTIAL_BALANCE",
            "01-07-2026;Pix;9;-3,00;5,00",
            "-3.00",
        ),
        ("Data Mov.;Lan�amento;Dcto.;Cr�dito (R$);D�bito (R$)", "01/07/2026;A;1;;3,00", "-3.00"),
    ],
)
def test_the_amount_may_have_one_column_or_two_or_a_letter(headers, cells, amount):
    (line,) = read_csv(table(headers, cells)).lines
    assert (line.date, str(line.amount)) == (date(2026, 7, 1), amount)


@pytest.mark.parametrize(
    ("headers", "cells"),
    [
        ("Data;Histórico;Crédito;Débito", "01/07/2026;A;;"),
        ("Data;Histórico;Crédito;Débito", "01/07/2026;A;1,00;1,00"),
        ("Data;Histórico;Valor;D/C", "01/07/2026;A;-1,00;C"),
        ("Data;Histórico;Valor;D/C", "01/07/2026;A;1,00;X"),
        ("Data;Histórico;Valor", "01/07/2026;A;abc"),
        ("Data;Histórico;Valor", "32/07/2026;A;1,00"),
        ("Data;Histórico;Valor", ";A;1,00"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_apart(headers, cells):
    good = {4: "02/07/2026;B;2,00;" + ("C" if "D/C" in headers else ""), 3: "02/07/2026;B;2,00"}[
        headers.count(";") + 1
    ]
    statement = read_csv(table(headers, good, cells))
    assert (amounts(statement), len(statement.unreadable), statement.skipped) == (["2.00"], 1, 1)
    assert statement.unreadable[0].reason in statement.warnings
    assert statement.unreadable[0].position == 3


def test_decimal_style_and_day_order_belong_to_the_file():
    american = read_csv(table("Date,Description,Amount", '02/13/2026,A,"1,234.50"', "02/03/2026,B,1.250"))
    assert [(line.date, str(line.amount)) for line in american.lines] == [
        (date(2026, 2, 13), "1234.50"),
        (date(2026, 2, 3), "1.25"),
    ]
    brazilian = read_csv(table("Data;Descrição;Valor", "13/02/2026;A;1.234,50", "03/02/2026;B;1.250"))
    assert [(line.date, str(line.amount)) for line in brazilian.lines] == [
        (date(2026, 2, 13), "1234.50"),
        (date(2026, 2, 3), "1250.00"),
    ]
    unsaid = read_csv(table("Data;Descrição;Valor", "03/02/2026;B;1.250"))
    assert unsaid.warnings[0].startswith("Row 2: the amount 1.250 was read as thousands")


def test_a_stray_quotation_mark_swallows_no_lines():
    statement = read_csv(
        table("Data;Descrição;Valor", '01/07/2026;"BAR;1,00', "02/07/2026;B;2,00", '03/07/2026;"BAZ;3,00')
    )
    assert [(line.description, str(line.amount)) for line in statement.lines] == [
        ("BAR", "1.00"),
        ("B", "2.00"),
        ("BAZ", "3.00"),
    ]


def test_a_quoted_cell_may_run_over_lines():
    statement = read_csv(
        table("Data;Descrição;Valor", '01/07/2026;"PIX', 'de ""ANA""";1,00', "02/07/2026;B;2,00")
    )
    assert [(line.description, str(line.amount)) for line in statement.lines] == [
        ('PIX de "ANA"', "1.00"),
        ("B", "2.00"),
    ]


def test_a_long_file_without_any_debit_is_told():
    rows = [f"{day:02}/07/2026;A;{day},00" for day in range(1, 26)]
    assert "No row of this file is money out" in read_csv(table("Data;Descrição;Valor", *rows)).warnings[0]
    assert read_csv(table("Data;Descrição;Valor", *rows, "26/07/2026;B;-1,00")).warnings == ()


def test_an_unknown_header_is_guessed_by_its_cells():
    statement = read_csv(
        table("Quando;O que foi;Quanto", "01/07/2026;PIX ANA;1,00", "02/07/2026;PIX BIA;-2,00")
    )
    assert [(line.description, str(line.amount)) for line in statement.lines] == [
        ("PIX ANA", "1.00"),
        ("PIX BIA", "-2.00"),
    ]


def test_columns_that_stay_open_are_asked_for_with_what_the_page_shows():
    data = table(
        "Quando;O que foi;Quanto;Fica", "01/07/2026;PIX ANA;1,00;5,00", "02/07/2026;PIX BIA;-2,00;3,00"
    )
    with pytest.raises(
        UnknownColumnsError, match=r"not known yet \(Quando, O que foi, Quanto, Fica\)"
    ) as refusal:
        read_csv(data)
    assert refusal.value.headers == ("Quando", "O que foi", "Quanto", "Fica")
    assert refusal.value.sample[0] == ("01/07/2026", "PIX ANA", "1,00", "5,00")
    mapping = ColumnMapping(date=0, description=(1,), amount=2, balance=3)
    lines = read_csv(data, mapping).lines
    assert [(str(line.amount), line.balance_after) for line in lines] == [
        ("1.00", Decimal("5.00")),
        ("-2.00", Decimal("3.00")),
    ]


def test_a_mapping_is_remembered_as_json_under_the_header():
    read_first = read_table(fixture("bradesco.csv"))
    mapping = guess_mapping(read_first.headers, read_first.sample)
    assert mapping == ColumnMapping(
        date=0, credit=3, debit=4, description=(1,), reference=2, balance=5, decimal=","
    )
    assert ColumnMapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping
    again = read_table(
        table(
            "Extrato de outro mês",
            "DATA;HISTORICO;DOCTO;CREDITO (R$);DEBITO (R$);SALDO (R$);",
            "01/08/2026;A;1;1,00;;",
        )
    )
    assert again.fingerprint == read_first.fingerprint
    assert read_table(fixture("inter.csv")).fingerprint != read_first.fingerprint
    assert len(read_first.fingerprint) == 64
    assert amounts(read_rows(again, mapping)) == ["1.00"]


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"date": 0},
        {"amount": 1},
        {"date": "0", "amount": 1},
        {"date": -1, "amount": 1},
        {"date": 0, "amount": True},
        {"date": 0, "amount": 1000},
        {"date": 0, "amount": 1, "date_order": "ymd"},
        {"date": 0, "amount": 1, "decimal": ":"},
        {"date": 0, "amount": 1, "description": ["x"]},
    ],
)
def test_a_mapping_that_is_none_is_refused(stored):
    with pytest.raises(StatementError, match="Choose a column for the date and one for the amount"):
        ColumnMapping.from_json(stored)


def test_a_mapping_may_name_columns_that_a_file_does_not_have():
    statement = read_csv(table("Data;Descrição;Valor", "01/07/2026;A;1,00"), ColumnMapping(date=0, amount=50))
    assert (statement.lines, len(statement.unreadable)) == ((), 1)


def test_long_lines_and_too_many_rows_are_refused():
    with pytest.raises(StatementError, match="Line 2 has 70000 characters"):
        read_csv(table("Data;Descrição;Valor", "x" * 70_000))
    assert MAX_LINE < 70_000
    with pytest.raises(StatementError, match=f"more than {MAX_ROWS} rows"):
        read_csv(b"Data;Desc;Valor\n" + b"01/07/2026;A;1,00\n" * (MAX_ROWS + 1))


@pytest.mark.parametrize(
    "line",
    [
        "{n:02};A;{n},00",
        '0{n}/07/2026;"A;{n},00',
        '"',
        ";;;;;;;;;;",
        '01/07/2026;"A\n";{n},00',
        ";X;",
        "01/07/2026;X;",
    ],
)
def test_twice_the_file_is_at_most_twice_the_work(line):
    def build(count: int) -> bytes:
        return table(
            "Data;Descrição;Valor", "01/07/2026;A;1,00", *[line.format(n=n % 9 + 1) for n in range(count)]
        )

    assert calls(read_csv, build(4_000)) <= 2.1 * calls(read_csv, build(2_000))


MOVEMENTS = st.lists(
    st.tuples(
        st.dates(date(2020, 1, 1), date(2030, 12, 31)),
        st.text(st.characters(codec="cp1252", exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
            lambda text: "saldo" not in text.lower()
        ),
        st.integers(-(10**9), 10**9),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=150)
@given(
    MOVEMENTS,
    st.sampled_from([";", ",", "\t", "|"]),
    st.sampled_from(["utf-8", "cp1252", "utf-16"]),
    st.booleans(),
)
def test_what_is_written_is_read(movements, delimiter, encoding, two_columns):
    """Any movements, written by a correct CSV writer in any style, come back with their days and cents."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["Data", "Histórico", *(["Crédito", "Débito"] if two_columns else ["Valor"])])
    for day, text, cents in movements:
        amount = f"{Decimal(abs(cents) if two_columns else cents).scaleb(-2):,.2f}".translate(
            str.maketrans(",.", ".,")
        )
        writer.writerow(
            [
                f"{day:%d/%m/%Y}",
                text,
                *((["", amount] if cents < 0 else [amount, ""]) if two_columns else [amount]),
            ]
        )
    statement = read(buffer.getvalue().encode(encoding, "replace"), "x.csv")
    assert [(line.date, line.amount) for line in statement.lines] == [
        (day, Decimal(cents).scaleb(-2)) for day, _, cents in movements
    ]
    assert statement.unreadable == ()
