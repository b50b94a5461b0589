"""The company's own credit card: purchases, instalments, a foreign subscription, a bill each month that the checking account pays."""

from datetime import date, timedelta
from random import Random
from typing import Any

import orjson

from sync.sandbox.clock import local_instant
from sync.sandbox.companies import AccountSpec
from sync.sandbox.generator.bank import Draft
from sync.sandbox.generator.documents import make_cnpj, make_uuid, punctuate
from sync.sandbox.generator.payables import open_payable
from sync.sandbox.generator.payments import plan_mark
from sync.sandbox.generator.scene import Event, Scene

PURCHASES_A_DAY = {"shop": 2.6, "clinic": 1.4}
CLOSING_DAY = 25
PENDING_DAYS = 3
CONTESTED = (1, 4)  # merchants that say who they are; at times a purchase there is contested and comes back
# (text on the card, business name, category id, category, low and high cents, MCC, share)
MERCHANTS: tuple[tuple[str, str, str, str, int, int, str, int], ...] = (
    (
        "POSTO TRES IRMAOS",
        "Posto Centro Combustíveis Ltda",
        "19050000",
        "Gas stations",
        9_000,
        32_000,
        "5541",
        18,
    ),
    (
        "LOJAVIRTUAL*3PRODUTOS",
        "Marketplace Comércio Eletrônico Ltda",
        "08000000",
        "Shopping",
        4_500,
        89_000,
        "5999",
        16,
    ),
    ("PAG*PAPELARIAUNIAO", "Papelaria União Ltda", "08040000", "Office supplies", 2_200, 24_000, "5943", 10),
    (
        "ENTREGA*RESTAURANTE BOM",
        "Restaurante Bom Prato Ltda",
        "11020000",
        "Food delivery",
        2_900,
        14_000,
        "5812",
        14,
    ),
    (
        "ANUNCIOS *ADS 7K2",
        "Publicidade Digital Brasil Ltda",
        "09000000",
        "Digital services",
        15_000,
        90_000,
        "7311",
        12,
    ),
    (
        "APPVIAGEM *TRIP",
        "Transporte por Aplicativo Ltda",
        "19010000",
        "Taxi and ride-hailing",
        1_200,
        7_500,
        "4121",
        16,
    ),
    ("AGENCIA POSTAL CENTRO", "Agência Postal Centro Ltda", "07000000", "Services", 1_900, 16_000, "9402", 8),
    (
        "ESCRITORIO TOTAL LOJA 044",
        "Materiais de Escritório S.A.",
        "08040000",
        "Office supplies",
        12_000,
        240_000,
        "5943",
        6,
    ),
)
_WEIGHTS = tuple(merchant[-1] for merchant in MERCHANTS)


def card_of(scene: Scene) -> AccountSpec | None:
    """Return the company's card, or None."""
    return next((account for account in scene.spec.accounts if account.kind == "card"), None)


