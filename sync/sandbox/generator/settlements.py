"""What follows from a sale on a later day: card payouts, boletos and transfers that arrive, refunds, deposits, the bank's own fees."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from sync.sandbox.generator.bank import Draft
from sync.sandbox.generator.documents import boleto
from sync.sandbox.generator.erp import SITUATION_IDS, SITUATION_NAMES, entry_payload, sale_row
from sync.sandbox.generator.payments import (
    ACQUIRERS,
    CREDIT_FEE,
    DEBIT_FEE,
    FIRST_RECEIVABLE,
    FIRST_RECEIVABLE_CODE,
    account_of,
    mark,
    plan_mark,
)  # fmt: skip
from sync.sandbox.generator.people import Person
from sync.sandbox.generator.quirks import TRANSFER_FEE, in_parts
from sync.sandbox.generator.scene import Event, Scene

_PAYOUTS = {"debit": "DB", "credit": "CD", "instalments": "PARC"}
_ANNOUNCED_DAYS = 3  # pending lines that a bank has shown under another id stand for so long


def close_batches(scene: Scene, rng: Random, day: date) -> None:
    """Turn the day's card sales into one receivable per brand, mode and store, and plan its payout."""
    batches, scene.state.batches = scene.state.batches, {}
    for key, (cents, sales) in batches.items():
        mode, brand, store_text = key.split("|")
        store, is_debit = int(store_text), mode == "debit"
        settles = (
            scene.calendar.after_working_days(day, 1)
            if is_debit
            else scene.calendar.next_working_day(day + timedelta(days=30))
        )
        bank = next(a.bank for a in scene.spec.accounts if a.key == account_of(scene, store))
        entry_id = scene.next_id("receivable", FIRST_RECEIVABLE)
        words = f"{ACQUIRERS[scene.spec.key]} {brand} {'débito' if is_debit else 'crédito'}"
        entry = entry_payload(
            entry_id=entry_id, code=scene.next_id("receivable_code", FIRST_RECEIVABLE_CODE), text=f"Recebimento {words} vendas de {day:%d/%m/%Y}", party=None,
            cents=cents, due=settles, form=mode, plan="sales", bank=bank, store=store, store_name=scene.spec.stores[store],
            stamp=scene.stamp(day, 72_000),
        )  # fmt: skip
        scene.hold("recebimentos", entry_id, entry)
        fee = round(cents * (DEBIT_FEE if is_debit else CREDIT_FEE))
        scene.at(settles, ["payout", mode, brand, store, cents, fee, [entry_id], sales])


def pay_out(scene: Scene, rng: Random, day: date, events: list[Event]) -> None:
    """Credit the card money of a day: one line per brand, mode and account, net of the fee, however many receivables are in it."""
    groups: dict[tuple[str, str, str], list[Event]] = {}
    for event in events:
        groups.setdefault((event[1], event[2], account_of(scene, event[3])), []).append(event)
    for (mode, brand, account), members in groups.items():
        net = sum(event[4] - event[5] for event in members)
        entries = [entry for event in members for entry in event[6]]
        sales = [sale for event in members for sale in event[7]]
        extra = f"{ACQUIRERS[scene.spec.key]} {brand} {_PAYOUTS[mode]}{1_046_000 + len(account) * 811 + len(brand)}"
        scene.book.add(
            Draft(
                account,
                18_000 + rng.randrange(3_600),
                net,
                "payout",
                "payout",
                {"receivables": entries, "sales": sales},
                extra=extra,
            )
        )
        for event in members:
            fee, rest = divmod(event[5], len(event[6]))
            for index, entry in enumerate(event[6]):
                plan_mark(
                    scene,
                    rng,
                    day,
                    32_000,
                    "recebimentos",
                    entry,
                    operator_fee=fee + (rest if index == 0 else 0),
                )


def _person(scene: Scene, person_id: int) -> Person:
    return scene.people_by_id.get(person_id, scene.people[0])


