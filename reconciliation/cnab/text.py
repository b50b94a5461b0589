"""From bytes to lines of one width: encodings, line ends, what editors and transfer programs add or cut off."""

import codecs
import re

from reconciliation.cnab.fields import FILLER, Line
from reconciliation.cnab.records import CnabError
from sync.providers.statement import MAX_BYTES, MAX_ROWS, Notes, Sentence, gettext_noop

WIDTHS = (240, 400)
_BREAK = re.compile(r"\r\n|\n|\r")  # not splitlines(): that also breaks at form feeds and file separators
_PADDING = " \x1a\x00"  # blanks, Ctrl-Z and NUL stand behind the last record in files from mainframes and old programs


def lines_of(data: bytes, notes: Notes) -> tuple[int, list[Line]]:
    """Return the width (240 or 400) and the file's records, each exactly that wide. Raises CnabError.

    Blanks cut off at the end of a line are put back, blanks too many are cut, each with a warning; anything else at a wrong width is refused.
    """
    if len(data) > MAX_BYTES:
        raise CnabError(Sentence("The file is larger than %(limit)d MB.", limit=MAX_BYTES // 1024 // 1024))
    raw = _BREAK.split(_decoded(data).rstrip("\r\n\x1a\x00"))
    while raw and not raw[-1].strip(_PADDING):
        raw.pop()
    if not raw:
        raise CnabError(Sentence("The file is empty."))
    width = _width(raw)
    if len(raw) == 1 and len(raw[0]) > width:
        raw = _cut(raw[0], width)
    if len(raw) > MAX_ROWS:
        raise CnabError(Sentence("The file has more than %(count)d lines.", count=MAX_ROWS))
    return width, _fitted(raw, width, notes)


def _decoded(data: bytes) -> str:
    """Return the text: UTF-8 when it is that, otherwise the code page of Brazilian Windows, where each byte is one position."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return codecs.charmap_decode(data, "strict", _WINDOWS)[0]


# Five bytes mean nothing in the code page; Windows itself reads them as the control characters of Latin-1.
_WINDOWS = "".join(
    bytes([byte]).decode("latin-1" if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252")
    for byte in range(256)
)


def _width(raw: list[str]) -> int:
    """Return the layout's width by how the header begins, which no editor changes."""
    header = raw[0]
    if re.match(r"0[12](RETORNO|REMESSA)", header, re.IGNORECASE):
        return 400
    if re.match(r"[0-9]{3}00000", header):
        return 240
    raise CnabError(
        Sentence("This is no return file: the first line is neither a CNAB 240 nor a CNAB 400 header.")
    )


def _cut(text: str, width: int) -> list[str]:
    """Return the records of a file without line ends. The last may lack the blanks at its end."""
    return [text[start : start + width] for start in range(0, len(text), width)]


def _fitted(raw: list[str], width: int, notes: Notes) -> list[Line]:
    fitted: list[Line] = []
    odd: dict[str, list[int]] = {}
    for number, text in enumerate(raw, 1):
        record = _by_bytes(text.rstrip("\x1a\x00"), width)
        if not record.strip():
            odd.setdefault(_EMPTY, []).append(number)
            continue
        if len(record) > width:
            record = _shortened(number, record, width)
            odd.setdefault(_LONG, []).append(number)
        elif len(record) < width:
            odd.setdefault(_SHORT, []).append(number)
        fitted.append(Line(number, record.ljust(width)))
    for template, numbers in odd.items():
        notes.add(Sentence(template, count=len(numbers), line=numbers[0], width=width))
    return fitted


_EMPTY = gettext_noop("Empty lines: %(count)d, the first is line %(line)d; they are skipped.")
_LONG = gettext_noop(
    "Lines longer than %(width)d characters: %(count)d, the first is line %(line)d; the blanks at their end are cut off."
)
_SHORT = gettext_noop(
    "Lines shorter than %(width)d characters: %(count)d, the first is line %(line)d; they are read as if blanks had been cut off at their end."
)


def _by_bytes(record: str, width: int) -> str:
    """Return the record with one position a byte when only its bytes, in UTF-8, have the right number: so some programs write names."""
    if len(record) >= width or len(record.encode()) != width:
        return record
    return "".join(sign + FILLER * (len(sign.encode()) - 1) for sign in record)


def _shortened(number: int, text: str, width: int) -> str:
    if text[width:].strip():
        raise CnabError(
            Sentence(
                "Line %(line)d has %(length)d characters instead of %(width)d: its fields cannot be told apart.",
                line=number,
                length=len(text),
                width=width,
            )
        )
    return text[:width]
