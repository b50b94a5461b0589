"""The workbench in a real browser: settled by keyboard alone, by two people at once, and on a phone."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.tests import browser
from ledger.models import Transaction
from lib import clock
from reconciliation import services
from reconciliation.models import ClientMapping, Match
from reconciliation.tests.support import clear, judge, settlement
from tenants.models import Role, Tenant
from tests import factories

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

EMAIL, OTHER = "ana@example.com", "bia@example.com"


def line(tenant: Tenant, amount: str, name: str, *, age: int) -> Transaction:
    account = factories.make_account(tenant, name="Banco")
    day = clock.today(tenant.zone) - timedelta(days=age)
    row = factories.make_transaction(account, amount, counterparty_name=name, date=day)
    factories.make_open_line(row)
    return row


def item(tenant: Tenant, amount: str, name: str, **fields: Any) -> Any:
    return factories.make_open_item(
        tenant, amount, counterparty_name=name, due_date=clock.today(tenant.zone), **fields
    )


@pytest.fixture
def aurora() -> Tenant:
    """A queue with a clear line, one that needs a choice, one without anything, and two more clear ones."""
    tenant = factories.make_tenant("Aurora")
    for email in (EMAIL, OTHER):
        factories.make_member(
            tenant, Role.ANALYST, user=factories.make_user(email, password=factories.PASSWORD)
        )
    sure, unsure, lost = (
        line(tenant, "100.00", "CLARA", age=0),
        line(tenant, "50.00", "DUVIDOSA", age=1),
        line(tenant, "-75.00", "SEM NADA", age=2),
    )
    rivals = [item(tenant, "50.00", f"Rival {n}") for n in (1, 2)]
    more = [line(tenant, f"{n}.00", f"MAIS {n}", age=n) for n in (3, 4)]
    services.propose(
        tenant=tenant,
        judgements=[
            clear(sure, item(tenant, "100.00", "Clara Dias", number="N-1")),
            judge(unsure, *(settlement(unsure, one) for one in rivals)),
            judge(lost),
            *(clear(row, item(tenant, str(row.amount), row.counterparty_name)) for row in more),
        ],
    )
    return tenant


def enter(page: Page, base: str, *, email: str = EMAIL, query: str = "") -> None:
    browser.sign_in(page, base, email)
    browser.go(page, f"{base}/t/aurora/reconciliation/{query}")


def on_desk(page: Page, name: str) -> None:
    expect(page.locator("#desk [data-desk-title]")).to_have_text(name)
    expect(page.locator(".queue-line[aria-current=true] .queue-who")).to_have_text(name)


def names(page: Page) -> Any:
    return page.locator(".queue-who")


def test_the_queue_is_worked_through_by_keyboard_alone(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        page = seen.page
        enter(page, door.url)
        on_desk(page, "CLARA")
        press = page.keyboard.press
        press("j")
        on_desk(page, "DUVIDOSA")
        press("ArrowUp")
        on_desk(page, "CLARA")
        press("c")
        expect(page.locator(".toast", has_text="Confirmado.")).to_be_visible()
        on_desk(page, "DUVIDOSA")
        press("c")
        expect(page.locator(".toast", has_text="escolha antes")).to_be_visible()
        assert Match.objects.filter(status="confirmed").count() == 1
        press("2")
        press("r")
        expect(page.locator(".toast", has_text="Rejeitado.")).to_be_visible()
        expect(page.locator("#desk .candidate")).to_have_count(1)
        press("u")
        expect(page.locator(".toast", has_text="1 conciliação desfeita.")).to_be_visible()
        press("?")
        expect(page.locator("#bench-keys")).to_be_visible()
        press("Escape")
        expect(page.locator("#bench-keys")).not_to_be_visible()
        assert seen.complaints == []


def test_several_lines_are_selected_and_linked_by_keyboard(visit, door, aurora) -> None:
    item(aurora, "7.00", "Parcela Única", number="N-7")
    with visit("about:blank") as seen:
        page = seen.page
        enter(page, door.url, query="?q=MAIS")
        on_desk(page, "MAIS 3")
        page.keyboard.press("x")
        page.keyboard.press("j")
        on_desk(page, "MAIS 4")
        page.keyboard.press("x")
        expect(page.locator("[data-picked-sum]")).to_have_text("R$\xa07,00")
        page.keyboard.press("l")
        expect(page.locator("#bench-dialog h2")).to_have_text("Vincular 2 lançamentos juntos")
        page.locator(".bench-item", has_text="Parcela Única").click()
        expect(page.locator("#bench-dialog output")).to_have_text("0,00")
        assert seen.axe() == []
        page.get_by_role("button", name="Conciliar", exact=True).click()
        expect(page.locator("[data-bench-picked]")).to_be_hidden()
        expect(page.locator(".state-title")).to_be_visible()  # nothing is left in this list
        assert Match.objects.get(status="confirmed").lines.count() == 2
        assert seen.complaints == []


def test_a_line_without_an_item_is_settled_by_keyboard(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        page = seen.page
        enter(page, door.url, query="?verdict=none")
        on_desk(page, "SEM NADA")
        page.keyboard.press("n")
        expect(page.locator("#book-category")).to_be_focused()
        assert seen.axe() == []
        page.keyboard.type("Tarifas")
        page.keyboard.press("Enter")
        expect(page.locator(".toast")).to_contain_text("conciliado sem título")
        expect(names(page)).to_have_count(0)
        assert Match.objects.get(kind="booked").status == "confirmed"
        page.keyboard.press("u")
        expect(page.locator("#desk [data-desk-title]")).to_have_text("SEM NADA")
        assert Match.objects.get(kind="booked").status == "undone"
        assert seen.complaints == []


def test_a_line_is_split_over_items_found_by_search_with_the_rest_shown(visit, door, aurora) -> None:
    item(aurora, "-40.00", "Fornecedor Um")
    item(aurora, "-30.00", "Fornecedor Dois")
    row = Transaction.objects.get(counterparty_name="SEM NADA")
    with visit("about:blank") as seen:
        page = seen.page
        enter(page, door.url, query=f"?line={row.pk}")
        page.keyboard.press("l")
        rest = page.locator("#bench-dialog output")
        expect(rest).to_have_text("75,00")
        for name, left in (("Fornecedor Um", "35,00"), ("Fornecedor Dois", "5,00")):
            page.fill("#item-find", name)
            expect(page.locator(".bench-item")).to_have_count(1)
            page.keyboard.press("Enter")
            expect(rest).to_have_text(left)
            page.focus("#item-find")
        page.get_by_role("button", name="Incluir diferença").click()
        expect(rest).to_have_text("0,00")
        assert seen.axe() == []
        page.get_by_role("button", name="Conciliar", exact=True).click()
        expect(page.locator("#bench-dialog")).not_to_be_visible()
        on_desk(page, "MAIS 3")
        assert seen.complaints == []
    match = Match.objects.get(status="confirmed")
    assert sorted(str(amount) for amount in match.items.values_list("amount", flat=True)) == [
        "-30.00",
        "-40.00",
    ]
    assert [(one.kind, str(one.amount)) for one in match.adjustments.all()] == [("interest", "-5.00")]


def test_what_does_not_add_up_stays_in_the_dialog_with_a_sentence(visit, door, aurora) -> None:
    with visit("about:blank") as seen:
        page = seen.page
        enter(page, door.url)
        page.keyboard.press("s")
        page.fill("[name=share]", "90,00")
        expect(page.locator("#bench-dialog output")).to_have_text("10,00")
        page.get_by_role("button", name="Conciliar", exact=True).click()
        expect(page.locator("#bench-problem [role=alert]")).to_contain_text("10,00")
        expect(page.locator("[name=share]")).to_have_value("90,00")
        assert seen.complaints == []


def test_all_clear_ones_are_confirmed_after_a_preview_and_taken_back_from_the_toast(
    visit, door, aurora
) -> None:
    with visit("about:blank") as seen:
        page = seen.page
        enter(page, door.url)
        page.keyboard.press("a")
        expect(page.locator("[data-bench-total]")).to_have_text("3")
        assert seen.axe() == []
        page.locator("#bench-dialog [type=submit]").click()
        expect(names(page)).to_have_text(["DUVIDOSA", "SEM NADA"])
        page.locator(".toast", has_text="3 conciliações confirmadas.").get_by_role(
            "button", name="Desfazer"
        ).click()
        expect(names(page)).to_have_count(5)
        page.keyboard.press("h")
        expect(page.locator(".bench-history > li")).to_have_count(4)
        assert seen.axe() == []
        assert seen.complaints == []


def test_two_people_see_each_others_decisions_and_cannot_both_settle_a_line(visit, door, aurora) -> None:
    with visit("about:blank") as ana, visit("about:blank") as bia:
        enter(ana.page, door.url)
        enter(bia.page, door.url, email=OTHER)
        for seen in (ana, bia):
            on_desk(seen.page, "CLARA")
            expect(seen.page.locator(".side [data-live-dot]")).to_have_attribute("data-state", "live")
        ana.page.keyboard.press("c")
        expect(bia.page.locator("#desk")).to_contain_text("Conciliada por")
        expect(names(bia.page).first).to_have_text("DUVIDOSA")
        bia.page.keyboard.press("j")
        on_desk(bia.page, "DUVIDOSA")
        assert ana.complaints == bia.complaints == []


def test_a_payer_is_mapped_by_keyboard(visit, door, aurora) -> None:
    maria = factories.make_customer(aurora, "Maria Alves")
    row = line(aurora, "33.00", "JOAO DA SILVA", age=9)
    other = item(aurora, "33.00", "Outra", customer=factories.make_customer(aurora, "Outra"))
    services.propose(tenant=aurora, judgements=[clear(row, other)])
    with visit("about:blank", worker=False) as seen:
        page = seen.page
        enter(page, door.url, query=f"?line={row.pk}")
        page.keyboard.press("m")
        expect(page.locator("#payer-find")).to_be_focused()
        near = page.get_by_role("radio", checked=True)
        expect(near).to_have_count(1)
        with browser.held(page, "**/customers/**"):
            page.keyboard.type("maria")
            page.keyboard.press("Enter")  # before the hits are there: the one of before is not taken
            expect(near).to_have_count(0)
        expect(page.get_by_role("radio", name="Maria Alves")).to_be_checked()
        page.locator("#bench-dialog [type=submit]").click()
        expect(page.locator(".toast", has_text="JOAO DA SILVA")).to_be_visible()
        assert seen.complaints == []
    assert ClientMapping.objects.get().customer == maria


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_the_queue_and_then_one_line_as_a_page(visit, door, aurora, theme: str) -> None:
    with visit("about:blank", width=390, theme=theme) as seen:
        page = seen.page
        enter(page, door.url)
        expect(page.locator("#desk")).not_to_be_visible()
        assert seen.axe() == []
        page.locator(".queue-line", has_text="DUVIDOSA").click()
        expect(page.locator("#desk [data-desk-title]")).to_have_text("DUVIDOSA")
        expect(page.locator("#queue")).not_to_be_visible()
        assert seen.axe() == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.locator("[data-bench-confirm]").first.click()
        expect(page.locator("#desk [data-desk-title]")).to_have_text("SEM NADA")
        page.locator(".desk-back").click()
        expect(names(page)).to_have_text(["CLARA", "SEM NADA", "MAIS 3", "MAIS 4"])
        assert seen.complaints == []
