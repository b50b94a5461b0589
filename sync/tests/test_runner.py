"""A run from its claim to its end, on an upstream whose pages the test writes."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import OperationalError, transaction
from django.db import connection as database

from ledger.models import Account, Customer, Source, Transaction
from lib import pg
from live.models import Event, Generation
from sync import facts, landing, runner, services
from sync.budgets import BudgetSpent
from sync.models import Connection, RawRecord, SyncRun
from sync.providers.base import Page, Record, UpstreamError
from sync.providers.statement import Sentence
from sync.tests.support import BUDGET, customers, lines
from sync.words import say
from tests.factories import make_account, make_connection, make_run, make_tenant, make_transaction

pytestmark = pytest.mark.django_db
real_commits = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection():
    return make_connection(make_tenant(), config={"budget": BUDGET})


def do(connection, **fields) -> SyncRun:
    """Queue a run, do it, and return it as it ended; the connection is read again."""
    run = make_run(connection, **fields)
    assert runner.run(run.pk)
    run.refresh_from_db()
    connection.refresh_from_db()
    return run


def names(connection) -> set[str]:
    return set(Customer.objects.filter(source=connection.source, void_at=None).values_list("name", flat=True))


@real_commits
def test_pages_become_facts_and_the_run_says_what_it_did(connection, script):
    script(customers("Ana", "Bia", expected=3), customers("Caio", cursor={"after": "caio"}))
    run = do(connection)
    assert names(connection) == {"Ana", "Bia", "Caio"}
    assert (run.status, run.pages, run.requests, run.fetched, run.expected, run.changed) == (
        "done", 2, 2, 3, 3, 3,
    )  # fmt: skip
    assert connection.cursor == {"customers": {"after": "caio"}}
    assert run.timings.keys() >= {"upstream", "landing", "mapping", "ledger"}
    assert Generation.objects.get(tenant=connection.tenant).facts == 1
    assert connection.last_full_at is not None


@real_commits
def test_a_second_run_goes_on_from_the_cursor_and_writes_nothing_for_what_it_knows(connection, script):
    upstream = script(customers("Ana", cursor={"after": "ana"}))
    do(connection)
    before = RawRecord.objects.values("changed_at").get(), Customer.objects.values("updated_at").get()
    run = do(connection)
    assert upstream.asked == [({}, False), ({"customers": {"after": "ana"}}, False)]
    assert (run.fetched, run.changed) == (1, 0)
    assert (
        RawRecord.objects.values("changed_at").get(),
        Customer.objects.values("updated_at").get(),
    ) == before
    assert Generation.objects.get(tenant=connection.tenant).facts == 1


def test_a_run_that_is_done_or_taken_is_not_done_again(connection, script):
    script(customers("Ana"))
    run = do(connection)
    assert not runner.run(run.pk)
    assert not runner.run(0)


def test_what_was_read_before_upstream_failed_is_stored_with_its_cursor(connection, script):
    error = UpstreamError(Sentence("%(upstream)s is closed.", upstream="X"), retry_after=timedelta(minutes=7))
    upstream = script(customers("Ana", cursor={"page": 1}), error)
    run = do(connection)
    assert names(connection) == {"Ana"}
    assert (run.status, run.decision) == ("failed", "retry")
    assert say(error) in run.error
    assert timedelta(minutes=6) < run.retry_at - run.finished_at <= timedelta(minutes=7)
    assert Generation.objects.get(tenant=connection.tenant).facts == 1
    upstream.script = [customers("Bia", cursor={"page": 2})]
    assert do(connection).status == "done"
    assert upstream.asked[-1] == ({"customers": {"page": 1}}, False)
    assert names(connection) == {"Ana", "Bia"}


@pytest.mark.parametrize(
    ("error", "decision", "state", "failures"),
    [
        (UpstreamError("busy", retry_after=timedelta(seconds=5)), "retry", "active", 1),
        (UpstreamError("refused", needs_person=True), "needs_person", "needs_person", 1),
        (UpstreamError("gone for ever"), "permanent", "active", 1),
        (BudgetSpent("spent", retry_after=timedelta(hours=1)), "retry", "active", 0),
        (ZeroDivisionError("a fault of ours"), "retry", "active", 1),
    ],
)
def test_every_error_carries_its_decision(connection, script, error, decision, state, failures):
    script(error)
    run = do(connection)
    assert (run.status, run.decision, connection.state, connection.failures) == (
        "failed", decision, state, failures,
    )  # fmt: skip
    assert "ZeroDivisionError" not in run.error
    assert run.error == connection.last_error != ""


def test_missing_credentials_need_a_person(connection):
    run = do(connection)
    assert (run.decision, connection.state) == ("needs_person", "needs_person")


def test_a_secret_that_no_key_opens_needs_a_person(connection):
    Connection.objects.update(secret="gAAAAA-not-ours")
    run = do(connection)
    assert (run.status, run.decision, run.requests) == ("failed", "needs_person", 0)


def test_an_unreadable_record_is_set_aside_and_the_rest_goes_on(connection, script):
    bad = Record("customer", "bad", {"unreadable": "nome is empty"})
    odd = Record("customer", "odd", {})
    upstream = script(Page("customers", (*customers("Ana").records, bad, odd)))
    run = do(connection)
    assert names(connection) == {"Ana"}
    assert (run.status, run.unreadable) == ("done", 2)
    errors = dict(RawRecord.objects.exclude(error="").values_list("external_id", "error"))
    assert errors["bad"] == "nome is empty"
    assert "KeyError" in errors["odd"]
    assert do(connection).unreadable == 0  # unchanged, so not tried again
    upstream.script = [Page("customers", (Record("customer", "bad", {"name": "Beto"}),))]
    assert do(connection).changed == 1
    assert names(connection) == {"Ana", "Beto"}
    assert not RawRecord.objects.exclude(error="").filter(external_id="bad").exists()


def test_a_record_that_the_database_refuses_is_found_and_set_aside(connection, script):
    rows = [(f"t{n}", "10.00") for n in range(20)] + [("huge", "99999999999999999999.00")]
    script(lines(rows))
    run = do(connection)
    assert (run.status, run.unreadable) == ("done", 1)
    assert Transaction.objects.count() == 20
    assert RawRecord.objects.exclude(error="").get().external_id == "huge"


def test_a_record_that_means_nothing_any_more_takes_its_fact_back(connection, script):
    upstream = script(lines([("t1", "10.00"), ("t2", "20.00")]))
    do(connection)
    upstream.script = [Page("transactions", (Record("transaction", "t1", {"draft": True}),))]
    assert do(connection).changed == 1
    assert Transaction.objects.get(void_at=None).external_id == "t2"
    upstream.script = [lines([("t1", "10.00")])]
    do(connection)
    assert Transaction.objects.filter(void_at=None).count() == 2


def test_what_a_complete_listing_lacks_is_void_and_comes_back_when_seen_again(connection, script):
    upstream = script(customers("Ana", "Bia"))
    do(connection)
    upstream.script = [customers("Ana"), Page("customers", (), listed=("customer",))]
    run = do(connection, full=True)
    assert (run.gone, run.changed) == (1, 1)
    assert names(connection) == {"Ana"}
    assert RawRecord.objects.exclude(gone_at=None).get().external_id == "bia"
    upstream.script = [customers("Bia")]
    do(connection)
    assert names(connection) == {"Ana", "Bia"}


def test_an_incomplete_listing_declares_nothing_gone(connection, script):
    upstream = script(customers("Ana", "Bia"))
    do(connection)
    upstream.script = [customers("Ana")]
    assert do(connection, full=True).gone == 0
    assert names(connection) == {"Ana", "Bia"}


def test_a_listing_that_fails_on_the_way_declares_nothing_gone(connection, script):
    upstream = script(customers("Ana", "Bia"))
    do(connection)
    upstream.script = [customers("Ana"), UpstreamError("hang", retry_after=timedelta(seconds=1))]
    do(connection, full=True)
    assert names(connection) == {"Ana", "Bia"}


def test_deleted_and_seen_in_one_chunk_what_came_last_counts(connection, script):
    gone = Page("customers", (), gone=(("customer", "ana"), ("customer", "never-seen")))
    script(customers("Ana", "Bia"), gone, customers("Bia"))
    do(connection)
    assert names(connection) == {"Bia"}
    script(gone, customers("Ana"))
    do(connection)
    assert names(connection) == {"Ana", "Bia"}


def test_a_listing_that_shrank_absurdly_is_refused_until_a_person_says_it_is_right(connection, script):
    everybody = [f"C{n:03}" for n in range(210)]
    few = [customers(*everybody[:5]), Page("customers", (), listed=("customer",))]
    upstream = script(customers(*everybody))
    do(connection)
    upstream.script = few
    run = do(connection, full=True)
    assert (run.status, run.gone) == ("done", 0)
    assert "205" in run.error
    assert "accept_shrink" in run.error
    assert len(names(connection)) == 210
    Connection.objects.update(config={"accept_shrink": True, "budget": BUDGET})
    connection.refresh_from_db()
    assert do(connection, full=True).gone == 205
    assert connection.config == {"budget": BUDGET}  # said once, not for ever


def test_a_small_company_may_lose_more_than_half(connection, script):
    upstream = script(customers("Ana", "Bia", "Caio"))
    do(connection)
    upstream.script = [customers("Ana"), Page("customers", (), listed=("customer",))]
    assert do(connection, full=True).gone == 2


def test_a_listing_of_one_account_leaves_the_others_alone(connection, script):
    def line(key: str, account: str) -> Record:
        return Record("transaction", key, {"amount": "1.00", "account": account, "accountId": account})

    both = Page("transactions", (line("a1", "a"), line("a2", "a"), line("b1", "b")))
    upstream = script(both)
    do(connection)
    upstream.script = [
        Page("transactions", (line("a1", "a"),), listed=("transaction",), scope=("accountId", "a"))
    ]
    assert do(connection, full=True).gone == 1
    assert set(Transaction.objects.filter(void_at=None).values_list("external_id", flat=True)) == {"a1", "b1"}


def test_a_run_that_was_given_up_stops_without_writing(connection, script):
    def give_up() -> None:
        SyncRun.objects.update(status=SyncRun.Status.STALE)

    script(customers("Ana", cursor={"page": 1}), give_up, customers("Bia", cursor={"page": 2}))
    run = do(connection)
    assert run.status == "stale"
    assert names(connection) == set()
    assert connection.cursor == {}


def test_a_paused_connection_is_not_read(connection, script):
    upstream = script(customers("Ana"))
    Connection.objects.update(state=Connection.State.PAUSED, state_reason="Paused by Ana.")
    run = do(connection)
    assert (run.status, run.error, upstream.asked) == ("failed", "Paused by Ana.", [])
    assert connection.state == Connection.State.PAUSED


def test_many_small_pages_share_a_transaction_and_large_ones_do_not_wait(connection, script):
    script(*(customers(*(f"P{page} N{n}" for n in range(100)), cursor={"page": page}) for page in range(25)))
    commits: list[int] = []
    chunk = runner.Attempt._chunk

    def counted(self, provider, pages):
        commits.append(sum(len(page.records) for page in pages))
        chunk(self, provider, pages)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner.Attempt, "_chunk", counted)
        do(connection)
    assert commits == [1000, 1000, 500]
    assert Customer.objects.count() == 2500


def test_a_database_that_stumbles_in_the_middle_costs_a_second_try(connection, script, monkeypatch):
    script(customers("Ana", cursor={"page": 1}))
    store, failures = landing.store, iter([OperationalError("deadlock detected"), None])

    def stumbling(*args, **options):
        error = next(failures, None)
        if error:
            raise error
        return store(*args, **options)

    monkeypatch.setattr(landing, "store", stumbling)
    run = do(connection)
    assert (run.status, run.changed, names(connection)) == ("done", 1, {"Ana"})


def test_the_same_page_twice_doubles_nothing(connection, script):
    page = lines([("t1", "10.00"), ("t2", "20.00")])
    script(page, page)
    run = do(connection)
    assert (run.fetched, run.changed) == (4, 3)  # two lines and the account that they name
    assert sum(Transaction.objects.values_list("amount", flat=True)) == Decimal("30.00")


def test_a_persons_edit_survives(connection, script):
    upstream = script(lines([("t1", "10.00")]))
    do(connection)
    Transaction.objects.update(category_override="Vet", note="mine", ignored=True)
    upstream.script = [lines([("t1", "11.00")])]
    do(connection)
    row = Transaction.objects.get()
    assert (row.amount, row.category_override, row.note, row.ignored) == (
        Decimal("11.00"),
        "Vet",
        "mine",
        True,
    )


def test_two_companies_with_the_same_ids_do_not_meet(connection, script):
    other = make_connection(make_tenant("Boreal"), config={"budget": BUDGET})
    upstream = script(lines([("t1", "10.00")]))
    do(connection)
    do(other)
    upstream.script = [Page("transactions", (), gone=(("transaction", "t1"),))]
    do(other)
    assert Transaction.objects.get(tenant=connection.tenant).void_at is None
    assert Transaction.objects.get(tenant=other.tenant).void_at is not None
    assert set(Event.objects.values_list("tenant_id", flat=True)) == {connection.tenant_id, other.tenant_id}


def test_remapping_cures_a_mapper_without_asking_upstream(connection, script, monkeypatch):
    upstream = script(lines([("t1", "10.00"), ("t2", "20.00"), ("t3", "30.00")]))
    do(connection)
    plain = upstream.map

    def corrected(record, context):
        if record.external_id == "t3":
            return ()
        [draft] = plain(record, context)
        return (type(draft)(**{**_fields(draft), "amount": -draft.amount}),)

    upstream.map, upstream.mapper_version, upstream.script = corrected, 2, []
    done = services.remap(connection)
    assert (done.records, done.unreadable) == (3, 0)
    alive = Transaction.objects.filter(void_at=None).order_by("external_id")
    assert [(row.amount, row.type) for row in alive] == [
        (Decimal("-10.00"), "DEBIT"),
        (Decimal("-20.00"), "DEBIT"),
    ]
    assert len(upstream.asked) == 1
    assert services.remap(connection).changed == 0
    upstream.script = [lines([("t1", "10.00"), ("t2", "20.00")])]
    assert do(connection).changed == 0  # stamped with the new version: nothing to do for the sync


def _fields(draft) -> dict:
    return {name: getattr(draft, name) for name in draft.__dataclass_fields__}


def test_remapping_keeps_exact_amounts(connection, script):
    script(Page("transactions", (Record("transaction", "t1", {"amount": Decimal("0.10")}),)))
    do(connection)
    services.remap(connection)
    assert Transaction.objects.get().amount == Decimal("0.10")


@real_commits
def test_remapping_waits_for_no_run(connection, script):
    script()
    refused: list[str] = []

    def try_it() -> None:
        def attempt() -> None:
            try:
                services.remap(connection)
            except services.NotReady as error:
                refused.append(str(error))
            finally:
                database.close()

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join(30)

    script(try_it, customers("Ana"))
    do(connection)
    assert len(refused) == 1


def test_a_line_that_a_file_brought_before_counts_once(connection, script):
    files = Source.objects.create(tenant=connection.tenant, kind="file", name="Arquivos")
    account = make_account(
        connection.tenant, source=connection.source, external_id="account", bank_code="341", number="12345-6"
    )
    for nth in (1, 2):
        make_transaction(account, "10.00", external_id=f"{account.pk}:x{nth}", details={"nth": nth})
    Transaction.objects.update(source=files)
    script(lines([("t1", "10.00")]))
    do(connection)
    alive = set(Transaction.objects.filter(void_at=None).values_list("external_id", flat=True))
    assert alive == {"t1", f"{account.pk}:x2"}
    script(lines([("t2", "10.00"), ("t3", "10.00")]))
    do(connection)
    alive = set(Transaction.objects.filter(void_at=None).values_list("external_id", flat=True))
    assert alive == {"t1", "t2", "t3"}


def test_the_lock_is_given_back_whatever_happens(connection, script):
    script(ZeroDivisionError())
    do(connection)
    script(customers("Ana"))
    assert do(connection).status == "done"
    with transaction.atomic():
        assert pg.try_lock(pg.Lock.SYNC, connection.pk)


def test_accounts_of_a_tenant_are_known_to_mappers(connection):
    make_account(connection.tenant, document="11222333000181")
    tenant = connection.tenant
    tenant.document = "99888777000166"
    assert facts.context_of(tenant).own_documents == {"11222333000181", "99888777000166"}
    assert Account.objects.count() == 1
