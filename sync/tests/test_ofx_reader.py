"""OFX statements as Brazilian banks write them."""

import copy
import tracemalloc
from datetime import date
from decimal import Decimal

import pytest

from sync.providers import decoding
from sync.providers.ofx.reader import read_ofx
from sync.providers.statement import MAX_WARNINGS, Sentence, StatementError, StatementFile
from sync.statements import read
from sync.tests.bankfiles import ACCOUNT, HEADER, fixture, ofx, row


def amounts(statement: StatementFile) -> list[str]:
    return [str(line.amount) for line in statement.lines]


@pytest.mark.parametrize(
    ("name", "rows", "total", "skipped", "imported"),
    [
        ("banco_do_brasil.ofx", 5, "6225.93", 2, ["1250.00", "-18.34", "-5.73"]),
        ("bradesco.ofx", 6, "348.26", 2, ["1530.86", "-576.30", "-10.00", "-20.00"]),
        ("itau.ofx", 5, "49474.78", 2, ["350.00", "-610.51", "100.00"]),
        ("caixa.ofx", 3, "-15.00", 1, ["-7.50", "-7.50"]),
        ("digital.ofx", 5, "45.85", 1, ["310.75", "-99.90", "-45.00", "-120.00"]),
    ],
)
def test_each_bank_is_read_to_the_cent(name, rows, total, skipped, imported):
    statement = read(fixture(name), name)
    assert (statement.rows, str(statement.sum), statement.skipped) == (rows, total, skipped)
    assert amounts(statement) == imported
    assert statement.sum == statement.credits + statement.debits
    assert statement.rows == len(statement.lines) + statement.skipped


def test_cp1252_that_calls_itself_ascii_keeps_its_accents():
    statement = read_ofx(fixture("banco_do_brasil.ofx"))
    assert statement.lines[1].description == "COMPRA COM CARTÃO"
    assert statement.lines[2].description == "COBRANÇA DE I.O.F."


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_the_encoding_is_found_whatever_the_header_says(encoding):
    text = ofx(row(memo="MANUTENÇÃO À VISTA")).decode()
    assert read(text.encode(encoding), "x.ofx").lines[0].description == "MANUTENÇÃO À VISTA"


def test_bytes_that_no_code_page_knows_are_still_read():
    data = ofx(row(memo="CAF@")).replace(b"@", b"\xc9 \x81")
    assert read_ofx(data).lines[0].description == "CAFÉ"


def test_account_and_balance():
    account = read_ofx(fixture("banco_do_brasil.ofx")).accounts[0]
    assert (account.bank_code, account.branch, account.number, account.kind) == (
        "001",
        "1234-5",
        "98765-4",
        "checking",
    )
    assert (account.ledger_balance, account.balance_date) == (Decimal("6225.93"), date(2026, 7, 31))
    assert account.key == "001-12345-987654"


@pytest.mark.parametrize(
    ("written", "code"),
    [("0341", "341"), ("341", "341"), ("1", "001"), ("0001", "001"), ("18236120", ""), ("X", "")],
)
def test_bank_codes_have_three_digits(written, code):
    account = f"<BANKACCTFROM><BANKID>{written}<ACCTID>9</BANKACCTFROM>"
    assert read_ofx(ofx(row(), account=account)).accounts[0].bank_code == code


def test_a_balance_of_no_day_is_no_balance():
    statement = read_ofx(fixture("bradesco.ofx"))
    assert (statement.accounts[0].ledger_balance, statement.accounts[0].balance_date) == (None, None)
    assert "The closing balance (0,00 on 00000000) is not readable and is not used." in statement.warnings


def test_a_balance_that_may_be_in_cents_is_not_used():
    statement = read_ofx(fixture("itau.ofx"))
    assert statement.accounts[0].ledger_balance is None
    assert (
        statement.warnings[0]
        == "The closing balance 2478739 has no decimals, so it may be in cents; it is not used."
    )


def test_balances_among_the_rows_are_left_out_and_told_where_they_carry_an_id():
    statement = read_ofx(fixture("itau.ofx"))
    assert [line.description for line in statement.lines] == [
        "PIX TRANSF MARIA S17/08",
        "PIX QRS SUPERMERCAD18/08",
        "PIX RECEBIDO SALDO ANTERIOR ACERTO",
    ]
    assert [
        warning.values["position"] for warning in statement.warnings if "balance by its text" in warning
    ] == [1, 4]


