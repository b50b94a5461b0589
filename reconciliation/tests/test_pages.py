"""The workbench: what it shows to whom, what each button does, and what a page costs."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from ledger.lists import parse
from ledger.models import OpenItem, Transaction
from reconciliation import screens, services, words
from reconciliation.lists import QUEUE
from reconciliation.models import ClientMapping, Match, OpenLine, Progress
from reconciliation.tests.support import clear, judge, settlement
from tenants.models import Role, Tenant
from tests.cast import Cast
from tests.factories import (
    DAY,
    NOON,
    access_of,
    make_account,
    make_customer,
    make_member,
    make_open_item,
    make_open_line,
    make_transaction,
)

pytestmark = pytest.mark.django_db
URL = "/t/aurora/reconciliation/"
HTMX = {"HX-Request": "true", "HX-Target": "desk"}


def line(tenant: Tenant, amount: str = "100.00", **fields: Any) -> Transaction:
    """A line in the queue."""
    row = make_transaction(make_account(tenant, name="Banco"), amount, **fields)
    make_open_line(row)
    return row


def proposal(tenant: Tenant, amount: str = "100.00", **fields: Any) -> Match:
    """A clear proposal."""
    row, item = (
        line(tenant, amount, **fields),
        make_open_item(tenant, amount, counterparty_name="Maria Alves", number="N-7"),
    )
    services.propose(tenant=tenant, judgements=[clear(row, item)])
    return Match.objects.get(lines__transaction=row)


def line_of(match: Match) -> int:
    return match.lines.get().transaction_id


def post(client: Client, path: str, data: Any = None) -> Any:
    """Send what a button of the page sends."""
    return client.post(f"{URL}decide/{path}", data or {}, headers=HTMX)


def toast(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer["HX-Trigger"])["toast"]
    return found


@pytest.fixture
def ana(cast: Cast, client: Client) -> Client:
    client.force_login(cast.ana)
    return client


# --- what is shown -----------------------------------------------------------------------------------------------------------
def test_the_queue_and_the_first_line_with_its_reasons_in_words(ana: Client, cast: Cast) -> None:
    proposal(cast.aurora, "1234.50", counterparty_name="MARIA A", description="PIX RECEBIDO")
    proposal(cast.boreal, counterparty_name="DE OUTRA EMPRESA")
    html = ana.get(URL).content.decode()
    for said in (
        "MARIA A",
        "1.234,50",
        "Maria Alves",
        "N-7",
        "Mesmo CPF/CNPJ",
        "Mesmo valor",
        "PIX RECEBIDO",
    ):
        assert said in html, said
    assert "DE OUTRA EMPRESA" not in html


def test_a_difference_is_named_and_what_stays_open_is_said(ana: Client, cast: Cast) -> None:
    row = line(cast.aurora, "938.50")
    item = make_open_item(cast.aurora, "1000.00", counterparty_name="Clínica Sol")
    services.propose(
        tenant=cast.aurora,
        judgements=[
            judge(
                row, settlement(row, item, kind="withholding", adjustments={"withholding_irrf_pcc": "-61.50"})
            )
        ],
    )
    html = ana.get(f"{URL}line/{row.pk}/", headers=HTMX).content.decode()
    assert "IRRF e PIS/COFINS/CSLL" in html
    assert "6,15 %" in html
    partial = line(cast.aurora, "300.00")
    other = make_open_item(cast.aurora, "1000.00")
    services.propose(
        tenant=cast.aurora,
        judgements=[judge(partial, settlement(partial, (other, "300.00"), kind="partial"))],
    )
    html = ana.get(f"{URL}line/{partial.pk}/", headers=HTMX).content.decode()
    assert "fica em aberto R$\xa0700,00" in html.replace("&nbsp;", "\xa0")


def test_every_reason_that_the_matcher_may_give_has_words() -> None:
    from reconciliation.matching.build import AMOUNT_REASONS

    known = set(words.REASONS) | {"days_late", "days_early"}
    assert set(AMOUNT_REASONS.values()) <= known
    assert words.reason("name_alike", {"percent": "87"}) == "Nome 87 % parecido"
    assert (
        words.reason("amount_less_fee_of_payout", {"percent": "3.00"})
        == "Vendas no cartão menos taxa de 3,00 %"
    )
    assert words.reason("days_late", {"days": "1"}) == "1 dia após o vencimento"
    assert words.reason("amount_less_fee_of_payout", {}).endswith("? %")
    assert words.reason("something_new", {}) == "something new"


def test_filters_search_and_the_line_are_in_the_address(ana: Client, cast: Cast) -> None:
    proposal(cast.aurora, "10.00", counterparty_name="PEDRO")
    out = line(cast.aurora, "-99.00", counterparty_name="ALUGUEL")

    def shown(query: str) -> set[str]:
        html = ana.get(
            f"{URL}?{query}", headers={"HX-Request": "true", "HX-Target": "queue"}
        ).content.decode()
        return {name for name in ("PEDRO", "ALUGUEL") if name in html}

    assert shown("") == {"PEDRO", "ALUGUEL"}
    assert shown("verdict=clear") == shown("direction=in") == shown("q=pedro") == shown("max=50") == {"PEDRO"}
    assert shown(f"account={out.account_id}") == shown("q=99,00") == {"ALUGUEL"}
    assert shown("from=2026-03-11&to=2026-03-12") == set()
    html = ana.get(f"{URL}?line={out.pk}").content.decode()
    assert f'data-line="{out.pk}" data-desk="{URL}line/{out.pk}/?line={out.pk}" aria-current="true"' in html


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "verdict=x", "line=x", "line=99999999999999999999", "status=x", "account=x", "sort=x"],
)
def test_an_address_that_makes_no_sense_shows_the_queue(ana: Client, cast: Cast, query: str) -> None:
    proposal(cast.aurora, counterparty_name="PEDRO")
    answer = ana.get(f"{URL}?{query}")
    assert answer.status_code == 200
    assert "PEDRO" in answer.content.decode()


def test_pages_of_the_queue_do_not_overlap(ana: Client, cast: Cast) -> None:
    account = make_account(cast.aurora)
    for n in range(60):
        make_open_line(make_transaction(account, f"{n + 1}.00"))
    first = ana.get(URL).context["page"]
    second = ana.get(f"{URL}?cursor={first.next}").context["page"]
    seen = [row["transaction_id"] for row in [*first.rows, *second.rows]]
    assert (len(first.rows), len(second.rows), len(set(seen))) == (50, 10, 60)


def test_why_a_queue_is_empty(ana: Client, cast: Cast) -> None:
    def said() -> str:
        return ana.get(URL).content.decode()

    assert "Ainda não há lançamento do banco" in said()
    row = make_transaction(make_account(cast.aurora))
    assert "Ainda não há com o que comparar" in said()
    item = make_open_item(cast.aurora)
    assert "A fila está sendo preparada" in said()
    make_open_line(row)
    services.propose(tenant=cast.aurora, judgements=[clear(row, item)])
    Progress.objects.create(tenant=cast.aurora, seen_until=NOON)
    assert "Nada corresponde ao filtro" in ana.get(f"{URL}?q=nada").content.decode()
    services.confirm(access=access_of(cast.ana, cast.aurora), matches=[Match.objects.get().pk])
    assert "Tudo conciliado" in said()


# --- deciding -------------------------------------------------------------------------------------------------------------------
def test_confirming_goes_on_with_the_next_line_and_undo_brings_it_back(ana: Client, cast: Cast) -> None:
    first = proposal(cast.aurora, "20.00", date=DAY.replace(day=9))
    second = proposal(cast.aurora, "30.00", date=DAY.replace(day=8), counterparty_name="A SEGUINTE")
    answer = post(ana, "confirm/", {"match": first.pk, "line": line_of(first), "key": "k1"})
    assert "A SEGUINTE" in answer.content.decode()
    assert json.loads(answer["HX-Trigger"])["bench-changed"] == {"line": line_of(second)}
    first.refresh_from_db()
    assert first.status == Match.Status.CONFIRMED
    undone = ana.post(toast(answer)["undo"]["url"], headers=HTMX)
    first.refresh_from_db()
    assert first.status == Match.Status.UNDONE
    assert json.loads(undone["HX-Trigger"])["bench-changed"] == {"line": line_of(first)}
    assert OpenLine.objects.filter(transaction=line_of(first)).exists()


def test_without_script_a_decision_leads_back_to_the_workbench(ana: Client, cast: Cast) -> None:
    match = proposal(cast.aurora)
    answer = ana.post(f"{URL}decide/confirm/?verdict=clear", {"match": match.pk, "line": line_of(match)})
    assert answer["Location"] == f"{URL}?verdict=clear"
    assert "Confirmado." in ana.get(answer["Location"]).content.decode()


def test_a_rejection_keeps_the_line_and_is_remembered(ana: Client, cast: Cast) -> None:
    match = proposal(cast.aurora, counterparty_name="PEDRO")
    answer = post(ana, "reject/", {"match": match.pk, "line": line_of(match)})
    assert "PEDRO" in answer.content.decode()
    match.refresh_from_db()
    assert match.status == Match.Status.REJECTED


def test_a_line_that_somebody_else_settled_says_so_and_steps_aside(ana: Client, cast: Cast) -> None:
    match = proposal(cast.aurora, date=DAY)
    following = proposal(cast.aurora, "7.00", date=DAY.replace(day=1), counterparty_name="A SEGUINTE")
    bia = make_member(cast.aurora, Role.ANALYST, email="bia@example.com")
    services.confirm(access=access_of(bia, cast.aurora), matches=[match.pk])
    answer = post(ana, "confirm/", {"match": match.pk, "line": line_of(match)})
    assert answer.status_code == 200
    assert toast(answer)["tone"] == "warn"
    assert str(bia) in toast(answer)["text"]
    assert json.loads(answer["HX-Trigger"])["bench-changed"] == {"line": line_of(following)}
    desk = ana.get(f"{URL}line/{line_of(match)}/", headers=HTMX).content.decode()
    assert f"Conciliada por {bia}" in desk


def test_all_clear_ones_are_previewed_by_kind_confirmed_once_and_undone_together(
    ana: Client, cast: Cast
) -> None:
    made = [proposal(cast.aurora, amount) for amount in ("10.00", "20.00", "-5.00")]
    unsure = line(cast.aurora, "8.00")
    rivals = [make_open_item(cast.aurora, "8.00") for _ in "12"]
    services.propose(
        tenant=cast.aurora, judgements=[judge(unsure, *(settlement(unsure, one) for one in rivals))]
    )
    proposal(cast.boreal)
    found = ana.get(f"{URL}clear/", headers=HTMX).context["found"]
    assert [(one["kind"], one["count"], str(one["inflow"]), str(one["outflow"])) for one in found.kinds] == [
        ("exact", 3, "30.00", "-5.00")
    ]
    asked = {"kinds": "exact-BRL", "ids-exact-BRL": found.kinds[0]["ids"], "key": "bulk-1"}
    answer = post(ana, "clear/", asked)
    again = post(ana, "clear/", asked)
    assert toast(answer)["text"] == toast(again)["text"] == "3 conciliações confirmadas."
    assert Match.objects.filter(status="confirmed").count() == 3
    assert toast(answer)["undo"] == toast(again)["undo"]
    ana.post(toast(answer)["undo"]["url"], headers=HTMX)
    assert set(Match.objects.filter(pk__in=[one.pk for one in made]).values_list("status", flat=True)) == {
        "undone"
    }


def test_the_preview_holds_to_the_filter(ana: Client, cast: Cast) -> None:
    proposal(cast.aurora, "10.00", counterparty_name="PEDRO")
    proposal(cast.aurora, "20.00", counterparty_name="PAULA")
    assert ana.get(f"{URL}clear/?q=pedro").context["found"].lines == 1
    assert ana.get(f"{URL}clear/?direction=out").context["found"].lines == 0


def test_a_split_over_several_items_with_a_difference(ana: Client, cast: Cast) -> None:
    row = line(cast.aurora, "-1050.00")
    items = [make_open_item(cast.aurora, amount) for amount in ("-600.00", "-400.00")]
    answer = post(
        ana,
        f"link/{row.pk}/",
        {
            "item": [one.pk for one in items],
            "share": ["600,00", "400,00"],
            "kind": "interest",
            "difference": "50,00",
            "key": "s1",
        },
    )
    assert toast(answer)["tone"] == "good"
    match = Match.objects.get(status="confirmed")
    assert sorted(str(amount) for amount in match.items.values_list("amount", flat=True)) == [
        "-400.00",
        "-600.00",
    ]
    assert [(one.kind, str(one.amount)) for one in match.adjustments.all()] == [("interest", "-50.00")]


@pytest.mark.parametrize(
    ("share", "kind", "amount"),
    [
        ("90,00", "", ""),
        ("x", "", ""),
        ("100,00", "discount", "5,00"),
        ("100,00", "unheard_of", "1,00"),
        ("500,00", "discount", "400,00"),
    ],
)
def test_what_does_not_add_up_is_said_in_the_dialog(
    ana: Client, cast: Cast, share: str, kind: str, amount: str
) -> None:
    row, item = line(cast.aurora), make_open_item(cast.aurora)
    answer = post(
        ana, f"link/{row.pk}/", {"item": item.pk, "share": share, "kind": kind, "difference": amount}
    )
    assert (answer.status_code, answer["HX-Retarget"]) == (200, "#bench-problem")
    assert 'role="alert"' in answer.content.decode()
    assert not Match.objects.exists()


def test_the_editor_starts_from_the_proposal_and_finds_other_items(ana: Client, cast: Cast) -> None:
    match = proposal(cast.aurora)
    make_open_item(cast.aurora, "70.00", counterparty_name="Joana Prado", number="N-9")
    make_open_item(cast.aurora, "-70.00", counterparty_name="Joana Prado")
    make_open_item(cast.boreal, "70.00", counterparty_name="Joana Alheia")
    pk = line_of(match)
    html = ana.get(f"{URL}line/{pk}/edit/?match={match.pk}", headers=HTMX).content.decode()
    assert 'name="share"' in html
    assert 'value="100,00"' in html
    found = ana.get(f"{URL}line/{pk}/items/?find=joana", headers=HTMX).context["found"]
    assert [(one["number"], str(one["rest"])) for one in found] == [("N-9", "70.00")]


def test_who_pays_for_whom(ana: Client, cast: Cast) -> None:
    row = line(cast.aurora, counterparty_name="JOAO DA SILVA")
    maria, stranger = make_customer(cast.aurora, "Maria Alves"), make_customer(cast.boreal, "Maria Alheia")
    found = ana.get(f"{URL}line/{row.pk}/customers/?find=maria", headers=HTMX).context["found"]
    assert found == [(maria.pk, "Maria Alves")]
    assert post(ana, f"payer/{row.pk}/", {"customer": stranger.pk}).status_code == 404
    assert post(ana, f"payer/{row.pk}/", {})["HX-Retarget"] == "#bench-problem"
    answer = post(ana, f"payer/{row.pk}/", {"customer": maria.pk})
    assert "JOAO DA SILVA" in toast(answer)["text"]
    assert ClientMapping.objects.get().customer == maria


def test_the_history_tells_a_bulk_as_one_and_u_takes_back_only_ones_own_latest(
    ana: Client, cast: Cast
) -> None:
    mine, theirs = (
        proposal(cast.aurora, "10.00"),
        [proposal(cast.aurora, "20.00"), proposal(cast.aurora, "30.00")],
    )
    services.confirm(access=access_of(cast.ana, cast.aurora), matches=[mine.pk])
    bia = make_member(cast.aurora, Role.ANALYST, email="bia@example.com")
    services.confirm(access=access_of(bia, cast.aurora), matches=[one.pk for one in theirs])
    entries = ana.get(f"{URL}history/", headers=HTMX).context["entries"]
    assert [(one["who"], one["count"], one["undoable"], one["latest"]) for one in entries] == [
        (str(bia), 2, True, False),
        (str(cast.ana), 1, True, True),
    ]
    post(ana, "undo/")
    assert list(Match.objects.order_by("pk").values_list("status", flat=True)) == [
        "undone",
        "confirmed",
        "confirmed",
    ]
    assert toast(post(ana, "undo/"))["tone"] == "warn"


def test_what_was_decided_is_listed_with_its_way_back(ana: Client, cast: Cast) -> None:
    match = proposal(cast.aurora, counterparty_name="PEDRO")
    services.confirm(access=access_of(cast.ana, cast.aurora), matches=[match.pk])
    html = ana.get(f"{URL}?status=confirmed").content.decode()
    assert "PEDRO" in html
    assert f'hx-post="{URL}decide/undo/?match={match.pk}"' in html
    assert ana.get(f"{URL}match/{match.pk}/", headers=HTMX).status_code == 200


# --- who may ----------------------------------------------------------------------------------------------------------------------
def test_strangers_readers_and_analysts(cast: Cast, client: Client) -> None:
    match = proposal(cast.aurora)
    pk = line_of(match)
    asked = {"match": match.pk, "line": pk}
    client.force_login(cast.carla)
    for path in ("", f"line/{pk}/", f"match/{match.pk}/", "clear/", "history/", f"line/{pk}/edit/"):
        assert client.get(f"{URL}{path}").status_code == 404, path
        assert client.get(f"/t/boreal/reconciliation/{path}").status_code == (
            404 if str(pk) in path or str(match.pk) in path else 200
        )
    for path in ("items", "customers", "payer", "edit"):
        assert client.get(f"/t/boreal/reconciliation/line/{pk}/{path}/").status_code == 404, path
    for path in ("confirm/", "reject/", f"undo/?match={match.pk}", f"link/{pk}/", f"payer/{pk}/"):
        assert client.post(f"/t/boreal/reconciliation/decide/{path}", asked).status_code == 404, path
    assert client.post(f"/t/boreal/reconciliation/decide/link/{pk}/", {}).status_code == 404
    client.force_login(cast.bruno)
    html = client.get(URL).content.decode()
    assert "decide/" not in html
    assert "Você pode ver tudo aqui" in html
    assert post(client, "confirm/", asked).status_code == 403
    assert client.get(f"{URL}clear/").status_code == 403
    client.force_login(make_member(cast.aurora, Role.ANALYST, email="bia@example.com"))
    assert toast(post(client, "confirm/", asked))["tone"] == "good"


# --- what it costs -----------------------------------------------------------------------------------------------------------------
def test_a_page_costs_the_same_however_long_it_is(ana: Client, cast: Cast) -> None:
    costs = []
    for _ in range(2):
        for _ in range(3):
            proposal(cast.aurora)
        ana.get(URL)
        with CaptureQueriesContext(connection) as queries:
            ana.get(URL)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 24


def test_the_next_line_follows_the_order_of_the_list(cast: Cast) -> None:
    rows = [
        line(cast.aurora, amount, date=DAY.replace(day=day))
        for amount, day in (("5.00", 3), ("9.00", 2), ("7.00", 1))
    ]

    def after(query: str, row: Transaction) -> int | None:
        return screens.after(cast.aurora, parse(QUEUE, {"sort": query}, today=DAY), row.pk)

    assert after("-date", rows[0]) == rows[1].pk
    assert after("date", rows[1]) == rows[0].pk
    assert after("-amount", rows[1]) == rows[2].pk
    assert after("-date", rows[2]) == rows[0].pk  # behind the last comes the first
    OpenLine.objects.exclude(transaction=rows[2]).delete()
    assert after("-date", rows[2]) is None


def test_items_that_are_settled_already_are_not_offered(ana: Client, cast: Cast) -> None:
    row = line(cast.aurora, "100.00")
    for status in (OpenItem.Status.PAID, OpenItem.Status.CANCELLED):
        make_open_item(cast.aurora, "100.00", status=status, counterparty_name=str(status))
    make_open_item(cast.aurora, "100.00", counterparty_name="aberto")
    found = ana.get(f"{URL}line/{row.pk}/items/", headers=HTMX).context["found"]
    assert [one["counterparty_name"] for one in found] == ["aberto"]


# --- several lines at once ----------------------------------------------------------------------------------------------------------
def test_several_payments_settle_one_item_by_hand(ana: Client, cast: Cast) -> None:
    first, second = (line(cast.aurora, amount, date=DAY) for amount in ("60.00", "40.00"))
    item = make_open_item(cast.aurora, "100.00", number="N-9")
    both = f"{first.pk},{second.pk}"
    editor = ana.get(f"{URL}line/{first.pk}/edit/?lines={both}", headers=HTMX)
    assert [str(part["amount"]) for part in editor.context["line"]["parts"]] == ["60.00", "40.00"]
    assert [one["number"] for one in editor.context["found"]] == ["N-9"]  # of the sum's amount
    asked = {"lines": both, "item": item.pk, "share": "100,00", "key": "m1"}
    answer = post(ana, f"link/{first.pk}/", asked)
    assert toast(answer)["tone"] == "good"
    match = Match.objects.get(status="confirmed")
    assert (match.kind, match.lines.count(), str(match.amount)) == ("many_to_one", 2, "100.00")
    assert not OpenLine.objects.exists()
    ana.post(toast(answer)["undo"]["url"], headers=HTMX)
    assert OpenLine.objects.count() == 2


@pytest.mark.parametrize("said", ["refund", "transfer"])
def test_lines_that_cancel_each_other_out_are_a_refund_or_a_transfer(
    ana: Client, cast: Cast, said: str
) -> None:
    paid, given_back = line(cast.aurora, "80.00"), line(cast.aurora, "-80.00")
    both = f"{paid.pk},{given_back.pk}"
    html = ana.get(f"{URL}line/{paid.pk}/edit/?lines={both}", headers=HTMX).content.decode()
    assert 'name="mirrored"' in html
    answer = post(ana, f"link/{paid.pk}/", {"lines": both, "mirrored": said, "key": "r1"})
    assert toast(answer)["tone"] == "good"
    match = Match.objects.get(status="confirmed")
    assert (match.kind, match.items.count(), str(match.amount)) == (said, 0, "0.00")


def test_what_is_selected_together_must_be_the_companys_and_open(ana: Client, cast: Cast) -> None:
    mine, theirs = line(cast.aurora, "60.00"), line(cast.boreal, "40.00")
    both = f"{mine.pk},{theirs.pk}"
    assert ana.get(f"{URL}line/{mine.pk}/edit/?lines={both}", headers=HTMX).status_code == 404
    item = make_open_item(cast.aurora, "100.00")
    asked = {"lines": both, "item": item.pk, "share": "100,00"}
    assert post(ana, f"link/{mine.pk}/", asked).status_code == 404
    other = line(cast.aurora, "40.00")
    wrong = post(ana, f"link/{mine.pk}/", {"lines": f"{mine.pk},{other.pk}", "mirrored": "refund"})
    assert wrong["HX-Retarget"] == "#bench-problem"
    with pytest.raises(ValidationError, match="se anulam"), override("pt-br"):
        services.link(access=access_of(cast.ana, cast.aurora), lines=[mine.pk], items={}, kind="refund")
    assert not Match.objects.exists()
