"""Two workers on one run, two people who begin one, and a worker that is killed: every line once."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from ledger.models import Transaction
from reconciliation import checks, services
from reconciliation.models import Match, Rule, RuleEffect, RuleRun
from reconciliation.rules import running
from reconciliation.rules import services as rules
from reconciliation.tests.support import clear
from tenants.access import Access
from tenants.models import AuditLog
from tests.cast import Cast
from tests.database import url_of_test_database
from tests.factories import access_of, make_account, make_open_item, make_open_line, make_transaction

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


def tried(access: Access, direction: str, action: str, category: str = "") -> Rule:
    """Return a rule over a direction that was tried."""
    made = rules.create(
        access=access,
        fields={
            "name": "Regra", "conditions": {"field": "direction", "op": "is", "value": direction}, "action": action, "category": category,
        },
    )  # fmt: skip
    running.work(rules.dry_run(access=access, rule=made).pk)
    made.refresh_from_db()
    return made


def at_once(*acts: Any) -> list[Any]:
    """Do these in threads that begin together; return what each returned."""
    barrier = Barrier(len(acts))

    def one(act: Any) -> Any:
        try:
            barrier.wait(timeout=10)
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def once_each(run: RuleRun, lines: int) -> None:
    """Check that the run did every line once, and says so."""
    run.refresh_from_db()
    assert (run.status, run.lines, run.hits) == ("done", lines, lines)
    assert RuleEffect.objects.filter(rule_run=run).count() == lines
    assert set(Transaction.objects.values_list("category_override", flat=True)) == {"Saídas"}
    assert AuditLog.objects.filter(action="edit", request_id=f"rule-run-{run.pk}").count() == lines


def test_two_people_begin_one_run(cast: Cast, ana: Access) -> None:
    account = make_account(cast.aurora)
    for _ in range(3):
        make_transaction(account, "-5.00")
    made = tried(ana, "out", "categorise", "Saídas")
    first, second = at_once(*[lambda: rules.run(access=ana, rule=made)] * 2)
    assert first.pk == second.pk
    assert RuleRun.objects.filter(dry=False).count() == 1


def test_two_workers_on_one_run_do_every_line_once(
    cast: Cast, ana: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_account(cast.aurora)
    for _ in range(12):
        make_transaction(account, "-5.00")
    made = tried(ana, "out", "categorise", "Saídas")
    monkeypatch.setattr(running, "BATCH", 2)
    run = rules.run(access=ana, rule=made)
    at_once(*[lambda: running.work(run.pk)] * 2)
    once_each(run, 12)
    at_once(*[lambda: running.work(rules.undo(access=ana, run=run).pk)], lambda: running.work(run.pk))
    run.refresh_from_db()
    assert (run.status, run.kept) == ("undone", 0)
    assert set(Transaction.objects.values_list("category_override", flat=True)) == {""}


def test_a_rule_and_a_person_settle_one_line(cast: Cast, ana: Access) -> None:
    line, item = make_transaction(make_account(cast.aurora), "100"), make_open_item(cast.aurora, "100")
    make_open_line(line)
    services.propose(tenant=cast.aurora, judgements=[clear(line, item)])
    match = Match.objects.get()
    run = rules.run(access=ana, rule=tried(ana, "in", "settle"))

    def person() -> bool:
        try:
            return services.confirm(access=ana, matches=[match.pk]).decided == (match.pk,)
        except services.Refused:
            return False

    by_rule, by_person = at_once(lambda: running.work(run.pk).hits, person)
    assert (by_rule, by_person) in {(1, False), (0, True)}
    assert Match.objects.filter(status="confirmed").count() == 1
    assert list(checks.problems()) == []


STOPPING = """
import sys, django
django.setup()
from reconciliation.rules import running
running.BATCH = 2
count, calls = running._count, []
def stopping(*given):
    calls.append(1)
    if len(calls) == 3:
        print("in the middle", flush=True)
        sys.stdin.readline()
    return count(*given)
running._count = stopping
running.work(int(sys.argv[1]))
"""


@pytest.mark.drill
def test_a_killed_run_is_done_by_the_next_one(cast: Cast, ana: Access) -> None:
    account = make_account(cast.aurora)
    for _ in range(9):
        make_transaction(account, "-5.00")
    run = rules.run(access=ana, rule=tried(ana, "out", "categorise", "Saídas"))
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPING, str(run.pk)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url_of_test_database()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert any(line.strip() == "in the middle" for line in process.stdout)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    run.refresh_from_db()
    assert (run.status, run.lines, run.hits) == ("open", 4, 4), "the batch in the middle is rolled back"
    assert RuleEffect.objects.count() == 4
    assert running.work_unfinished() == 1
    once_each(run, 9)
