"""OFX text to tags and to the raw contents of its statements.

No tree is built: the few aggregates that matter are known by name, and closing tags are hints. So unclosed, closed and mixed tags read
alike, nesting costs nothing, no entity is ever defined or expanded, and the work grows with the length of the text alone.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.entities import html5

from sync.providers.decoding import tidy
from sync.providers.statement import MAX_ACCOUNTS, MAX_ROWS, MAX_TEXT, Sentence, StatementError, too_many_rows

MAX_FIELDS = 64  # of one row; real ones have about ten

# Every repetition is bounded or cannot cross the next "<": a stray "<" costs at most this much and stays text.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9._:-]{0,47})(?:\s[^<>=]{0,80}=[^<>]{0,400})?\s?(/?)>", re.ASCII)
_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z]{2,8}));", re.ASCII)

_STATEMENTS = {"STMTRS": False, "CCSTMTRS": True}
_ACCOUNTS = frozenset({"BANKACCTFROM", "CCACCTFROM"})
_ELSEWHERE = frozenset(
    {"AVAILBAL", "BALLIST", "BANKTRANLISTP", "INVACCTFROM"}
)  # not ours: pending rows, other balances
_ROW_PARTS = frozenset({"CURRENCY"})  # aggregates of a row whose presence says something


@dataclass(slots=True)
class RawStatement:
    """One STMTRS or CCSTMTRS: its leaves by tag name, rows in the file's order."""

    is_card: bool = False
    head: dict[str, str] = field(default_factory=dict)
    account: dict[str, str] = field(default_factory=dict)
    balance: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class RawFile:
    """All statements of a file, what stands outside of them (sign-on), whether investments were passed over and whether it ends well."""

    head: dict[str, str] = field(default_factory=dict)
    statements: list[RawStatement] = field(default_factory=list)
    has_investments: bool = False
    is_complete: bool = False


def scan(text: str) -> RawFile:
    """Return the raw contents of an OFX text. Raises StatementError when it has more rows than a statement can have."""
    walk = _Walk()
    for closing, name, value in tags(_flat(text)):
        if closing:
            walk.close(name)
        else:
            walk.open(name, value)
    return walk.file


def tags(text: str) -> Iterator[tuple[bool, str, str]]:
    """Yield each tag in order: whether it closes, its name in capitals, and the text from it to the next tag."""
    before: re.Match[str] | None = None
    for match in _TAG.finditer(text):
        if before:
            yield _tag(before, text[before.end() : match.start()])
        before = match
    if before:
        yield _tag(before, text[before.end() :])


def _tag(match: re.Match[str], value: str) -> tuple[bool, str, str]:
    name = match[2].rpartition(":")[2].upper()
    return (True, name, "") if match[1] else (False, name, "" if match[3] else read_value(value))


def read_value(text: str) -> str:
    """Return a leaf's text: entities decoded once, blanks single, at most MAX_TEXT characters."""
    text = text.strip()[: MAX_TEXT * 4]
    if "&" in text:
        text = _ENTITY.sub(_decoded, text)
    return tidy(text, MAX_TEXT)


def _decoded(match: re.Match[str]) -> str:
    """Return the character of a numeric or HTML entity; one that nobody knows stays as it stands (`AT&T;`)."""
    if match[3]:
        return html5.get(f"{match[3]};", match[0])
    code = int(match[1]) if match[1] else int(match[2], 16)
    return chr(code) if 0 < code < 0x110000 else match[0]


def _flat(text: str) -> str:
    """Return the text from the first <OFX> on, without comments, CDATA sections turned into escaped text. Unfinished ones stay text."""
    root = re.search(r"<(?:[A-Za-z0-9]{1,20}:)?OFX[\s>]", text, re.IGNORECASE | re.ASCII)
    text = text[root.start() :] if root else text
    if "<!--" in text:
        text = _each_section(text, "<!--", "-->", lambda _: " ")
    if "<![CDATA[" in text:
        text = _each_section(
            text, "<![CDATA[", "]]>", lambda inner: inner.replace("&", "&amp;").replace("<", "&lt;")
        )
    return text


def _each_section(text: str, start: str, end: str, change: Callable[[str], str]) -> str:
    first, *sections = text.split(start)
    parts = [first]
    for section in sections:
        inner, found, rest = section.partition(end)
        parts.extend((change(inner), rest) if found else (start, section))
    return "".join(parts)


class _Walk:
    """Where we are in the file, and what has been gathered."""

    def __init__(self) -> None:
        self.file = RawFile()
        self._statement: RawStatement | None = None
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
            self._row = None
            self._into = self._statement.balance if self._statement else {}
        elif self._row is None and name in _ACCOUNTS:
            self._into = self._statement.account if self._statement else self.file.head
        elif name in _ELSEWHERE:
            self._row, self._into = None, {}
        elif value or (self._row is not None and name in _ROW_PARTS):
            self._leaf(name, value)

    def close(self, name: str) -> None:
        """Take in a closing tag. One that was never opened, or closes a leaf, changes nothing."""
        if name in _STATEMENTS or name == "INVSTMTRS":
            self._statement = self._row = None
            self._into = self.file.head
        elif name == "OFX":
            self.file.is_complete = True
        elif (
            name in ("STMTTRN", "BANKTRANLIST", "LEDGERBAL")
            or name in _ELSEWHERE
            or (name in _ACCOUNTS and self._row is None)
        ):
            self._row = None
            self._into = self._statement.head if self._statement else self.file.head

    def _begin_statement(self, statement: RawStatement, *, keep: bool = True) -> None:
        if len(self.file.statements) == MAX_ACCOUNTS:
            raise StatementError(
                Sentence(
                    "The file has more than %(count)d statements. Export the accounts one by one.",
                    count=MAX_ACCOUNTS,
                )
            )
        if keep:
            self.file.statements.append(statement)
        self._statement, self._row, self._into = statement, None, statement.head

    def _begin_row(self) -> None:
        if self._statement is None:
            self._begin_statement(RawStatement())
        assert self._statement is not None  # begun just above
        self._rows += 1
        if self._rows > MAX_ROWS:
            raise too_many_rows()
        self._row = self._into = {}
        self._statement.rows.append(self._row)

    def _leaf(self, name: str, value: str) -> None:
        known = self._into.get(name)
        if known is None:
            if len(self._into) < MAX_FIELDS:
                self._into[name] = value
        elif value not in known:
            # A memo over two tags is one memo; everything else was there first.
            self._into[name] = f"{known} {value}"[:MAX_TEXT] if name == "MEMO" else known
