"""OFX text to tags and to the raw contents of its statements.

No tree is built: the few aggregates that matter are known by name, and closing tags are hints. So unclosed, closed and mixed tags read
alike, nesting costs nothing, no entity is ever defined or expanded, and the work grows with the length of the text alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import html5
from typing import Final, Generic, TypeVar

from sync.providers.decoding import tidy
from sync.providers.statement import MAX_ACCOUNTS, MAX_ROWS, MAX_TEXT, Sentence, StatementError, too_many_rows

Taken = TypeVar("Taken")
MAX_FIELDS = 64  # of one row; real ones have about ten

# Every repetition is bounded or cannot cross the next "<": a stray "<" costs at most this much and stays text.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9._:-]{0,47})(?:\s[^<>=]{0,80}=[^<>]{0,400})?\s?(/?)>", re.ASCII)
_LONGEST_TAG: Final = 600  # characters, a little more than the pattern above can match
_READ: Final = MAX_TEXT * 4  # characters of a leaf, blanks at its start not counted
_FIRST_LETTER = re.compile(r"\S")
_ROOT = re.compile(r"<(?:[A-Za-z0-9]{1,20}:)?OFX[\s>]", re.IGNORECASE | re.ASCII)
_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z]{2,8}));", re.ASCII)

_STATEMENTS = {"STMTRS": False, "CCSTMTRS": True}
_ACCOUNTS = frozenset({"BANKACCTFROM", "CCACCTFROM"})
_ELSEWHERE = frozenset(
    {"AVAILBAL", "BALLIST", "BANKTRANLISTP", "INVACCTFROM"}
)  # not ours: pending rows, other balances
_ROW_PARTS = frozenset({"CURRENCY"})  # aggregates of a row whose presence says something


@dataclass(slots=True)
class RawStatement(Generic[Taken]):
    """One STMTRS or CCSTMTRS: its leaves by tag name, and what was made of its rows, in the file's order."""

    is_card: bool = False
    head: dict[str, str] = field(default_factory=dict)
    account: dict[str, str] = field(default_factory=dict)
    balance: dict[str, str] = field(default_factory=dict)
    rows: list[Taken] = field(default_factory=list)


@dataclass(slots=True)
class RawFile(Generic[Taken]):
    """All statements of a file, what stands outside of them (sign-on), whether investments were passed over and whether it ends well."""

    head: dict[str, str] = field(default_factory=dict)
    statements: list[RawStatement[Taken]] = field(default_factory=list)
    has_investments: bool = False
    is_complete: bool = False


def scan(pieces: Iterable[str], take: Callable[[dict[str, str]], Taken]) -> RawFile[Taken]:
    """Return the raw contents of an OFX text that comes in pieces. Of each row only what `take` makes of its leaves is kept.

    Raises StatementError when it has more rows than a statement can have.
    """
    walk = _Walk(take)
    for closing, name, value in tags(_flat(pieces)):
        if closing:
            walk.close(name)
        else:
            walk.open(name, value)
    walk.end_row()
    return walk.file


def tags(pieces: Iterable[str]) -> Iterator[tuple[bool, str, str]]:
    """Yield each tag in order: whether it closes, its name in capitals, and the text from it to the next tag."""
    before: re.Match[str] | None = None
    value = held = ""
    for piece, is_last in _with_last(pieces):
        text = held + piece
        # A tag may be cut in two by the end of a piece: from the last "<" on the text waits for the next one.
        cut = len(text) if is_last else text.rfind("<", -_LONGEST_TAG)
        cut = len(text) if cut < 0 else cut
        place = 0
        for match in _TAG.finditer(text, 0, cut):
            if before:
                yield _tag(before, _longer(value, text, place, match.start()))
            before, value, place = match, "", match.end()
        value, held = _longer(value, text, place, cut), text[cut:]
    if before:
        yield _tag(before, value)


