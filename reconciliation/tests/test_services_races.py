"""Two people at once, a sync in between, a worker that is killed, and sums of every kind: one winner, nothing lost, all of it adds up."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import StringIO
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from ledger.models import OpenItem, Transaction
from reconciliation import checks, runner, services, statements
from reconciliation.models import Decision, Match, MatchItem, MatchLine, OpenLine
from reconciliation.services import Outcome, Refused
from reconciliation.tests.support import judge, settlement, waiting
from sync.models import FileImport
from tenants.access import Access
from tests.cast import Cast
from tests.database import url_of_test_database
from tests.factories import (
    DAY,
    access_of,
    make_account,
    make_match,
    make_member,
    make_open_item,
    make_open_line,
    make_transaction,
)

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


@pytest.fixture
def dora(cast: Cast) -> Access:
    """Dora, who works on the same queue."""
    return access_of(make_member(cast.aurora, "analyst", email="dora@example.com"), cast.aurora)


def at_once(*acts: Callable[[], Outcome]) -> list[Outcome | str]:
    """Do these in threads that begin together; return each outcome, or the code with which it was refused."""
    barrier = Barrier(len(acts))

    def one(act: Callable[[], Outcome]) -> Outcome | str:
        try:
            barrier.wait(timeout=10)
            return act()
        except Refused as error:
            return error.refusals[0].code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def proposals(cast: Cast, lines: int, items: int) -> list[Match]:
    """Return a proposal for each combination of so many lines and items of 100, by line."""
    account = make_account(cast.aurora)
    found = [make_transaction(account, "100") for _ in range(lines)]
    due = [make_open_item(cast.aurora, "100") for _ in range(items)]
    judgements = []
    for line in found:
        make_open_line(line)
        judgements.append(judge(line, *(settlement(line, item) for item in due)))
    services.propose(tenant=cast.aurora, judgements=judgements)
    return list(Match.objects.filter(status="proposed").order_by("lines__transaction", "pk"))


def whole() -> None:
    """Check that everything holds, without looking at what guards it."""
    assert list(checks.problems()) == []


# --- two at once ---------------------------------------------------------------------------------------------------------
def test_two_people_confirm_one_match(cast: Cast, ana: Access, dora: Access) -> None:
    (match,) = proposals(cast, 1, 1)
    done = at_once(*(lambda who=who: services.confirm(access=who, matches=[match.pk]) for who in (ana, dora)))
    assert sorted(map(str, (one if isinstance(one, str) else one.decided for one in done))) == [
        f"({match.pk},)",
        "decided",
    ]
    assert Decision.objects.count() == 1
    whole()


def test_two_people_settle_one_line_differently(cast: Cast, ana: Access, dora: Access) -> None:
    first, second = proposals(cast, 1, 2)
    done = at_once(
        lambda: services.confirm(access=ana, matches=[first.pk]),
        lambda: services.confirm(access=dora, matches=[second.pk]),
    )
    assert [one for one in done if isinstance(one, str)] == ["replaced"]
    assert MatchLine.objects.filter(confirmed=True).count() == 1
    whole()


def test_two_people_settle_one_item_with_two_lines(cast: Cast, ana: Access, dora: Access) -> None:
    proposals(cast, 2, 1)
    lines, item = list(Transaction.objects.order_by("pk")), OpenItem.objects.get()
    done = at_once(
        *(
            lambda who=who, line=line: services.link(
                access=who, lines=[line.pk], items={item.pk: Decimal(100)}
            )
            for who, line in zip((ana, dora), lines, strict=True)
        )
    )
    assert [one for one in done if isinstance(one, str)] == ["item_settled"]
    assert MatchItem.objects.filter(confirmed=True).count() == 1
    whole()


def test_one_key_sent_twice_at_once_counts_once(cast: Cast, ana: Access) -> None:
    (match,) = proposals(cast, 1, 1)
    done = at_once(*(lambda: services.confirm(access=ana, matches=[match.pk], key="k") for _ in range(2)))
    assert [one.decided for one in done] == [(match.pk,)] * 2
    assert sorted(one.again for one in done) == [False, True]
    assert Decision.objects.count() == 1


def test_bulks_that_overlap_in_opposite_order_both_end(cast: Cast, ana: Access, dora: Access) -> None:
    matches = [match.pk for match in proposals(cast, 6, 6)]
    done = at_once(
        lambda: services.confirm(access=ana, matches=matches),
        lambda: services.confirm(access=dora, matches=matches[::-1]),
    )
    assert sum(len(one.decided) for one in done if isinstance(one, Outcome)) == 6
    assert MatchItem.objects.filter(confirmed=True).count() == 6
    whole()


def test_a_line_that_a_sync_is_changing_is_busy_and_then_changed(cast: Cast, ana: Access) -> None:
    (match,) = proposals(cast, 1, 1)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE ledger_transaction SET amount = 101, updated_at = now()")
            codes = at_once(lambda: services.confirm(access=ana, matches=[match.pk]))
            assert codes == ["busy"], "nobody waits for a sync"
        other.commit()
    finally:
        other.close()
    assert at_once(lambda: services.confirm(access=ana, matches=[match.pk])) == ["line_changed"]
    match.refresh_from_db()
    assert match.status == "proposed"


# --- a worker that dies --------------------------------------------------------------------------------------------------
STOPPING = """
import sys, django
django.setup()
from reconciliation import runner, services
runner.CHUNK = 2
propose, calls = services.propose, []
def stopping(**given):
    calls.append(1)
    if len(calls) == 2:
        print("in the middle", flush=True)
        sys.stdin.readline()
    return propose(**given)
