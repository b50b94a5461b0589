"""Pages of rules: written in a form, tried before they may be turned on, run and taken back; who may; what a page costs."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from ledger.models import Transaction
from reconciliation.models import Rule, RuleRun
from reconciliation.rules import conditions, drafts, running, services, words
from tenants.models import Role
from tests.cast import Cast
from tests.factories import access_of, make_account, make_member, make_transaction

URL = "/t/aurora/reconciliation/rules/"
FEES = {"field": "text", "op": "contains", "value": "tarifa"}
OUT = {"field": "direction", "op": "is", "value": "out"}
FORM = {
    "name": "Tarifas", "action": "categorise", "category": "Bancos", "do": "save", "join": "any",
    "g0-join": "all", "g0-c0-kind": "text_contains", "g0-c0-text": "tarifa", "g0-c1-kind": "direction_is", "g0-c1-direction": "out",
}  # fmt: skip


# --- form and words, without a database ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "stored",
    [
        FEES,
        {"all": [FEES, OUT]},
        {"any": [FEES, {"all": [OUT, {"field": "amount", "op": "between", "value": {"min": "1.00", "max": None}}]}]},
        {"all": [{"any": [FEES, OUT]}, {"any": [{"field": "document", "op": "in", "value": ["12345678"]}, OUT]}]},
        {"any": [{"field": "account", "op": "in", "value": [3, 7]}, {"field": "text", "op": "regex", "value": "^a"}]},
    ],
)  # fmt: skip
def test_a_condition_comes_through_the_form_as_it_went_in(stored: Any) -> None:
    draft = drafts.of(conditions.parse(stored))
    assert draft is not None
    assert conditions.parse(draft.as_json()).as_json() == conditions.parse(stored).as_json()
    assert drafts.same(draft, stored)


def test_what_is_nested_deeper_than_the_form_is_not_shown_in_it() -> None:
    assert drafts.of(conditions.parse({"all": [FEES, {"any": [OUT, {"all": [FEES, OUT]}]}]})) is None


def test_a_condition_in_words() -> None:
    node = conditions.parse(
        {"all": [{"any": [FEES, {"field": "account", "op": "in", "value": [3]}]}, OUT,
                 {"field": "amount", "op": "between", "value": {"min": "10.00", "max": "1234.50"}}]}
    )  # fmt: skip
    with override("en"):
        assert words.told(node, {3: "Itaú"}) == (
            "(text contains “tarifa” or account is Itaú) and money goes out and amount from 10.00 to 1,234.50"
        )


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(?!a)b", "looking ahead"),
        ("(a+", "is opened and not closed ((a+)"),
        ("*a", "nothing to repeat before “*”"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_explained(pattern: str, said: str) -> None:
    with override("en"), pytest.raises(conditions.Unusable) as caught:
        conditions.parse({"field": "text", "op": "regex", "value": pattern})
    with override("en"):
        assert said in words.sentence(caught.value)


# --- pages -----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def ana(cast: Cast, client: Client) -> Client:
    client.force_login(cast.ana)
    return client


@pytest.fixture
def fee(cast: Cast) -> Transaction:
    return make_transaction(make_account(cast.aurora, name="Banco"), "-9.90", description="TARIFA PACOTE")


def said(client: Client, path: str = "") -> str:
    """Return a page's text, following redirects."""
    return client.get(f"{URL}{path}").content.decode()


def test_a_rule_is_written_tried_turned_on_run_and_taken_back(ana: Client, fee: Transaction) -> None:
    assert "Ainda não há regra" in said(ana)
    ana.post(f"{URL}new/", FORM)
    rule = Rule.objects.get()
    assert (rule.conditions, rule.is_active) == ({"all": [FEES, OUT]}, False)
    page = f"{rule.pk}/"
    assert "Ligar" not in said(ana, page)  # not before it was tried
    ana.post(f"{URL}{page}switch/", {"on": "1"})
    assert "Teste esta regra primeiro" in said(ana, page)
    tried = ana.post(f"{URL}{page}try/", follow=True).content.decode()
    assert "TARIFA PACOTE" in tried
    assert "Ligar" in tried
    ana.post(f"{URL}{page}switch/", {"on": "1"})
    ana.post(f"{URL}{page}run/")
    running.work_unfinished()
    fee.refresh_from_db()
    assert fee.category_override == "Bancos"
    run = RuleRun.objects.get(dry=False)
    assert f"runs/{run.pk}/undo/" in said(ana, page)
    ana.post(f"{URL}{page}remove/")
    assert f"runs/{run.pk}/undo/" in said(ana)  # also of a rule that is gone
    ana.post(f"{URL}runs/{run.pk}/undo/")
    fee.refresh_from_db()
    assert fee.category_override == ""
    assert f"runs/{run.pk}/undo/" not in said(ana)