@pytest.mark.parametrize(
    "memo",
    [
        "Saldo do dia",
        "SALDO ANTERIOR",
        "S A L D O",
        "SALDO TOTAL DISPONÍVEL DIA",
        "Saldo em 01/07/2026",
        "SALDO APLIC AUT MAIS",
        "SDO CTA",
    ],
)
def test_a_row_without_id_that_names_a_balance_is_one(memo):
    statement = read_ofx(ofx(row(fitid="000", memo=memo, amount="99.00"), row()))
    expected = (
        2 if memo == "SDO CTA" else 1
    )  # an unknown word: kept, because a wrong row is seen and a missing one is not
    assert len(statement.lines) == expected
    assert statement.rows == 2


@pytest.mark.parametrize(
    "memo", ["PIX RECEBIDO SALDO ANTERIOR", "SALDO DEVEDOR QUITADO", "RESGATE SALDO APLIC", "SALDANHA LTDA"]
)
def test_a_row_that_only_speaks_of_a_balance_is_kept(memo):
    assert len(read_ofx(ofx(row(fitid="", memo=memo))).lines) == 1


def test_a_lone_dot_on_a_balance_row_is_skipped_with_a_warning():
    statement = read_ofx(fixture("caixa.ofx"))
    assert (statement.skipped, statement.unreadable) == (1, ())
    assert len(statement.warnings) == 1
    assert statement.warnings[0].startswith("Row 3 is a balance without a readable amount and was left out")


def test_an_unreadable_amount_is_kept_apart_with_its_text():
    statement = read_ofx(fixture("bradesco.ofx"))
    (refused,) = statement.unreadable
    assert (refused.position, refused.raw["TRNAMT"], refused.raw["MEMO"]) == (
        6,
        "-1x,00",
        "CARTAO VISA ELECTRON",
    )
    assert refused.reason in statement.warnings
    assert "“-1x,00”" in refused.reason
    assert "CARTAO VISA ELECTRON" in refused.reason


@pytest.mark.parametrize("amount", ["", ".", "abc", "1,2,3,4"])
def test_no_amount_is_ever_taken_for_zero(amount):
    statement = read_ofx(ofx(row(amount=amount)))
    assert (statement.lines, len(statement.unreadable), statement.skipped, str(statement.sum)) == (
        (),
        1,
        1,
        "0.00",
    )


def test_a_row_without_a_day_is_kept_apart_but_summed():
    statement = read_ofx(ofx(row(day="00000000", amount="-3.00"), row()))
    assert (len(statement.lines), len(statement.unreadable), str(statement.sum)) == (1, 1, "-13.00")
    assert "date “00000000”" in statement.warnings[0]


def test_an_amount_in_another_currency_is_kept_apart():
    (refused,) = read_ofx(fixture("digital.ofx")).unreadable
    assert refused.reason == "Row 5 was left out: its amount -10.00 is in USD, the account in BRL."


def test_an_amount_that_may_be_thousands_is_told():
    statement = read_ofx(ofx(row(amount="-1.234")))
    assert amounts(statement) == ["-1234.00"]
    assert statement.warnings[0].startswith("Row 1: the amount -1.234 was read as thousands, not as decimals")


def test_the_sign_of_the_amount_counts_and_not_the_type():
    data = ofx(
        row(amount="-5.00", more="<TRNTYPE>CREDIT"), row(amount="7.00", fitid="2", more="<TRNTYPE>OUT")
    )
    assert amounts(read_ofx(data)) == ["-5.00", "7.00"]


def test_accounts_and_cards_of_one_file_are_told_apart():
    statement = read_ofx(fixture("digital.ofx"))
    assert [(account.key, account.kind) for account in statement.accounts] == [
        ("260-1-12345678", "checking"),
        ("260-5555xxxx9876-card", "card"),
    ]
    assert [line.account_key for line in statement.lines].count("260-5555xxxx9876-card") == 1
    assert statement.accounts[1].ledger_balance == Decimal("-120.00")


def test_one_account_in_two_statements_is_one_account_with_the_later_balance():
    older, newer = (f"<LEDGERBAL><BALAMT>{n}.00<DTASOF>2026070{n}</LEDGERBAL>" for n in (1, 2))
    second = f"</STMTRS><STMTRS>{ACCOUNT}<BANKTRANLIST>{row(fitid='2')}</BANKTRANLIST>{older}"
    statement = read_ofx(ofx(row(fitid="7"), end=newer + second))
    assert [account.ledger_balance for account in statement.accounts] == [Decimal("2.00")]
    assert len(statement.lines) == 2


