"""Runs of the matcher over real rows: what changed is judged, what upstream takes away is opened again, and nothing is lost."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from ledger.models import OpenItem, Transaction
from lib import pg
from live.models import Event, Generation
from reconciliation import runner, services
from reconciliation.models import Decision, Match, MatchItem, MatchLine, OpenLine, Progress, Run
from reconciliation.services import queueing
from reconciliation.tests.support import clear, judge, queue, settlement, waiting
from tenants.access import Access
from tenants.models import TenantSettings
from tests.cast import Cast
from tests.factories import (
    DAY,
    access_of,
    make_account,
    make_customer,
    make_open_item,
    make_source,
    make_transaction,
)

pytestmark = pytest.mark.django_db(transaction=True)
JOAO, MARIA = "52998224725", "11144477735"


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


class Books:
    """The bank and the ERP of Aurora, which change."""

    def __init__(self, cast: Cast) -> None:
        self.tenant = cast.aurora
        self.bank, self.erp = make_source(self.tenant, "pluggy"), make_source(self.tenant)
        self.account = make_account(self.tenant, source=self.bank)

    def line(self, amount: str = "130.57", document: str = MARIA, **fields: Any) -> Transaction:
        """Return a bank line by Maria."""
        fields = {"counterparty_name": "MARIA SOUZA", "counterparty_document": document, **fields}
        return make_transaction(self.account, amount, **fields)

    def item(self, amount: str = "130.57", document: str = MARIA, **fields: Any) -> OpenItem:
        """Return an open item of Maria."""
        fields = {"counterparty_name": "Maria Souza", "counterparty_document": document, **fields}
        return make_open_item(self.tenant, amount, source=self.erp, **fields)

    def run(self) -> runner.Done:
        """Return what a run did."""
        done = runner.run(self.tenant.pk)
        assert done is not None
        return done

    def proposed(self) -> Match:
        """Return the one live proposal."""
        return Match.objects.get(status="proposed")


@pytest.fixture
def books(cast: Cast) -> Books:
    """The bank and the ERP of Aurora."""
    return Books(cast)


def change(row: Transaction | OpenItem, **fields: Any) -> None:
    """Change a fact as a sync would."""
    with transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(updated_at=pg.started(), **fields)


# --- what is judged ------------------------------------------------------------------------------------------------------
def test_a_run_proposes_what_fits_and_says_so(books: Books) -> None:
    line, item = books.line(), books.item()
    lonely = books.line("77.00", document=JOAO, counterparty_name="João Lima")
    done = books.run()
    assert (done.proposed.clear, done.proposed.nothing) == (1, 1)
    match = books.proposed()
    assert (match.verdict, match.lines.get().transaction, match.items.get().open_item) == (
        "clear",
        line,
        item,
    )
    assert queue(books.tenant) == {line.pk: "clear", lonely.pk: "none"}
    assert not waiting(books.tenant)
    row = Run.objects.get()
    assert (row.kind, row.lines, row.clear, row.nothing, row.finished_at is not None) == (
        "proposals",
        2,
        1,
        1,
        True,
    )
    event = Event.objects.get(name="reconciliation_ready")
    assert event.payload == {"run": row.pk}
    assert Generation.objects.get(tenant=books.tenant).recon == 1


def test_a_run_without_news_does_nothing(books: Books) -> None:
    books.line(), books.item()
    books.run()
    before = Progress.objects.get().seen_until
    assert books.run().proposed == services.Proposed()
    assert Run.objects.count() == 1
    assert Event.objects.filter(name="reconciliation_ready").count() == 1
    assert Progress.objects.get().seen_until >= before


def test_only_what_changed_is_judged_again(books: Books) -> None:
    books.line("10.00", document=JOAO, counterparty_name="João Lima")
    books.run()
    line = books.line()
    assert books.run().proposed.nothing == 1
    books.item()
    assert books.run().proposed.clear == 1, "a new item sends the lines of its amount back to the matcher"
    assert MatchLine.objects.get().transaction == line


def test_lines_that_want_the_same_item_are_judged_together(books: Books) -> None:
    books.line(), books.item()
    books.run()
    books.line()
    done = books.run()
    assert done.proposed.clear + done.proposed.ambiguous + done.proposed.nothing == 2
    clear_now = OpenLine.objects.filter(verdict="clear").count()
    assert clear_now <= 1, "one item, so at most one line is sure of it"


def test_judging_everything_again_writes_only_what_is_new(books: Books) -> None:
    for number in range(3):
        amount = f"{1000 * (number + 1)}.37"
        books.line(amount), books.item(amount)
    books.run()
    before = list(Match.objects.order_by("pk").values_list("pk", "status"))
    with transaction.atomic():
        queueing.look_at_everything(books.tenant.pk)
    done = books.run()
    assert (done.proposed.clear, done.proposed.written, done.proposed.replaced) == (3, 0, 0)
    assert list(Match.objects.order_by("pk").values_list("pk", "status")) == before
    assert not waiting(books.tenant)


def test_the_other_side_of_a_transfer_waits_again_when_one_goes(books: Books) -> None:
    away = make_account(books.tenant, source=books.bank)
    out, into = books.line("-70.00"), make_transaction(away, "70.00")
    queueing.refresh(books.tenant.pk)
    both = settlement([out, into], kind="transfer")
    services.propose(tenant=books.tenant, judgements=[judge(out, both), judge(into, both)])
    change(out, void_at=pg.now())
    queueing.refresh(books.tenant.pk)
    assert waiting(books.tenant) == {into.pk}
    assert Match.objects.get().status == "replaced"


def test_new_weights_judge_everything_again(books: Books) -> None:
    line = books.line()
    books.run()
    TenantSettings.objects.filter(tenant=books.tenant).update(weight_name=20)
    assert runner.due() == [books.tenant.pk]
    queueing.refresh(books.tenant.pk)
    assert waiting(books.tenant) == {line.pk}


def test_ignored_and_void_lines_leave_the_queue(books: Books) -> None:
    ignored, void = books.line(), books.line("99.00")
    books.item()
    books.run()
    change(ignored, ignored=True)
    change(void, void_at=pg.now())
    books.run()
    assert queue(books.tenant) == {}
    assert set(Match.objects.values_list("status", flat=True)) == {"replaced"}
    change(ignored, ignored=False)
    books.run()
    assert queue(books.tenant) == {ignored.pk: "clear"}


def test_closed_periods_wait_and_cost_nothing(books: Books, ana: Access) -> None:
    services.close_through(access=ana, day=DAY)
    line = books.line()
    books.item()
    assert books.run().proposed == services.Proposed()
    assert runner.due() == []
    services.close_through(access=ana, day=None)
    assert runner.due() == [books.tenant.pk]
    books.run()
    assert queue(books.tenant) == {line.pk: "clear"}


def test_what_is_left_of_an_item_is_what_is_proposed(books: Books, ana: Access) -> None:
    first, item = books.line("50.00"), books.item("130.00")
    services.link(access=ana, lines=[first.pk], items={item.pk: Decimal(50)})
    books.line("80.00")
    books.run()
    assert MatchItem.objects.get(match=books.proposed()).amount == Decimal(80)


def test_only_companies_with_news_are_due(books: Books, cast: Cast) -> None:
    assert runner.due() == []
    Generation.objects.filter(tenant=books.tenant).update(facts=1)
    assert runner.due() == [books.tenant.pk]
    assert runner.run_due_now() == 1
    assert runner.due() == []
    assert runner.due(sweep=True) == []
    change(books.item(), note="call")
    assert runner.run(books.tenant.pk) is not None
    assert runner.due(sweep=True) == [books.tenant.pk], "an item changed since every line was looked at"
    assert runner.run_due_now(sweep=True) == 1
    assert runner.due(sweep=True) == []


def test_one_company_is_run_by_one_worker(books: Books) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [int(pg.Lock.RECONCILE), books.tenant.pk])
        assert runner.run(books.tenant.pk) is None
    finally:
        other.close()


# --- upstream changes ----------------------------------------------------------------------------------------------------
@pytest.fixture
def settled(books: Books, ana: Access) -> Match:
    """A confirmed match, seen by a run."""
    books.line(), books.item()
    books.run()
    match = books.proposed()
    services.confirm(access=ana, matches=[match.pk])
    books.run()
    return match


def reopened(match: Match) -> tuple[str, str]:
    """Return the match's status and the reason of its last decision."""
    match.refresh_from_db()
    last = Decision.objects.filter(match=match).latest("pk")
    return match.status, last.reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"amount": "131.00"}, "line_amount"),
        ({"void_at": "2026-03-11T12:00:00Z"}, "line_void"),
        ({"currency": "USD"}, "line_currency"),
    ],
)
def test_a_changed_line_opens_its_match_again(
    books: Books, settled: Match, fields: dict[str, Any], reason: str
) -> None:
    change(Transaction.objects.get(), **fields)
    assert books.run().reopened == 1
    assert reopened(settled) == ("undone", reason)
    detail = Decision.objects.latest("pk").detail
    assert (detail["line"], detail["was"]) == (Transaction.objects.get().pk, "130.57")
    told = Event.objects.filter(name="reconciliation_changed").latest("pk")
    assert told.payload["action"] == "reopen"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "cancelled", "open_amount": 0}, "item_cancelled"),
        ({"void_at": "2026-03-11T12:00:00Z"}, "item_void"),
        ({"amount": "100.00", "open_amount": "100.00"}, "item_amount"),
    ],
)
def test_a_changed_item_opens_its_match_again(
    books: Books, settled: Match, fields: dict[str, Any], reason: str
) -> None:
    change(OpenItem.objects.get(), **fields)
    books.run()
    assert reopened(settled) == ("undone", reason)
    assert list(queue(books.tenant)) == [Transaction.objects.get().pk]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "paid", "open_amount": 0, "paid_amount": "130.57"},
        {"amount": "200.00", "open_amount": "200.00"},
        {"note": "call"},
    ],
)
def test_what_a_confirmation_expects_opens_nothing(
    books: Books, settled: Match, fields: dict[str, Any]
) -> None:
    change(OpenItem.objects.get(), **fields)
    assert books.run().reopened == 0
    settled.refresh_from_db()
    assert settled.status == "confirmed"


