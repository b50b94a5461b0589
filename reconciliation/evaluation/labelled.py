"""The labelled set: lines, items, what else the matcher is told, and what is true."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from reconciliation.evaluation import vocabulary
from reconciliation.evaluation.people import Person, person, shown_document, shown_name
from reconciliation.matching.records import Collection, Item, Line, Mapping, Own

FIRST_DAY = date(2026, 1, 5)
DAYS = 120


@dataclass(frozen=True, slots=True)
class Truth:
    """What a line really is: its case class, the items it settles, the lines that settle together with it."""

    case: str
    items: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    posted_as: str = ""


@dataclass(slots=True)
class Labelled:
    """What the matcher gets, and for each line what is true."""

    lines: list[Line] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    mappings: list[Mapping] = field(default_factory=list)
    collections: list[Collection] = field(default_factory=list)
    own: Own = field(default_factory=Own)
    truth: dict[str, Truth] = field(default_factory=dict)


class Maker:
    """Makes people, items and lines of one set; everything comes from one seed."""

    def __init__(self, seed: int, popular: float = 0.4) -> None:
        self.rng = Random(seed)
        self._popular = popular
        self.set = Labelled()
        self._people = 0
        self._numbers: dict[str, int] = {}
        self._fees: dict[str, Decimal] = {}
        self.first_monday = FIRST_DAY
        self.us = self.someone(company=True)
        self.set.own = Own(frozenset({self.us.document}), frozenset({self.us.name}))

    def next_number(self, of: str) -> int:
        """Return 0, 1, 2, … for each word."""
        self._numbers[of] = self._numbers.get(of, -1) + 1
        return self._numbers[of]

    def fee_of(self, acquirer: str) -> Decimal:
        """Return the share that an acquirer takes from every payout."""
        return self._fees.setdefault(acquirer, Decimal(self.rng.randint(120, 450)) / 10_000)

    def someone(self, *, company: bool | None = None) -> Person:
        """Return a new person."""
        self._people += 1
        return person(self.rng, self._people, company=company)

    def amount(self, *, popular: float | None = None) -> Decimal:
        """Return an amount above zero: a price point or any."""
        if self.rng.random() < (self._popular if popular is None else popular):
            return Decimal(self.rng.choice(vocabulary.PRICE_POINTS)).scaleb(-2)
        return Decimal(round(1000 + 100 * self.rng.lognormvariate(5.5, 1.2))).scaleb(-2)

    def day(self) -> date:
        """Return a day of the period."""
        return FIRST_DAY + timedelta(days=self.rng.randrange(DAYS))

    def item(
        self, who: Person, amount: Decimal, due: date, *, reference: str | None = None, method: str = ""
    ) -> Item:
        """Add an open item of somebody."""
        number = len(self.set.items) + 1
        item = Item(
            id=f"i{number:06d}",
            due_date=due,
            amount=amount,
            name=who.name,
            document=who.document,
            reference=f"{100_000 + number}" if reference is None else reference,
            phone=who.phone,
            email=who.email,
            party=who.party,
            method=method,
        )
        self.set.items.append(item)
        return item

    def line(self, who: Person, amount: Decimal, on: date, **more: object) -> Line:
        """Add a bank line as a bank shows somebody's payment."""
        inward = amount > 0
        text = self.rng.choice(
            ("PIX RECEBIDO", "TED RECEBIDA", "CREDITO EM CONTA")
            if inward
            else ("PIX ENVIADO", "PAGAMENTO", "TED ENVIADA")
        )
        shown: dict[str, object] = {
            "name": shown_name(self.rng, who),
            "document": shown_document(self.rng, who),
            "description": text,
        }
        number = len(self.set.lines) + 1
        line = Line(id=f"l{number:06d}", date=on, amount=amount, **(shown | more))  # type: ignore[arg-type]
        self.set.lines.append(line)
        return line

    def later(self, day: date, earliest: int, latest: int) -> date:
        """Return a day between so many days before (negative) and after."""
        return day + timedelta(days=self.rng.randint(earliest, latest))

    def true(self, case: str, lines: list[Line], items: list[Item]) -> None:
        """Note that these lines settle these items together."""
        truth = Truth(case, frozenset(i.id for i in items), frozenset(line.id for line in lines))
        self.set.truth |= {line.id: truth for line in lines}


def one_to_one(maker: Maker, lines: int, items: int) -> None:
    """Add the set of one line to one item: 40 % of the lines have one, 8 % of these less a fee, days −2 to +5; the others are strangers,
    homonyms among them, and customers who pay something that is not open.
    """
    rng = maker.rng
    customers = [maker.someone() for _ in range(max(1, items * 2 // 3))]
    for _ in range(items):
        sign = -1 if rng.random() < 0.15 else 1
        maker.item(rng.choice(customers), sign * maker.amount(), maker.day())
    paying = min(len(maker.set.items), round(lines * 0.4))
    owner = {customer.party: customer for customer in customers}
    for item in rng.sample(maker.set.items, paying):
        payer = owner[item.party or ""]
        paid = item.amount
        if rng.random() < 0.08:
            paid = (paid * (1 - Decimal(rng.randint(1, 300)) / 10_000)).quantize(Decimal("0.01"))
        line = maker.line(payer, paid, maker.later(item.due_date, -2, 5))
        maker.true("one_to_one" if paid == item.amount else "one_to_one_fee", [line], [item])
    for _ in range(lines - paying):
        known = rng.random() < 0.1
        payer = rng.choice(customers) if known else maker.someone()
        sign = -1 if rng.random() < 0.15 else 1
        line = maker.line(payer, sign * maker.amount(popular=0 if known else None), maker.day())
        maker.true("nothing_of_a_customer" if known else "nothing", [line], [])