def test_buttons_of_the_form_draw_it_anew_and_keep_nothing(ana: Client, cast: Cast) -> None:
    htmx = {"HX-Request": "true", "HX-Target": "rule-editor"}
    more = ana.post(f"{URL}new/", FORM | {"do": "row-0"}, headers=htmx)
    assert [len(group.rows) for group in more.context["draft"].groups] == [3]
    groups = ana.post(f"{URL}new/", FORM | {"do": "group"}, headers=htmx)
    assert [len(group.rows) for group in groups.context["draft"].groups] == [2, 1]
    less = ana.post(f"{URL}new/", FORM | {"do": "drop-0-0"}, headers=htmx)
    assert [row.kind for row in less.context["draft"].groups[0].rows] == ["direction_is"]
    for odd in ("drop-9-9", "row-9", "row-x", "whatever"):
        assert ana.post(f"{URL}new/", FORM | {"do": odd}, headers=htmx).status_code == 200
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Dê um nome"),
        ({"category": ""}, "categoria"),
        ({"g0-c0-text": ""}, "texto de 1 a 200"),
        ({"g0-c0-kind": "text_regex", "g0-c0-text": "(?=a)"}, "Este padrão não pode ser usado"),
        ({"g0-c0-kind": "amount_between", "g0-c0-min": "dez"}, "não é um valor"),
        ({"g0-c0-kind": "amount_between", "g0-c0-min": "10", "g0-c0-max": "5"}, "valores"),
        ({"g0-c0-kind": "account_in", "g0-c0-account": "999999"}, "Essa conta não existe"),
        ({"g0-c0-kind": "document_in", "g0-c0-text": "123"}, "CPF"),
        ({"action": "delete"}, "Escolha o que a regra faz"),
        ({"name": "x" * 81}, "80"),
    ],
)
def test_what_cannot_be_saved_is_said_and_nothing_typed_is_lost(
    ana: Client, cast: Cast, wrong: dict[str, str], sentence: str
) -> None:
    answer = ana.post(f"{URL}new/", FORM | wrong)
    html = answer.content.decode()
    assert (answer.status_code, 'role="alert"' in html) == (200, True)
    assert sentence in html
    assert all(
        typed in html for typed in wrong.values() if typed.strip() and typed not in ("999999", "delete")
    )
    assert not Rule.objects.exists()


def test_a_rule_that_is_saved_as_it_was_need_not_be_tried_again(ana: Client, cast: Cast) -> None:
    fields = {
        "name": "Tarifas",
        "conditions": {"all": [{"all": [FEES, OUT]}]},
        "action": "categorise",
        "category": "Bancos",
    }
    rule = services.create(access=access_of(cast.ana, cast.aurora), fields=fields)
    ana.post(f"{URL}{rule.pk}/edit/", FORM | {"name": "Taxas"})
    rule.refresh_from_db()
    assert (rule.name, rule.version) == ("Taxas", 1)
    ana.post(f"{URL}{rule.pk}/edit/", FORM | {"g0-c0-text": "taxa"})
    rule.refresh_from_db()
    assert rule.version == 2


def test_conditions_deeper_than_the_form_stay_as_they_are(ana: Client, cast: Cast) -> None:
    deep = {"all": [FEES, {"any": [OUT, {"all": [FEES, OUT]}]}]}
    fields = {"name": "Fundo", "conditions": deep, "action": "ask"}
    rule = services.create(access=access_of(cast.ana, cast.aurora), fields=fields)
    assert 'name="keep"' in said(ana, f"{rule.pk}/edit/")
    ana.post(f"{URL}{rule.pk}/edit/", {"name": "Fundo 2", "action": "ask", "keep": "1", "do": "save"})
    rule.refresh_from_db()
    assert (rule.name, rule.conditions, rule.version) == ("Fundo 2", deep, 1)