def test_a_line_that_posts_as_it_was_keeps_its_match(books: Books, settled: Match) -> None:
    change(Transaction.objects.get(), description="posted", date=DAY + timedelta(days=1))
    assert books.run().reopened == 0


def test_only_the_latest_payments_of_a_smaller_item_are_opened(books: Books, ana: Access) -> None:
    item = books.item("100.00")
    matches = []
    for amount in ("60", "40"):
        line = books.line(amount)
        outcome = services.link(access=ana, lines=[line.pk], items={item.pk: Decimal(amount)})
        matches += Match.objects.filter(pk__in=outcome.decided)
    books.run()
    change(item, amount="70", open_amount="70")
    books.run()
    assert reopened(matches[1]) == ("undone", "item_amount")
    matches[0].refresh_from_db()
    assert matches[0].status == "confirmed"


def test_a_pending_line_that_posts_under_another_id_takes_its_match_along(books: Books, ana: Access) -> None:
    pending, item = books.line(status="pending"), books.item()
    outcome = services.link(access=ana, lines=[pending.pk], items={item.pk: None})
    books.run()
    change(pending, void_at=pg.now())
    posted = books.line(date=DAY + timedelta(days=2), description="other words")
    books.run()
    old, new = Match.objects.order_by("pk")
    assert (old.pk, old.status, new.status) == (outcome.decided[0], "undone", "confirmed")
    assert (new.lines.get().transaction, new.items.get().open_item, new.origin) == (posted, item, "person")
    carried = Decision.objects.get(match=new)
    assert (carried.action, carried.reason, carried.detail) == ("link", "line_rekeyed", {"match": old.pk})
    assert queue(books.tenant) == {}


