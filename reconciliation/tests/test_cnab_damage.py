"""What happens to return files on their way: line ends, code pages, cut and padded lines, truncation, anything at all."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.cnab import CnabError, ReturnFile, read
from reconciliation.tests.cnab_files import (
    banco_do_brasil,
    bradesco,
    caixa,
    febraban,
    inter,
    itau,
    santander,
    sicoob,
)
from reconciliation.tests.cnab_files.writer import joined

WRITERS = tuple(
    bank.cnab400 for bank in (itau, bradesco, banco_do_brasil, santander, caixa, sicoob, inter)
) + tuple(bank.cnab240 for bank in (itau, bradesco, banco_do_brasil, santander, caixa, sicoob, febraban))
FILES = {f"{write.__module__.rsplit('.', 1)[-1]}-{write.__name__}": write()[0] for write in WRITERS}
BOTH = pytest.mark.parametrize("lines", [itau.cnab400()[0], itau.cnab240()[0]], ids=["400", "240"])


def warnings(found: ReturnFile) -> list[str]:
    return [str(one) for one in found.warnings]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "shape",
    [
        lambda lines: joined(lines, "\n"),
        lambda lines: joined(lines, "\r"),
        lambda lines: joined(lines).rstrip(b"\r\n"),  # no line end after the last
        lambda lines: joined(lines, ""),  # no line ends at all
        lambda lines: joined(lines) + b"\x1a",  # Ctrl-Z, as DOS programs end a file
        lambda lines: joined(lines) + b"\x1a\r\n\x1a",
        lambda lines: joined(lines)[:-2] + b"\x1a",
        lambda lines: joined(lines) + b"\r\n\r\n",
        lambda lines: joined(lines) + b" " * 240 + b"\r\n",
        lambda lines: joined(lines) + b"\x00" * 512,
        lambda lines: "".join(line + "\r\n" for line in lines).encode("utf-8-sig"),
        lambda lines: "".join(line + "\r\n" for line in lines).encode("utf-8"),
    ],
    ids="LF CR no-last none ctrl-z ctrl-z-lines ctrl-z-last blank-lines blanks nul bom utf-8".split(),
)
def test_shapes_that_say_the_same(name: str, shape: Any) -> None:
    assert read(shape(FILES[name])) == read(joined(FILES[name]))


def test_a_name_is_the_same_in_every_code_page() -> None:
    for lines in (itau.cnab400()[0], febraban.cnab240()[0]):
        text = "".join(line + "\r\n" for line in lines)
        for page in ("cp1252", "latin-1", "utf-8"):
            assert read(text.encode(page)).records[0].payer_name == "JOSÉ DA CONCEIÇÃO"


def test_bytes_that_the_code_page_lacks_do_not_stop_the_file() -> None:
    data = joined(itau.cnab400()[0]).replace("JOSÉ".encode("cp1252"), b"JO\x81\x8d")
    assert read(data).records[0].payer_name == "JO\x81\x8d DA CONCEIÇÃO"


def test_utf_8_whose_positions_are_counted_in_bytes() -> None:
    """Each letter of two bytes takes two positions: the line has 240 bytes and fewer characters. No field behind the name may shift."""
    lines = list(febraban.cnab240()[0])
    name = "JOSÉ DA CONCEIÇÃO"
    lines[2] = lines[2].replace(name + "   ", name)  # three letters of two bytes each
    assert (len(lines[2]), len(lines[2].encode())) == (237, 240)
    found = read("".join(line + "\r\n" for line in lines).encode())
    assert found == read(joined(febraban.cnab240()[0]))
    assert found.records[0].payer_name == name


@BOTH
def test_blanks_too_many_are_cut_and_said(lines: list[str]) -> None:
    width = len(lines[0])
    found = read(joined([lines[0], lines[1] + " ", *lines[2:]]))
    assert found.records == read(joined(lines)).records
    assert warnings(found) == [
        f"Lines longer than {width} characters: 1, the first is line 2; the blanks at their end are cut off."
    ]


@BOTH
def test_a_character_too_many_is_refused(lines: list[str]) -> None:
    width = len(lines[0])
    with pytest.raises(CnabError) as caught:
        read(joined([lines[0], lines[1] + "1", *lines[2:]]))
    assert (
        str(caught.value)
        == f"Line 2 has {width + 1} characters instead of {width}: its fields cannot be told apart."
    )


@BOTH
def test_blanks_that_an_editor_cut_off_are_put_back_and_said(lines: list[str]) -> None:
    width, cut = len(lines[0]), [line.rstrip() for line in lines]
    short = [number for number, line in enumerate(cut, 1) if len(line) < width]
    found = read(joined(cut))
    assert found.records == read(joined(lines)).records
    assert warnings(found) == (
        [
            f"Lines shorter than {width} characters: {len(short)}, the first is line {short[0]}; they are read as if blanks had been cut off at their end."
        ]
        if short
        else []
    )


@BOTH
def test_empty_lines_between_the_records_are_skipped_and_said(lines: list[str]) -> None:
    found = read(joined([lines[0], "", "   ", *lines[1:]]))
    assert [one.line_number for one in found.records] == [
        one.line_number + 2 for one in read(joined(lines)).records
    ]
    assert warnings(found) == ["Empty lines: 2, the first is line 2; they are skipped."]


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_off_anywhere_is_refused_or_whole(name: str) -> None:
    """No prefix of a file may pass for a smaller file: it is refused, or only blanks and line ends are missing."""
    data = joined(FILES[name])
    whole = read(data).records
    told = 0
    for length in range(0, len(data), 3):
        try:
            assert read(data[:length]).records == whole
        except CnabError:
            told += 1
    assert told > len(data) // 3 - 140  # the trailer's last 400 characters at most


@pytest.mark.parametrize("name", FILES)
def test_a_line_lost_or_doubled_is_seen(name: str) -> None:
    """Every line but the first and the last: without it, or with it twice, the file is refused or warns."""
    lines = FILES[name]
    expected = set(map(str, read(joined(lines)).warnings))
    for position in range(1, len(lines) - 1):
        for other in (
            [*lines[:position], *lines[position + 1 :]],
            [*lines[:position], lines[position], *lines[position:]],
        ):
            try:
                assert set(warnings(read(joined(other)))) - expected, position + 1
            except CnabError:
                continue


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "The file is empty."),
        (b"\r\n\x1a", "The file is empty."),
        (b"   \r\n   ", "The file is empty."),
        (b"%PDF-1.4", "This is no return file: the first line is neither a CNAB 240 nor a CNAB 400 header."),
        (
            b"OFXHEADER:100",
            "This is no return file: the first line is neither a CNAB 240 nor a CNAB 400 header.",
        ),
        (b"\x00" * 300, "The file is empty."),
        (
            b"02RETORNO",
            "Line 1: there is no table for CNAB 400 files of bank “   ”; known are 001, 033, 077, 104, 237, 341, 756.",
        ),
        (b"34100000", "The file ends at line 1 without its trailer: it is cut off."),
    ],
)
def test_what_is_no_return_file(data: bytes, error: str) -> None:
    with pytest.raises(CnabError) as caught:
        read(data)
    assert str(caught.value) == error


def test_warnings_are_bounded() -> None:
    lines = itau.cnab240()[0]
    title = lines[2][:73] + "99999999" + lines[2][81:]
    found = read(joined([*lines[:2], *[title, lines[3]] * 100, *lines[4:]]))
    assert len(found.records) == 100
    assert warnings(found)[-1].startswith("…and ")
    assert len(found.warnings) == 41


@given(st.binary(max_size=1_000))
def test_any_bytes(data: bytes) -> None:
    _reads_or_refuses(data)


@given(st.sampled_from([b"02RETORNO01COBRANCA", b"34100000", b"00100000"]), st.binary(max_size=1_500))
def test_any_bytes_behind_a_header(header: bytes, data: bytes) -> None:
    _reads_or_refuses(header + data)


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(FILES)),
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 3), st.binary(max_size=3)), max_size=6),
)
def test_any_damage_to_a_real_file(name: str, edits: list[tuple[int, int, bytes]]) -> None:
    data = joined(FILES[name])
    for place, length, other in edits:
        place %= len(data)
        data = data[:place] + other + data[place + length :]
    _reads_or_refuses(data)


@given(st.sampled_from(sorted(FILES)), st.data())
def test_any_characters_in_a_line(name: str, data: Any) -> None:
    lines = list(FILES[name])
    place = data.draw(st.integers(0, len(lines) - 1))
    width = len(lines[0])
    start = data.draw(st.integers(0, width - 1))
    text = data.draw(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30))
    lines[place] = (lines[place][:start] + text + lines[place][start + len(text) :])[:width]
    _reads_or_refuses("\r\n".join(lines).encode())


def _reads_or_refuses(data: bytes) -> None:
    """Return normally when the reader gives a file or a CnabError that says something; any other exception fails the test."""
    try:
        found = read(data)
    except CnabError:
        return
    assert isinstance(found, ReturnFile)
    assert all(one.line_number > 1 for one in found.records)
    assert all(str(one) for one in found.warnings)