def spend(scene: Scene, rng: Random, day: date) -> None:
    """Buy with the card. One purchase in eight is in instalments, one in forty is in dollars."""
    card = card_of(scene)
    if card is None:
        return
    wanted = PURCHASES_A_DAY[scene.spec.key] * scene.scale
    mean = max(0.12, wanted)  # a small story still has purchases: fewer, and so much smaller
    for _ in range(int(mean) + (rng.random() < mean % 1)):
        index = rng.choices(range(len(MERCHANTS)), _WEIGHTS)[0]
        cents = max(100, int(rng.randrange(*MERCHANTS[index][4:6]) * wanted / mean))
        parts = rng.randrange(2, 7) if cents > 40_000 and rng.random() < 0.5 else 1
        for part in range(1, parts + 1):
            scene.at(
                day + timedelta(days=30 * (part - 1)),
                ["card", index, cents // parts, part, parts, day.isoformat(), rng.random() < 0.025],
            )


def buy(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Write one card line: [name, merchant, cents, part, parts, day of the purchase, foreign]."""
    card = card_of(scene)
    assert card is not None  # only companies with a card plan such events
    _, index, cents, part, parts, bought, foreign = event
    text, business, category_id, category, _, _, mcc, _ = MERCHANTS[index]
    suffix = f" {part:02d}/{parts:02d}" if parts > 1 else ""
    metadata: dict[str, Any] = {
        "cardNumber": card.number, "payeeMCC": mcc, "purchaseDate": local_instant(date.fromisoformat(bought), 0),
        "billForecastDate": f"{bill_month(day):%Y-%m}",
    }  # fmt: skip
    if bill_month(day) <= bill_month(last_closing(scene.span.now[0])):
        metadata["billId"] = bill_id_of(scene, bill_month(day))
    if parts > 1:
        metadata |= {
            "installmentNumber": part,
            "totalInstallments": parts,
            "totalAmount": cents * parts / 100,
        }
    extra: dict[str, Any] = {
        "creditCardMetadata": metadata,
        "category": category,
        "categoryId": category_id,
        "operationType": "COMPRA",
    }
    if index in CONTESTED:
        extra["merchant"] = _merchant(index, business)
    if foreign:
        extra |= {
            "currencyCode": "USD",
            "amount": round(cents / 540, 2),
            "amountInAccountCurrency": cents / 100,
        }
    write_card_line(scene, rng, day, cents, text + suffix, "card_purchase", {}, extra)
    scene.add_sum(f"bill:{bill_month(day):%Y-%m}", cents)
    if index in CONTESTED and parts == 1 and not foreign and rng.random() < 0.15:
        scene.at(day + timedelta(days=rng.randrange(6, 20)), ["chargeback", index, cents])


def charge_back(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Give back a purchase that was contested: [name, merchant, cents]."""
    _, index, cents = event
    text, business, category_id, category, *_ = MERCHANTS[index]
    card = card_of(scene)
    assert card is not None  # only companies with a card plan such events
    extra = {
        "creditCardMetadata": {"cardNumber": card.number}, "category": category, "categoryId": category_id, "operationType": "ESTORNO",
        "merchant": _merchant(index, business),
    }  # fmt: skip
    write_card_line(scene, rng, day, -cents, f"ESTORNO CHARGEBACK {text}", "refund", {}, extra)
    scene.add_sum(f"bill:{bill_month(day):%Y-%m}", -cents)


def _merchant(index: int, business: str) -> dict[str, str]:
    cnpj = punctuate(make_cnpj(Random(index)))
    return {"name": business, "businessName": business, "cnpj": cnpj, "cnae": "4789099"}


def bill_month(day: date) -> date:
    """Return the first day of the month in which a purchase is billed: after the closing day it is the next but one."""
    months = 1 if day.day <= CLOSING_DAY else 2
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def last_closing(day: date) -> date:
    """Return the last closing day up to a day."""
    return (
        day.replace(day=CLOSING_DAY)
        if day.day >= CLOSING_DAY
        else (day.replace(day=1) - timedelta(days=1)).replace(day=CLOSING_DAY)
    )


def bill_id_of(scene: Scene, month: date) -> str:
    """Return the id of the bill of a month, known before the bill is."""
    return make_uuid(Random(f"{scene.seed}:{scene.spec.key}:bill:{month}"))


def write_card_line(scene: Scene, rng: Random, day: date, cents: int, text: str, truth: str, refs: dict[str, list[int]], extra: dict[str, Any]) -> None:  # fmt: skip
    """Write a line of the card. A purchase is positive, a payment negative; the last days are pending and not yet in the balance."""
    card = card_of(scene)
    assert card is not None
    pending = day > scene.span.now[0] - timedelta(days=PENDING_DAYS) and cents > 0
    if not pending:
        scene.state.balances[card.key] += cents
    line_id, second = make_uuid(rng), rng.randrange(36_000, 60_000)
    first_seen, order = scene.span.first_seen(day, second), second // 60
    status, at = "PENDING" if pending else "POSTED", local_instant(day, 0)
    payload = {
        "id": line_id, "accountId": scene.book.account_ids[card.key], "description": text.title(), "descriptionRaw": text, "currencyCode": "BRL",
        "amount": cents / 100, "date": at, "type": "DEBIT" if cents > 0 else "CREDIT", "status": status, "order": order,
        "providerId": f"{rng.getrandbits(64):016x}", "operationTypeAdditionalInfo": None, "createdAt": first_seen, "updatedAt": first_seen, **extra,
    }  # fmt: skip
    scene.writer.lines.append(
        (line_id, scene.company.key, scene.book.account_ids[card.key], at, day.isoformat(), cents, status, first_seen,
         f"{day:%Y%m%d}{order:04d}{abs(cents) % 1000:03d}", text, order, orjson.dumps(payload) if day >= scene.span.window_start else None)
    )  # fmt: skip
    scene.writer.truths.append((line_id, scene.company.key, truth, orjson.dumps(refs)))


def close_bill(scene: Scene, rng: Random, day: date) -> None:
    """On the closing day put what was bought into a bill, due on the 5th; the ERP gets a payable for it."""
    card = card_of(scene)
    if card is None or day.day != CLOSING_DAY:
        return
    due = bill_month(day).replace(day=5)
    cents = scene.state.sums.pop(f"bill:{due:%Y-%m}", 0)
    if cents <= 0:
        return
    bill_id = bill_id_of(scene, bill_month(day))
    payable = open_payable(
        scene,
        rng,
        day,
        60_000,
        f"Fatura cartão final {card.number} {due:%m/%Y}",
        None,
        cents,
        due,
        "card",
        "card",
        "",
    )
    scene.at(scene.calendar.next_working_day(due), ["bill", cents, bill_id, payable, due.isoformat()])
    bill = {
        "id": bill_id, "accountId": scene.book.account_ids[card.key], "dueDate": local_instant(due, 0), "billClosingDate": local_instant(day, 0),
        "totalAmount": cents / 100, "totalAmountCurrencyCode": "BRL", "minimumPaymentAmount": round(cents * 0.15) / 100, "allowsInstallments": True,
        "financeCharges": [], "payments": [],
    }  # fmt: skip
    scene.writer.store.put("bill", bill_id, scene.company.key, scene.book.account_ids[card.key], bill)


def pay_bill(scene: Scene, rng: Random, day: date, event: Event) -> None:
    """Pay a bill: a DEBIT in the checking account and a CREDIT on the card: [name, cents, bill, payable, due]."""
    card = card_of(scene)
    assert card is not None
    _, cents, bill_id, payable, _ = event
    refs = {"payables": [payable]}
    scene.book.add(
        Draft(
            scene.spec.accounts[0].key,
            30_000,
            -cents,
            "bill",
            "card_bill",
            refs,
            extra=f"FINAL {card.number}",
        )
    )
    extra = {
        "operationType": "PAGAMENTO_FATURA",
        "category": "Credit card payment",
        "categoryId": "05100000",
        "creditCardMetadata": {"cardNumber": card.number, "billId": bill_id},
    }
    write_card_line(scene, rng, day, -cents, "PAGAMENTO RECEBIDO", "card_bill", refs, extra)
    plan_mark(scene, rng, day, 62_000, "pagamentos", payable)
    bill = scene.writer.store.get("bill", bill_id)
    if bill is not None:
        bill["payments"] = [{
            "id": make_uuid(rng), "valueType": "FULL_PAYMENT", "paymentDate": local_instant(day, 0), "paymentMode": "DEBIT_ACCOUNT",
            "amount": cents / 100, "currencyCode": "BRL",
        }]  # fmt: skip
        scene.writer.store.put("bill", bill_id, scene.company.key, bill["accountId"], bill)
