"""The cases besides one line for one item. Each function adds one instance with people of its own and notes what is true."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Final

from reconciliation.evaluation import vocabulary
from reconciliation.evaluation.labelled import Maker, Truth
from reconciliation.evaluation.people import shown_name
from reconciliation.matching.normal import normal
from reconciliation.matching.records import Boleto, Collection, CollectionEntry, Item, Mapping

CENT = Decimal("0.01")
WITHHELD: Final = {"irrf": "0.015", "pcc": "0.0465", "irrf_pcc": "0.0615", "inss": "0.11", "iss": "0.05"}


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def partial(maker: Maker) -> None:
    """A part of an item; half of the payers name it, a quarter only say that it is a part, a quarter say nothing."""
    rng = maker.rng
    who = maker.someone()
    item = maker.item(who, maker.amount() + 100, maker.day())
    part = _money(item.amount * Decimal(rng.randint(20, 80)) / 100)
    chance = rng.random()
    said = {"description": f"PIX RECEBIDO PARTE {item.reference}"} if chance < 0.5 else {}
    if 0.5 <= chance < 0.75:
        said = {
            "description": f"PIX RECEBIDO {rng.choice(('SINAL', 'ENTRADA', 'PARTE DO PAGAMENTO', 'RESTANTE'))}"
        }
    line = maker.line(who, part, maker.later(item.due_date, -2, 5), document=who.document, **said)
    maker.true("partial", [line], [item])


def one_to_many(maker: Maker) -> None:
    """One payment of two to five items, all or some of what is open."""
    rng = maker.rng
    who = maker.someone()
    day = maker.day()
    count = rng.randint(2, 5)
    items = [maker.item(who, maker.amount(popular=0.2), maker.later(day, -20, 5)) for _ in range(count)]
    paid = items if rng.random() < 0.6 or count == 2 else rng.sample(items, count - 1)
    total = sum((i.amount for i in paid), Decimal(0))
    line = maker.line(who, total, maker.later(day, 0, 5), document=_mostly(maker, who.document))
    maker.true("one_to_many", [line], paid)


def many_to_one(maker: Maker) -> None:
    """One item paid in two to four parts."""
    rng = maker.rng
    who = maker.someone()
    item = maker.item(who, maker.amount() + 200, maker.day())
    count = rng.randint(2, 4)
    cuts = sorted(rng.sample(range(1_000, int(item.amount * 100) - 1_000), count - 1))
    edges = [0, *cuts, int(item.amount * 100)]
    document = _mostly(maker, who.document)
    lines = [
        maker.line(who, Decimal(b - a).scaleb(-2), maker.later(item.due_date, -5, 8), document=document)
        for a, b in pairwise(edges)
    ]
    maker.true("many_to_one", lines, [item])


def boleto_interest(maker: Maker) -> None:
    """A boleto paid late: fine of 2 % and interest of 1 % a month; the bank tells the parts in half of the cases."""
    rng = maker.rng
    who = maker.someone()
    item = maker.item(who, maker.amount() + 50, maker.day())
    late = rng.randint(1, 40)
    fine = _money(item.amount * Decimal("0.02"))
    interest = _money(item.amount * Decimal("0.01") / 30 * late)
    told = rng.random() < 0.5
    line = maker.line(
        who,
        item.amount + fine + interest,
        item.due_date + timedelta(days=late),
        document=who.document if rng.random() < 0.5 else "",
        description=f"RECEBIMENTO BOLETO {item.reference}",
        boleto=Boleto(item.amount, interest, fine) if told else None,
    )
    maker.true("boleto_interest", [line], [item])


def boleto_discount(maker: Maker) -> None:
    """A boleto paid before due, less a discount."""
    rng = maker.rng
    who = maker.someone()
    item = maker.item(who, maker.amount() + 50, maker.day())
    discount = _money(item.amount * rng.choice((2, 3, 5, 10)) / 100)
    line = maker.line(
        who,
        item.amount - discount,
        maker.later(item.due_date, -8, 0),
        document=who.document if rng.random() < 0.5 else "",
        description=f"RECEBIMENTO BOLETO {item.reference}",
        boleto=Boleto(item.amount, discount=discount) if rng.random() < 0.5 else None,
    )
    maker.true("boleto_discount", [line], [item])


def withholding(kind: str) -> Callable[[Maker], None]:
    """Return the maker of payments net of this withholding."""

    def make(maker: Maker) -> None:
        who = maker.someone(company=True)
        item = maker.item(who, _money(Decimal(maker.rng.randint(50_000, 2_000_000)).scaleb(-2)), maker.day())
        net = item.amount - _money(item.amount * Decimal(WITHHELD[kind]))
        line = maker.line(who, net, maker.later(item.due_date, -2, 5), document=_mostly(maker, who.document))
        maker.true(f"withholding_{kind}", [line], [item])

    return make


def payout(maker: Maker) -> None:
    """A week of one acquirer: sales of each day, paid out on the next business day less a fee that stays the same."""
    rng = maker.rng
    name = vocabulary.ACQUIRERS[maker.next_number("acquirer") % len(vocabulary.ACQUIRERS)]
    week = maker.next_number(name)
    monday = maker.first_monday + timedelta(weeks=week)
    fee = maker.fee_of(name)
    who = replace(maker.someone(company=True), name=name)
    pending: list[Item] = []
    for at in range(7):
        day = monday + timedelta(days=at)
        pending += [
            maker.item(maker.someone(), maker.amount(), day, method=f"Cartão {name.split()[0].title()}")
            for _ in range(rng.randint(3, 12))
        ]
        if at in (0, 1, 2, 3, 6):
            gross = sum((i.amount for i in pending), Decimal(0))
            net = gross - _money(gross * fee)
            line = maker.line(
                who, net, day + timedelta(days=1), name=name, document="", description=f"{name} VENDAS"
            )
            maker.true("payout", [line], pending)
            pending = []


def cnab(maker: Maker) -> None:
    """A return file of a collection: several boletos, some with interest or discount, credited in one sum less the bank's fees."""
    rng = maker.rng
    day = maker.day()
    entries: list[CollectionEntry] = []
    items: list[Item] = []
    for _ in range(rng.randint(2, 15)):
        item = maker.item(
            maker.someone(),
            maker.amount(),
            maker.later(day, -10, 5),
            reference=f"{rng.randrange(10**9, 10**10)}",
        )
        interest = _money(item.amount * Decimal(rng.choice((0, 0, 0, 1, 2))) / 100)
        fee = Decimal("2.50")
        items.append(item)
        entries.append(
            CollectionEntry(
                item.reference, item.amount, item.amount + interest - fee, interest=interest, fee=fee
            )
        )
    number = maker.next_number("collection")
    maker.set.collections.append(Collection(f"f{number}", day, tuple(entries)))
    total = sum((e.net for e in entries), Decimal(0))
    who = maker.someone(company=True)
    line = maker.line(who, total, day, name="", document="", description="LIQUIDO DE COBRANCA")
    maker.true("cnab", [line], items)


