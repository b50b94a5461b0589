"""Rows as they stand in a file to lines that can be imported: balance rows out, repeats out, an identity for each line."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Literal

from sync.providers.memo import hints, plain
from sync.providers.statement import (
    AccountKind,
    Kind,
    Notes,
    Sentence,
    StatementAccount,
    StatementFile,
    StatementLine,
    UnreadableRow,
)

ID_LENGTH = 120  # of a bank's own id; a longer one is shortened to its hash

_BALANCE_WORDS = frozenset(
    "saldo sdo s a l d o anterior ant do dia da de em na no total disponivel disp final inicial atual atualizado bloqueado bloq parcial "
    "diario conta corrente cc c poupanca poup aplic aplicacao aplicacoes aut automatica automatico mais investimento investimentos limite "
    "cheque especial contabil liquido bruto para saque movimentacao".split()
)
_MENTIONS_BALANCE = re.compile(r"s\W{0,3}(?:a\W{0,3}l\W{0,3})?d\W{0,3}o", re.IGNORECASE)


@dataclass(slots=True)
class Row:
    """One transaction row as read. `problem` says what could not be read; then `day` or `amount` may be None."""

    account_key: str
    position: int
    day: date | None
    amount: Decimal | None
    amount_text: str = ""
    problem: Sentence | None = None
    native_id: str = ""
    description: str = ""
    words: str = ""  # the description made plain; set by assemble()
    memo: str = ""
    kind: str = ""  # OFX TRNTYPE
    check_number: str = ""
    reference: str = ""
    counterparty_name: str = ""
    counterparty_document: str = ""
    balance_after: Decimal | None = None
    content: bytes = b""  # stands for everything that the row says (`content_of`)
    # What the row says, cell by cell; where no sentence will need it, it may be left away.
    raw: dict[str, str] = field(default_factory=dict)


def assemble(
    kind: Kind, accounts: Iterable[StatementAccount], rows: list[Row], notes: Notes
) -> StatementFile:
    """Return the file. Rows keep their order; `notes` gets a warning for everything that a person should know.

    The list of rows is used up, so that each row is gone when its line is there.
    """
    count = len(rows)
    for row in rows:
        row.words = plain(row.description)
    amounts = [row.amount for row in rows if row.amount is not None]
    movements = _without_balance_rows(rows, notes)
    unreadable = tuple(
        UnreadableRow(row.account_key, row.position, row.problem, row.raw) for row in movements if row.problem
    )
    for refused in unreadable:
        notes.add(refused.reason)
    numbered = _accounts_with_row_numbers(rows)
    rows.clear()
    kept = _without_repeats([row for row in movements if not row.problem], notes)
    movements.clear()
    lines = tuple(_lines(kept, numbered))
    return StatementFile(
        kind=kind,
        accounts=tuple(accounts),
        lines=lines,
        unreadable=unreadable,
        rows=count,
        skipped=count - len(lines),
        credits=sum((amount for amount in amounts if amount > 0), Decimal("0.00")),
        debits=sum((amount for amount in amounts if amount < 0), Decimal("0.00")),
        warnings=notes.all(),
    )


def account_key(bank_code: str, branch: str, number: str, kind: AccountKind) -> str:
    """Return what names an account in every export of it. Banco do Brasil gives checking and savings one number, so the kind belongs in."""
    parts = (bank_code, _bare(branch), _bare(number), "" if kind == "checking" else kind)
    return "-".join(part for part in parts if part) or "unknown"


def unreadable(what: Literal["amount", "date"], row: Row, text: str) -> Sentence:
    """Return the sentence for a row whose amount or date nobody can read."""
    values = {"value": text[:40], **_where(row)}
    if what == "amount":
        return Sentence(
            "Row %(position)d was left out, its amount “%(value)s” is not readable: %(text)s", **values
        )
    return Sentence("Row %(position)d was left out, its date “%(value)s” is not readable: %(text)s", **values)


def note_ambiguous(notes: Notes, row: Row) -> None:
    """Warn of an amount like 1.234, where nothing says whether the separator groups thousands."""
    notes.add(
        Sentence(
            "Row %(position)d: the amount %(value)s was read as thousands, not as decimals: %(text)s",
            value=row.amount_text,
            **_where(row),
        )
    )


def _where(row: Row) -> dict[str, str | int]:
    """Return the position and the row's own words, short enough for a warning."""
    return {"position": row.position, "text": " · ".join(value for value in row.raw.values() if value)[:200]}


def _bare(number: str) -> str:
    return plain(number).replace(" ", "").lstrip("0")


def content_of(cells: dict[str, str]) -> bytes:
    """Return what tells rows apart that say different things, 16 bytes instead of all cells."""
    return blake2b(repr(sorted(cells.items())).encode("utf-8", "replace"), digest_size=16).digest()


def may_be_balance(row: Row) -> bool:
    """Return whether the row's text mentions a balance at all."""
    return bool(_MENTIONS_BALANCE.search(row.description) or _MENTIONS_BALANCE.search(row.memo))


