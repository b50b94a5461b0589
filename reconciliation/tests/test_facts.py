"""What the database refuses, whoever asks: these tests write past the services."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ledger.models import OpenItem, Transaction
from reconciliation.models import Closing, Decision, Match, MatchAdjustment, MatchItem, MatchLine
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import DAY, make_account, make_match, make_open_item, make_transaction

pytestmark = pytest.mark.django_db


def settle(match: Match, status: str = "confirmed") -> None:
    """Move the match as a decision would, and check what is checked at commit."""
    with transaction.atomic():
        Match.objects.filter(pk=match.pk).update(
            status=status, decided_at=timezone.now(), decided_by_name="Ana"
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def refused(name: str, act: Callable[[], Any]) -> None:
    """Check that the database refuses, naming what guards it."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        act()
    assert error.value.__cause__.diag.constraint_name == name


def pair(tenant: Tenant, amount: str = "100.00") -> tuple[Transaction, OpenItem]:
    """Return a bank line and the open item that it pays."""
    return make_transaction(make_account(tenant), amount), make_open_item(tenant, amount)


def test_a_line_is_in_one_confirmed_match_only(cast: Cast) -> None:
    line, item = pair(cast.aurora)
    other = make_open_item(cast.aurora, "100")
    first, second = make_match(line, item), make_match(line, other)
    settle(first)
    refused("matchline_settles_once", lambda: settle(second))
    settle(first, "undone")
    settle(second)
    flags = dict(MatchLine.objects.values_list("match_id", "confirmed"))
    assert flags == {first.pk: False, second.pk: True}


def test_items_and_adjustments_sum_to_the_line(cast: Cast) -> None:
    line, item = pair(cast.aurora)
    refused("match_adds_up", lambda: settle(make_match(line, (item, "99.00"))))
    refused(
        "match_adds_up", lambda: settle(make_match(line, (item, "99.00"), adjustments={"interest": "2.00"}))
    )
    settle(make_match(line, (item, "99.00"), adjustments={"interest": "1.00"}))


def test_a_match_says_the_sum_of_its_lines(cast: Cast) -> None:
    line, item = pair(cast.aurora)
    refused("match_adds_up", lambda: settle(make_match(line, item, amount=Decimal(7))))


def test_debits_settle_payables(cast: Cast) -> None:
    line, item = pair(cast.aurora, "-250.10")
    settle(make_match(line, (item, "-240.10"), adjustments={"interest": "-10.00"}))
    assert MatchItem.objects.get().confirmed


def test_no_item_is_settled_beyond_its_value(cast: Cast) -> None:
    account, item = make_account(cast.aurora), make_open_item(cast.aurora, "100")
    settle(make_match(make_transaction(account, "60"), (item, "60")))
    refused("match_adds_up", lambda: settle(make_match(make_transaction(account, "50"), (item, "50"))))
    settle(make_match(make_transaction(account, "40"), (item, "40")))


def test_no_receivable_is_settled_by_money_that_left(cast: Cast) -> None:
    line, item = make_transaction(make_account(cast.aurora), "-50"), make_open_item(cast.aurora, "100")
    refused("match_adds_up", lambda: settle(make_match(line, (item, "-50"))))


def test_own_transfers_have_lines_only(cast: Cast) -> None:
    out, into = (make_transaction(make_account(cast.aurora), amount) for amount in ("-70", "70"))
    settle(make_match([out, into], kind="transfer"))
    refused("match_adds_up", lambda: settle(make_match([make_transaction(make_account(cast.aurora), "5")])))


@pytest.mark.parametrize("change", [{"amount": "101.00"}, {"void_at": timezone.now()}, {"currency": "USD"}])
def test_a_line_that_changed_is_not_settled(cast: Cast, change: dict[str, Any]) -> None:
    line, item = pair(cast.aurora)
    match = make_match(line, item)
    Transaction.objects.filter(pk=line.pk).update(**change)
    refused("match_adds_up", lambda: settle(match))


def test_companies_never_meet_in_a_match(cast: Cast) -> None:
    line, _item = pair(cast.aurora)
    theirs = make_open_item(cast.boreal, "100")
    refused("match_adds_up", lambda: settle(make_match(line, theirs)))
    match = make_match(line)
    refused(
        "matchitem_of_a_proposal",
        lambda: MatchItem.objects.create(tenant=cast.boreal, match=match, open_item=theirs, amount=1),
    )


MOVES = {
    ("proposed", "confirmed"), ("proposed", "rejected"), ("proposed", "replaced"), ("confirmed", "undone"), ("rejected", "undone"),
}  # fmt: skip


