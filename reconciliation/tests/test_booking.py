"""Lines for which nothing was due: settled with a category or none, by hand, several at once, or by a rule; and taken back."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from ledger.models import Account, Transaction
from lib import pg
from reconciliation import checks, services
from reconciliation.models import Decision, Match, OpenLine, Rule, Run
from reconciliation.rules import running
from reconciliation.rules import services as rules
from reconciliation.services import Refused
from reconciliation.tests.support import clear, judge, queue
from tenants.access import Access
from tenants.models import AuditLog, Role
from tests.api import body, signed_in
from tests.cast import Cast
from tests.factories import (
    access_of,
    make_account,
    make_member,
    make_open_item,
    make_open_line,
    make_transaction,
)

pytestmark = pytest.mark.django_db
FEES = {"field": "text", "op": "contains", "value": "tarifa"}


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


@pytest.fixture
def account(cast: Cast) -> Account:
    """An account of Aurora."""
    return make_account(cast.aurora)


def fee(account: Account, amount: str = "-9.90", **fields: Any) -> Transaction:
    """A bank fee in the queue, for which the matcher found nothing."""
    row = make_transaction(account, amount, description="TARIFA PACOTE", **fields)
    make_open_line(row, verdict="none", waits_since=None)
    return row


def category(line: Transaction) -> str:
    line.refresh_from_db()
    return line.category_override


# --- by hand -------------------------------------------------------------------------------------------------------------
def test_a_line_is_settled_with_a_category_and_taken_back_with_it(ana: Access, account: Account) -> None:
    line = fee(account, category_override="Diversos")
    outcome = services.book(access=ana, lines=[line.pk], category="  Tarifas ")
    match = Match.objects.get(pk=outcome.decided[0])
    assert (match.kind, match.origin, match.status, match.amount) == (
        "booked",
        "person",
        "confirmed",
        Decimal("-9.90"),
    )
    assert list(match.adjustments.values_list("kind", "amount")) == [("booked", Decimal("-9.90"))]
    assert not match.items.exists()
    assert (category(line), queue(ana.tenant), list(checks.problems())) == ("Tarifas", {}, [])
    assert Decision.objects.get().action == "book"
    assert AuditLog.objects.filter(table="ledger_transaction", action="edit").count() == 1

    services.undo(access=ana, matches=[match.pk])
    assert (category(line), queue(ana.tenant)) == ("Diversos", {line.pk: ""})
    assert list(checks.problems()) == []


def test_without_a_category_the_lines_own_stays(ana: Access, account: Account) -> None:
    line = fee(account, category_override="Diversos")
    done = services.book(access=ana, lines=[line.pk])
    assert category(line) == "Diversos"
    services.undo(access=ana, matches=done.decided)
    assert category(line) == "Diversos"


def test_a_category_that_the_bank_gave_is_not_written_again(ana: Access, account: Account) -> None:
    line = fee(account, category="Bank fees")
    services.book(access=ana, lines=[line.pk], category="Bank fees")
    assert category(line) == ""


def test_taking_back_leaves_a_category_that_somebody_has_changed_since(ana: Access, account: Account) -> None:
    line = fee(account)
    done = services.book(access=ana, lines=[line.pk], category="Tarifas")
    Transaction.objects.filter(pk=line.pk).update(category_override="Juros")
    services.undo(access=ana, matches=done.decided)
    assert category(line) == "Juros"


def test_several_are_one_run_and_those_that_cannot_be_are_named(
    ana: Access, account: Account, cast: Cast
) -> None:
    first, second, taken = fee(account), fee(account, "-2.00"), fee(account, "-3.00")
    services.book(access=ana, lines=[taken.pk])
    strange = fee(make_account(cast.boreal))
    ids = [first.pk, second.pk, taken.pk, strange.pk]
    done = services.book(access=ana, lines=ids, category="Tarifas", key="k")
    assert len(done.decided) == 2
    assert [(one.code, one.line) for one in done.refused] == [
        ("line_settled", taken.pk),
        ("not_found", strange.pk),
    ]
    assert (Run.objects.get(pk=done.run).decided, category(strange)) == (2, "")
    again = services.book(access=ana, lines=ids, category="Tarifas", key="k")
    assert (again.again, again.decided, again.refused) == (True, done.decided, done.refused)

    services.undo(access=ana, run=done.run)
    assert queue(ana.tenant) == {first.pk: "", second.pk: ""}
    assert (category(first), category(second)) == ("", "")


def test_a_suggestion_for_the_line_ends(ana: Access, account: Account) -> None:
    line, item = fee(account), make_open_item(ana.tenant, "-9.90")
    services.propose(tenant=ana.tenant, judgements=[clear(line, item)])
    services.book(access=ana, lines=[line.pk])
    assert sorted(Match.objects.values_list("kind", "status")) == [
        ("booked", "confirmed"),
        ("exact", "replaced"),
    ]


def test_it_opens_again_when_the_bank_changes_the_line(ana: Access, account: Account) -> None:
    line = fee(account)
    services.refresh(ana.tenant.pk)
    services.book(access=ana, lines=[line.pk], category="Tarifas")
    Transaction.objects.filter(pk=line.pk).update(amount="-12.00", updated_at=pg.now())
    services.refresh(ana.tenant.pk)
    assert Match.objects.get(kind="booked").status == "undone"
    assert line.pk in queue(ana.tenant)


def test_what_cannot_be_asked(ana: Access, account: Account) -> None:
    line = fee(account)
    for lines, name in (([], "x"), ([line.pk], "x" * 81), (range(1, 502), "x")):
        with pytest.raises(ValidationError):
            services.book(access=ana, lines=lines, category=name)
    with pytest.raises(Refused):
        services.book(access=ana, lines=[line.pk + 999])
    assert not Match.objects.exists()


def test_a_link_cannot_say_that_a_part_needs_no_item(ana: Access, account: Account) -> None:
    line, item = fee(account, "-10.00"), make_open_item(ana.tenant, "-8.00")
    with pytest.raises(ValidationError):
        services.link(access=ana, lines=[line.pk], items={item.pk: None}, adjustments={"booked": Decimal(-2)})


# --- through the doors -----------------------------------------------------------------------------------------------------
def test_the_api_books_and_refuses(cast: Cast, account: Account) -> None:
    line, strange = fee(account), fee(make_account(cast.boreal))
    url = "/api/reconciliation/book"

    def post(client: Client, data: Any) -> Any:
        return client.post(url, data, content_type="application/json")

    viewer = make_member(cast.aurora, Role.VIEWER)
    assert post(signed_in(viewer), {"lines": [line.pk]}).status_code == 403
    client = signed_in(cast.ana)
    assert post(client, {"lines": [strange.pk]}).status_code == 404
    for wrong in (
        {},
        {"lines": []},
        {"lines": ["x"]},
        {"lines": [1], "category": "x" * 81},
        {"lines": [1], "a": 1},
    ):
        assert post(client, wrong).status_code == 400
    done = body(post(client, {"lines": [line.pk, strange.pk], "category": "Tarifas"}))["data"]
    assert len(done["decided"]) == 1
    assert [(one["code"], one["line"]) for one in done["refused"]] == [("not_found", strange.pk)]
    assert post(client, {"lines": [line.pk]}).status_code == 409


def test_the_page_books_selected_lines_and_goes_on(cast: Cast, account: Account) -> None:
    lines = [fee(account, f"-{n}.00") for n in (1, 2, 3)]
    client, base = signed_in(cast.ana), "/t/aurora/reconciliation"
    fee(account, "-4.00", category_override="Tarifas")
    shown = client.get(f"{base}/line/{lines[0].pk}/book/?lines={lines[0].pk},{lines[1].pk}").content.decode()
    assert '<option value="Tarifas">' in shown
    answer = client.post(
        f"{base}/decide/book/{lines[0].pk}/",
        {"lines": f"{lines[0].pk},{lines[1].pk}", "category": "Tarifas"},
        headers={"HX-Request": "true", "HX-Target": "desk"},
    )
    bells = json.loads(answer["HX-Trigger"])
    run = Run.objects.get(kind="bulk")
    assert bells["toast"]["undo"]["url"].endswith(f"?run={run.pk}")
    assert set(queue(cast.aurora)) == {lines[2].pk, Transaction.objects.latest("pk").pk}
    shown = client.get(f"{base}/history/").content.decode()
    assert f"run={run.pk}" in shown
    match = Match.objects.filter(kind="booked").first()
    assert match
    assert (
        "Tarifas" in client.get(f"{base}/match/{match.pk}/", headers={"HX-Request": "true"}).content.decode()
    )
    stranger = signed_in(make_member(cast.boreal))
    assert stranger.get(f"{base}/line/{lines[2].pk}/book/").status_code == 404
    assert stranger.post(f"{base}/decide/book/{lines[2].pk}/").status_code == 404


# --- by a rule ---------------------------------------------------------------------------------------------------------------
def booking_rule(access: Access) -> Rule:
    """A rule that was tried."""
    made = rules.create(
        access=access,
        fields={"name": "Tarifas", "conditions": FEES, "action": "book", "category": "Tarifas"},
    )
    running.work(rules.dry_run(access=access, rule=made).pk)
    made.refresh_from_db()
    return made


def test_a_rule_books_what_has_no_item_and_leaves_the_rest(ana: Access, account: Account, cast: Cast) -> None:
    plain, named, other = (
        fee(account),
        fee(account, "-1.00", category_override="Juros"),
        fee(account, "-2.00"),
    )
    services.propose(tenant=ana.tenant, judgements=[clear(other, make_open_item(ana.tenant, "-2.00"))])
    run = running.work(rules.run(access=ana, rule=booking_rule(ana)).pk)
    assert (run.status, run.hits, run.by_person, run.nothing_clear) == ("done", 1, 1, 1)
    match = Match.objects.get(kind="booked")
    assert (match.origin, match.run, match.decided_by_name) == (
        "rule",
        run.run,
        f"Tarifas · {cast.ana.name or cast.ana.email}",
    )
    assert (category(plain), category(named)) == ("Tarifas", "Juros")
    again = running.work(rules.run(access=ana, rule=run.rule).pk)
    assert (again.hits, again.same) == (0, 1)

    running.work(rules.undo(access=ana, run=run).pk)
    assert (category(plain), Match.objects.get(kind="booked").status) == ("", "undone")
    assert set(queue(ana.tenant)) == {plain.pk, named.pk, other.pk}
    assert list(checks.problems()) == []


def test_what_a_person_took_back_no_rule_books_again(ana: Access, account: Account) -> None:
    line = fee(account)
    made = booking_rule(ana)
    running.work(rules.run(access=ana, rule=made).pk)
    services.undo(access=ana, matches=[Match.objects.get().pk])
    services.propose(tenant=ana.tenant, judgements=[judge(line)])
    run = running.work(rules.run(access=ana, rule=made).pk)
    assert (run.hits, run.by_person) == (0, 1)


def test_a_line_that_nobody_has_looked_at_is_left(ana: Access, account: Account) -> None:
    line = fee(account)
    OpenLine.objects.filter(transaction=line).update(verdict="", waits_since=pg.now())
    run = running.work(rules.run(access=ana, rule=booking_rule(ana)).pk)
    assert (run.hits, run.nothing_clear) == (0, 1)


def test_a_new_rule_begins_with_a_line(cast: Cast, account: Account) -> None:
    line = fee(account, category="Bank fees")
    client = signed_in(cast.ana)
    shown = client.get(f"/t/aurora/reconciliation/rules/new/?line={line.pk}").content.decode()
    assert 'value="TARIFA PACOTE"' in shown
    assert '<option value="book" selected>' in shown
    assert 'name="category" maxlength="80" value="Bank fees"' in shown
    strange = fee(make_account(cast.boreal))
    shown = client.get(f"/t/aurora/reconciliation/rules/new/?line={strange.pk}").content.decode()
    assert "TARIFA" not in shown