def is_balance(text: str) -> bool:
    """Return whether the whole text names a balance and nothing else: "SALDO DO DIA", "S A L D O", "Saldo anterior em 01/07"."""
    words = plain(text)
    return bool(re.match(r"(?:saldo|sdo|s a l d o)\b", words)) and all(
        w in _BALANCE_WORDS or w.isdigit() for w in words.split()
    )


def usable_id(native_id: str) -> bool:
    """Return whether a bank's id identifies anything: not blank, not zeros."""
    return bool(native_id.strip("0 .-/"))


def fingerprint(day: date, amount: Decimal, words: str) -> str:
    """Return what is the same in every export of a line, whatever its id: a hash of day, amount and plain text."""
    return blake2b(f"{day.isoformat()}|{amount}|{words}".encode(), digest_size=12).hexdigest()


def _without_balance_rows(rows: list[Row], notes: Notes) -> list[Row]:
    kept = []
    for row in rows:
        if not is_balance(row.words) and (usable_id(row.native_id) or not is_balance(plain(row.memo))):
            kept.append(row)
        elif row.amount is None and row.amount_text:
            notes.add(
                Sentence(
                    "Row %(position)d is a balance without a readable amount and was left out: %(text)s",
                    **_where(row),
                )
            )
        elif usable_id(row.native_id):
            # Itaú gives balances an id like any transaction: told, because here a name alone decides.
            notes.add(
                Sentence(
                    "Row %(position)d is a balance by its text and was left out: %(text)s", **_where(row)
                )
            )
    return kept


def _without_repeats(rows: list[Row], notes: Notes) -> list[Row]:
    """Leave out rows whose id *and* everything else were there before. Without an id nothing is a repeat: two equal purchases are two."""
    repeated = _repeated(rows)
    seen: defaultdict[tuple[str, str], set[bytes]] = defaultdict(set)
    kept: list[Row] = []
    repeats: list[Row] = []
    for row in rows:
        identity = (row.account_key, row.native_id)
        if identity in repeated and usable_id(row.native_id):
            content = row.content or content_of(row.raw)
            if content in seen[identity]:
                repeats.append(row)
                continue
            seen[identity].add(content)
        kept.append(row)
    if repeats:
        notes.add(
            Sentence(
                "Rows that repeat another one word for word, id included, were left out: %(count)d (the first has the id %(id)s).",
                count=len(repeats),
                id=repeats[0].native_id[:60],
            )
        )
    for (_, native_id), contents in seen.items():
        if len(contents) > 1:
            notes.add(
                Sentence(
                    "The id %(id)s stands on %(count)d different rows; all were kept.",
                    id=native_id[:60],
                    count=len(contents),
                )
            )
    return kept


def _repeated(rows: Iterable[Row]) -> set[tuple[str, str]]:
    """Return the accounts and ids that stand on more than one row."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    twice: set[tuple[str, str]] = set()
    for row in rows:
        ids = seen[row.account_key]
        if row.native_id in ids:
            twice.add((row.account_key, row.native_id))
        ids.add(row.native_id)
    return twice


def _lines(rows: list[Row], numbered: set[str]) -> Iterator[StatementLine]:
    repeated = _repeated(rows)
    ordinals: Counter[tuple[str, str]] = Counter()
    rows.reverse()
    while rows:
        row = rows.pop()
        # A row with a problem never comes here, so both are known.
        assert row.day is not None
        assert row.amount is not None
        if (
            usable_id(row.native_id)
            and (row.account_key, row.native_id) not in repeated
            and row.account_key not in numbered
        ):
            external_id = f"fitid:{_short(row.native_id)}"
        else:
            mark = fingerprint(row.day, row.amount, row.words)
            external_id = f"fp:{mark}:{ordinals[row.account_key, mark]}"
            ordinals[row.account_key, mark] += 1
        yield _line(row, row.day, row.amount, external_id)


def _accounts_with_row_numbers(rows: list[Row]) -> set[str]:
    """Return the accounts whose ids only count the rows (1, 2, 3…): the next export gives the same ids to other rows."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if usable_id(row.native_id):
            ids[row.account_key].append(row.native_id)
    return {key for key, found in ids.items() if _counts_up(found)}


def _counts_up(ids: list[str]) -> bool:
    if not all(re.fullmatch("[0-9]{1,9}", native_id) for native_id in ids):
        return False
    numbers = [int(native_id) for native_id in ids]
    return numbers[0] <= 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _short(native_id: str) -> str:
    if len(native_id) <= ID_LENGTH:
        return native_id
    return blake2b(native_id.encode(), digest_size=20).hexdigest()


def _line(row: Row, day: date, amount: Decimal, external_id: str) -> StatementLine:
    found = hints(
        row.description,
        row.words,
        kind=row.kind,
        references=f"{row.reference} {row.native_id} {row.check_number}",
    )
    return StatementLine(
        account_key=row.account_key,
        external_id=external_id,
        position=row.position,
        date=day,
        amount=amount,
        description=row.description,
        memo=row.memo,
        check_number=row.check_number,
        reference=row.reference,
        operation=found.operation,
        counterparty_name=row.counterparty_name or found.name,
        counterparty_document=row.counterparty_document or found.document,
        end_to_end_id=found.end_to_end_id,
        balance_after=row.balance_after,
    )