def _with_last(pieces: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield the pieces, each with whether it is the last one."""
    waiting: str | None = None
    for piece in pieces:
        if waiting is not None:
            yield waiting, False
        waiting = piece
    if waiting is not None:
        yield waiting, True


def _longer(value: str, text: str, start: int, end: int) -> str:
    """Return the value with more text behind it, as much of it as anybody will read."""
    if not value:
        # Blanks at the start are skipped without a copy, however many.
        match = _FIRST_LETTER.search(text, start, end)
        return text[match.start() : min(end, match.start() + _READ)] if match else ""
    return value + text[start : min(end, start + max(_READ - len(value), 0))]


def _tag(match: re.Match[str], value: str) -> tuple[bool, str, str]:
    name = _name(match[2])
    return (True, name, "") if match[1] else (False, name, "" if match[3] else read_value(value))


@lru_cache(maxsize=256)
def _name(tag: str) -> str:
    """Return the tag's name in capitals without a prefix: the same object each time, because every row has it as a key."""
    return tag.rpartition(":")[2].upper()


def read_value(text: str) -> str:
    """Return a leaf's text: entities decoded once, blanks single, at most MAX_TEXT characters."""
    text = text.strip()[:_READ]
    if "&" in text:
        text = _ENTITY.sub(_decoded, text)
    return tidy(text, MAX_TEXT)


def _decoded(match: re.Match[str]) -> str:
    """Return the character of a numeric or HTML entity; one that nobody knows stays as it stands (`AT&T;`)."""
    if match[3]:
        return html5.get(f"{match[3]};", match[0])
    code = int(match[1]) if match[1] else int(match[2], 16)
    return chr(code) if 0 < code < 0x110000 else match[0]


def _flat(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the text from the first <OFX> on, without comments, CDATA sections turned into escaped text. Unfinished ones stay text."""
    text = _each_section(_from_root(pieces), "<!--", "-->", lambda _: " ")
    return _each_section(
        text, "<![CDATA[", "]]>", lambda inner: inner.replace("&", "&amp;").replace("<", "&lt;")
    )


def _from_root(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the text from the first <OFX> on; all of it where the first piece has none."""
    rest = iter(pieces)
    for first in rest:
        root = _ROOT.search(first)
        yield first[root.start() :] if root else first
        break
    yield from rest


def _each_section(pieces: Iterable[str], start: str, end: str, change: Callable[[str], str]) -> Iterator[str]:
    held = ""
    for piece, is_last in _with_last(pieces):
        text, place, done = held + piece, 0, []
        while (begin := text.find(start, place)) >= 0:
            inner = begin + len(start)
            stop, again = text.find(end, inner), text.find(start, inner)
            if stop < 0 and again < 0:
                break
            if stop < 0 or 0 <= again < stop:  # begun twice: the first one is text
                done.append(text[place:again])
                place = again
            else:
                done += (text[place:begin], change(text[inner:stop]))
                place = stop + len(end)
        cut = len(text) if is_last else begin if begin >= 0 else _before(text, start, place)
        yield "".join((*done, text[place:cut]))
        held = text[cut:]


def _before(text: str, start: str, place: int) -> int:
    """Return where the text must be cut, so that a `start` that is only half there is not torn."""
    for size in range(min(len(start) - 1, len(text) - place), 0, -1):
        if text.endswith(start[:size]):
            return len(text) - size
    return len(text)


class _Walk(Generic[Taken]):
    """Where we are in the file, and what has been gathered."""

    def __init__(self, take: Callable[[dict[str, str]], Taken]) -> None:
        self.file: RawFile[Taken] = RawFile()
        self._take = take
        self._statement: RawStatement[Taken] | None = None
        self._kept = False  # whether anybody wants the rows of this statement
        self._row: dict[str, str] | None = None
        self._into = self.file.head
        self._rows = 0

    def open(self, name: str, value: str) -> None:
        """Take in an opening tag and the text behind it."""
        if name == "STMTTRN":
            self._begin_row()
        elif name in _STATEMENTS:
            self._begin_statement(RawStatement(is_card=_STATEMENTS[name]))
        elif name == "INVSTMTRS":
            self.file.has_investments = True
            self._begin_statement(RawStatement(), keep=False)
        elif name == "LEDGERBAL":
            self.end_row()
            self._into = self._statement.balance if self._statement else {}
        elif self._row is None and name in _ACCOUNTS:
            self._into = self._statement.account if self._statement else self.file.head
        elif name in _ELSEWHERE:
            self.end_row()
            self._into = {}
        elif value or (self._row is not None and name in _ROW_PARTS):
            self._leaf(name, value)

    def close(self, name: str) -> None:
        """Take in a closing tag. One that was never opened, or closes a leaf, changes nothing."""
        if name in _STATEMENTS or name == "INVSTMTRS":
            self.end_row()
            self._statement = None
            self._into = self.file.head
        elif name == "OFX":
            self.file.is_complete = True
        elif (
            name in ("STMTTRN", "BANKTRANLIST", "LEDGERBAL")
            or name in _ELSEWHERE
            or (name in _ACCOUNTS and self._row is None)
        ):
            self.end_row()
            self._into = self._statement.head if self._statement else self.file.head

    def end_row(self) -> None:
        """Take the row that is over, if there is one."""
        if self._row is not None and self._statement is not None and self._kept:
            self._statement.rows.append(self._take(self._row))
        self._row = None

    def _begin_statement(self, statement: RawStatement[Taken], *, keep: bool = True) -> None:
        self.end_row()
        if len(self.file.statements) == MAX_ACCOUNTS:
            raise StatementError(
                Sentence(
                    "The file has more than %(count)d statements. Export the accounts one by one.",
                    count=MAX_ACCOUNTS,
                )
            )
        if keep:
            self.file.statements.append(statement)
        self._statement, self._kept, self._into = statement, keep, statement.head

    def _begin_row(self) -> None:
        self.end_row()
        if self._statement is None:
            self._begin_statement(RawStatement())
        assert self._statement is not None  # begun just above
        self._rows += 1
        if self._rows > MAX_ROWS:
            raise too_many_rows()
        self._row = self._into = {}

    def _leaf(self, name: str, value: str) -> None:
        known = self._into.get(name)
        if known is None:
            if len(self._into) < MAX_FIELDS:
                self._into[name] = value
        elif value not in known:
            # A memo over two tags is one memo; everything else was there first.
            self._into[name] = f"{known} {value}"[:MAX_TEXT] if name == "MEMO" else known
