"""The sales of a shop or a clinic: who buys what, how it is paid, and what the ERP and the bank will say about it."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from sync.sandbox.generator.catalog import Product
from sync.sandbox.generator.erp import sale_item, sale_payload, sale_row
from sync.sandbox.generator.payments import PAID_BY, Sale, refund_later
from sync.sandbox.generator.people import Person
from sync.sandbox.generator.plot import CLIENT_TIMES, Visit
from sync.sandbox.generator.scene import Scene

MODES = ("cash", "debit", "credit", "credit_n", "pix", "boleto", "ted")


@dataclass(frozen=True, slots=True)
class Profile:
    """How a company sells. The summed weights follow MODES and the three kinds of GestãoClick."""

    modes: tuple[float, ...]
    kinds: tuple[float, ...]
    anonymous: float
    most_items: int


def _summed(*weights: float) -> tuple[float, ...]:
    return tuple(accumulate(weights))


PROFILES = {
    "shop": Profile(_summed(24, 22.5, 27, 2, 19, 4, 1.5), _summed(39, 3, 58), 0.46, 4),
    "clinic": Profile(_summed(14, 25, 35, 3.4, 19.5, 2.3, 0.8), _summed(18, 56, 26), 0.12, 3),
}
KINDS = ("produto", "servico", "vendas_balcao")
TITLES = {
    "produto": "Venda de nº {}",
    "servico": "Venda de serviço de nº {}",
    "vendas_balcao": "Venda de balcão de nº {}",
}


@dataclass(slots=True)
class Basket:
    """What is being bought, in cents."""

    products: list[dict[str, Any]]
    services: list[dict[str, Any]]
    products_cents: int
    services_cents: int
    cost: int
    discount: int

    @property
    def total(self) -> int:
        """Return what is to be paid."""
        return self.products_cents + self.services_cents - self.discount


def play_sales(scene: Scene, day: date, until: int) -> None:
    """Play the sales of a day up to a second of it."""
    rng = scene.rng(day, "sales")
    count = scene.calendar.count(rng, day, scene.spec.sales * scene.scale / 730)
    for number, second in enumerate(scene.calendar.seconds(rng, count)):
        visit = scene.plot.visit(day, number)
        if second <= until and visit is not Visit.AWAY:
            sell(scene, rng, day, second, first=scene.plot.star if visit is Visit.STAR else None)
    if scene.plot.orders_on(day):
        times = max(1, round(CLIENT_TIMES * scene.scale))
        order = scene.rng(day, "client")
        sell(scene, order, day, 10 * 3600, mode="boleto", customer=scene.plot.client, times=times)


def sell(
    scene: Scene,
    rng: Random,
    day: date,
    second: int,
    *,
    mode: str | None = None,
    customer: Person | None = None,
    first: Product | None = None,
    times: int = 1,
) -> int:
    """Make one sale, to a named customer if one is given, with everything that follows from it and return its id.

    `first` stands in for the first product that chance would choose, `times` is how much it holds of everything.
    """
    profile = PROFILES[scene.spec.key]
    mode = mode or rng.choices(MODES, cum_weights=profile.modes)[0]
    kind = rng.choices(KINDS, cum_weights=profile.kinds)[0]
    if mode in ("boleto", "ted", "credit_n") and kind == "vendas_balcao":
        kind = "produto"
    anonymous = kind == "vendas_balcao" and rng.random() < profile.anonymous
    again = customer is not None
    customer = customer or (None if anonymous else scene.somebody(rng))
    if scene.plot.has_lost(customer, day):
        customer = scene.people[-1 + scene.state.known_people]
    sale_id, code = scene.next_id("sale", 885_501, 2), scene.next_id("sale_code", 1_042)
    basket = _fill_basket(
        scene, rng, kind, profile, bare=sale_id % 50 == 1, first=first, times=times, day=day
    )
    if basket.total < 15_000 and mode in ("boleto", "ted", "credit_n"):
        mode = "pix"
    store = 0 if len(scene.spec.stores) == 1 or rng.random() < 0.64 else 1
    plan = _plan(rng, day, basket.total, mode)
    situation = _situation(rng, kind)
    payload = sale_payload(
        rng, scene.spec, sale_id=sale_id, code=code, kind=kind, day=day, second=second, customer=customer,
        seller=scene.staff[int(rng.random() * max(1, len(scene.staff) - 2))], situation=situation, store=store,
        channel=0 if kind == "vendas_balcao" else int(rng.random() * 5), products=basket.products, services=basket.services,
        products_cents=basket.products_cents, services_cents=basket.services_cents, cost=basket.cost, discount=basket.discount, freight=0,
        instalments=plan,
    )  # fmt: skip
    if situation == "doing":
        scene.hold("vendas", sale_id, payload | {"_kind": kind})
        scene.at(day + timedelta(days=rng.randrange(1, 4)), ["conclude", sale_id, kind])
    else:
        scene.writer.rows.append(sale_row(scene.spec.key, kind, payload))
    sale = Sale(
        sale_id, TITLES[kind].format(code), day, second, customer, basket.total, mode, store, kind, plan
    )
    if situation == "cancelled":
        refund_later(scene, rng, sale)
    else:
        scene.add_sum("revenue", basket.total)
        scene.add_sum("purchases", basket.cost)
        PAID_BY[mode](scene, rng, sale)
    if mode == "ted" and not again and rng.random() < 0.35:  # who buys on account buys more than once
        sell(scene, rng, day, min(second + 600, 86_399), mode=mode, customer=customer)
    return sale_id


def _fill_basket(
    scene: Scene,
    rng: Random,
    kind: str,
    profile: Profile,
    *,
    bare: bool,
    first: Product | None,
    times: int,
    day: date,
) -> Basket:
    basket = Basket([], [], 0, 0, 0, 0)
    if kind == "servico":
        for _ in range(1 + (rng.random() < 0.35)):
            _put(basket, rng, scene.services[int(len(scene.services) * rng.random() ** 1.5)], 1, bare=bare)
    if kind != "servico" or rng.random() < 0.2:
        for _ in range(1 + int(profile.most_items * rng.random() ** 2)):
            product = scene.products[int(len(scene.products) * rng.random() ** 2.2)]
            product, first = first or scene.plot.stocked(product, day), None
            _put(basket, rng, product, times * (1 if rng.random() < 0.7 else rng.randrange(2, 5)), bare=bare)
    return basket


def _put(basket: Basket, rng: Random, product: Product, quantity: int, *, bare: bool) -> None:
    total = product.price * quantity
    discount = total * rng.choice((3, 5, 10)) // 100 if rng.random() < 0.08 else 0
    item = sale_item(product, quantity, discount, bare=bare)
    if product.is_service:
        basket.services.append(item)
        basket.services_cents += total
    else:
        basket.products.append(item)
        basket.products_cents += total
    basket.cost += product.cost * quantity
    basket.discount += discount


def _plan(rng: Random, day: date, cents: int, mode: str) -> list[tuple[date, int, str]]:
    days: tuple[int, ...]
    if mode == "boleto":
        days = rng.choice(((28,), (28, 56), (28, 56), (30, 60, 90)))
    elif mode == "ted":
        days = (rng.choice((7, 14, 28)),)
    elif mode == "credit_n":
        days = tuple(30 * number for number in range(1, rng.randrange(2, 7) + 1))
    else:
        days = (30,) if mode == "credit" else (0,)
    form = "credit" if mode == "credit_n" else mode
    part = cents // len(days)
    amounts = [part] * (len(days) - 1) + [cents - part * (len(days) - 1)]
    return [
        (day + timedelta(days=offset), amount, form) for offset, amount in zip(days, amounts, strict=True)
    ]


def _situation(rng: Random, kind: str) -> str:
    chance = rng.random()
    if chance < 0.016:
        return "cancelled"
    return "doing" if kind != "vendas_balcao" and chance < 0.06 else "done"