services.propose = stopping
runner.run(int(sys.argv[1]))
"""


@pytest.mark.drill
def test_a_killed_run_is_done_by_the_next_one(cast: Cast) -> None:
    account = make_account(cast.aurora)
    for number in range(6):
        make_transaction(account, f"{1000 * (number + 1)}.37", counterparty_document="11144477735")
        make_open_item(cast.aurora, f"{1000 * (number + 1)}.37", counterparty_document="11144477735")
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPING, str(cast.aurora.pk)],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url_of_test_database()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert any(line.strip() == "in the middle" for line in process.stdout)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert (Match.objects.count(), len(waiting(cast.aurora))) == (2, 4)
    assert runner.due() == [cast.aurora.pk]
    with psycopg.connect(
        url_of_test_database()
    ) as watcher:  # the server frees the lock with the dead worker's connection
        for verb in ("lock", "unlock"):
            watcher.execute(f"SELECT pg_advisory_{verb}(8, %s)", [cast.aurora.pk])
    done = runner.run(cast.aurora.pk)
    assert done.proposed.written == 4
    assert set(OpenLine.objects.values_list("verdict", flat=True)) == {"clear"}
    assert Match.objects.count() == 6
    whole()


# --- sums ----------------------------------------------------------------------------------------------------------------
CENTS = st.integers(-500, 500).filter(bool)


@given(data=st.data())
@hypothesis(
    max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_whatever_is_linked_adds_up(data: st.DataObject, cast: Cast, ana: Access) -> None:
    """Random lines, shares and differences: a link is made exactly when it adds up to the cent and no item is settled beyond its value."""
    with transaction.atomic():
        account = make_account(cast.aurora)
        sign = data.draw(st.sampled_from([1, -1]))
        faces = data.draw(st.lists(st.integers(1, 400), min_size=1, max_size=3))
        items = [make_open_item(cast.aurora, sign * Decimal(face).scaleb(-2)) for face in faces]
        for _ in range(data.draw(st.integers(1, 4))):
            shares = {item.pk: sign * Decimal(data.draw(st.integers(1, 400))).scaleb(-2) for item in items}
            fee = Decimal(data.draw(st.sampled_from([0, 0, 7, -3]))).scaleb(-2)
            off = Decimal(data.draw(st.sampled_from([0, 0, 0, 1]))).scaleb(-2)
            total = sum(shares.values()) + fee + off
            if total == 0:
                continue
            line = make_transaction(account, total)
            left = {item.pk: abs(item.amount) - abs(settled(item)) for item in items}
            fits = all(abs(share) <= left[pk] for pk, share in shares.items())
            try:
                with transaction.atomic():
                    services.link(
                        access=ana, lines=[line.pk], items=shares, adjustments={"fee": fee} if fee else {}
                    )
                assert fits, "beyond the value of an item"
                assert not off, "a cent is missing"
            except Refused:
                assert not fits
            except ValidationError:
                assert fits
                assert off
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        whole()
        transaction.set_rollback(True)


def settled(item: OpenItem) -> Decimal:
    """Return what is settled of the item."""
    return sum(
        MatchItem.objects.filter(open_item=item, confirmed=True).values_list("amount", flat=True), Decimal(0)
    )


# --- the command ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def unguarded() -> Iterator[Callable[[str], None]]:
    """Write past every trigger, as a bug in the database would."""

    def write(sql: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql)

    return write


def problems_told(*args: str) -> str:
    """Return what check_matches says on its way to status 1."""
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("check_matches", *args, stderr=said)
    return said.getvalue()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (
            "UPDATE reconciliation_matchitem SET amount = 99",
            "has lines of 100.00 and items with differences of 99.00",
        ),
        (
            "UPDATE reconciliation_match SET status = 'confirmed', decided_at = now(), decided_by_name = 'x'",
            "is settled 3 times",
        ),
        ("UPDATE ledger_transaction SET amount = 77", "but the line is 77.00"),
        ("UPDATE ledger_openitem SET amount = 60, open_amount = 60", "of 60.00 is settled with 100.00"),
        ("DELETE FROM reconciliation_decision", "and no decision says so"),
        ("UPDATE reconciliation_matchline SET confirmed = false", "its parts say something else"),
        (
            """INSERT INTO reconciliation_openline (tenant_id, transaction_id, date, amount, line_changed_at)
               SELECT tenant_id, id, date, amount, updated_at FROM ledger_transaction""",
            "waits in the queue all the same",
        ),
    ],
)
def test_the_command_says_what_does_not_hold(
    cast: Cast, ana: Access, unguarded: Callable[[str], None], damage: str, sentence: str
) -> None:
    first, _second = proposals(cast, 1, 2)
    services.confirm(access=ana, matches=[first.pk])
    make_match(first.lines.get().transaction, make_open_item(cast.aurora, "100"))
    out = StringIO()
    call_command("check_matches", "--tenant", "aurora", stdout=out)
    assert out.getvalue() == "ok\n"
    services.refresh(cast.aurora.pk)
    with transaction.atomic(), connection.cursor() as cursor:  # the matcher looked after all of it
        cursor.execute("UPDATE reconciliation_progress SET seen_until = now() + interval '1 hour'")
    unguarded(damage)
    assert sentence in problems_told("--tenant", "aurora")
    assert list(checks.problems(cast.boreal)) == []


def test_the_command_knows_companies(cast: Cast) -> None:
    for command in ("check_matches", "reconcile"):
        with pytest.raises(CommandError, match="no company with the slug"):
            call_command(command, "--tenant", "nowhere")


def test_reconcile_says_what_came_of_it(cast: Cast) -> None:
    make_transaction(make_account(cast.aurora), "130.57", counterparty_document="11144477735")
    make_open_item(cast.aurora, "130.57", counterparty_document="11144477735")
    out = StringIO()
    call_command("reconcile", "--tenant", "aurora", stdout=out)
    assert out.getvalue().startswith(
        "aurora: 1 clear, 0 ambiguous, 0 without a match; 0 opened again, 0 confirmed"
    )
    assert Match.objects.get().status == "proposed"


# --- statements ----------------------------------------------------------------------------------------------------------
def statement(cast: Cast, account: Any, day: str, balance: str, **fields: Any) -> None:
    """Store a file that says the account's balance at the end of a day."""
    entry = {"account": account.pk, "balance": balance, "at": f"{day}T23:59:59-03:00"}
    FileImport.objects.create(
        tenant=cast.aurora, account=account, name=f"{day}.ofx", sha256=day, size=1, content=b"", status="stored",
        balances=[entry], stored_at="2026-04-01T12:00:00Z", **fields,
    )  # fmt: skip


def test_opening_plus_lines_is_closing(cast: Cast) -> None:
    account = make_account(cast.aurora)
    statement(cast, account, "2026-02-28", "100.00")
    statement(cast, account, "2026-03-31", "142.50")
    make_transaction(account, "50.00", date=DAY)
    make_transaction(account, "-7.50", date=DAY.replace(day=31))
    make_transaction(account, "9.00", date=DAY, void_at="2026-03-11T12:00:00Z")
    make_transaction(account, "9.00", date=DAY, status="pending")
    first, second = statements.check_statements(cast.aurora)
    assert (first.opening, first.closing, first.difference) == (None, Decimal("100.00"), None)
    assert (second.opening, second.lines, second.total, second.closing) == (
        Decimal(100),
        2,
        Decimal("42.50"),
        Decimal("142.50"),
    )
    assert second.difference == 0
    assert statements.check_statements(cast.boreal) == []
    call_command("check_matches", "--statements", stdout=StringIO())
    make_transaction(account, "3.00", date=DAY)
    assert "difference -3.00" in problems_told("--statements")
    assert [check.difference for check in statements.wrong(cast.aurora)] == [Decimal(-3)]
