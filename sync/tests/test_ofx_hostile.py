"""Files that want to hurt: nothing is expanded, nothing recurses, the work grows with the length, only StatementError comes out."""

import os
import sys
import zlib
from collections.abc import Callable
from decimal import Decimal
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.providers.ofx import scanner
from sync.providers.ofx.reader import read_ofx
from sync.providers.statement import MAX_ACCOUNTS, MAX_BYTES, MAX_ROWS, StatementError
from sync.statements import read, summarize
from sync.tests.bankfiles import FIXTURES, HEADER, fixture, ofx, row

OPEN = f"{HEADER}<OFX><STMTRS><BANKACCTFROM><ACCTID>1</BANKACCTFROM><BANKTRANLIST>".encode()


def calls(function: Callable[[bytes], object], data: bytes) -> int:
    """Return how many function calls the work takes: a measure that does not depend on the machine."""
    count = 0

    def counter(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counter)
    try:
        function(data)
    finally:
        sys.setprofile(None)
    return count


def many_rows(count: int) -> bytes:
    return ofx(
        *[
            row(
                day=f"202607{n % 28 + 1:02}",
                amount=f"-{n}.{n % 100:02}",
                fitid=f"F{n}",
                memo=f"PIX ENVIADO LOJA {n}",
            )
            for n in range(count)
        ]
    )


@pytest.mark.drill
def test_twenty_megabytes_are_read_to_the_cent():
    data = many_rows(190_000)
    assert len(data) > 20_000_000
    statement = read_ofx(data)
    assert (statement.rows, len(statement.lines)) == (190_000, 190_000)
    assert statement.sum == -sum(Decimal(f"{n}.{n % 100:02}") for n in range(190_000))


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(many_rows, id="rows"),
        pytest.param(lambda n: OPEN + b"<STMTTRN><A><B>" * n, id="tags that never close"),
        pytest.param(lambda n: OPEN + b"<AGG>" * n + b"</AGG>" * n, id="nesting"),
        pytest.param(
            lambda n: ofx(*[row(fitid="SAME", amount=f"-{k}.00") for k in range(n)]),
            id="one id on different rows",
        ),
        pytest.param(lambda n: ofx(*[row(fitid="0")] * n), id="equal rows without ids"),
        pytest.param(lambda n: OPEN + b"<STMTTRN>" + b"".join(b"<F%d>x" % k for k in range(n)), id="fields"),
        pytest.param(lambda n: OPEN + b"<STMTTRN>" + b"".join(b"<MEMO>%d" % k for k in range(n)), id="memos"),
        pytest.param(lambda n: OPEN + b"<![CDATA[" * n, id="cdata that never ends"),
        pytest.param(lambda n: OPEN + b"<!--" * n, id="comments that never end"),
        pytest.param(lambda n: OPEN + b"&amp;&#38;" * n, id="entities"),
    ],
)
def test_twice_the_file_is_at_most_twice_the_work(build):
    assert calls(read_ofx, build(4_000)) <= 2.1 * calls(read_ofx, build(2_000))


@pytest.mark.parametrize(
    "piece", [b"<", b"<A", b"<A b=", b"</", b"<A ", b"&", b"<A b=" + b"x" * 600, b"<" + b"A" * 100, b"< A>"]
)
def test_a_tag_is_looked_for_in_a_bounded_stretch(piece):
    """What the pattern looks at from one "<" must not depend on how long the file goes on."""
    text = (piece * 2_000).decode()
    longest = max(
        (match.end() - match.start() for match in scanner._TAG.finditer(text + "<A b='" + "y" * 400 + "'>")),
        default=0,
    )
    assert longest <= 600
    assert read_ofx(OPEN + piece * 20_000).rows == 0


def test_entities_of_a_document_type_are_not_expanded():
    laughs = '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    assert read_ofx(ofx(row(memo="&b; &f;"), header=laughs)).lines[0].memo == "&b; &f;"


def test_deep_nesting_does_not_recurse():
    data = ofx("<A>" * 200_000 + row() + "</A>" * 200_000)
    assert [str(line.amount) for line in read_ofx(data).lines] == ["-10.00"]


def test_zero_bytes_are_passed_over():
    data = ofx(row(memo="PA\0DARIA")) + b"\0" * 100_000
    assert read(data, "x.ofx").lines[0].memo == "PA DARIA"


@pytest.mark.drill
def test_too_many_rows_and_accounts_are_refused_with_what_to_do():
    with pytest.raises(StatementError, match=f"more than {MAX_ROWS} rows. Export shorter periods"):
        read_ofx(OPEN + b"<STMTTRN>" * (MAX_ROWS + 1))
    with pytest.raises(StatementError, match=f"more than {MAX_ACCOUNTS} statements"):
        read_ofx(b"<OFX>" + b"<STMTRS>" * (MAX_ACCOUNTS + 1))