def test_of_two_possible_successors_none_is_guessed(books: Books, ana: Access) -> None:
    pending, item = books.line(status="pending"), books.item()
    services.link(access=ana, lines=[pending.pk], items={item.pk: None})
    books.run()
    change(pending, void_at=pg.now())
    books.line(), books.line()
    books.run()
    assert not Match.objects.filter(status="confirmed").exists()


def test_matches_of_closed_periods_are_kept_and_told_once(books: Books, settled: Match, ana: Access) -> None:
    services.close_through(access=ana, day=DAY)
    change(Transaction.objects.get(), amount="131.00")
    books.run()
    books.run()
    settled.refresh_from_db()
    assert settled.status == "confirmed"
    assert list(Decision.objects.filter(action="held").values_list("match", "reason")) == [
        (settled.pk, "line_amount")
    ]


# --- by themselves -------------------------------------------------------------------------------------------------------
def settle_many(books: Books, ana: Access, n: int, *, wrong: int = 0) -> None:
    """Let Ana decide on n clear proposals."""
    made = [
        (books.line(str(1000 + i), document=""), books.item(str(1000 + i), document="")) for i in range(n)
    ]
    queueing.refresh(books.tenant.pk)
    services.propose(tenant=books.tenant, judgements=[clear(line, item, score=90) for line, item in made])
    ids = list(Match.objects.filter(status="proposed").order_by("pk").values_list("pk", flat=True))
    services.confirm(access=ana, matches=ids[wrong:])
    if wrong:
        services.reject(access=ana, matches=ids[:wrong])