def test_rules_are_put_in_another_order(ana: Client, cast: Cast) -> None:
    access = access_of(cast.ana, cast.aurora)
    first, second = (
        services.create(access=access, fields={"name": name, "conditions": FEES, "action": "ask"}) for name in "ab"
    )  # fmt: skip
    headers = {"HX-Request": "true", "HX-Target": "rules"}
    answer = ana.post(f"{URL}{second.pk}/move/", {"position": "1"}, headers=headers)
    assert [row["rule"].pk for row in answer.context["rows"]] == [second.pk, first.pk]
    for odd in ("0", "-1", "x", "99999999999999999999"):
        assert ana.post(f"{URL}{second.pk}/move/", {"position": odd}).status_code == 302
    assert Rule.objects.get(pk=second.pk).position == 1


def test_who_may(cast: Cast, client: Client, fee: Transaction) -> None:
    access = access_of(cast.ana, cast.aurora)
    edits, asks = (
        services.create(access=access, fields={"name": name, "conditions": FEES, "action": action, "category": category})
        for name, action, category in (("a", "categorise", "Bancos"), ("b", "ask", ""))
    )  # fmt: skip
    bia = make_member(cast.aurora, Role.ANALYST, email="bia@example.com")
    client.force_login(bia)
    html = said(client)
    assert (f"{asks.pk}/move/" in html, f"{edits.pk}/move/" in html) == (True, False)
    assert client.post(f"{URL}{edits.pk}/try/").status_code == 403
    assert client.get(f"{URL}{edits.pk}/edit/").status_code == 403
    assert client.post(f"{URL}new/", FORM).status_code == 403
    assert client.post(f"{URL}{asks.pk}/try/").status_code == 302
    client.force_login(cast.bruno)
    assert client.get(f"{URL}new/").status_code == 403
    assert "<form" not in client.get(f"{URL}{asks.pk}/", headers={"HX-Request": "true"}).content.decode()
    client.force_login(cast.carla)
    assert client.get(f"{URL}{asks.pk}/").status_code == 404
    assert client.get(f"/t/boreal/reconciliation/rules/{asks.pk}/").status_code == 404
    assert client.post(f"/t/boreal/reconciliation/rules/{asks.pk}/try/").status_code == 404
    assert (
        client.post(f"/t/boreal/reconciliation/rules/runs/{RuleRun.objects.get().pk}/undo/").status_code
        == 404
    )


def test_the_list_costs_the_same_however_many_rules_there_are(
    ana: Client, cast: Cast, fee: Transaction
) -> None:
    costs = []
    for n in range(2):
        for name in "abc":
            fields = {"name": f"{name}{n}", "conditions": FEES, "action": "categorise", "category": "Bancos"}
            rule = services.create(access=access_of(cast.ana, cast.aurora), fields=fields)
            running.work(services.dry_run(access=access_of(cast.ana, cast.aurora), rule=rule).pk)
        ana.get(URL)
        with CaptureQueriesContext(connection) as queries:
            ana.get(URL)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 14


def test_a_comparison_keeps_its_number_when_one_before_it_is_taken_off(ana: Client, cast: Cast) -> None:
    htmx = {"HX-Request": "true", "HX-Target": "rule-editor"}
    less = ana.post(f"{URL}new/", FORM | {"do": "drop-0-0"}, headers=htmx)
    page = less.content.decode()
    assert 'name="g0-c1-direction"' in page
    assert "g0-c0-" not in page
    more = ana.post(
        f"{URL}new/", {"g0-c998-kind": "text_contains", "g0-c998-text": "taxa", "do": "row-0"}, headers=htmx
    ).content.decode()
    assert 'name="g0-c999-kind"' in more
    many = ana.post(
        f"{URL}new/", {"g0-c999-kind": "text_contains", "g0-c999-text": "taxa", "do": "row-0"}, headers=htmx
    ).content.decode()
    assert all(f'name="g0-c{n}-kind"' in many for n in (0, 1)), "no name is longer than the form reads"