def test_checking_and_savings_of_one_number_are_two_accounts():
    savings = ACCOUNT.replace("CHECKING", "SAVINGS")
    second = f"</STMTRS><STMTRS>{savings}<BANKTRANLIST>{row(fitid='2')}</BANKTRANLIST>"
    assert [account.key for account in read_ofx(ofx(row(), end=second)).accounts] == [
        "341-11",
        "341-11-savings",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<STMTTRN><DTPOSTED>20260702<TRNAMT>-1.00<FITID>9<MEMO>A B</STMTTRN>",
        "<STMTTRN><DTPOSTED>20260702</DTPOSTED><TRNAMT>-1.00</TRNAMT><FITID>9</FITID><MEMO>A B</MEMO></STMTTRN>",
        "<STMTTRN>\r\n<DTPOSTED>20260702\r\n<TRNAMT>-1.00</TRNAMT>\r\n<FITID>9\r\n<MEMO>A\r\n B\r\n</STMTTRN>",
        "<STMTTRN><DTPOSTED>20260702<TRNAMT>-1.00<FITID>9<MEMO>A B",
        "<stmttrn><dtposted>20260702</dtposted><trnamt>-1.00</trnamt><fitid>9</fitid><memo>A B</memo></stmttrn>",
        "<STMTTRN ><DTPOSTED >20260702<TRNAMT>-1.00<FITID>9<MEMO/><NAME>A B</STMTTRN>",
        "<STMTTRN><DTPOSTED>20260702<!-- <TRNAMT>5 --><TRNAMT>-1.00<FITID>9<MEMO><![CDATA[A B]]></STMTTRN>",
        "<o:STMTTRN><o:DTPOSTED>20260702</o:DTPOSTED><o:TRNAMT>-1.00</o:TRNAMT><o:FITID>9</o:FITID><o:MEMO>A B</o:MEMO></o:STMTTRN>",
        "<STMTTRN><TRNTYPE>X<DTPOSTED>20260702<TRNAMT>-1.00<FITID>9<MEMO>A<MEMO>B</STMTTRN>",
        "<STMTTRN><DTPOSTED>20260702<TRNAMT>-1.00<FITID>9<PAYEE><NAME>A B</NAME></PAYEE></STMTTRN>",
    ],
)
def test_tags_may_be_closed_or_not_or_mixed(text):
    (line,) = read_ofx(ofx(text)).lines
    assert (line.date, str(line.amount), line.external_id, line.description) == (
        date(2026, 7, 2),
        "-1.00",
        "fitid:9",
        "A B",
    )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "\n\n",
        HEADER.replace("\n", ""),
        HEADER.strip(),
        "<?xml version='1.0' encoding='ISO-8859-9'?><?OFX OFXHEADER='200'?>",
        "\ufeff",
    ],
)
def test_the_header_may_have_any_shape(header):
    assert len(read(ofx(row(), header=header), "x").lines) == 1


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("SILVA &amp; SILVA", "SILVA & SILVA"),
        ("SILVA & SILVA", "SILVA & SILVA"),
        ("A &amp;amp; B", "A &amp; B"),
        ("A &lt;B&gt; &#233;&#xE9; &ccedil;&nbsp;X", "A <B> éé ç X"),
        ("A < B > C", "A < B > C"),
        ("AT&T; &unknown; &#0; &#xD800; &#99999999;", "AT&T; &unknown; &#0; &#99999999;"),
        ("a\x00b\x07c\x9dd", "a b c d"),
        ("  two\t lines\n here ", "two lines here"),
    ],
)
def test_text_is_decoded_once_and_fit_for_a_column(written, text):
    assert read_ofx(ofx(row(memo=written))).lines[0].memo == text


def test_a_long_memo_is_cut():
    assert read_ofx(ofx(row(memo="x" * 5000))).lines[0].memo == "x" * 1000


def test_payee_and_memo_make_one_description_and_neither_comes_twice():
    def described(name: str, memo: str) -> str:
        return read_ofx(ofx(row(memo=memo, more=f"<NAME>{name}"))).lines[0].description

    assert described("Pix - Recebido", "02/07 JOANA") == "Pix - Recebido - 02/07 JOANA"
    assert described("JOANA", "PIX RECEBIDO JOANA") == "PIX RECEBIDO JOANA"
    assert described("PIX RECEBIDO JOANA", "PIX RECEBIDO") == "PIX RECEBIDO JOANA"
    assert described("JOANA", "") == "JOANA"


