"""Budgets: kept by equal tokens across processes, waited for a moment, and kept in memory while Redis is away."""

import subprocess
import sys
import time
from datetime import timedelta

import pytest
import redis

from sync import budgets
from sync.budgets import Budget, BudgetSpent
from tests.factories import make_connection, make_tenant


@pytest.fixture(autouse=True)
def _fresh_counters():
    budgets.counters.forget()
    yield
    budgets.counters.forget()


def test_a_spent_budget_is_waited_for_as_long_as_the_window_needs(monkeypatch):
    now, waits = [time.time()], []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "time", lambda: now[0])
    budget = Budget("gestaoclick", "token", "3/minute", sleep=sleep)
    budget.spend("vendas")
    now[0] += 20
    for _ in range(3):
        budget.spend("vendas")
    assert sum(waits) == pytest.approx(40, abs=0.1), "the first of the three is a minute old then"


def test_more_than_the_patience_is_an_error_that_says_when():
    budget = Budget("advbox", "token", patience=5, sleep=pytest.fail)
    for _ in range(30):
        budget.spend("customers")
    with pytest.raises(BudgetSpent, match="requests that Advbox allows are used up") as caught:
        budget.spend("transactions")
    assert timedelta(seconds=5) < caught.value.retry_after <= timedelta(minutes=1)
    assert not caught.value.needs_person


def test_equal_tokens_share_and_others_do_not():
    first, same, other = (Budget("advbox", owner) for owner in ("a", "a", "b"))
    for _ in range(10):
        first.spend()
    assert [budget.left()[0].remaining for budget in (first, same, other)] == [20, 20, 30]


def test_pluggy_counts_each_endpoint_for_the_whole_installation():
    Budget("pluggy", "client-a").spend("transactions")
    assert Budget("pluggy", "client-b").left("transactions")[0].remaining == 359
    assert Budget("pluggy", "client-b").left("accounts")[0].remaining == 360
    assert Budget("pluggy", "client-b").left("update_item")[0].remaining == 20


def test_the_day_is_counted_beside_the_second():
    budget = Budget("gestaoclick", "token")
    budget.spend("vendas")
    day, second = budget.left()
    assert (day.limit, day.remaining) == ("30000 per 1 day", 29999)
    assert second.limit == "3 per 1 second"


def test_reading_for_a_person_leaves_a_tenth_to_the_syncs():
    budget = Budget("advbox", "token")
    for _ in range(26):
        budget.spend()
    assert budget.allows()
    budget.spend()
    assert not budget.allows()


@pytest.mark.django_db
def test_the_configuration_raises_it_and_credentials_name_the_owner():
    connection = make_connection(make_tenant(), config={"budget": "1000/hour"})
    connection.set_credentials({"access_token": "one"})
    budget = budgets.budget_of(connection)
    budget.spend()
    assert [(left.limit, left.remaining) for left in budget.left()] == [("1000 per 1 hour", 999)]
    connection.set_credentials({"access_token": "two"})
    assert budgets.budget_of(connection).left()[0].remaining == 1000


def test_another_process_sees_what_was_spent():
    budget = Budget("advbox", "token")
    budget.spend()
    script = (
        "import django; django.setup()\n"
        "from sync.budgets import Budget\n"
        "b = Budget('advbox', 'token'); b.spend(); print(b.left()[0].remaining)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "28"
    assert budget.left()[0].remaining == 28


def test_without_redis_this_process_counts_and_redis_is_used_again(settings, valkey_factory):
    server = valkey_factory()
    settings.REDIS_URL = server.url
    budget = Budget("advbox", "token", patience=1, sleep=pytest.fail)
    budget.spend()
    server.stop()
    for _ in range(30):
        budget.spend()
    with pytest.raises(BudgetSpent):
        budget.spend()
    server.start()
    budgets.counters.forget()
    budget.spend()
    with redis.Redis.from_url(server.url) as client:
        assert [key for key in client.scan_iter() if b"advbox:token:*" in key]
