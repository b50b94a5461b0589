"""Rules over real rows: tried before they act, one winner, nothing twice, and every run taken back exactly."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from ledger.models import Account, Transaction
from reconciliation import services
from reconciliation.models import Match, Rule, RuleEffect, RuleRun, Run
from reconciliation.rules import running
from reconciliation.rules import services as rules
from reconciliation.rules.services import MayNotAct
from reconciliation.tests.support import clear
from tenants.access import Access
from tenants.models import AuditLog, Membership
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
OUT = {"field": "direction", "op": "is", "value": "out"}
IN = {"field": "direction", "op": "is", "value": "in"}


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


@pytest.fixture
def account(cast: Cast) -> Account:
    """An account of Aurora."""
    return make_account(cast.aurora)


def fees(account: Account, number: int = 3) -> list[Transaction]:
    """Return so many bank fees."""
    return [make_transaction(account, "-9.90", description=f"TARIFA {n}") for n in range(number)]


def rule(
    access: Access, conditions: Any = FEES, action: str = "categorise", category: str = "Tarifas", **more: Any
) -> Rule:
    """Return a new rule."""
    given = category if action == "categorise" else ""
    return rules.create(
        access=access,
        fields={"name": "Regra", "conditions": conditions, "action": action, "category": given, **more},
    )


def tried(access: Access, *args: Any, **kwargs: Any) -> Rule:
    """Return a new rule that was tried."""
    made = rule(access, *args, **kwargs)
    assert dry(access, made).status == "done"
    made.refresh_from_db()
    return made


def dry(access: Access, made: Rule) -> RuleRun:
    """Return the dry run of a rule."""
    return running.work(rules.dry_run(access=access, rule=made).pk)


def act(access: Access, made: Rule) -> RuleRun:
    """Return the run of a rule."""
    return running.work(rules.run(access=access, rule=made).pk)


def back(access: Access, run: RuleRun) -> RuleRun:
    """Return the run, taken back."""
    return running.work(rules.undo(access=access, run=run).pk)


def counts(run: RuleRun) -> dict[str, int]:
    """Return what is not zero."""
    names = ("hits", "same", "nothing_clear", "by_earlier", "by_person", "kept")
    return {name: getattr(run, name) for name in names if getattr(run, name)}


def categories() -> list[str]:
    """Return people's categories of all lines, in the order of the lines."""
    return list(Transaction.objects.order_by("pk").values_list("category_override", flat=True))


def facts() -> list[tuple[Any, ...]]:
    """Return what people and rules decide about lines."""
    return list(Transaction.objects.order_by("pk").values_list("pk", "category_override", "ignored", "note"))


def proposal(account: Account, amount: str = "100.00", **fields: Any) -> Match:
    """Return a clear proposal that is up to date."""
    line, item = make_transaction(account, amount, **fields), make_open_item(account.tenant, amount)
    make_open_line(line)
    services.propose(tenant=account.tenant, judgements=[clear(line, item)])
    return Match.objects.get(lines__transaction=line, status="proposed")