def test_status_moves_forward_only(cast: Cast) -> None:
    """Every pair of statuses, one after the other."""
    way = {
        "proposed": [],
        "confirmed": ["confirmed"],
        "rejected": ["rejected"],
        "replaced": ["replaced"],
        "undone": ["confirmed", "undone"],
    }
    for start, steps in way.items():
        for end in Match.Status.values:
            if start == end:
                continue
            match = make_match(*pair(cast.aurora))
            for step in steps:
                move(match, step)
            if (start, end) in MOVES:
                move(match, end)
            else:
                refused("match_moves_forward", lambda match=match, end=end: move(match, end))


def move(match: Match, status: str) -> None:
    """Move the match with what its status needs."""
    free = status in {"proposed", "replaced"}
    Match.objects.filter(pk=match.pk).update(
        status=status, decided_at=None if free else timezone.now(), decided_by_name="" if free else "Ana"
    )


def test_matches_are_born_as_proposals(cast: Cast) -> None:
    line, item = pair(cast.aurora)
    refused(
        "match_is_born_proposed",
        lambda: make_match(line, item, status="rejected", decided_by_name="Ana", decided_at=timezone.now()),
    )


def test_a_decision_has_somebody(cast: Cast) -> None:
    match = make_match(*pair(cast.aurora))
    refused("match_decided_by_someone", lambda: Match.objects.filter(pk=match.pk).update(status="confirmed"))


def test_what_was_judged_does_not_change(cast: Cast) -> None:
    match = make_match(*pair(cast.aurora))
    refused("match_keeps_its_judgement", lambda: Match.objects.filter(pk=match.pk).update(score=3))
    refused("matchline_never_changes", lambda: MatchLine.objects.update(amount=1))
    refused("matchline_never_changes", lambda: MatchLine.objects.update(confirmed=True))
    refused("matchitem_never_changes", lambda: MatchItem.objects.update(confirmed=True))
    settle(match)
    refused(
        "matchadjustment_of_a_proposal",
        lambda: MatchAdjustment.objects.create(tenant=cast.aurora, match=match, kind="fee", amount=1),
    )
    refused("matchitem_is_kept", lambda: MatchItem.objects.all().delete())


def test_decided_matches_are_never_deleted(cast: Cast) -> None:
    kept = {}
    for status in ("confirmed", "rejected"):
        kept[status] = make_match(*pair(cast.aurora))
        settle(kept[status], status)
    settle(kept["confirmed"], "undone")
    for match in kept.values():
        refused("matchline_is_kept", lambda match=match: match.delete())
        with connection.cursor() as cursor:
            refused(
                "match_is_kept",
                lambda match=match, cursor=cursor: cursor.execute(
                    "DELETE FROM reconciliation_match WHERE id = %s", [match.pk]
                ),
            )
    make_match(*pair(cast.aurora)).delete()
    assert Match.objects.count() == 2


def test_two_proposals_never_say_the_same(cast: Cast) -> None:
    line, item = pair(cast.aurora)
    first = make_match(line, item, signature="s")
    refused("match_proposed_once", lambda: make_match(line, item, signature="s"))
    move(first, "replaced")
    make_match(line, item, signature="s")


def test_closed_periods_are_locked(cast: Cast) -> None:
    line, item = pair(cast.aurora)
    match, other = make_match(line, item), make_match(line, make_open_item(cast.aurora, "100"))
    settle(match)
    closing = Closing.objects.create(tenant=cast.aurora, closed_through=DAY)
    refused("match_period_is_open", lambda: settle(match, "undone"))
    refused("match_period_is_open", lambda: settle(other))
    move(other, "rejected")  # says nothing about money
    closing.closed_through = date(2026, 3, 9)
    closing.save()
    settle(match, "undone")


def test_anothers_closing_locks_nothing(cast: Cast) -> None:
    Closing.objects.create(tenant=cast.boreal, closed_through=DAY)
    settle(make_match(*pair(cast.aurora)))


def test_the_log_of_decisions_only_grows(cast: Cast) -> None:
    match = make_match(*pair(cast.aurora))
    row = Decision.objects.create(
        tenant=cast.aurora,
        match=match,
        action="reject",
        before="proposed",
        after="rejected",
        actor=cast.bruno,
        actor_name="Bruno",
    )
    refused("decision_stands", lambda: Decision.objects.filter(pk=row.pk).update(actor_name="Ana"))
    refused("decision_is_kept", lambda: row.delete())
    cast.bruno.delete()
    row.refresh_from_db()
    assert (row.actor, row.actor_name) == (None, "Bruno")
