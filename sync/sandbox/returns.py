"""Return files of the collection (CNAB 400 of Bradesco): what the bank says about the boletos that the law office was paid for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from lib.boleto import modulo_11
from sync.sandbox.generator.people import as_bank_writes

if TYPE_CHECKING:
    from sync.sandbox.app import Sandbox
    from sync.sandbox.generator.scene import Scene

COMPANY = "law"  # whose bank credits all boletos of a day as one sum
DAYS = 90
WALLET = "009"


@dataclass(frozen=True, slots=True)
class ReturnFile:
    """A file of a week: first and last day are both in it."""

    name: str
    first: date
    last: date

    def as_json(self) -> dict[str, str]:
        """Return what `/control/returns` lists."""
        return {"name": self.name, "company": COMPANY, "path": f"/control/returns/{self.name}"}


def list_returns(sandbox: "Sandbox") -> list[ReturnFile]:
    """Return the files of the last weeks before the sandbox began, oldest first."""
    connected = sandbox.scene(COMPANY).span.connected[0]
    first = connected - timedelta(days=DAYS)
    first -= timedelta(days=first.weekday())
    found = []
    while first <= connected:
        last = min(first + timedelta(days=6), connected)
        found.append(ReturnFile(f"CB{first:%d%m%y}.RET", first, last))
        first = last + timedelta(days=1)
    return found


def render(sandbox: "Sandbox", file: ReturnFile) -> bytes:
    """Return the bytes of a file: a header, an entry for each boleto that was credited in these days, a trailer."""
    scene = sandbox.scene(COMPANY)
    rows = [_entry(scene, entry, day) for day in _days(file) for entry in _credited(sandbox, day.isoformat())]
    lines = [_header(scene, file), *rows, _placed(394, [(1, "9201237")])]
    return "".join(f"{line}{number:06d}\r\n" for number, line in enumerate(lines, 1)).encode("cp1252")


def _days(file: ReturnFile) -> list[date]:
    return [file.first + timedelta(days=offset) for offset in range((file.last - file.first).days + 1)]


def _credited(sandbox: "Sandbox", day: str) -> list[dict[str, Any]]:
    """Return the entries of the ERP that the collection credited on a day."""
    query = (
        "SELECT t.refs FROM lines l JOIN truth t ON t.line = l.id"
        " WHERE l.company = ? AND l.day = ? AND l.cents > 0 AND l.memo LIKE 'LIQUIDACAO DE COBRANCA%'"
    )
    ids = [
        entry
        for (refs,) in sandbox.store.all(query, (COMPANY, day))
        for entry in orjson.loads(refs)["receivables"]
    ]
    row = "SELECT payload FROM rows WHERE company = ? AND resource = 'transactions' AND id = ?"
    found = [sandbox.store.one(row, (COMPANY, entry)) for entry in ids]
    return [orjson.loads(payload[0]) for payload in found if payload]


def _header(scene: "Scene", file: ReturnFile) -> str:
    return _placed(394, (
        (1, "02RETORNO01COBRANCA"), (27, "0" * 20), (47, as_bank_writes(scene.company.legal_name, 30)), (77, "237BRADESCO"), (95, f"{file.last:%d%m%y}"),
        (101, "01600000"), (109, f"{file.first.toordinal() % 100_000:05d}"), (380, f"{file.last:%d%m%y}"),
    ))  # fmt: skip


def _entry(scene: "Scene", entry: dict[str, Any], day: date) -> str:
    cents = _cents(entry["amount"])
    due = date.fromisoformat(entry["date_due"])
    number = f"{entry['id']:011d}"
    value = modulo_11(WALLET[-2:] + number, highest=7)
    digit = {10: "P", 11: "0"}.get(value, str(value))
    account = scene.spec.accounts[0]
    return _placed(394, (
        (1, "102"), (4, f"{scene.company.document:0>14}"), (21, f"0{WALLET}"), (25, f"{account.branch:0>5}"),
        (30, f"{account.number.replace('-', ''):0>8}"), (38, str(entry["id"])), (63, "0" * 8), (71, number + digit), (109, "06"),
        (111, f"{day:%d%m%y}"), (117, str(entry["id"])), (127, f"{number:0>20}"), (147, f"{due:%d%m%y}"), (153, f"{cents:013d}"), (166, "23702871"),
        (176, "0" * 78), (254, f"{cents:013d}"), (267, "0" * 26), (296, f"{day:%d%m%y}"),
    ))  # fmt: skip


def _placed(width: int, fields: Iterable[tuple[int, str]]) -> str:
    """Return a line of this width with texts at their places, counted from 1."""
    line = [" "] * width
    for start, text in fields:
        line[start - 1 : start - 1 + len(text)] = text
    return "".join(line)


def _cents(amount: float | str) -> int:
    """Return an amount of the ERP, a number or text with a decimal comma, in cents."""
    if isinstance(amount, str):
        return int(amount.replace(".", "").replace(",", ""))
    return round(amount * 100)