def receive_boleto(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Credit a paid boleto: [name, store, customer, cents, entry, sale, interest, fine, discount, due]."""
    _, store, customer, cents, entry, sale, interest, fine, discount, due_text = event
    person, account = _person(scene, customer), account_of(scene, store)
    bank = next(a.bank for a in scene.spec.accounts if a.key == account)
    code = (
        entry - FIRST_RECEIVABLE + FIRST_RECEIVABLE_CODE
    )  # what the ERP calls the entry, and the bank its nosso número
    barcode, line = boleto(bank, date.fromisoformat(due_text), cents, f"{code:015d}{sale:010d}")
    paper = {
        "digitableLine": line, "barcode": barcode, "baseAmount": cents / 100, "interestAmount": interest / 100, "penaltyAmount": fine / 100,
        "discountAmount": discount / 100,
    }  # fmt: skip
    scene.book.add(
        Draft(
            account, 14_400 + rng.randrange(1_800), cents + interest + fine - discount, "boleto_in", "receivable",
            {"receivables": [entry], "sales": [sale]}, person.name, person.document, person.bank, person.account, extra=f"{code:08d}", boleto=paper,
        )
    )  # fmt: skip
    scene.add_sum(f"boleto:{account}", 1)
    plan_mark(scene, rng, day, 34_000, "recebimentos", entry, interest=interest + fine, discount=discount)


def receive_ted(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Credit a transfer. Mostly the customer pays another open entry of theirs with the same transfer, if there is one."""
    _, store, customer, cents, entry, sale = event
    person = _person(scene, customer)
    entries, sales = [entry], [sale]
    if rng.random() < 0.7:
        more = _another_ted(scene, customer)
        if more is not None:
            cents, entries, sales = cents + more[3], [entry, more[4]], [sale, more[5]]
    rest = 0
    if len(entries) == 1:
        cents, rest = in_parts(rng, cents)
    if not rest and cents > 60_000 and rng.random() < 0.08:
        cents -= TRANSFER_FEE
    if rest:
        later = scene.calendar.next_working_day(day + timedelta(days=rng.randrange(9, 25)))
        scene.at(later, ["ted_rest", store, customer, rest, entry, sale])
    scene.book.add(
        Draft(
            account_of(scene, store), 34_000 + rng.randrange(20_000), cents, "ted_in" if rng.random() < 0.6 else "pix_in", "receivable",
            {"receivables": entries, "sales": sales}, person.name, person.document, person.bank, person.account,
        )
    )  # fmt: skip
    for number in entries:
        if not rest:
            plan_mark(scene, rng, day, 60_000, "recebimentos", number)


def receive_rest(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Credit the second part of a bill: [name, store, customer, cents, entry, sale]."""
    _, store, customer, cents, entry, sale = event
    person, refs = _person(scene, customer), {"receivables": [entry], "sales": [sale]}
    account, second = account_of(scene, store), 34_000 + rng.randrange(20_000)
    payer = (person.name, person.document, person.bank, person.account)
    scene.book.add(Draft(account, second, cents, "pix_in", "receivable", refs, *payer))
    plan_mark(scene, rng, day, 60_000, "recebimentos", entry)


def _another_ted(scene: Scene, customer: int) -> Event | None:
    for events in scene.state.events.values():
        for event in events:
            if event[0] == "ted" and event[2] == customer:
                events.remove(event)
                return event
    return None


def refund(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Send a Pix back for a cancelled sale."""
    _, account, cents, name, document, bank, number, sale = event
    scene.book.add(
        Draft(
            account,
            40_000 + rng.randrange(9_000),
            -cents,
            "pix_back",
            "refund",
            {"sales": [sale]},
            name,
            document,
            bank,
            number,
        )
    )


def conclude(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Finish a sale that was in the works: [name, sale, kind]. The ERP changes its status and its stamp."""
    payload = scene.release("vendas", event[1])
    if payload is not None:
        payload.pop("_kind", None)
        payload |= {
            "situacao_id": SITUATION_IDS["done"],
            "nome_situacao": SITUATION_NAMES["done"],
            "modificado_em": scene.stamp(day, 60_000),
        }
        scene.writer.rows.append(sale_row(scene.spec.key, event[2], payload))


def marked(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Let the ERP learn of a payment days later: [name, resource, entry, day of the payment, extra]."""
    mark(scene, event[1], event[2], date.fromisoformat(event[3]), scene.stamp(day, 61_000), event[4])


def charge_fees(scene: Scene, rng: Random, day: date) -> None:
    """Charge what the bank charges: per Pix and boleto once a day, a package on the first working day of the month."""
    for account in scene.spec.accounts:
        if account.kind != "checking":
            continue
        for name, cents, text in (("pix", 49, "PIX RECEBIDO"), ("boleto", 219, "COBRANCA")):
            count = scene.state.sums.pop(f"{name}:{account.key}", 0)
            if count and account.bank != "077":
                scene.book.add(Draft(account.key, 80_000, -cents * count, "fee", "fee", extra=text))
        if day == scene.calendar.next_working_day(day.replace(day=1)) and account.bank != "077":
            scene.book.add(
                Draft(account.key, 79_000, -scene.fixed(8_900), "fee", "fee", extra="PACOTE SERVICOS")
            )
            scene.book.add(
                Draft(account.key, 79_500, scene.fixed(rng.randrange(900, 6_000)), "yield", "yield")
            )


def move_money(scene: Scene, rng: Random, day: date) -> None:
    """Deposit the cash of the week on Mondays; on Fridays move what is too much from the second account to the first."""
    checking = [account for account in scene.spec.accounts if account.kind == "checking"]
    first = checking[0].key
    if (
        day == scene.calendar.next_working_day(day - timedelta(days=day.weekday()))
        and scene.state.sums.get("cash", 0) > 0
    ):
        cents = scene.state.sums["cash"] * 17 // 20 // 100 * 100
        scene.state.sums["cash"] -= cents
        scene.book.add(Draft(first, 38_000, cents, "deposit", "deposit"))
    if len(checking) > 1 and day.weekday() == 4 and scene.calendar.is_working_day(day):
        spare = scene.state.balances[checking[1].key] - scene.fixed(800_000)
        cents = spare // 10_000 * 10_000 if scene.scale < 0.2 else spare // 100_000 * 100_000
        if cents > 0:
            second = 52_000 + rng.randrange(3_000)
            own: dict[str, Any] = {"name": scene.company.legal_name, "document": scene.company.document}
            scene.book.add(Draft(checking[1].key, second, -cents, "own_out", "transfer", **own))
            scene.book.add(Draft(first, second + 30, cents, "own_in", "transfer", **own))


def announce(scene: Scene, day: date) -> None:
    """Let Inter show a few credits of the last days twice: pending under one id, posted under another."""
    today = scene.span.now[0]
    if today - timedelta(days=_ANNOUNCED_DAYS) <= day < today:
        for account in scene.spec.accounts:
            if account.bank == "077":
                scene.book.announce(account.key, 2)


HANDLERS: dict[str, Callable[[Scene, Random, date, Event], None]] = {
    "boleto": receive_boleto, "ted": receive_ted, "ted_rest": receive_rest, "refund": refund, "conclude": conclude, "mark": marked,
}  # fmt: skip
