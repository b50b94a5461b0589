"""Every case that the matcher knows, on a few rows each, with exact results."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from reconciliation.matching.match import match
from reconciliation.matching.records import (
    Adjustment,
    Boleto,
    Collection,
    CollectionEntry,
    Item,
    Line,
    Mapping,
    Own,
    Share,
    Tolerance,
    Weights,
)

D = Decimal
DAY = date(2026, 7, 15)
CPF = "11144477735"
CNPJ = "11222333000181"


def item(id_="i1", amount="100.00", name="Maria Aparecida de Souza", document=CPF, due=DAY, **more):
    return Item(id_, due, D(amount), name, document, **more)


def line(id_="l1", amount="100.00", name="MARIA APARECIDA SOUZA", document=CPF, on=DAY, **more):
    return Line(id_, on, D(amount), name, document, **more)


def judge(lines, items, **more):
    found = match(lines, items, **more)
    for judgement in found:
        for settlement in judgement.settlements:
            assert sum(share.amount for share in settlement.lines) == sum(
                part.amount for part in (*settlement.items, *settlement.adjustments)
            )
    return found


def only(lines, items, **more):
    (judgement,) = judge(lines, items, **more)
    return judgement


def settled(judgement):
    (settlement,) = judgement.settlements
    assert judgement.verdict == "clear"
    return settlement


def test_the_same_document_amount_and_day_is_clear_and_says_why():
    found = settled(only([line()], [item()]))
    assert (found.kind, found.score) == ("exact", 100)
    assert found.lines == (Share("l1", D("100.00")),)
    assert found.items == (Share("i1", D("100.00")),)
    assert [(reason.name, reason.points) for reason in found.reasons] == [
        ("document_equal", 42), ("name_equal", 26), ("amount_exact", 21), ("same_day", 11),
    ]  # fmt: skip


def test_a_debit_settles_a_payable_and_never_a_receivable():
    payable = item("p1", "-100.00", "Papelaria Horizonte Ltda", CNPJ)
    receivable = item("r1", "100.00", "Papelaria Horizonte Ltda", CNPJ)
    found = settled(
        only([line(amount="-100.00", name="PAPELARIA HORIZONTE", document=CNPJ)], [payable, receivable])
    )
    assert found.items == (Share("p1", D("-100.00")),)


@pytest.mark.parametrize(
    "shown",
    [
        "PIX RECEBIDO MARIA APARECIDA DE S",
        "MARIA A SOUZA",
        "TED-MARIA APARECIDA SOUZA",
        "MARIA APARCEIDA DE SOUZA",
        "Maria Aparecida de Sousa",
    ],
)
def test_a_name_as_banks_show_it_finds_its_item_at_a_rare_amount(shown):
    found = settled(only([line(name=shown, document="", amount="187.43")], [item(amount="187.43")]))
    assert found.items[0].id == "i1"


def test_a_masked_document_is_evidence_by_its_visible_digits():
    assert (
        settled(only([line(document="***.444.777-**", name="MARIA A")], [item()])).reasons[0].name
        == "document_masked_fits"
    )
    assert only([line(document="***.555.777-**")], [item()]).verdict == "none"


def test_another_full_document_is_nobody_s_homonym():
    assert only([line(document="52998224725")], [item()]).verdict == "none"


def test_a_branch_of_the_same_company_pays():
    found = only(
        [line(document="11222333000262", name="ESTRELA COMERCIO")],
        [item(name="Estrela Comércio Ltda", document=CNPJ)],
    )
    assert settled(found).reasons[0].name == "document_same_company"


def test_two_equal_items_are_never_guessed_between():
    found = only([line()], [item("i1"), item("i2")])
    assert found.verdict == "ambiguous"
    assert {settlement.items[0].id for settlement in found.settlements} == {"i1", "i2"}


def test_two_equal_lines_for_one_item_are_never_guessed_between():
    assert [found.verdict for found in judge([line("l1"), line("l2")], [item()])] == [
        "ambiguous",
        "ambiguous",
    ]


def test_instalments_of_two_months_go_with_the_month_of_the_payment():
    items = [item("june", due=date(2026, 6, 15)), item("july", due=DAY)]
    lines = [line("a", on=date(2026, 6, 16)), line("b", on=date(2026, 7, 16))]
    assert [settled(found).items[0].id for found in judge(lines, items)] == ["june", "july"]


def test_what_a_neighbour_takes_for_certain_leaves_the_rest_clear():
    """Both lines bear the name, one shows the document of one of the namesakes."""
    items = [
        item("a", name="João Galvão Werneck", document=CPF),
        item("b", name="João Galvão Werneck", document="52998224725"),
    ]
    lines = [
        line("x", name="JOAO GALVAO WERNECK", document=CPF),
        line("y", name="JOAO GALVAO WERNECK", document=""),
    ]
    assert [settled(found).items[0].id for found in judge(lines, items)] == ["a", "b"]


def test_a_rejected_pair_is_not_proposed_again():
    assert only([line()], [item()], rejected=frozenset({("l1", "i1")})).verdict == "none"


def test_currencies_are_not_mixed():
    assert only([line(currency="USD")], [item()]).verdict == "none"


def test_a_difference_within_the_company_s_tolerance_is_rounding():
    found = settled(
        only([line(amount="99.70")], [item()], tolerance=Tolerance(amount=D("0.50"), percent=D(0)))
    )
    assert (found.kind, found.adjustments) == ("tolerance", (Adjustment("rounding", D("-0.30")),))


def test_a_small_fee_is_booked_apart():
    found = settled(only([line(amount="98.77")], [item()]))
    assert (found.kind, found.adjustments) == ("tolerance", (Adjustment("fee", D("-1.23")),))


@pytest.mark.parametrize(
    ("net", "kind"),
    [
        ("9850.00", "withholding_irrf"),
        ("9535.00", "withholding_pcc"),
        ("9385.00", "withholding_irrf_pcc"),
        ("8900.00", "withholding_inss"),
        ("9500.00", "withholding_iss"),
        ("9800.00", "withholding_iss"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_tax_that_was_withheld_is_named(net, kind, sign):
    amount = D("10000.00") * sign
    found = settled(
        only(
            [line(amount=str(sign * D(net)), name="ESTRELA SERVICOS", document=CNPJ)],
            [item(amount=str(amount), name="Estrela Serviços Ltda", document=CNPJ)],
        )
    )
    assert found.kind == "withholding"
    assert found.adjustments == (Adjustment(kind, sign * D(net) - amount),)
    assert kind in {reason.name for reason in found.reasons}


def test_a_person_withholds_nothing():
    assert settled(only([line(amount="98.50")], [item()])).adjustments[0].kind == "fee"


def test_a_late_boleto_has_its_fine_and_interest_apart():
    """2 % and 1 % a month for 15 days of R$ 300,00."""
    found = settled(
        only(
            [line(amount="307.50", document="", on=DAY + timedelta(15), reference="00001234567890")],
            [item(amount="300.00", reference="1234567890")],
        )
    )
    assert found.kind == "boleto"
    assert found.adjustments == (Adjustment("fine", D("6.00")), Adjustment("interest", D("1.50")))


def test_the_bank_s_own_split_of_a_boleto_is_believed():
    split = Boleto(base=D("300.00"), interest=D("2.10"), fine=D("6.00"), discount=D("10.00"))
    found = settled(only([line(amount="298.10", boleto=split)], [item(amount="300.00")]))
    assert found.adjustments == (
        Adjustment("interest", D("2.10")),
        Adjustment("fine", D("6.00")),
        Adjustment("discount", D("-10.00")),
    )


def test_an_early_boleto_has_its_discount_apart():
    found = settled(
        only(
            [line(amount="285.00", on=DAY - timedelta(3), reference="1234567890")],
            [item(amount="300.00", reference="1234567890")],
        )
    )
    assert (found.kind, found.adjustments) == ("boleto", (Adjustment("discount", D("-15.00")),))


def test_a_typed_line_and_its_bar_code_are_one_reference():
    typed = "34191.09123 34567.890123 34567.890123 8 15440000150000"
    found = only(
        [
            line(
                amount="1500.00",
                name="",
                document="",
                reference="34198154400001500001091234567890123456789012",
            )
        ],
        [item(amount="1500.00", reference=typed), item("i2", "1500.00", "Outra Pessoa", "52998224725")],
    )
    assert settled(found).items[0].id == "i1"


def test_the_number_inside_the_bar_code_finds_its_item():
    found = only(
        [
            line(
                amount="1500.00",
                name="",
                document="",
                reference="34198154400001500001091234567890123456789012",
            )
        ],
        [item(amount="1500.00", reference="12345678901")],
    )
    assert settled(found).items[0].id == "i1"


def test_a_part_that_names_its_item_is_settled_and_another_one_is_asked_about():
    big = item(amount="1000.00", reference="PEDIDO-778899")
    named = settled(only([line(amount="300.00", description="PIX PARTE PEDIDO-778899")], [big]))
    assert (named.kind, named.items) == ("partial", (Share("i1", D("300.00")),))
    silent = only([line(amount="300.00")], [big])
    assert (silent.verdict, silent.settlements[0].kind) == ("ambiguous", "partial")


def test_parts_never_exceed_their_item():
    big = item(amount="1000.00", reference="PEDIDO-778899")
    lines = [
        line(f"l{n}", amount="400.00", on=DAY + timedelta(n), description="PEDIDO-778899") for n in range(3)
    ]
    assert {found.verdict for found in judge(lines, [big])} == {"ambiguous"}


def test_one_payment_for_several_items():
    items = [item("a", "120.37"), item("b", "88.12", due=DAY - timedelta(30)), item("c", "501.99")]
    found = settled(only([line(amount="208.49")], items))
    assert found.kind == "one_to_many"
    assert found.items == (Share("a", D("120.37")), Share("b", D("88.12")))


def test_two_ways_to_add_up_are_asked_about():
    items = [item("a", "100.00"), item("b", "150.00"), item("c", "200.00"), item("d", "50.00")]
    found = only([line(amount="250.00")], items)
    assert found.verdict == "ambiguous"
    assert {tuple(share.id for share in s.items) for s in found.settlements} >= {("a", "b"), ("c", "d")}


def test_several_payments_for_one_item():
    lines = [line("x", "400.10"), line("y", "333.33", on=DAY + timedelta(2)), line("z", "12.00")]
    found = judge(lines, [item(amount="733.43")])
    assert [f.verdict for f in found[:2]] == ["clear", "clear"]
    assert found[2].verdict != "clear"
    assert found[0].settlements == found[1].settlements
    assert found[0].settlements[0].kind == "many_to_one"
    assert found[0].settlements[0].items == (Share("i1", D("733.43")),)


def test_all_items_of_one_batch_number_are_one_credit():
    items = [item(f"i{n}", f"{100 + n}.00", f"Cliente {n}", "", reference="LOTE-556677") for n in range(20)]
    total = sum(i.amount for i in items)
    found = settled(
        only([line(amount=str(total - 10), name="", document="", description="COBRANCA LOTE-556677")], items)
    )
    assert (found.kind, len(found.items)) == ("cnab", 20)
    assert found.adjustments == (Adjustment("fee", D("-10.00")),)


def test_the_sum_of_a_return_file_settles_its_items():
    items = [
        item("a", "100.00", reference="9000000001"),
        item("b", "200.00", reference="9000000002"),
        item("c", "300.00"),
    ]
    entries = (
        CollectionEntry("00009000000001", D("100.00"), D("101.50"), interest=D("3.00"), fee=D("1.50")),
        CollectionEntry("9000000002", D("200.00"), D("193.50"), discount=D("5.00"), fee=D("1.50")),
    )
    found = settled(
        only(
            [line(amount="295.00", name="", document="", description="LIQUIDO DE COBRANCA")],
            items,
            collections=[Collection("file 1", DAY, entries)],
        )
    )
    assert (found.kind, [share.id for share in found.items]) == ("cnab", ["a", "b"])
    assert found.adjustments == (
        Adjustment("interest", D("3.00")),
        Adjustment("discount", D("-5.00")),
        Adjustment("fee", D("-3.00")),
    )


@pytest.mark.parametrize(
    ("net", "interest", "verdict", "difference"),
    [
        ("110.01", "10.00", "clear", [("interest", "10.00"), ("rounding", "0.01")]),
        ("110.00", "0", "ambiguous", [("interest", "10.00")]),  # a layout without the split, or a lie
        ("95.00", "0", "ambiguous", [("discount", "-5.00")]),
        ("110.00", "2.00", "ambiguous", [("interest", "10.00")]),
        ("900.00", "0", "none", []),  # no number of the file stands for that
    ],
)
def test_what_a_return_file_leaves_unexplained_is_never_called_clear(net, interest, verdict, difference):
    entry = CollectionEntry("9000000001", D("100.00"), D(net), interest=D(interest))
    found = only(
        [line(amount=net, name="", document="", description="LIQUIDO DE COBRANCA")],
        [item("a", "100.00", name="", document="", reference="9000000001")],
        collections=[Collection("file 1", DAY, (entry,))],
    )
    assert found.verdict == verdict
    shown = (
        [(one.kind, str(one.amount)) for one in found.settlements[0].adjustments] if found.settlements else []
    )
    assert shown == difference


def test_a_card_payout_is_the_sales_of_its_days_less_a_fee():
    sales = [
        item(
            f"s{day}{n}",
            f"{50 + 13 * n + day}.37",
            f"Cliente {n}",
            "",
            due=DAY + timedelta(day),
            method="Cartão Stone",
        )
        for day in range(4)
        for n in range(6)
    ]
    gross = {day: sum(s.amount for s in sales if s.due_date == DAY + timedelta(day)) for day in range(4)}
    paid = [gross[0], gross[1] + gross[2], gross[3]]
    lines = [
        line(
            f"p{n}",
            str((amount * D("0.975")).quantize(D("0.01"))),
            "STONE PAGAMENTOS",
            "",
            on=DAY + timedelta(day),
        )
        for n, (amount, day) in enumerate(zip(paid, (1, 3, 4), strict=True))
    ]
    found = [settled(f) for f in judge(lines, sales)]
    assert [(f.kind, len(f.items)) for f in found] == [("payout", 6), ("payout", 12), ("payout", 6)]
    assert all(f.adjustments[0].kind == "fee" for f in found)


def test_a_learned_payer_pays_for_the_customer():
    known = Mapping("52998224725", "", "customer 7", right=3)
    found = settled(
        only([line(name="JOAO FILHO", document="52998224725")], [item(party="customer 7")], mappings=[known])
    )
    assert (found.kind, found.reasons[0].name) == ("mapped", "payer_mapped")
    doubted = Mapping("52998224725", "", "customer 7", right=1, wrong=2)
    assert (
        only(
            [line(name="JOAO FILHO", document="52998224725")], [item(party="customer 7")], mappings=[doubted]
        ).verdict
        == "none"
    )


def test_a_phone_or_an_e_mail_in_the_text_is_evidence():
    items = [
        item(phone="(41) 99876-5432", email="maria@exemplo.com.br"),
        item("i2", name="Outro Nome", document="52998224725"),
    ]
    by_phone = only([line(name="", document="", description="PIX 41998765432")], items)
    by_mail = only([line(name="", document="", description="pix Maria@Exemplo.com.br")], items)
    for found in (by_phone, by_mail):
        assert settled(found).items[0].id == "i1"
        assert "contact_equal" in {reason.name for reason in settled(found).reasons}


def test_a_transfer_between_own_accounts_settles_its_two_lines():
    own = Own(frozenset({CNPJ}), frozenset({"Empresa Exemplo Ltda"}))
    lines = [
        line("out", "-5000.00", "EMPRESA EXEMPLO LTDA", CNPJ, account="1"),
        line("in", "5000.00", "EMPRESA EXEMPLO", CNPJ, on=DAY + timedelta(1), account="2"),
    ]
    found = judge(lines, [], own=own)
    assert settled(found[0]) == settled(found[1])
    assert settled(found[0]).kind == "transfer"
    assert settled(found[0]).items == ()
    same_account = [lines[0], line("in", "5000.00", "EMPRESA EXEMPLO", CNPJ, account="1")]
    assert [f.verdict for f in judge(same_account, [], own=own)] == ["none", "none"]


def test_money_sent_back_settles_with_the_payment_that_it_undoes():
    lines = [
        line("paid"),
        line("back", "-100.00", description="PIX DEVOLVIDO", on=DAY + timedelta(3)),
        line("else", name="OUTRO", document=""),
    ]
    found = judge(lines, [item()])
    assert settled(found[0]).kind == "refund"
    assert {share.id for share in settled(found[1]).lines} == {"paid", "back"}
    assert found[2].verdict != "clear"


def test_a_pending_line_is_left_to_the_one_it_was_posted_as():
    lines = [line("waiting", pending=True), line("posted", on=DAY + timedelta(1))]
    waiting, posted = judge(lines, [item()])
    assert (waiting.verdict, waiting.posted_as) == ("none", "posted")
    assert settled(posted).items[0].id == "i1"


def test_a_pending_line_alone_finds_its_item():
    assert settled(only([line(pending=True)], [item()])).items[0].id == "i1"


def test_weights_move_the_score_and_nothing_weighs_nothing():
    early = only([line(on=DAY - timedelta(5))], [item()], weights=Weights(date=0))
    assert settled(early).score == 100
    assert only([line()], [item()], weights=Weights(0, 0, 0, 0, 0)).verdict == "none"


@pytest.mark.parametrize(("lines", "items"), [([], []), ([line()], []), ([], [item()])])
def test_nothing_on_a_side_is_no_error(lines, items):
    assert [f.verdict for f in match(lines, items)] == ["none"] * len(lines)


def test_an_id_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="'l1' stands twice"):
        match([line(), line()], [])


def test_a_third_decimal_place_is_refused():
    with pytest.raises(ValueError, match="more than two decimal places"):
        match([line(amount="1.001")], [])


def test_a_payment_that_calls_itself_a_part_is_one_of_the_only_item_that_its_payer_owes():
    part = line(amount="40.00", description="PIX RECEBIDO SINAL")
    found = settled(only([part], [item()]))
    assert (found.kind, found.items) == ("partial", (Share("i1", D("40.00")),))
    assert only([part], [item(), item("i2", "90.00")]).verdict == "ambiguous"  # of which?
    assert only([part], [item(document="")]).verdict != "clear"  # the name alone says too little
    assert only([line(amount="40.00")], [item()]).verdict == "ambiguous"
