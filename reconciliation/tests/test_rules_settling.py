"""Rules that settle: what is clear, taken back exactly, and never against a person."""

import pytest

from ledger.models import Account
from lib import pg
from reconciliation import checks, services
from reconciliation.models import Decision, Match, OpenLine
from reconciliation.rules import services as rules
from reconciliation.tests.support import clear, judge, settlement
from reconciliation.tests.test_rules import IN, act, back, counts, proposal, tried
from tenants.access import Access
from tenants.models import TenantSettings
from tests.cast import Cast
from tests.factories import (
    access_of,
    make_account,
    make_open_item,
    make_open_line,
    make_transaction,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


@pytest.fixture
def account(cast: Cast) -> Account:
    """An account of Aurora."""
    return make_account(cast.aurora)


def test_clear_suggestions_are_settled_and_taken_back(cast: Cast, ana: Access, account: Account) -> None:
    good = [proposal(account, "100.00"), proposal(account, "50.00")]
    unsure = make_transaction(account, "70.00")
    make_open_line(unsure)
    due = [make_open_item(cast.aurora, "70.00") for _ in "12"]
    services.propose(
        tenant=cast.aurora, judgements=[judge(unsure, *(settlement(unsure, one) for one in due))]
    )
    stale = proposal(account, "30.00")
    OpenLine.objects.filter(transaction=stale.lines.get().transaction).update(waits_since=pg.now())
    made = tried(ana, IN, "settle")
    run = act(ana, made)
    assert counts(run) == {"hits": 2, "nothing_clear": 2}
    settled = Match.objects.filter(status="confirmed").order_by("pk")
    assert list(settled) == good
    assert {one.run_id for one in settled} == {run.run_id}
    assert (run.run.kind, run.run.decided) == ("rule", 2)
    assert {one.decided_by_name for one in settled} == {f"Regra · {ana.actor_name}"}
    assert counts(act(ana, made)) == {"same": 2, "nothing_clear": 2}
    assert list(checks.problems()) == []
    undone = back(ana, run)
    assert (undone.status, undone.kept) == ("undone", 0)
    assert (
        list(Match.objects.filter(pk__in=[one.pk for one in good]).values_list("status", flat=True))
        == ["undone"] * 2
    )
    assert OpenLine.objects.filter(transaction__in=[one.lines.get().transaction for one in good]).count() == 2
    assert list(checks.problems()) == []


def test_a_settlement_that_a_person_took_back_is_a_conflict(
    cast: Cast, ana: Access, account: Account
) -> None:
    match = proposal(account)
    line, item = match.lines.get().transaction, match.items.get().open_item
    made = tried(ana, IN, "settle")
    run = act(ana, made)
    services.undo(access=ana, matches=[match.pk])
    services.propose(tenant=cast.aurora, judgements=[clear(line, item)])
    assert counts(act(ana, made)) == {"by_person": 1}
    back(ana, run)
    assert counts(act(ana, made)) == {"by_person": 1}


def test_a_settling_run_that_was_taken_back_whole_may_settle_again(
    cast: Cast, ana: Access, account: Account
) -> None:
    match = proposal(account)
    line, item = match.lines.get().transaction, match.items.get().open_item
    made = tried(ana, IN, "settle")
    back(ana, act(ana, made))
    services.propose(tenant=cast.aurora, judgements=[clear(line, item)])
    assert counts(act(ana, made)) == {"hits": 1}


def test_one_match_over_two_lines_needs_the_rule_for_both(cast: Cast, ana: Access, account: Account) -> None:
    first, second = (
        make_transaction(account, "60", description="PIX"),
        make_transaction(account, "40", description="TED"),
    )
    for line in (first, second):
        make_open_line(line)
    whole = settlement([first, second], (make_open_item(cast.aurora, "100"), "100"), kind="many_to_one")
    services.propose(tenant=cast.aurora, judgements=[judge(first, whole), judge(second, whole)])
    narrow = tried(ana, {"field": "text", "op": "contains", "value": "pix"}, "settle")
    assert counts(act(ana, narrow)) == {"nothing_clear": 1}
    rules.remove(access=ana, rule=narrow)
    wide = tried(ana, {"field": "text", "op": "regex", "value": "pix|ted"}, "settle")
    assert counts(act(ana, wide)) == {"hits": 2}
    assert Decision.objects.count() == 1


def test_lines_to_ask_about_are_not_settled_by_themselves(ana: Access, account: Account) -> None:
    proposal(account)
    asking, settling = tried(ana, IN, "ask"), tried(ana, IN, "settle")
    run = act(ana, asking)
    assert counts(run) == {"hits": 1}
    assert counts(act(ana, asking)) == {"same": 1}
    assert counts(act(ana, settling)) == {"by_earlier": 1}
    back(ana, run)
    rules.change(access=ana, rule=asking, fields={"is_active": False})
    assert counts(act(ana, settling)) == {"hits": 1}


def test_nothing_that_a_rule_wants_asked_is_confirmed_by_itself(
    cast: Cast, ana: Access, account: Account
) -> None:
    TenantSettings.objects.filter(tenant=cast.aurora).update(auto_confirm_above=60)
    decided = [proposal(account, str(1_000 + n), description="PIX") for n in range(60)]
    services.confirm(access=ana, matches=[one.pk for one in decided])
    kept = proposal(account, "70.00", description="TARIFA")
    asking = tried(ana, action="ask")
    run = act(ana, asking)
    assert counts(run) == {"hits": 1}
    assert services.confirm_clear(cast.aurora) is None
    back(ana, run)
    outcome = services.confirm_clear(cast.aurora)
    assert outcome is not None
    assert outcome.decided == (kept.pk,)


def test_what_rules_settle_says_nothing_about_suggestions(cast: Cast, ana: Access, account: Account) -> None:
    proposal(account)
    assert counts(act(ana, tried(ana, IN, "settle"))) == {"hits": 1}
    assert services.history(cast.aurora.pk, score=0).precision is None
