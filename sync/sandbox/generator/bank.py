"""The bank side: lines of checking accounts, with the text, the counterparty and the oddities of each bank."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import orjson

from sync.sandbox.clock import local_instant
from sync.sandbox.companies import AccountSpec, Company, CompanySpec
from sync.sandbox.generator.documents import end_to_end_id, make_uuid, masked, punctuate
from sync.sandbox.generator.people import BANKS, as_bank_writes
from sync.sandbox.generator.voices import CATEGORIES, CLEAN, METHODS, OPERATIONS, word
from sync.sandbox.store import Writer

# Share of lines that come with a payer. Inter is a direct connector here: no payer, no providerId, and a new id when a line posts.
_COVERAGE = {"341": 0.93, "237": 0.9, "001": 0.6, "077": 0.0}
_SYNC_HOURS = (6, 14, 22)
_ANNOUNCED = ("pix_in", "pix_qr_in", "ted_in")


@dataclass(slots=True)
class Draft:
    """A bank line before its bank words it. Cents carry the sign: money in is positive."""

    account: str
    second: int
    cents: int
    kind: str
    truth: str
    refs: dict[str, list[int]] = field(default_factory=dict)
    name: str = ""
    document: str = ""
    payer_bank: int = 0
    payer_account: str = ""
    extra: str = ""
    reason: str = ""
    reference: str = ""
    boleto: dict[str, Any] | None = None
    status: str = ""  # of this line alone; otherwise that of the day


class BankBook:
    """Collects the drafts of a day and writes them in order, keeping the balance of every checking account."""

    def __init__(
        self, company: Company, spec: CompanySpec, writer: Writer, balances: dict[str, int], span: "Span"
    ) -> None:
        self.company = company
        self.accounts = {account.key: account for account in spec.accounts}
        self.writer = writer
        self.balances = balances
        self.span = span
        self.account_ids = dict(company.accounts)
        self._drafts: list[Draft] = []

    def add(self, draft: Draft) -> None:
        """Take a line of the day that is being simulated. A line of nothing is none."""
        if draft.cents:
            self._drafts.append(draft)

    def announce(self, account: str, most: int) -> None:
        """Let the bank show the first credits of the day once more as pending, under ids that it forgets: nothing links the two."""
        named = [d for d in self._drafts if d.account == account and d.kind in _ANNOUNCED and d.name]
        for draft in named[:most]:
            self.add(replace(draft, truth="announced", status="PENDING"))

    def close_day(
        self, rng: Random, day: date, *, created: str | None = None, status: str = "POSTED"
    ) -> list[str]:
        """Write the day's lines and return their ids. `created` overrides when Pluggy first saw them."""
        drafts, self._drafts = sorted(self._drafts, key=lambda draft: draft.second), []
        return [
            self._write(rng, day, order, draft, draft.status or status)
            for order, draft in enumerate(drafts, 1)
        ]

    def _write(self, rng: Random, day: date, order: int, draft: Draft, status: str) -> str:
        account = self.accounts[draft.account]
        if status == "POSTED":
            self.balances[draft.account] += draft.cents
        line_id = make_uuid(rng)
        memo = word(
            account.bank, draft.kind, day=day, second=draft.second, name=draft.name, document=draft.document,
            payer_bank=BANKS[draft.payer_bank], branch=account.branch, extra=draft.extra,
        )  # fmt: skip
        at = self._date(account.bank, draft, day)
        first_seen = self.span.first_seen(day, draft.second)
        payload = None
        if day >= self.span.window_start:
            document = self._payload(rng, day, order, draft, account, memo, status)
            document |= {"id": line_id, "date": at, "createdAt": first_seen, "updatedAt": first_seen}
            payload = orjson.dumps(document)
        self.writer.lines.append(
            (line_id, self.company.key, self.account_ids[draft.account], at, day.isoformat(), draft.cents, status, first_seen,
             _fitid(account.bank, rng, day, order, draft.cents), memo, order, payload)
        )  # fmt: skip
        self.writer.truths.append((line_id, self.company.key, draft.truth, orjson.dumps(draft.refs)))
        return line_id

    def _date(self, bank: str, draft: Draft, day: date) -> str:
        # Some banks give the instant of a Pix, which after 21:00 already lies on the next UTC day; the others give local midnight.
        precise = bank == "077" or (bank == "341" and draft.kind.startswith("pix"))
        return local_instant(day, draft.second if precise else 0)

    def _payload(
        self, rng: Random, day: date, order: int, draft: Draft, account: AccountSpec, memo: str, status: str
    ) -> dict[str, Any]:
        category_id, category = CATEGORIES[draft.kind]
        name = draft.name.title() if draft.name.isupper() else draft.name
        payload: dict[str, Any] = {
            "id": "",
            "accountId": self.account_ids[draft.account],
            "description": f"{CLEAN[draft.kind]} {name or draft.extra}".strip(),
            "descriptionRaw": memo if account.bank != "077" or order % 9 else None,
            "currencyCode": "BRL",
            "amount": draft.cents / 100,
            "date": "",
            "type": "CREDIT" if draft.cents > 0 else "DEBIT",
            "status": status,
            "category": category,
            "categoryId": category_id,
            "order": order,
            "createdAt": "",
            "updatedAt": "",
        }
        if account.bank != "077":
            payload |= {
                "providerId": f"{rng.getrandbits(64):016x}",
                "operationType": OPERATIONS[draft.kind],
                "operationTypeAdditionalInfo": None,
            }
        if account.bank in ("001", "237"):
            payload["balance"] = self.balances[draft.account] / 100
            payload["providerCode"] = f"{rng.randrange(10**6):06d}"
        if draft.kind in METHODS and draft.name and rng.random() < _COVERAGE[account.bank]:
            payload["paymentData"] = self._payment_data(rng, day, draft, account)
        return payload

    def _payment_data(self, rng: Random, day: date, draft: Draft, account: AccountSpec) -> dict[str, Any]:
        bank = BANKS[draft.payer_bank]
        hide = account.bank == "237" and len(draft.document) == 11 and rng.random() < 0.3
        other: dict[str, Any] = {
            "name": as_bank_writes(draft.name),
            "documentNumber": {
                "type": "CPF" if len(draft.document) == 11 else "CNPJ",
                "value": masked(draft.document) if hide else punctuate(draft.document),
            },
            "branchNumber": "0001",
            "accountNumber": draft.payer_account,
            "routingNumber": bank[0],
            "routingNumberISPB": bank[1],
        }
        own = {
            "name": self.company.legal_name,
            "documentNumber": {"type": "CNPJ", "value": punctuate(self.company.document)},
        }
        data: dict[str, Any] = {
            "payer": other if draft.cents > 0 else own,
            "receiver": own if draft.cents > 0 else other,
            "paymentMethod": METHODS[draft.kind],
        }
        if draft.reason:
            data["reason"] = draft.reason
        if draft.reference:
            data["receiverReferenceId"] = draft.reference
        if data["paymentMethod"] == "PIX" and account.bank == "341":
            data["referenceNumber"] = end_to_end_id(rng, bank[1], day, draft.second)
        elif rng.random() < 0.5:
            data["referenceNumber"] = f"{rng.randrange(10**9):09d}"
        if draft.boleto is not None:
            data["boletoMetadata"] = draft.boleto
        return data


