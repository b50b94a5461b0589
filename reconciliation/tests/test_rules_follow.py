"""Rules that somebody has run act on what changes from then on, with that person's rights, and on nothing else."""

import pytest

from ledger.models import Account
from reconciliation import runner
from reconciliation.models import Match, RuleRun
from reconciliation.rules import running
from reconciliation.rules import services as rules
from reconciliation.tests.test_rules import FEES, IN, act, back, categories, fees, tried
from tenants.access import Access
from tenants.models import Membership
from tests.cast import Cast
from tests.factories import access_of, make_account, make_open_item, make_source, make_transaction

pytestmark = pytest.mark.django_db(transaction=True)
MARIA = {"counterparty_name": "MARIA SOUZA", "counterparty_document": "11144477735"}


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


@pytest.fixture
def account(cast: Cast) -> Account:
    """An account of Aurora."""
    return make_account(cast.aurora)


def run(account: Account) -> None:
    assert runner.run(account.tenant_id) is not None


def test_a_rule_that_was_run_takes_new_lines_and_says_so_once(
    cast: Cast, ana: Access, account: Account
) -> None:
    fees(account, 2)
    fees(make_account(cast.boreal), 1)
    made = tried(ana)
    run(account)
    assert categories() == ["", "", ""]  # tried, but nobody ran it
    first = act(ana, made)
    fees(account, 1)
    make_transaction(account, "5.00", description="Pix")
    run(account)
    assert categories() == ["Tarifas", "Tarifas", "", "Tarifas", ""]
    followed = RuleRun.objects.filter(dry=False).exclude(pk=first.pk).get()
    assert (followed.since is not None, followed.hits, followed.lines, followed.actor) == (
        True,
        1,
        2,
        cast.ana,
    )
    run(account)  # its own edits are no news
    assert RuleRun.objects.filter(dry=False).count() == 2
    back(ana, followed)
    run(account)
    assert categories() == ["Tarifas", "Tarifas", "", "", ""]  # taken back, and not done again


def test_taking_the_first_run_back_ends_it(ana: Access, account: Account) -> None:
    fees(account, 1)
    first = act(ana, tried(ana))
    back(ana, first)
    fees(account, 1)
    run(account)
    assert categories() == ["", ""]


def test_a_change_of_the_rule_or_turning_it_off_ends_it(ana: Access, account: Account) -> None:
    fees(account, 1)
    made = tried(ana)
    act(ana, made)
    rules.change(access=ana, rule=made, fields={"is_active": False})
    fees(account, 1)
    run(account)
    rules.change(access=ana, rule=made, fields={"is_active": True, "category": "Outra"})
    run(account)
    assert categories() == ["Tarifas", ""]


def test_who_may_no_more_acts_no_more(cast: Cast, ana: Access, account: Account) -> None:
    fees(account, 1)
    act(ana, tried(ana))
    Membership.objects.filter(tenant=cast.aurora, user=cast.ana).update(role="viewer")
    fees(account, 1)
    run(account)
    assert categories() == ["Tarifas", ""]
    assert RuleRun.objects.filter(dry=False).latest("pk").status == "stopped"


def test_a_rule_that_settles_comes_after_the_suggestions(cast: Cast, ana: Access, account: Account) -> None:
    run(account)
    act(ana, tried(ana, conditions=IN, action="settle"))
    erp = make_source(cast.aurora)
    make_open_item(cast.aurora, "130.57", source=erp, **MARIA)
    make_transaction(account, "130.57", **MARIA)
    make_transaction(account, "-130.57", **MARIA)
    run(account)
    (match,) = Match.objects.filter(status="confirmed")
    assert (match.origin, match.run.kind) == ("automatic", "rule")
    late = make_transaction(account, "88.80", **MARIA)
    run(account)
    assert Match.objects.filter(status="confirmed").count() == 1
    make_open_item(cast.aurora, "88.80", source=erp, **MARIA)  # the item comes after its line
    run(account)
    assert Match.objects.filter(status="confirmed", lines__transaction=late).exists()


def test_a_killed_worker_leaves_the_run_to_the_beat(
    ana: Access, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    fees(account, 1)
    act(ana, tried(ana, FEES))
    fees(account, 1)
    work = running.work
    monkeypatch.setattr(running, "work", lambda run_id, **_limit: RuleRun.objects.get(pk=run_id))
    run(account)
    monkeypatch.setattr(running, "work", work)
    assert RuleRun.objects.filter(status="open").count() == 1
    assert running.work_unfinished() == 1
    assert categories() == ["Tarifas", "Tarifas"]