# --- writing rules -------------------------------------------------------------------------------------------------------
def test_rules_come_in_the_order_of_their_making(cast: Cast, ana: Access) -> None:
    first, second = rule(ana), rule(ana, OUT, "ask")
    assert (first.position, second.position, first.version, first.dry_run_version) == (1, 2, 1, None)
    assert AuditLog.objects.filter(action="rule.create", tenant=cast.aurora).count() == 2


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"conditions": {"field": "text", "op": "regex", "value": "(a+"}}, "conditions"),
        ({"conditions": {"all": []}}, "conditions"),
        ({"category": " "}, "category"),
        ({"name": "  "}, "name"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(ana: Access, fields: dict[str, Any], named: str) -> None:
    good = {"name": "Regra", "conditions": FEES, "action": "categorise", "category": "Tarifas"}
    with pytest.raises(ValidationError) as error:
        rules.create(access=ana, fields=good | fields)
    assert list(error.value.message_dict) == [named]
    assert not Rule.objects.exists()


def test_accounts_of_another_company_cannot_be_named(cast: Cast, ana: Access) -> None:
    theirs = make_account(cast.boreal)
    with pytest.raises(ValidationError, match=r"no such account|conta"):
        rule(ana, {"field": "account", "op": "in", "value": [theirs.pk]})


def test_what_it_does_needs_the_right_to_do_it_by_hand(cast: Cast, ana: Access) -> None:
    analyst = access_of(make_member(cast.aurora, "analyst", email="dora@example.com"), cast.aurora)
    assert rule(analyst, IN, "settle").pk
    with pytest.raises(PermissionDenied):
        rule(analyst)
    made = tried(ana)
    for forbidden in (rules.run, rules.dry_run):
        with pytest.raises(PermissionDenied):
            forbidden(access=analyst, rule=made)
    with pytest.raises(PermissionDenied):
        rules.undo(access=analyst, run=act(ana, made))


def test_only_what_it_does_makes_a_new_version(ana: Access) -> None:
    made = tried(ana)
    assert rules.change(access=ana, rule=made, fields={"name": "Outra", "is_active": False}).version == 1
    assert rules.change(access=ana, rule=made, fields={"category": "Tarifas"}).version == 1
    changed = rules.change(access=ana, rule=made, fields={"category": "Bancos"})
    assert (changed.version, changed.dry_run_version) == (2, 1)
    assert rules.change(access=ana, rule=made, fields={"conditions": OUT}).version == 3


def test_moving_makes_new_versions_where_others_come_before_now(ana: Access) -> None:
    made = [rule(ana, name=name) for name in "abcd"]
    rules.change(access=ana, rule=made[2], fields={"position": 2})
    rows = Rule.objects.order_by("position").values_list("name", "position", "version")
    assert list(rows) == [("a", 1, 1), ("c", 2, 2), ("b", 3, 2), ("d", 4, 1)]
    rules.change(access=ana, rule=made[0], fields={"position": 99})
    rows = Rule.objects.order_by("position").values_list("name", "position", "version")
    assert list(rows) == [("c", 1, 3), ("b", 2, 3), ("d", 3, 2), ("a", 4, 2)]


# --- trying --------------------------------------------------------------------------------------------------------------
def test_a_dry_run_counts_and_changes_nothing(cast: Cast, ana: Access, account: Account) -> None:
    lines = fees(account, 4)
    Transaction.objects.filter(pk=lines[0].pk).update(category_override="Bancos")
    Transaction.objects.filter(pk=lines[1].pk).update(category_override="Tarifas")
    make_transaction(account, "-5.00", description="ALUGUEL")
    make_transaction(account, "-9.90", description="TARIFA", void_at="2026-03-11T12:00:00Z")
    make_transaction(make_account(cast.boreal), "-9.90", description="TARIFA")
    before = facts()
    done = dry(ana, rule(ana))
    assert counts(done) == {"hits": 2, "same": 1, "by_person": 1}
    assert (done.lines, done.total, done.status, done.dry) == (5, 5, "done", True)
    assert done.examples["act"] == [lines[3].pk, lines[2].pk]
    assert done.examples["person"] == [lines[0].pk]
    assert facts() == before
    assert not RuleEffect.objects.exists()
    assert Rule.objects.get().dry_run_version == 1


def test_a_rule_acts_only_as_it_was_tried(ana: Access, account: Account) -> None:
    fees(account)
    made = rule(ana)
    with pytest.raises(MayNotAct):
        rules.run(access=ana, rule=made)
    dry(ana, made)
    rules.change(access=ana, rule=made, fields={"category": "Bancos"})
    with pytest.raises(MayNotAct):
        rules.run(access=ana, rule=made)
    dry(ana, made)
    rules.change(access=ana, rule=made, fields={"is_active": False})
    with pytest.raises(MayNotAct):
        rules.run(access=ana, rule=made)
    assert categories() == ["", "", ""]
    rules.change(access=ana, rule=made, fields={"is_active": True})
    assert counts(act(ana, made)) == {"hits": 3}
    assert categories() == ["Bancos"] * 3


def test_the_database_lets_no_untried_rule_act(ana: Access, account: Account) -> None:
    (line,) = fees(account, 1)
    made = rule(ana)
    own: dict[str, Any] = {
        "tenant": made.tenant,
        "rule": made,
        "version": 1,
        "action": "categorise",
        "last_id": line.pk,
    }
    with pytest.raises(IntegrityError, match="was not tried"), transaction.atomic():
        RuleRun.objects.create(**own, dry=False)
    with pytest.raises(IntegrityError, match="was not tried"), transaction.atomic():
        RuleRun.objects.create(**own | {"version": 2}, dry=True)
    trial = RuleRun.objects.create(**own, dry=True)
    effect: dict[str, Any] = {"tenant": made.tenant, "transaction": line, "action": "categorise"}
    with pytest.raises(IntegrityError, match="only in a run of its tried version"), transaction.atomic():
        RuleEffect.objects.create(**effect, rule_run=trial)
    with pytest.raises(IntegrityError, match="begun as"), transaction.atomic():
        RuleRun.objects.filter(pk=trial.pk).update(dry=False)
    Rule.objects.update(dry_run_version=1)
    run = RuleRun.objects.create(**own, dry=False)
    Rule.objects.update(version=2)
    with pytest.raises(IntegrityError, match="only in a run of its tried version"), transaction.atomic():
        RuleEffect.objects.create(**effect, rule_run=run)
    with pytest.raises(IntegrityError, match="rule_tried_version_exists"), transaction.atomic():
        Rule.objects.update(dry_run_version=3)


def test_a_dry_run_of_an_older_version_allows_nothing(ana: Access, account: Account) -> None:
    fees(account)
    made = rule(ana)
    trial = rules.dry_run(access=ana, rule=made)
    rules.change(access=ana, rule=made, fields={"category": "Bancos"})
    assert running.work(trial.pk).status == "stopped"
    assert Rule.objects.get().dry_run_version is None


# --- acting and taking back ----------------------------------------------------------------------------------------------
def test_categories_are_given_and_taken_back_exactly(ana: Access, account: Account) -> None:
    lines = fees(account, 5)
    Transaction.objects.filter(pk=lines[0].pk).update(category_override="Bancos", note="minha")
    before = facts()
    made = tried(ana)
    run = act(ana, made)
    assert counts(run) == {"hits": 4, "by_person": 1}
    assert categories() == ["Bancos", *["Tarifas"] * 4]
    assert AuditLog.objects.filter(action="edit", request_id=f"rule-run-{run.pk}").count() == 4
    undone = back(ana, run)
    assert (undone.status, undone.kept, undone.undone_by_name) == ("undone", 0, str(ana.user))
    assert facts() == before
    assert not RuleEffect.objects.filter(undone_at=None).exists()
    with pytest.raises(MayNotAct):
        rules.undo(access=ana, run=run)
    assert counts(act(ana, made)) == {"hits": 4, "by_person": 1}, (
        "taking a whole run back is no word about its lines"
    )


def test_what_somebody_changed_since_stays(ana: Access, account: Account) -> None:
    lines = fees(account)
    made = tried(ana)
    run = act(ana, made)
    Transaction.objects.filter(pk=lines[0].pk).update(category_override="Bancos")
    Transaction.objects.filter(pk=lines[1].pk).update(category_override="")
    again = act(ana, made)
    assert counts(again) == {"same": 1, "by_person": 2}
    undone = back(ana, run)
    assert undone.kept == 2
    assert sorted(undone.examples["kept"]) == [lines[0].pk, lines[1].pk]
    assert categories() == ["Bancos", "", ""]


def test_lines_are_ignored_and_counted_again(ana: Access, account: Account) -> None:
    fees(account)
    match = proposal(account, "-9.90", description="TARIFA")
    services.confirm(access=ana, matches=[match.pk])
    before = facts()
    made = tried(ana, action="ignore")
    run = act(ana, made)
    assert counts(run) == {"hits": 3, "by_person": 1}
    assert Transaction.objects.filter(ignored=True).count() == 3
    assert back(ana, run).status == "undone"
    assert facts() == before


def test_an_earlier_rule_wins_and_is_a_conflict(ana: Access, account: Account) -> None:
    fees(account, 2)
    make_transaction(account, "-7.00", description="ALUGUEL")
    first, second = tried(ana), rule(ana, OUT, "categorise", "Saídas")
    trial = dry(ana, second)
    assert counts(trial) == {"hits": 1, "by_earlier": 2}
    rules.change(access=ana, rule=second, fields={"position": 1})
    second.refresh_from_db()
    with pytest.raises(MayNotAct):
        rules.run(access=ana, rule=second)
    assert counts(dry(ana, second)) == {"hits": 3}
    assert counts(dry(ana, first)) == {"by_earlier": 2}
    assert counts(act(ana, second)) == {"hits": 3}
    assert categories() == ["Saídas"] * 3


def test_closed_days_are_left_alone(cast: Cast, ana: Access, account: Account) -> None:
    match = proposal(account)
    fees(account)
    made, settling = tried(ana), tried(ana, IN, "settle")
    run = act(ana, settling)
    services.close_through(access=ana, day=match.lines.get().transaction.date)
    assert (act(ana, made).lines, categories()) == (0, [""] * 4)
    undone = back(ana, run)
    assert (undone.status, undone.kept) == ("undone", 1)
    match.refresh_from_db()
    assert match.status == "confirmed"


# --- limits, faults and strangers ----------------------------------------------------------------------------------------
def test_a_run_stops_at_its_limit_and_goes_on(
    ana: Access, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    fees(account, 7)
    made = tried(ana)
    monkeypatch.setattr(running, "BATCH", 3)
    begun = rules.run(access=ana, rule=made)
    first = running.work(begun.pk, limit=timedelta(0))
    assert (first.status, first.lines, first.total, first.hits) == ("open", 3, 7, 3)
    late = make_transaction(account, "-9.90", description="TARIFA depois")
    assert rules.run(access=ana, rule=made).pk == begun.pk, "one at a time"
    assert running.work_unfinished() == 1
    begun.refresh_from_db()
    assert (begun.status, begun.lines, begun.hits) == ("done", 7, 7)
    assert RuleEffect.objects.count() == 7
    late.refresh_from_db()
    assert late.category_override == ""
    assert counts(act(ana, made)) == {"hits": 1, "same": 7}
    first_undo = rules.undo(access=ana, run=begun)
    halfway = running.work(first_undo.pk, limit=timedelta(0))
    assert (halfway.status, RuleEffect.objects.filter(undone_at=None).count()) == ("undoing", 5)
    assert running.work_unfinished() == 1
    assert categories() == [*[""] * 7, "Tarifas"]


def test_a_run_stops_when_its_rule_changes(
    ana: Access, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    fees(account, 5)
    made = tried(ana)
    monkeypatch.setattr(running, "BATCH", 2)
    begun = running.work(rules.run(access=ana, rule=made).pk, limit=timedelta(0))
    rules.change(access=ana, rule=made, fields={"category": "Bancos"})
    stopped = running.work(begun.pk)
    assert (stopped.status, stopped.hits) == ("stopped", 2)
    assert back(ana, stopped).status == "undone"
    assert categories() == [""] * 5


def test_a_run_never_outlives_the_right_of_who_began_it(cast: Cast, ana: Access, account: Account) -> None:
    fees(account)
    person = make_member(cast.aurora, "manager", email="dora@example.com")
    dora = access_of(person, cast.aurora)
    made = tried(ana)
    begun = rules.run(access=dora, rule=made)
    Membership.objects.filter(user=person).delete()
    assert running.work(begun.pk).status == "stopped"
    assert categories() == [""] * 3


def test_a_removed_rule_does_nothing_and_its_runs_can_be_taken_back(ana: Access, account: Account) -> None:
    fees(account)
    made = tried(ana)
    run = act(ana, made)
    rules.remove(access=ana, rule=made)
    with pytest.raises(Rule.DoesNotExist):
        rules.run(access=ana, rule=made)
    assert back(ana, run).status == "undone"
    assert categories() == [""] * 3


def test_a_stored_condition_that_cannot_be_read_does_nothing(ana: Access, account: Account) -> None:
    fees(account)
    made = tried(ana)
    Rule.objects.filter(pk=made.pk).update(conditions={"field": "weather", "op": "is", "value": "sunny"})
    made.refresh_from_db()
    assert act(ana, made).status == "stopped"
    assert categories() == [""] * 3


def test_a_rule_sees_no_other_company(cast: Cast, ana: Access, account: Account) -> None:
    fees(account)
    theirs = fees(make_account(cast.boreal), 2)
    run = act(ana, tried(ana))
    assert (run.lines, run.hits) == (3, 3)
    assert (
        not Transaction.objects.filter(pk__in=[one.pk for one in theirs])
        .exclude(category_override="")
        .exists()
    )
    carla = access_of(cast.carla, cast.boreal)
    with pytest.raises(RuleRun.DoesNotExist):
        rules.undo(access=carla, run=run)
    assert Run.objects.count() == 0
