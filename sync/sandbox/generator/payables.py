"""What a shop or clinic pays: goods, rent, salaries, taxes, power, its partner; and how the bank shows it."""

from datetime import date, timedelta
from random import Random
from typing import Any

from sync.sandbox.generator.bank import Draft
from sync.sandbox.generator.catalog import Supplier
from sync.sandbox.generator.documents import boleto
from sync.sandbox.generator.erp import entry_payload
from sync.sandbox.generator.payments import account_of, plan_mark
from sync.sandbox.generator.scene import Event, Scene

PURCHASES_A_DAY = {"shop": 5.6, "clinic": 2.4}
SALARIES = (198_000, 214_000, 232_000, 251_000, 276_000, 318_000, 405_000, 520_000)
# (title, plan, day of the month, cents at full scale, how it is paid, text on the statement)
MONTHLY: tuple[tuple[str, str, int, int, str, str], ...] = (
    ("Aluguel do imóvel", "rent", 5, 1_450_000, "boleto", ""),
    ("Energia elétrica", "utilities", 12, 386_000, "debit", "ENERGIA"),
    ("Água e esgoto", "utilities", 15, 74_000, "debit", "SANEAMENTO"),
    ("Internet e telefone", "utilities", 18, 54_900, "debit", "TELECOM"),
    ("Honorários contábeis", "software", 10, 128_000, "pix", ""),
    ("FGTS e INSS", "taxes", 20, 690_000, "tax", "GPS FGTS"),
)


def plan_month(scene: Scene, rng: Random, day: date) -> None:
    """On the first day of a month open everything that is due in it."""
    for index, (title, plan, due_day, cents, how, text) in enumerate(MONTHLY):
        amount = int(scene.fixed(cents) * rng.uniform(0.94, 1.08)) if how != "boleto" else scene.fixed(cents)
        supplier = scene.suppliers[index % len(scene.suppliers)] if how not in ("debit", "tax") else None
        open_payable(
            scene,
            rng,
            day,
            30_000,
            f"{title} {day:%m/%Y}",
            supplier,
            amount,
            day.replace(day=due_day),
            plan,
            how,
            text,
        )
    revenue = scene.state.sums.pop("revenue", 0)
    if revenue:
        open_payable(
            scene,
            rng,
            day,
            30_500,
            f"Simples Nacional {day:%m/%Y}",
            None,
            revenue * 78 // 1000,
            day.replace(day=20),
            "taxes",
            "tax",
            "DAS SIMPLES",
        )
    fifth = scene.calendar.after_working_days(day - timedelta(days=1), 5)
    for index, employee in enumerate(scene.staff):
        amount = int((SALARIES[(index * 3) % len(SALARIES)] + index * 1_350) * scene.wage_factor)
        open_payable(
            scene,
            rng,
            day,
            31_000 + index,
            f"Salário {day:%m/%Y} {employee[1]}",
            employee,
            amount,
            fifth,
            "salaries",
            "salary",
            "",
        )
    _distribute_profit(scene, rng, day)


def _distribute_profit(scene: Scene, rng: Random, day: date) -> None:
    account = scene.spec.accounts[0]
    spare = scene.state.balances[account.key] - scene.fixed(account.opening_cents) * 5 // 2
    if spare > 0:
        cents = spare * 7 // 10 // 10_000 * 10_000
        open_payable(
            scene,
            rng,
            day,
            33_000,
            f"Distribuição de lucros {day:%m/%Y}",
            None,
            cents,
            day.replace(day=8),
            "profit",
            "partner",
            "",
        )


