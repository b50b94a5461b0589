"""How a sale is paid: what the ERP opens for it, what arrives at the bank, and when the ERP learns of it."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from sync.sandbox.generator.bank import Draft
from sync.sandbox.generator.documents import make_cpf
from sync.sandbox.generator.erp import entry_payload, entry_row, settle_entry
from sync.sandbox.generator.people import Person, person_name
from sync.sandbox.generator.quirks import about, is_booked, relative_of
from sync.sandbox.generator.scene import Scene

BRANDS = ("VISA", "MASTERCARD", "ELO")
FIRST_RECEIVABLE, FIRST_RECEIVABLE_CODE = 771_200, 3_055  # counted up together
ACQUIRERS = {"shop": "CIELO", "clinic": "REDE"}
FORGOTTEN_DAYS = (45, 150)  # until somebody settles by hand what was never paid through the bank
DEBIT_FEE, CREDIT_FEE, INSTALMENT_FEE = 0.0139, 0.0319, 0.0449


@dataclass(slots=True)
class Sale:
    """A finished sale on its way to being paid."""

    id: int
    title: str
    day: date
    second: int
    customer: Person | None
    cents: int
    mode: str
    store: int
    kind: str
    plan: list[tuple[date, int, str]]


def account_of(scene: Scene, store: int) -> str:
    """Return the checking account of a store: the second store of the shop banks elsewhere."""
    checking = [account.key for account in scene.spec.accounts if account.kind == "checking"]
    return checking[min(store, len(checking) - 1)]


def new_receivable(scene: Scene, sale: Sale, due: date, cents: int, form: str, part: str = "") -> int:
    """Open a receivable for a sale or one of its instalments and return its id."""
    account = next(a for a in scene.spec.accounts if a.key == account_of(scene, sale.store))
    entry_id = scene.next_id("receivable", FIRST_RECEIVABLE)
    entry = entry_payload(
        entry_id=entry_id, code=scene.next_id("receivable_code", FIRST_RECEIVABLE_CODE), text=sale.title + part, party=sale.customer, cents=cents, due=due,
        form=form, plan="services" if sale.kind == "servico" else "sales", bank=account.bank, store=sale.store,
        store_name=scene.spec.stores[sale.store], stamp=scene.stamp(sale.day, sale.second),
    )  # fmt: skip
    scene.hold("recebimentos", entry_id, entry)
    return entry_id


def _paid_cash(scene: Scene, rng: Random, sale: Sale) -> None:
    scene.add_sum("cash", sale.cents)


def _paid_pix(scene: Scene, rng: Random, sale: Sale) -> None:
    entry = new_receivable(scene, sale, sale.day, sale.cents, "pix")
    name, document, bank, account = pix_payer(rng, sale.customer)
    code = sale.title.rsplit(" ", 1)[-1]
    parts = (
        (about(rng, sale.cents) if sale.customer else sale.cents,)
        if sale.cents < 4_000 or rng.random() > 0.015
        else (sale.cents // 2, sale.cents - sale.cents // 2)
    )
    for cents in parts:
        scene.book.add(
            Draft(
                account_of(scene, sale.store), min(86_399, sale.second + rng.randrange(20, 420)), cents,
                "pix_qr_in" if sale.kind == "vendas_balcao" else "pix_in", "receivable", {"receivables": [entry], "sales": [sale.id]},
                name, document, bank, account, reason=f"pedido {code}" if rng.random() < 0.12 else "",
                reference=f"PED{int(code):023d}" if sale.kind == "vendas_balcao" and rng.random() < 0.4 else "",
            )
        )  # fmt: skip
    scene.add_sum(f"pix:{account_of(scene, sale.store)}", 1)
    plan_mark(scene, rng, sale.day, sale.second + 600, "recebimentos", entry)


def pix_payer(rng: Random, customer: Person | None) -> tuple[str, str, int, str]:
    """Return (name, document, bank index, account) of who really sends: strangers for unnamed sales, for some always the same relative."""
    relative = relative_of(customer) if customer else None
    if relative is not None:
        return relative
    if customer is None or rng.random() < 0.01:
        name = person_name(rng)
        if customer is not None and not customer.is_firm:
            name = f"{name.split()[0]} {customer.name.split()[-1]}"
        return name, make_cpf(rng), rng.randrange(10), f"{rng.randrange(10_000, 999_999)}-{rng.randrange(10)}"
    return customer.name, customer.document, customer.bank, customer.account


def plan_mark(
    scene: Scene, rng: Random, day: date, second: int, resource: str, entry: int, **extra: int
) -> None:
    """Let the ERP learn of a payment: mostly the same day, at times days later; of the last weeks hardly ever."""
    chance = rng.random()
    if not is_booked(rng, day, scene.span.booked_until):
        return
    if chance < 0.93:
        mark(scene, resource, entry, day, scene.stamp(day, min(second, 86_399)), extra)
    else:
        later = rng.randrange(1, 6) if chance < 0.985 else rng.randrange(6, 40)
        scene.at(day + timedelta(days=later), ["mark", resource, entry, day.isoformat(), extra])


def mark(scene: Scene, resource: str, entry_id: int, paid: date, stamp: str, extra: dict[str, int]) -> None:
    """Settle an entry in the ERP and write it."""
    entry = scene.release(resource, entry_id)
    if entry is not None:
        settle_entry(entry, paid, stamp, **extra)
        scene.writer.rows.append(entry_row(scene.spec.key, resource, entry))


def _paid_card(scene: Scene, rng: Random, sale: Sale) -> None:
    brand = BRANDS[min(2, int(rng.random() * 3.0) if rng.random() < 0.6 else 0)]
    batch = scene.state.batches.setdefault(f"{sale.mode}|{brand}|{sale.store}", [0, []])
    batch[0] += sale.cents
    batch[1].append(sale.id)


def _paid_in_instalments(scene: Scene, rng: Random, sale: Sale) -> None:
    brand = BRANDS[int(rng.random() * 3)]
    for number, (due, cents, _) in enumerate(sale.plan, 1):
        text = f" {ACQUIRERS[scene.spec.key]} {brand} parcelado ({number}/{len(sale.plan)})"
        entry = new_receivable(scene, sale, due, cents, "credit", text)
        day = scene.calendar.next_working_day(due)
        scene.at(
            day,
            [
                "payout",
                "instalments",
                brand,
                sale.store,
                cents,
                round(cents * INSTALMENT_FEE),
                [entry],
                [sale.id],
            ],
        )


def _paid_boleto(scene: Scene, rng: Random, sale: Sale) -> None:
    for number, (due, cents, _) in enumerate(sale.plan, 1):
        entry = new_receivable(
            scene, sale, due, cents, "boleto", f" ({number}/{len(sale.plan)})" if len(sale.plan) > 1 else ""
        )
        plan_boleto(
            scene,
            rng,
            due,
            cents,
            ["boleto", sale.store, sale.customer.id if sale.customer else 0, cents, entry, sale.id],
        )


def plan_boleto(scene: Scene, rng: Random, due: date, cents: int, event: list[Any]) -> None:
    """Decide when a boleto is paid: on time, late with 2 % fine and 1 % interest a month, early with 3 % off, or never.

    The event gets (interest, fine, discount) appended; the bank credits it one working day after the payment.
    """
    chance, working = rng.random(), scene.calendar.next_working_day(due)
    if chance < 0.045:
        forgotten = due + timedelta(days=rng.randrange(*FORGOTTEN_DAYS))
        if rng.random() < 0.85:  # settled at the counter in the end
            scene.at(forgotten, ["mark", "recebimentos", event[4], forgotten.isoformat(), {}])
        return
    interest = fine = discount = 0
    if chance < 0.16:
        late = rng.randrange(2, 24)
        working = scene.calendar.next_working_day(working + timedelta(days=late))
        fine, interest = round(cents * 0.02), round(cents * 0.01 * late / 30)
    elif chance < 0.20:
        working, discount = (
            scene.calendar.next_working_day(due - timedelta(days=rng.randrange(4, 12))),
            round(cents * 0.03),
        )
    scene.at(
        scene.calendar.after_working_days(working, 1), [*event, interest, fine, discount, due.isoformat()]
    )


def _paid_ted(scene: Scene, rng: Random, sale: Sale) -> None:
    due, cents, _ = sale.plan[0]
    entry = new_receivable(scene, sale, due, cents, "ted")
    if rng.random() < 0.95:
        late = rng.randrange(1, 9) if rng.random() < 0.15 else 0
        day = scene.calendar.next_working_day(due + timedelta(days=late))
        scene.at(day, ["ted", sale.store, sale.customer.id if sale.customer else 0, cents, entry, sale.id])


def refund_later(scene: Scene, rng: Random, sale: Sale) -> None:
    if sale.mode != "pix" or rng.random() > 0.4:
        return
    name, document, bank, number = pix_payer(rng, sale.customer)
    account = account_of(scene, sale.store)
    refs = {"sales": [sale.id]}
    scene.book.add(
        Draft(account, sale.second + 60, sale.cents, "pix_in", "refunded", refs, name, document, bank, number)
    )
    scene.at(
        sale.day + timedelta(days=1), ["refund", account, sale.cents, name, document, bank, number, sale.id]
    )


PAID_BY = {
    "cash": _paid_cash, "debit": _paid_card, "credit": _paid_card, "credit_n": _paid_in_instalments, "pix": _paid_pix, "boleto": _paid_boleto,
    "ted": _paid_ted,
}  # fmt: skip
