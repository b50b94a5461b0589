"""Proposing and deciding: what moves, what is remembered, who is told."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from ledger.models import OpenItem, Transaction
from live.models import Event, Generation
from reconciliation import services
from reconciliation.models import (
    Decision,
    Match,
    MatchAdjustment,
    MatchItem,
    MatchLine,
    OpenLine,
    Rejection,
    Run,
)
from reconciliation.services import KeyReused, Outcome, Refused
from reconciliation.tests.support import clear, judge, queue, settlement, waiting
from tenants.access import Access
from tenants.models import AuditLog, Tenant
from tests.cast import Cast
from tests.factories import access_of, make_account, make_open_item, make_transaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


def pair(tenant: Tenant, amount: str = "100.00", **line: Any) -> tuple[Transaction, OpenItem]:
    """Return a bank line in the queue and the open item that it pays."""
    transaction, item = make_transaction(make_account(tenant), amount, **line), make_open_item(tenant, amount)
    services.refresh(tenant.pk)
    OpenLine.objects.get_or_create(
        tenant=tenant, transaction=transaction,
        defaults={"date": transaction.date, "amount": transaction.amount, "line_changed_at": transaction.updated_at},
    )  # fmt: skip
    return transaction, item


def proposal(tenant: Tenant, amount: str = "100.00", **line: Any) -> Match:
    """Return a clear proposal."""
    transaction, item = pair(tenant, amount, **line)
    services.propose(tenant=tenant, judgements=[clear(transaction, item)])
    return Match.objects.get(lines__transaction=transaction, status="proposed")


def refused(act: Any) -> list[str]:
    """Return the codes with which nothing was decided."""
    with pytest.raises(Refused) as error:
        act()
    return [one.code for one in error.value.refusals]


def told(tenant: Tenant) -> QuerySet[Event]:
    """Return the events of decisions."""
    return Event.objects.filter(tenant=tenant, name="reconciliation_changed").order_by("pk")


# --- proposing -----------------------------------------------------------------------------------------------------------
def test_a_proposal_is_stored_with_its_reasons(cast: Cast) -> None:
    line, item = pair(cast.aurora, "93.85")
    net = settlement(line, (item, "100"), kind="withholding", adjustments={"withholding_irrf_pcc": "-6.15"})
    done = services.propose(tenant=cast.aurora, judgements=[judge(line, net)])
    assert (done.clear, done.written, done.replaced) == (1, 1, 0)
    match = Match.objects.get()
    assert (match.status, match.kind, match.verdict, match.score) == ("proposed", "withholding", "clear", 60)
    assert (match.amount, match.origin, match.currency) == (Decimal("93.85"), "automatic", "BRL")
    assert match.reasons == [
        {"name": "document_equal", "points": 40, "detail": {"document": "***"}},
        {"name": "amount_exact", "points": 20, "detail": {}},
    ]
    assert MatchLine.objects.get().amount == Decimal("93.85")
    assert (MatchItem.objects.get().amount, MatchAdjustment.objects.get().amount) == (
        Decimal(100),
        Decimal("-6.15"),
    )
    assert queue(cast.aurora) == {line.pk: "clear"}
    assert not waiting(cast.aurora)


def test_the_same_judgement_writes_nothing(cast: Cast) -> None:
    match = proposal(cast.aurora)
    line, item = Transaction.objects.get(), OpenItem.objects.get()
    again = services.propose(tenant=cast.aurora, judgements=[clear(line, item)])
    assert not again.changed
    assert Match.objects.get().pk == match.pk


def test_a_newer_judgement_replaces_an_older_one(cast: Cast) -> None:
    old = proposal(cast.aurora)
    line, item = Transaction.objects.get(), OpenItem.objects.get()
    other = make_open_item(cast.aurora, "100")
    both = judge(line, settlement(line, item), settlement(line, other, score=55))
    assert services.propose(tenant=cast.aurora, judgements=[both]).written == 2
    old.refresh_from_db()
    assert old.status == "replaced"
    ranks = (
        MatchLine.objects.filter(match__status="proposed")
        .order_by("rank")
        .values_list("rank", "match__score")
    )
    assert list(ranks) == [(1, 60), (2, 55)]
    nothing = services.propose(tenant=cast.aurora, judgements=[judge(line)])
    assert (nothing.nothing, nothing.replaced) == (1, 2)
    assert queue(cast.aurora) == {line.pk: "none"}


def test_decided_matches_are_never_touched(cast: Cast, ana: Access) -> None:
    match = proposal(cast.aurora)
    line, item = Transaction.objects.get(), OpenItem.objects.get()
    services.confirm(access=ana, matches=[match.pk])
    done = services.propose(tenant=cast.aurora, judgements=[clear(line, item, score=99)])
    assert (done.passed_over, done.written) == (1, 0)
    assert Match.objects.get().status == "confirmed"


def test_one_settlement_of_several_lines_is_one_match(cast: Cast) -> None:
    first, item = pair(cast.aurora, "60")
    second, _ = pair(cast.aurora, "40")
    OpenItem.objects.filter(pk=item.pk).update(amount=100, open_amount=100)
    whole = settlement([first, second], (item, "100"), kind="many_to_one")
    services.propose(tenant=cast.aurora, judgements=[judge(first, whole), judge(second, whole)])
    assert list(Match.objects.values_list("kind", "amount")) == [("many_to_one", Decimal(100))]
    assert set(queue(cast.aurora).values()) == {"clear"}


def test_other_lines_of_a_replaced_match_wait_again(cast: Cast) -> None:
    first, item = pair(cast.aurora, "60")
    second, _ = pair(cast.aurora, "40")
    whole = settlement([first, second], (item, "100"), kind="many_to_one")
    services.propose(tenant=cast.aurora, judgements=[judge(first, whole), judge(second, whole)])
    services.propose(tenant=cast.aurora, judgements=[judge(first)])
    assert waiting(cast.aurora) == {second.pk}


def test_a_judgement_of_old_facts_is_passed_over(cast: Cast) -> None:
    line, item = pair(cast.aurora)
    read_at = services.refresh(cast.aurora.pk).read_at
    OpenLine.objects.update(waits_since=read_at.replace(year=read_at.year + 1))  # somebody decided meanwhile
    done = services.propose(tenant=cast.aurora, judgements=[clear(line, item)], read_at=read_at)
    assert (done.passed_over, done.written) == (1, 0)
    assert waiting(cast.aurora) == {line.pk}


# --- confirming ----------------------------------------------------------------------------------------------------------
def test_confirming_settles_and_tells(cast: Cast, ana: Access) -> None:
    match = proposal(cast.aurora)
    line = Transaction.objects.get()
    before = Generation.objects.get(tenant=cast.aurora)
    assert services.confirm(access=ana, matches=[match.pk]) == Outcome((match.pk,))
    match.refresh_from_db()
    assert (match.status, match.decided_by, match.decided_by_name) == ("confirmed", cast.ana, str(cast.ana))
    assert queue(cast.aurora) == {}
    decision = Decision.objects.get()
    assert (decision.action, decision.before, decision.after) == ("confirm", "proposed", "confirmed")
    entry = AuditLog.objects.get(table="reconciliation_match")
    assert (entry.action, entry.actor, entry.row_id) == ("match.confirm", cast.ana, str(match.pk))
    assert entry.after == {"status": "confirmed", "amount": "100.00", "kind": "exact"}
    event = told(cast.aurora).get()
    assert event.payload == {"action": "confirm", "matches": [match.pk], "lines": [line.pk]}
    after = Generation.objects.get(tenant=cast.aurora)
    assert (after.recon, after.facts) == (before.recon + 1, before.facts)


def test_rivals_are_replaced_and_judged_again(cast: Cast, ana: Access) -> None:
    mine = proposal(cast.aurora)
    item = mine.items.get().open_item
    rival, _ = pair(cast.aurora)
    services.propose(
        tenant=cast.aurora, judgements=[judge(rival, settlement(rival, item), verdict="ambiguous")]
    )
    other = Match.objects.get(lines__transaction=rival)
    services.confirm(access=ana, matches=[mine.pk])
    other.refresh_from_db()
    assert other.status == "replaced"
    assert waiting(cast.aurora) == {rival.pk}
    assert refused(lambda: services.confirm(access=ana, matches=[other.pk])) == ["replaced"]


def test_a_bulk_is_one_run_and_says_what_was_refused(cast: Cast, ana: Access) -> None:
    good, gone = [proposal(cast.aurora) for _ in range(3)], proposal(cast.aurora)
    OpenItem.objects.filter(pk=gone.items.get().open_item_id).update(status="cancelled")
    ids = [match.pk for match in good] + [gone.pk, 0]
    outcome = services.confirm(access=ana, matches=ids)
    assert outcome.decided == tuple(match.pk for match in good)
    assert [(one.match, one.code) for one in outcome.refused] == [(0, "not_found"), (gone.pk, "item_gone")]
    run = Run.objects.get()
    assert (outcome.run, run.kind, run.decided, run.actor_name) == (run.pk, "bulk", 3, str(cast.ana))
    assert told(cast.aurora).count() == 1


def test_two_of_a_bulk_never_settle_one_line_or_item_twice(cast: Cast, ana: Access) -> None:
    line, item = pair(cast.aurora)
    other = make_open_item(cast.aurora, "100")
    services.propose(
        tenant=cast.aurora, judgements=[judge(line, settlement(line, item), settlement(line, other))]
    )
    second, _ = pair(cast.aurora)
    services.propose(tenant=cast.aurora, judgements=[clear(second, item)])
    first, rival, same = Match.objects.order_by("pk")
    outcome = services.confirm(access=ana, matches=[first.pk, rival.pk, same.pk])
    assert outcome.decided == (first.pk,)
    assert [one.code for one in outcome.refused] == ["line_twice", "item_settled"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "101.00"}, "line_changed"),
        ({"void_at": "2026-03-11T12:00:00Z"}, "line_gone"),
        ({"ignored": True}, "line_gone"),
    ],
)
def test_a_line_that_changed_is_refused_in_words(
    cast: Cast, ana: Access, change: dict[str, Any], code: str
) -> None:
    match = proposal(cast.aurora)
    Transaction.objects.update(**change)
    assert refused(lambda: services.confirm(access=ana, matches=[match.pk])) == [code]
    assert Match.objects.get().status == "proposed"
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "paid", "open_amount": 0, "paid_amount": 100}, "item_settled"),
        ({"status": "cancelled", "open_amount": 0}, "item_gone"),
        ({"void_at": "2026-03-11T12:00:00Z"}, "item_gone"),
        ({"status": "partial", "open_amount": 99}, "item_settled"),
    ],
)
def test_an_item_settled_elsewhere_is_refused_in_words(
    cast: Cast, ana: Access, change: dict[str, Any], code: str
) -> None:
    match = proposal(cast.aurora)
    OpenItem.objects.update(**change)
    assert refused(lambda: services.confirm(access=ana, matches=[match.pk])) == [code]


def test_what_is_decided_says_by_whom(cast: Cast, ana: Access) -> None:
    match = proposal(cast.aurora)
    services.confirm(access=ana, matches=[match.pk])
    with pytest.raises(Refused) as error:
        services.confirm(access=ana, matches=[match.pk])
    assert "ana@example.com" in str(error.value)
    assert [one.code for one in error.value.refusals] == ["decided"]


def test_another_companys_match_does_not_exist(cast: Cast, ana: Access) -> None:
    theirs = proposal(cast.boreal)
    for act in (services.confirm, services.reject, services.undo):
        assert refused(lambda act=act: act(access=ana, matches=[theirs.pk])) == ["not_found"]
    line, item = Transaction.objects.get(), OpenItem.objects.get()
    assert refused(lambda: services.link(access=ana, lines=[line.pk], items={item.pk: None})) == ["not_found"]


def test_nothing_and_too_much_are_refused(cast: Cast, ana: Access) -> None:
    for matches in ([], range(services.AT_ONCE + 1)):
        with pytest.raises(ValidationError):
            services.confirm(access=ana, matches=list(matches))


# --- once ----------------------------------------------------------------------------------------------------------------
def test_the_same_key_is_answered_once(cast: Cast, ana: Access) -> None:
    match = proposal(cast.aurora)
    first = services.confirm(access=ana, matches=[match.pk], key="k")
    again = services.confirm(access=ana, matches=[match.pk], key="k")
    assert (first.decided, again.decided, again.again) == ((match.pk,), (match.pk,), True)
    assert Decision.objects.count() == 1
    with pytest.raises(KeyReused):
        services.reject(access=ana, matches=[match.pk], key="k")


def test_a_key_of_a_refused_request_is_free_again(cast: Cast, ana: Access) -> None:
    match = proposal(cast.aurora)
    Transaction.objects.update(amount="101")
    assert refused(lambda: services.confirm(access=ana, matches=[match.pk], key="k")) == ["line_changed"]
    Transaction.objects.update(amount="100")
    assert services.confirm(access=ana, matches=[match.pk], key="k").decided == (match.pk,)


def test_keys_belong_to_a_company(cast: Cast, ana: Access) -> None:
    ours, theirs = proposal(cast.aurora), proposal(cast.boreal)
    services.confirm(access=ana, matches=[ours.pk], key="k")
    carla = access_of(cast.carla, cast.boreal)
    assert services.confirm(access=carla, matches=[theirs.pk], key="k").decided == (theirs.pk,)


# --- linking -------------------------------------------------------------------------------------------------------------
def test_a_person_links_one_line_to_three_items(cast: Cast, ana: Access) -> None:
    line, item = pair(cast.aurora, "100")
    more = [make_open_item(cast.aurora, amount) for amount in ("30", "25")]
    shares = {item.pk: Decimal(50), more[0].pk: None, more[1].pk: Decimal(20)}
    outcome = services.link(access=ana, lines=[line.pk], items=shares)
    match = Match.objects.get()
    assert outcome.decided == (match.pk,)
    assert (match.status, match.kind, match.origin) == ("confirmed", "one_to_many", "person")
    assert dict(match.items.values_list("open_item", "amount")) == {
        item.pk: 50,
        more[0].pk: 30,
        more[1].pk: 20,
    }
    assert Decision.objects.get().action == "link"
    assert queue(cast.aurora) == {}


@pytest.mark.parametrize(
    ("items", "adjustments", "kind"),
    [
        (["100"], {}, "exact"),
        (["98"], {"interest": "2"}, "tolerance"),
        (["106.56"], {"withholding_irrf_pcc": "-6.56"}, "withholding"),
        (["60", "40"], {}, "one_to_many"),
    ],
)
def test_a_link_is_called_by_its_shape(
    cast: Cast, ana: Access, items: list[str], adjustments: dict[str, str], kind: str
) -> None:
    line, _ = pair(cast.aurora, "100")
    found = [make_open_item(cast.aurora, amount) for amount in items]
    services.link(
        access=ana,
        lines=[line.pk],
        items={item.pk: None for item in found},
        adjustments={name: Decimal(amount) for name, amount in adjustments.items()},
    )
    assert Match.objects.get().kind == kind


def test_a_link_that_does_not_add_up_says_what_is_missing(cast: Cast, ana: Access) -> None:
    line, item = pair(cast.aurora, "1100")
    OpenItem.objects.update(amount=2000, open_amount=2000)
    with pytest.raises(ValidationError) as error:
        services.link(
            access=ana, lines=[line.pk], items={item.pk: Decimal(1000)}, adjustments={"fee": Decimal(-1)}
        )
    assert "101" in error.value.messages[0]
    assert not Match.objects.exists()


def test_a_payment_of_what_the_erp_shows_as_paid_is_linked_by_hand(cast: Cast, ana: Access) -> None:
    line, item = pair(cast.aurora)
    OpenItem.objects.update(status="paid", open_amount=0, paid_amount=100)
    services.link(access=ana, lines=[line.pk], items={item.pk: None})
    again, _ = pair(cast.aurora)
    assert refused(lambda: services.link(access=ana, lines=[again.pk], items={item.pk: Decimal(100)})) == [
        "item_settled"
    ]


def test_a_line_that_no_run_has_seen_can_be_linked(cast: Cast, ana: Access) -> None:
    line, item = make_transaction(make_account(cast.aurora), "10"), make_open_item(cast.aurora, "10")
    services.link(access=ana, lines=[line.pk], items={item.pk: None})
    assert (
        refused(lambda: services.link(access=ana, lines=[line.pk], items={item.pk: None}))[0]
        == "line_settled"
    )


def test_a_transfer_links_two_lines(cast: Cast, ana: Access) -> None:
    out, _ = pair(cast.aurora, "-70")
    into, _ = pair(cast.aurora, "70")
    services.link(access=ana, lines=[out.pk, into.pk], items={})
    assert list(Match.objects.values_list("kind", "amount")) == [("transfer", Decimal(0))]


def test_a_link_takes_the_place_of_the_proposal_that_says_the_same(cast: Cast, ana: Access) -> None:
    match = proposal(cast.aurora)
    line, item = Transaction.objects.get(), OpenItem.objects.get()
    services.link(access=ana, lines=[line.pk], items={item.pk: None})
    match.refresh_from_db()
    assert match.status == "replaced"
    assert Match.objects.filter(status="confirmed").count() == 1


# --- rejecting -----------------------------------------------------------------------------------------------------------
def test_a_rejected_pair_is_never_proposed_again(cast: Cast, ana: Access) -> None:
    match = proposal(cast.aurora)
    line, item = Transaction.objects.get(), OpenItem.objects.get()
    services.reject(access=ana, matches=[match.pk])
    assert list(Rejection.objects.values_list("transaction", "open_item")) == [(line.pk, item.pk)]
    assert waiting(cast.aurora) == {line.pk}
    done = services.propose(tenant=cast.aurora, judgements=[clear(line, item, score=100)])
    assert (done.written, done.nothing) == (0, 1)
    services.undo(access=ana, matches=[match.pk])
    assert services.propose(tenant=cast.aurora, judgements=[clear(line, item)]).written == 1


def test_a_rejected_set_does_not_reject_its_parts(cast: Cast, ana: Access) -> None:
    line, item = pair(cast.aurora, "100")
    more = make_open_item(cast.aurora, "40")
    both = judge(line, settlement(line, (item, "60"), more, kind="one_to_many"))
    services.propose(tenant=cast.aurora, judgements=[both])
    services.reject(access=ana, matches=[Match.objects.get().pk])
    assert not Rejection.objects.exists()
    assert services.propose(tenant=cast.aurora, judgements=[both]).written == 0
    assert services.propose(tenant=cast.aurora, judgements=[clear(line, item)]).written == 1


# --- taking back ---------------------------------------------------------------------------------------------------------
def test_undo_opens_line_and_item_again(cast: Cast, ana: Access) -> None:
    match = proposal(cast.aurora)
    line, item = Transaction.objects.get(), OpenItem.objects.get()
    services.confirm(access=ana, matches=[match.pk])
    assert services.undo(access=ana, matches=[match.pk]).decided == (match.pk,)
    match.refresh_from_db()
    assert match.status == "undone"
    assert waiting(cast.aurora) == {line.pk}
    assert not MatchItem.objects.filter(confirmed=True).exists()
    assert list(Decision.objects.order_by("pk").values_list("action", "before", "after")) == [
        ("confirm", "proposed", "confirmed"),
        ("undo", "confirmed", "undone"),
    ]
    assert refused(lambda: services.undo(access=ana, matches=[match.pk])) == ["decided"]
    services.propose(tenant=cast.aurora, judgements=[clear(line, item)])
    services.confirm(access=ana, matches=[Match.objects.get(status="proposed").pk])


def test_a_run_is_taken_back_as_a_whole_but_for_what_was_taken_back_before(cast: Cast, ana: Access) -> None:
    matches = [proposal(cast.aurora) for _ in range(3)]
    run = services.confirm(access=ana, matches=[match.pk for match in matches]).run
    services.undo(access=ana, matches=[matches[0].pk])
    assert services.undo(access=ana, run=run).decided == tuple(match.pk for match in matches[1:])
    assert refused(lambda: services.undo(access=ana, run=run)) == ["not_found"]
    assert set(Match.objects.values_list("status", flat=True)) == {"undone"}
    carla = access_of(cast.carla, cast.boreal)
    assert refused(lambda: services.undo(access=carla, run=run)) == ["not_found"]


# --- closed periods ------------------------------------------------------------------------------------------------------
def test_closed_books_stay_as_they_are(cast: Cast, ana: Access) -> None:
    settled, waits = proposal(cast.aurora), proposal(cast.aurora)
    services.confirm(access=ana, matches=[settled.pk])
    services.close_through(access=ana, day=Transaction.objects.first().date)
    assert refused(lambda: services.confirm(access=ana, matches=[waits.pk])) == ["period_closed"]
    assert refused(lambda: services.undo(access=ana, matches=[settled.pk])) == ["period_closed"]
    line, item = pair(cast.aurora)
    assert refused(lambda: services.link(access=ana, lines=[line.pk], items={item.pk: None})) == [
        "period_closed"
    ]
    services.close_through(access=ana, day=None)
    services.undo(access=ana, matches=[settled.pk])
    said = (
        AuditLog.objects.filter(table="reconciliation_closing")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert list(said) == ["books.closed", "books.opened"]


def test_a_day_that_is_not_over_cannot_be_closed(cast: Cast, ana: Access) -> None:
    from lib import clock

    with pytest.raises(ValidationError):
        services.close_through(access=ana, day=clock.today(cast.aurora.zone))