def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_read():
    data = ofx(row()) + b" " * MAX_BYTES
    assert read(data[:MAX_BYTES], "x.ofx").rows == 1
    with pytest.raises(StatementError, match=r"is larger than 50 MB\. Export shorter periods"):
        read(data[: MAX_BYTES + 1], "x.ofx")


def zipped(name: bytes) -> bytes:
    """Return a ZIP whose one entry claims to unpack to four gigabytes."""
    body = zlib.compress(b"\0" * 100_000)
    return (
        b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0" + zlib.crc32(body).to_bytes(4, "little") + len(body).to_bytes(4, "little") + b"\xff" * 4
        + len(name).to_bytes(2, "little") + b"\0\0" + name + body
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "“f.ofx” is empty"),
        (b"\0" * 5000, "“f.ofx” is empty"),
        (b"\xef\xbb\xbf \r\n", "“f.ofx” is empty"),
        (b"%PDF-1.7 <OFX>", r"document \(PDF\), which cannot be read reliably"),
        (zipped(b"extrato.ofx"), r"compressed archive \(ZIP\) and is not opened here. Unpack it"),
        (zipped(b"xl/workbook.xml"), r"spreadsheet \(XLSX\). Open it and save it as CSV"),
        (b"PK\x03\x04stored<OFX><STMTRS>", r"compressed archive \(ZIP\)"),
        (b"PK;Historia;Dinheiro\n", "No table of movements"),
        (b"\x1f\x8b\x08\0", r"compressed archive \(GZIP\)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 50, r"spreadsheet \(XLS\)"),
        (b"\x89PNG\r\n\x1a\n", r"image \(PNG\)"),
        (b"\xff\xd8\xff\xe0", r"image \(JPEG\)"),
        (b"RIFF\0\0\0\0WEBPVP8 ", r"image \(WEBP\)"),
        (bytes(range(256)) * 20, r"no statement that can be read here \(binary\)"),
        (b"<!DOCTYPE html><html><table><tr><td>01/07/2026", r"web page \(HTML\); some banks name it .xls"),
        (b"<?xml version='1.0'?><nfeProc/>", r"no statement that can be read here \(XML\)"),
        (b'[{"date": "2026-07-01"}]', r"\(JSON\)"),
        (b"!Type:Bank\nD01/07/2026", r"\(QIF\)"),
        (b"{\\rtf1", r"\(RTF\)"),
        ((b"001" + b"0" * 237 + b"\r\n") * 3, r"\(CNAB\)"),
        (b"Lorem ipsum dolor\nsit amet\n", "No table of movements"),
    ],
)
def test_a_file_that_is_something_else_is_named_and_says_what_to_do(data, says):
    with pytest.raises(StatementError, match=says):
        read(data, "C:\\Users\\ana\\f.ofx")


def test_random_bytes_are_refused():
    with pytest.raises(StatementError):
        read(os.urandom(100_000), "random.ofx")


@settings(max_examples=300)
@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(data):
    assert summarize("x", data).keys() >= {"file"}


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data):
    """Stored files with a stretch replaced, cut out or doubled: never anything but an answer, and the sums stay consistent."""
    whole = fixture(data.draw(st.sampled_from(sorted(path.name for path in FIXTURES.iterdir()))))
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    damaged = whole[:begin] + data.draw(st.binary(max_size=40) | st.just(whole[begin:end] * 2)) + whole[end:]
    try:
        statement = read(damaged, "x")
    except StatementError:
        return
    assert statement.rows == len(statement.lines) + statement.skipped
    assert statement.sum == statement.credits + statement.debits
    assert len({(line.account_key, line.external_id) for line in statement.lines}) == len(statement.lines)
    assert all(
        "\0" not in value
        for line in statement.lines
        for value in (line.description, line.memo, line.external_id)
    )


TAGS = st.sampled_from(
    "STMTRS CCSTMTRS INVSTMTRS BANKACCTFROM CCACCTFROM BANKTRANLIST STMTTRN LEDGERBAL AVAILBAL TRNAMT DTPOSTED FITID MEMO NAME BALAMT "
    "DTASOF ACCTID BANKID CURDEF CURRENCY CURSYM OFX X".split()
)
PIECES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "<{}>",
                "</{}>",
                "<{}/>",
                "<{}>-1,00",
                "<{}>20260701",
                "<{}>0",
                "<{}>SALDO",
                "<{}>A & <B",
                "<![CDATA[{}",
            ]
        ),
        TAGS,
    ),
    max_size=60,
)


@settings(max_examples=300)
@given(PIECES)
def test_tags_in_any_order_are_read_or_refused(pieces):
    text = "<OFX>" + "".join(form.format(tag) for form, tag in pieces)
    try:
        statement = read_ofx(text.encode())
    except StatementError:
        return
    assert statement.rows == len(statement.lines) + statement.skipped
