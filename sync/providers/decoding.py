"""Bytes of a bank file to text, and text to values fit for a column."""

import codecs
import re
from collections.abc import Iterator
from typing import Final

PIECE: Final = 1 << 20  # bytes that are decoded at a time

_MARKS = (  # UTF-32 first: its little-endian mark begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def decode(data: bytes) -> str:
    """Return the text. What the header says about its encoding is not asked: it is often wrong.

    A byte order mark or the zero bytes of UTF-16 decide; otherwise UTF-8 if it fits strictly, then cp1252, then Latin-1 (always fits).
    """
    for encoding in (*_by_mark(data), "utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def decoded(data: bytes) -> Iterator[tuple[str, float]]:
    """Yield the text that `decode` returns, piece by piece, each with the part of the file (0 to 1) that is read with it."""
    encoding = next((name for name in (*_by_mark(data), "utf-8", "cp1252") if _fits(data, name)), "latin-1")
    decoder = codecs.getincrementaldecoder(encoding)()
    for start, piece in _pieces(data):
        end = start + len(piece)
        yield decoder.decode(piece, final=end == len(data)), end / len(data)


def _fits(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start, piece in _pieces(data):
            decoder.decode(piece, final=start + len(piece) == len(data))
    except UnicodeDecodeError:
        return False
    return True


def _pieces(data: bytes) -> Iterator[tuple[int, memoryview]]:
    view = memoryview(data)
    for start in range(0, len(data), PIECE):
        yield start, view[start : start + PIECE]


def is_wide(data: bytes) -> bool:
    """Return whether the text takes two or four bytes a character, so that zero bytes in it are no sign of a binary file."""
    return any(encoding.startswith(("utf-16", "utf-32")) for encoding in _by_mark(data))


def _by_mark(data: bytes) -> list[str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return [encoding]
    # Without a mark: every other byte of Western text is zero, and the others are not.
    even, odd = data[:400:2], data[1:400:2]
    if even and odd.count(0) > len(odd) // 2 > even.count(0) * 4:
        return ["utf-16-le"]
    if odd and even.count(0) > len(even) // 2 > odd.count(0) * 4:
        return ["utf-16-be"]
    return []


def tidy(text: str, limit: int) -> str:
    """Return text fit for a column: blanks of all kinds made single, NUL and control characters gone, at most `limit` characters."""
    text = " ".join(text[: limit * 4].split())
    if not text.isprintable():
        text = " ".join(_CONTROL.sub(" ", text).split())
    return text[:limit].rstrip()
