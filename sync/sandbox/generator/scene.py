"""One company while its days are played: what it is, what it owes and is owed, and what is going to happen on which day."""

from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from random import Random
from typing import Any

import orjson

from sync.sandbox.clock import local_text
from sync.sandbox.companies import Company, CompanySpec
from sync.sandbox.generator.bank import BankBook, Span
from sync.sandbox.generator.calendar import Calendar
from sync.sandbox.generator.catalog import (
    Product,
    Supplier,
    make_products,
    make_services,
    make_staff,
    make_suppliers,
)
from sync.sandbox.generator.people import Person, make_people
from sync.sandbox.generator.plot import make_plot
from sync.sandbox.store import Writer

HISTORY_DAYS = 730
Event = list[Any]
"""[name, argument, …] with JSON values only, because the future is stored with the state."""


@dataclass(slots=True)
class State:
    """What a company carries from one day to the next. Everything in it is JSON."""

    balances: dict[str, int]
    last_day: str = ""
    next_ids: dict[str, int] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    batches: dict[str, list[Any]] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    known_people: int = 0
    ticks: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return what is stored between two starts."""
        return {slot.name: getattr(self, slot.name) for slot in fields(self)}


class Scene:
    """The cast and the stage of one company."""

    def __init__(self, company: Company, spec: CompanySpec, *, seed: int, scale: float, calendar: Calendar, span: Span, writer: Writer,
                 state: State | None) -> None:  # fmt: skip
        self.company, self.spec, self.seed, self.scale = company, spec, seed, scale
        self.calendar, self.span, self.writer = calendar, span, writer
        self.state = state or State(
            balances={account.key: self.fixed(account.opening_cents) for account in spec.accounts}
        )
        self.held: dict[tuple[str, int], dict[str, Any]] = {}
        self.book = BankBook(company, spec, writer, self.state.balances, span)
        rng = Random(f"{seed}:{spec.key}:cast")
        count = max(30, int(spec.customers * scale))
        firm_share = {"clinic": 0.05, "law": 0.22, "shop": 0.16}[spec.key]
        self.people: list[Person] = make_people(
            rng, count, first_id=33_120, firm_share=firm_share, start=span.start, days=HISTORY_DAYS
        )
        self.people_by_id = {person.id: person for person in self.people}
        self.suppliers: list[Supplier] = make_suppliers(rng, spec.key)
        full_staff = {"clinic": 9, "law": 8, "shop": 14}[spec.key]
        self.staff = make_staff(rng, max(2, round(full_staff * min(1.0, scale * 4))))
        self.wage_factor = scale * full_staff / len(self.staff)
        self.products: list[Product] = make_products(rng, spec.key) if spec.erp == "gestaoclick" else []
        self.services: list[Product] = make_services(spec.key) if spec.erp == "gestaoclick" else []
        self.plot = make_plot(spec.key, span.start + timedelta(days=HISTORY_DAYS), self.products, self.people)
        self.partner = make_people(rng, 1, first_id=7, firm_share=0.0, start=span.start, days=2)[0]

    def fixed(self, cents: int) -> int:
        """Return a sum that does not follow from the number of sales, at this scale."""
        return max(100, int(cents * self.scale)) if cents else 0

    def rng(self, day: date, purpose: str) -> Random:
        """Return the source of chance of a day and purpose: each is its own, so that one change does not move all the others."""
        return Random(f"{self.seed}:{self.spec.key}:{day.toordinal()}:{purpose}")

    def next_id(self, name: str, first: int, step: int = 1) -> int:
        """Return the next number of a series."""
        number = self.state.next_ids.get(name, first)
        self.state.next_ids[name] = number + step
        return number

    def at(self, day: date, event: Event) -> None:
        """Plan an event."""
        self.state.events.setdefault(day.isoformat(), []).append(event)

    def take_events(self, day: date) -> list[Event]:
        """Return and forget what is planned up to a day, in order."""
        last = day.isoformat()
        days = sorted(key for key in self.state.events if key <= last)
        return [event for key in days for event in self.state.events.pop(key)]

    def take_soonest(self, names: tuple[str, ...]) -> Event | None:
        """Return and forget the next planned event with one of these names."""
        for key in sorted(self.state.events):
            for event in self.state.events[key]:
                if event[0] in names:
                    self.state.events[key].remove(event)
                    return event
        return None

    def hold(self, resource: str, row_id: int, payload: dict[str, Any]) -> None:
        """Keep an unfinished ERP row: it is written when it is finished, or as it is when the playing ends."""
        self.held[(resource, row_id)] = payload

    def release(self, resource: str, row_id: int) -> dict[str, Any] | None:
        """Return an unfinished row and forget it; one of an earlier playing comes from the store, None when it vanished there."""
        held = self.held.pop((resource, row_id), None)
        if held is not None:
            return held
        query = "SELECT payload FROM rows WHERE company = ? AND resource = ? AND id = ?"
        row = self.writer.store.one(query, (self.spec.key, resource, row_id)) if self.state.last_day else None
        return orjson.loads(row[0]) if row else None

    def add_sum(self, name: str, cents: int) -> int:
        """Add to a running sum and return it."""
        self.state.sums[name] = self.state.sums.get(name, 0) + cents
        return self.state.sums[name]

    def set_now(self, now: tuple[date, int], seen_at: str = "") -> None:
        """Move the company's now: (local day, second of it). With `seen_at` Pluggy sees new lines at that instant."""
        self.span = self.book.span = replace(self.span, now=now, seen_at=seen_at)

    def stamp(self, day: date, second: int) -> str:
        """Return a local stamp, never later than now."""
        if day < self.span.now[0]:
            return local_text(day, second)
        return local_text(*min((day, second), self.span.now))

    def new_people(self, day: date) -> list[Person]:
        """Return the people who appeared up to a day and were not handed out yet."""
        first = self.state.known_people
        last = first
        while last < len(self.people) and self.people[last].since <= day:
            last += 1
        self.state.known_people = last
        return self.people[first:last]

    def somebody(self, rng: Random) -> Person:
        """Return a known customer; some come far more often than others."""
        return self.people[int(self.state.known_people * rng.random() ** 1.7)]


def days_between(first: date, last: date) -> list[date]:
    """Return all days from first to last, both included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
