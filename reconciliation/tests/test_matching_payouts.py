"""Payouts of card acquirers whose books are kept by brand and kind of sale, and items that name nobody, as ERPs keep them."""

from datetime import date, timedelta
from decimal import Decimal

from reconciliation.matching.match import match
from reconciliation.matching.payouts import contract_of
from reconciliation.matching.records import Item, Judgement, Line

D = Decimal
MONDAY = date(2026, 7, 13)
FEES = {"débito": D("0.0139"), "crédito": D("0.0319")}
CODES = {"débito": "DB1047", "crédito": "CD1047"}


def less(amount: Decimal, fee: Decimal) -> Decimal:
    return amount - (amount * fee).quantize(D("0.01"))


def batch(id_: str, amount: str, brand: str, mode: str, due: date) -> Item:
    text = f"Recebimento CIELO {brand} {mode} vendas de {due - timedelta(1):%d/%m/%Y}"
    return Item(id_, due, D(amount), text, method=f"Cartão de {mode}", text=text)


def payout(id_: str, amount: Decimal, brand: str, mode: str, on: date, account: str = "1") -> Line:
    return Line(
        id_, on, amount, description=f"Vendas com cartão CIELO {brand} {CODES[mode]}", account=account
    )


def settled(found: list[Judgement]) -> dict[str, list[str]]:
    return {
        one.line_id: [share.id for share in one.settlements[0].items]
        for one in found
        if one.verdict == "clear"
    }


def test_what_a_text_says_of_card_money():
    assert contract_of("CIELO VISA DB1046811") == ("cielo", "visa", "debit")
    assert contract_of("VENDA DE Nº 77 REDE MASTERCARD PARCELADO 1 3") == ("rede", "master", "instalments")
    assert contract_of("CARTÃO DE CRÉDITO") == ("", "", "credit")
    assert contract_of("ELOÍSA VISANI") == ("", "", "")


def test_stores_brands_and_kinds_of_sale_are_told_apart_to_the_cent():
    items, lines, true = [], [], {}
    for day in range(4):
        on = MONDAY + timedelta(day)
        for mode, fee in FEES.items():
            for n, brand in enumerate(("VISA", "ELO")):
                for store in (1, 2):
                    amount = D(f"{731 * store + 97 * day + 311 * n}.{17 + 13 * store + day}")
                    key = f"{day}{mode}{brand}{store}"
                    items.append(batch(key, str(amount), brand, mode, on))
                    lines.append(payout(f"l{key}", less(amount, fee), brand, mode, on, str(store)))
                    true[f"l{key}"] = [key]
    assert settled(match(lines, items)) == true


def test_the_weekend_comes_on_monday_as_one():
    items = [
        batch(f"{when}{store}", f"{amount + 190 * store}.41", "VISA", "débito", MONDAY)
        for when, amount in (("friday", 911), ("saturday", 1377), ("sunday", 640))
        for store in (1, 2)
    ]
    usual = [batch(f"u{n}", f"{300 + 77 * n}.09", "VISA", "débito", MONDAY + timedelta(n)) for n in (1, 2, 3)]
    lines = [
        payout(f"m{store}", sum(less(i.amount, FEES["débito"]) for i in items if i.id[-1] == store), "VISA", "débito", MONDAY, store)
        for store in "12"
    ]  # fmt: skip
    lines += [payout(f"l{i.id}", less(i.amount, FEES["débito"]), "VISA", "débito", i.due_date) for i in usual]
    found = settled(match(lines, [*items, *usual]))
    assert sorted(found["m1"]) == ["friday1", "saturday1", "sunday1"]
    assert sorted(found["m2"]) == ["friday2", "saturday2", "sunday2"]


def test_a_brand_that_no_sale_names_is_asked_about_or_nothing():
    items = [batch("i", "500.00", "VISA", "débito", MONDAY)]
    (found,) = match([payout("l", less(D("500.00"), FEES["débito"]), "ELO", "débito", MONDAY)], items)
    assert found.verdict != "clear"


def test_an_item_that_names_nobody_is_asked_about_by_amount_and_day():
    counter = Item("i", MONDAY, D("57.31"), text="Venda de balcão de nº 75035")
    stranger = Line("l", MONDAY, D("57.31"), "RAFAEL COSTA", "33639749812", "Pix recebido Rafael Costa")
    (found,) = match([stranger], [counter])
    assert (found.verdict, [s.items[0].id for s in found.settlements]) == ("ambiguous", ["i"])
    (late,) = match([Line("l", MONDAY + timedelta(9), D("57.31"), "RAFAEL COSTA", "33639749812")], [counter])
    assert late.verdict == "none"


def test_the_text_of_an_item_without_a_name_speaks_for_a_payer():
    wage = Item("i", MONDAY, D("-3420.00"), text="ADIANTAMENTO 11/2026 LUCIANA OLIVEIRA")
    (found,) = match([Line("l", MONDAY, D("-3420.00"), "LUCIANA OLIVEIRA", "15517041531")], [wage])
    assert [reason.name for s in found.settlements for reason in s.reasons][:1] == ["name_alike"]


def test_one_payout_alone_is_settled_by_the_rate_that_is_known():
    items = [
        batch("i1", "731.17", "VISA", "débito", MONDAY),
        batch("i2", "1462.34", "VISA", "débito", MONDAY),
    ]
    alone = [payout("l", less(D("731.17"), FEES["débito"]), "VISA", "débito", MONDAY)]
    known = {("cielo", "visa", "debit"): 0.0139}
    assert settled(match(alone, items, rates=known)) == {"l": ["i1"]}
    (found,) = match(alone, items, rates=known)
    said = {"sales": "1", "percent": "1.39", "acquirer": "cielo", "brand": "visa", "mode": "debit"}
    assert said in [reason.detail for reason in found.settlements[0].reasons]