def test_nothing_is_confirmed_by_itself_until_the_company_wants_it(books: Books, ana: Access) -> None:
    settle_many(books, ana, 60)
    books.line(), books.item()
    assert books.run().confirmed == 0
    history = services.history(books.tenant.pk, score=60)
    assert (history.right, history.wrong, history.supports) == (60, 0, True)
    TenantSettings.objects.filter(tenant=books.tenant).update(auto_confirm_above=60)
    assert books.run().confirmed == 1
    run = Run.objects.get(kind="automatic")
    match = Match.objects.get(run=run)
    assert (match.status, match.decided_by, match.decided_by_name) == ("confirmed", None, "system")
    assert services.undo(access=ana, run=run.pk).decided == (match.pk,)
    history = services.history(books.tenant.pk, score=60)
    assert (history.right, history.wrong) == (60, 1)


@pytest.mark.parametrize(("decided", "wrong"), [(49, 0), (60, 1)])
def test_nothing_is_confirmed_by_itself_that_history_does_not_support(
    books: Books, ana: Access, decided: int, wrong: int
) -> None:
    TenantSettings.objects.filter(tenant=books.tenant).update(auto_confirm_above=60)
    settle_many(books, ana, decided, wrong=wrong)
    assert not services.history(books.tenant.pk, score=60).supports
    books.line(), books.item()
    assert books.run().confirmed == 0


def test_pending_lines_are_never_confirmed_by_themselves(books: Books, ana: Access) -> None:
    TenantSettings.objects.filter(tenant=books.tenant).update(auto_confirm_above=60)
    settle_many(books, ana, 60)
    books.line(status="pending"), books.item()
    assert books.run().confirmed == 0


# --- the end -------------------------------------------------------------------------------------------------------------
def test_old_replaced_proposals_go_and_decided_ones_stay(books: Books, ana: Access, settled: Match) -> None:
    line, item = books.line("5.00"), books.item("5.00")
    queueing.refresh(books.tenant.pk)
    services.propose(tenant=books.tenant, judgements=[clear(line, item)])
    services.propose(tenant=books.tenant, judgements=[clear(line, item, score=61)])
    assert Match.objects.filter(status="replaced").count() == 1
    assert runner.prune() == 0
    assert runner.prune(older_than=timedelta(seconds=-60)) > 0
    assert sorted(Match.objects.values_list("status", flat=True)) == ["confirmed", "proposed"]


def test_payers_known_by_a_person_are_used(books: Books, ana: Access) -> None:
    maria = make_customer(books.tenant, "Maria Souza", source=books.erp, document=MARIA)
    books.item("88.00", customer=maria, due_date=date(2026, 3, 9))
    books.line("88.00", document=JOAO, counterparty_name="João Lima")
    services.map_payer(access=ana, customer=maria, document=JOAO, name="João Lima")
    books.run()
    reasons = {reason["name"] for reason in books.proposed().reasons}
    assert any("mapp" in name or "learned" in name or "payer" in name for name in reasons), reasons


def test_settlements_of_several_lines_are_stored_together() -> None:
    lines = [type("L", (), {"pk": n, "amount": 1})() for n in range(3)]
    from reconciliation.matching.records import Judgement

    shared = settlement(lines[:2])
    judged = [Judgement(str(line.pk), "clear", (shared,) if line.pk < 2 else ()) for line in lines]
    assert [
        [one.line_id for one in chunk] for chunk in runner._chunks([judged[0], judged[2], judged[1]])
    ] == [["0", "1", "2"]]