def buy_goods(scene: Scene, rng: Random, day: date) -> None:
    """Order goods for what was sold: each order in one to three instalments."""
    if not scene.calendar.is_working_day(day):
        return
    mean = PURCHASES_A_DAY[scene.spec.key] * scene.scale
    orders = int(mean) + (rng.random() < mean % 1)
    for number in range(orders):
        budget = scene.state.sums.get("purchases", 0)
        cents = int(budget * rng.uniform(0.6, 1.3) / (orders - number))
        if cents < 8_000:
            continue
        scene.state.sums["purchases"] -= cents
        supplier = scene.suppliers[int(len(scene.suppliers) * rng.random())]
        days = rng.choice(((28,), (28, 42), (30, 60), (28, 56, 84)))
        code = scene.next_id("purchase", 311)
        how = rng.choices(("boleto", "pix", "ted"), (68, 20, 12))[0]
        for part, offset in enumerate(days, 1):
            amount = cents // len(days) + (cents % len(days) if part == 1 else 0)
            title = f"Compra de nº {code} NF {code + 20_417} ({part}/{len(days)})"
            open_payable(
                scene,
                rng,
                day,
                36_000 + number * 60,
                title,
                supplier,
                amount,
                day + timedelta(days=offset),
                "purchases",
                how,
                "",
            )


def open_payable(scene: Scene, rng: Random, day: date, second: int, title: str, party: Supplier | tuple[int, str] | None, cents: int, due: date,
                 plan: str, how: str, text: str) -> int:  # fmt: skip
    """Open a payable, plan its payment, and return its id. A few are paid late, hardly any never; a card bill has its own event."""
    store = 1 if how in ("boleto", "pix") and len(scene.spec.stores) > 1 and rng.random() < 0.18 else 0
    account = account_of(scene, store)
    bank = next(a.bank for a in scene.spec.accounts if a.key == account)
    entry_id = scene.next_id("payable", 402_118)
    form = {"boleto": "boleto", "pix": "pix", "ted": "ted", "salary": "ted", "partner": "pix"}.get(
        how, "other"
    )
    entry = entry_payload(
        entry_id=entry_id, code=scene.next_id("payable_code", 907), text=title, party=party, cents=cents, due=due, form=form, plan=plan, bank=bank,
        store=store, store_name=scene.spec.stores[store], stamp=scene.stamp(day, second),
    )  # fmt: skip
    scene.hold("pagamentos", entry_id, entry)
    chance = rng.random()
    if how != "card" and (chance < 0.992 or how in ("salary", "tax")):
        late = rng.randrange(1, 12) if chance < 0.06 and how in ("boleto", "pix", "ted") else 0
        paid = max(
            scene.calendar.next_working_day(due + timedelta(days=late)),
            scene.calendar.next_working_day(day + timedelta(days=1)),
        )
        scene.at(paid, ["pay", account, entry_id, cents, how, text, _payee(scene, party), due.isoformat()])
    return entry_id


def _payee(scene: Scene, party: Supplier | tuple[int, str] | None) -> list[Any]:
    if isinstance(party, Supplier):
        return [party.name, party.document, party.bank, party.account]
    if isinstance(party, tuple):
        person = scene.people[party[0] % len(scene.people)]
        return [
            party[1],
            person.document if len(person.document) == 11 else scene.partner.document,
            person.bank,
            person.account,
        ]
    return [scene.partner.name, scene.partner.document, scene.partner.bank, scene.partner.account]


_KINDS = {
    "boleto": "boleto_out",
    "pix": "pix_out",
    "ted": "ted_out",
    "salary": "salary",
    "tax": "tax",
    "debit": "debit",
    "partner": "pix_out",
}


def pay(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Pay a payable: [name, account, entry, cents, how, text, payee, due]."""
    _, account, entry, cents, how, text, (name, document, bank, number), due_text = event
    paper = None
    if how == "boleto":
        code, line = boleto("341", date.fromisoformat(due_text), cents, f"{entry:025d}")
        paper = {
            "digitableLine": line,
            "barcode": code,
            "baseAmount": cents / 100,
            "interestAmount": 0,
            "penaltyAmount": 0,
            "discountAmount": 0,
        }
    named = how not in ("tax", "debit")
    scene.book.add(
        Draft(
            account, 33_000 + rng.randrange(28_000), -cents, _KINDS[how], "payable", {"payables": [entry]}, name if named else "",
            document if named else "", bank, number, extra=text, boleto=paper,
        )
    )  # fmt: skip
    plan_mark(scene, rng, day, 62_000, "pagamentos", entry)