def mapped(maker: Maker) -> None:
    """A payer other than the customer, who has paid for that customer before."""
    customer, payer = maker.someone(), maker.someone(company=False)
    item = maker.item(customer, maker.amount(), maker.day())
    line = maker.line(payer, item.amount, maker.later(item.due_date, -2, 5), document=payer.document)
    maker.set.mappings.append(Mapping(payer.document, normal(payer.name), customer.party, right=2))
    maker.true("mapped", [line], [item])


def transfer(maker: Maker) -> None:
    """A transfer between two own accounts."""
    amount, day = maker.amount(), maker.day()
    us = maker.us
    out = maker.line(
        us, -amount, day, account="a1", document=_mostly(maker, us.document), name=us.name.upper()
    )
    back = maker.line(
        us,
        amount,
        maker.later(day, 0, 1),
        account="a2",
        document=_mostly(maker, us.document),
        name=us.name.upper(),
    )
    maker.true("transfer", [out, back], [])


def refund(maker: Maker) -> None:
    """A payment that is sent back in full."""
    who = maker.someone()
    amount, day = maker.amount(), maker.day()
    document = maker.rng.choice((who.document, ""))
    first = maker.line(who, amount, day, document=document)
    second = maker.line(
        who, -amount, maker.later(day, 0, 20), document=document, description="PIX DEVOLVIDO ESTORNO"
    )
    maker.true("refund", [first, second], [])


def posted(maker: Maker) -> None:
    """A pending line that is posted under another id, and settles an item."""
    who = maker.someone()
    item = maker.item(who, maker.amount(), maker.day())
    day = maker.later(item.due_date, -1, 3)
    shown = {"document": who.document, "name": shown_name(maker.rng, who)}
    waiting = maker.line(who, item.amount, day, pending=True, **shown)
    line = maker.line(who, item.amount, maker.later(day, 0, 2), **shown)
    maker.true("posted", [line], [item])
    maker.set.truth[waiting.id] = Truth("pending", posted_as=line.id)


def payable(maker: Maker) -> None:
    """A bill of ours, paid net of what we withhold from the supplier."""
    who = maker.someone(company=True)
    item = maker.item(who, -_money(Decimal(maker.rng.randint(50_000, 900_000)).scaleb(-2)), maker.day())
    net = item.amount - _money(item.amount * Decimal(WITHHELD["pcc"]))
    line = maker.line(who, net, maker.later(item.due_date, -2, 0), document=who.document)
    maker.true("payable_withholding", [line], [item])


def _mostly(maker: Maker, document: str) -> str:
    return document if maker.rng.random() < 0.8 else ""


CASES: Final[dict[str, Callable[[Maker], None]]] = {
    "partial": partial,
    "one_to_many": one_to_many,
    "many_to_one": many_to_one,
    "boleto_interest": boleto_interest,
    "boleto_discount": boleto_discount,
    **{f"withholding_{kind}": withholding(kind) for kind in WITHHELD},
    "payable_withholding": payable,
    "payout": payout,
    "cnab": cnab,
    "mapped": mapped,
    "transfer": transfer,
    "refund": refund,
    "posted": posted,
}
