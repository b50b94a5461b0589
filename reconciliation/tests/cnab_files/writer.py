"""Writes return files for tests, piece by piece, from the positions printed in the banks' manuals. Knows nothing of the readers' tables."""

from collections.abc import Iterable
from decimal import Decimal

Piece = tuple[int, int, str]  # first and last position as in the manual, and what stands there


def n(start: int, end: int, value: int | str) -> Piece:
    """A numeric field: right-aligned, zeros in front."""
    return start, end, str(value).rjust(end - start + 1, "0")


def a(start: int, end: int, text: str) -> Piece:
    """An alphanumeric field: left-aligned, blanks behind."""
    return start, end, text.ljust(end - start + 1)


def m(start: int, end: int, amount: str) -> Piece:
    """An amount with two assumed decimals."""
    return n(start, end, int(Decimal(amount) * 100))


def record(width: int, *pieces: Piece) -> str:
    """Return one record; every piece must fit exactly and no two may overlap."""
    signs = [" "] * width
    taken: set[int] = set()
    for start, end, text in pieces:
        places = set(range(start, end + 1))
        assert len(text) == len(places), (start, end, text)
        assert not places & taken, (start, end)
        assert end <= width, (start, end)
        taken |= places
        signs[start - 1 : end] = text
    return "".join(signs)


def joined(lines: Iterable[str], newline: str = "\r\n") -> bytes:
    """Return the file's bytes as a Windows program of a bank writes them."""
    return "".join(line + newline for line in lines).encode("cp1252")


def numbered_400(*records: tuple[Piece, ...]) -> list[str]:
    """Return CNAB 400 records with their number in the file at 395 to 400."""
    return [record(400, *pieces, n(395, 400, number)) for number, pieces in enumerate(records, 1)]


def lot_240(
    bank: str, header: tuple[Piece, ...], details: Iterable[tuple[str, tuple[Piece, ...]]], lot: int = 1
) -> list[str]:
    """Return one CNAB 240 lot of collection: header, details (segment letter, pieces) and a trailer that counts all three kinds."""
    front = (n(1, 3, bank), n(4, 7, lot))
    lines = [record(240, *front, n(8, 8, 1), a(9, 9, "T"), n(10, 11, 1), *header)]
    for number, (segment, pieces) in enumerate(details, 1):
        lines.append(record(240, *front, n(8, 8, 3), n(9, 13, number), a(14, 14, segment), *pieces))
    return [*lines, record(240, *front, n(8, 8, 5), n(18, 23, len(lines) + 1))]


def file_240(bank: str, header: tuple[Piece, ...], *lots: list[str]) -> list[str]:
    """Return a CNAB 240 return file around its lots; the trailer counts lots and records."""
    lines = [record(240, n(1, 3, bank), n(4, 7, 0), n(8, 8, 0), n(143, 143, 2), *header)]
    for lot in lots:
        lines += lot
    trailer = record(
        240, n(1, 3, bank), n(4, 7, 9999), n(8, 8, 9), n(18, 23, len(lots)), n(24, 29, len(lines) + 1)
    )
    return [*lines, trailer]


def changed(lines: list[str], line: int, start: int, text: str) -> list[str]:
    """The file with other characters from that position of that line (both from 1)."""
    old = lines[line - 1]
    return [*lines[: line - 1], old[: start - 1] + text + old[start - 1 + len(text) :], *lines[line:]]