def test_a_file_that_stops_in_the_middle_is_told():
    statement = read_ofx(ofx(row(), row(fitid="2"))[:-60])
    assert statement.warnings[0].startswith("The file ends without its end mark </OFX>")


def test_files_without_a_statement_are_refused():
    with pytest.raises(StatementError, match="no bank or card statement"):
        read_ofx(b"OFXHEADER:100\n<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>")
    with pytest.raises(StatementError, match="only an investment statement"):
        read_ofx(
            b"<OFX><INVSTMTRS><INVACCTFROM><ACCTID>1</INVACCTFROM><STMTTRN><TRNAMT>1</STMTTRN></INVSTMTRS></OFX>"
        )


def test_an_investment_statement_beside_a_bank_statement_is_passed_over_and_told():
    data = ofx(row()).replace(
        b"</OFX>", b"<INVSTMTRS><INVBANKTRAN><STMTTRN><TRNAMT>1.00</STMTTRN></INVBANKTRAN></INVSTMTRS></OFX>"
    )
    statement = read_ofx(data)
    assert (statement.rows, amounts(statement)) == (1, ["-10.00"])
    assert statement.warnings == ("The file also has an investment statement, which is not read.",)


def test_pending_rows_and_other_balances_are_not_taken():
    pending = "<BANKTRANLISTP><STMTTRNP><TRNAMT>5.00<DTPOSTED>20260101</STMTTRNP></BANKTRANLISTP>"
    available = (
        "<LEDGERBAL><BALAMT>1.00<DTASOF>20260702</LEDGERBAL><AVAILBAL><BALAMT>9.00<DTASOF>20260702</AVAILBAL>"
    )
    statement = read_ofx(ofx(row(), end=pending + available))
    assert statement.rows == 1
    assert statement.accounts[0].ledger_balance == Decimal("1.00")


def test_warnings_end_somewhere():
    statement = read_ofx(ofx(*[row(amount="?", fitid=str(n)) for n in range(MAX_WARNINGS + 5)]))
    assert len(statement.unreadable) == MAX_WARNINGS + 5
    assert len(statement.warnings) == MAX_WARNINGS + 1
    assert statement.warnings[-1] == "…and 5 more warnings."


def test_a_sentence_can_be_said_in_another_language():
    sentence = read_ofx(ofx(*[row(amount="?", fitid=str(n)) for n in range(MAX_WARNINGS + 5)])).warnings[-1]
    assert isinstance(sentence, Sentence)
    translated = "…e mais %(count)d avisos."
    assert (sentence.template, translated % sentence.values) == (
        "…and %(count)d more warnings.",
        "…e mais 5 avisos.",
    )


def test_a_sentence_survives_being_copied():
    sentence = Sentence("%(share)s of %(total)d", share="5%", total=3)
    copied = copy.deepcopy(sentence)
    assert (str(copied), copied.template, copied.values) == (
        "5% of 3",
        "%(share)s of %(total)d",
        {"share": "5%", "total": 3},
    )


@pytest.mark.parametrize("size", [401, 512, 1024])
@pytest.mark.parametrize(
    "name", ["banco_do_brasil.ofx", "bradesco.ofx", "caixa.ofx", "itau.ofx", "digital.ofx"]
)
def test_where_a_piece_ends_changes_nothing(name, size, monkeypatch):
    data = fixture(name).replace(b"<MEMO>", b"<MEMO><!-- note --><![CDATA[a < b]]> ")
    whole, told = read_ofx(data), []
    monkeypatch.setattr(decoding, "PIECE", size)
    assert read_ofx(data, told.append) == whole
    assert len(told) == -(-len(data) // size)
    assert told[-1] == 1.0


def test_reading_a_large_file_takes_a_bounded_multiple_of_its_lines():
    """Rows must not wait as dictionaries for the end of the file: measured, 0.45 KB a row where 1.9 KB were."""
    rows = 4_000
    data = ofx(*(row(fitid=f"F{n}", amount=f"-{n}.01", memo=f"PIX ENVIADO {n}") for n in range(rows)))
    tracemalloc.start()
    try:
        statement = read_ofx(data)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(statement.lines) == rows
    assert peak / rows < 1_700