@dataclass(frozen=True, slots=True)
class Span:
    """The days: when the story starts, from which day the API answers, when Pluggy connected, and now (all local).

    `booked_until` is the last day whose payments the ERP knows as a rule. `seen_at` is the UTC instant at which Pluggy sees whatever is written now; without it the hours of its syncs decide.
    """

    start: date
    window_start: date
    connected: tuple[date, int]
    now: tuple[date, int]
    booked_until: date
    seen_at: str = ""

    def first_seen(self, day: date, second: int) -> str:
        """Return when Pluggy first saw a line: at the connection, or at the sync after it (06:00, 14:00, 22:00), or just now."""
        if self.seen_at:
            return self.seen_at
        if (day, second) <= self.connected:
            return local_instant(*self.connected)
        hour = next((hour for hour in _SYNC_HOURS if hour * 3600 > second), None)
        seen = (day, hour * 3600) if hour is not None else (day + timedelta(days=1), _SYNC_HOURS[0] * 3600)
        return local_instant(*min(seen, self.now))


def _fitid(bank: str, rng: Random, day: date, order: int, cents: int) -> str:
    # Banco do Brasil builds the id from day and amount, so that two equal amounts of one day share it.
    if bank == "001":
        return f"{day:%Y%m%d}1{abs(cents)}"
    if bank == "237":
        return f"N{rng.getrandbits(28):07X}"
    return f"{day:%Y%m%d}{order:03d}" if bank == "341" else f"077{day:%Y%m%d}{order:04d}"
