"""The bulk upsert, on the real engine: exact, quiet, and never over what a person wrote."""

import math
import threading
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ledger.models import Account, SaleItem, Transaction
from ledger.upsert import MANY, Changes, upsert
from lib import pg
from sync.models import RawRecord
from tests.cast import Cast
from tests.factories import (
    DAY,
    make_account,
    make_connection,
    make_sale,
    make_sale_item,
    make_tenant,
    make_transaction,
)

COLUMNS = ("external_id", "account_id", "date", "type", "amount", "description", "details")


def line(account: Account, external_id: str, amount: str = "10.00", **changes: Any) -> tuple[Any, ...]:
    """Return one row for COLUMNS."""
    row = {
        "external_id": external_id,
        "account_id": account.pk,
        "date": DAY,
        "type": "DEBIT" if amount.startswith("-") else "CREDIT",
        "amount": Decimal(amount),
        "description": "Pix recebido",
        "details": {},
    }
    return tuple((row | changes).values())


def put(account: Account, rows: Sequence[tuple[Any, ...]], **options: Any) -> Changes:
    """Upsert bank lines of the account."""
    with transaction.atomic():
        return upsert(
            Transaction,
            rows,
            fixed={"tenant_id": account.tenant_id, "source_id": account.source_id},
            columns=COLUMNS,
            key=["external_id"],
            **options,
        )


def many(account: Account, n: int, amount: str = "10.00") -> list[tuple[Any, ...]]:
    """Return n rows."""
    return [line(account, f"row-{i}", amount) for i in range(n)]


@pytest.fixture
def account(cast: Cast) -> Account:
    """An account of Aurora."""
    return make_account(cast.aurora)


# Both ways that rows travel.
@pytest.mark.parametrize("extra", [0, MANY], ids=["as one document", "through COPY"])
class TestBothWays:
    def test_new_rows_are_inserted_then_found_unchanged_then_updated(self, account: Account, extra: int):
        rows = many(account, 3 + extra)
        first = put(account, rows)
        assert (first.inserted, first.updated) == (3 + extra, 0)
        assert put(account, rows) == Changes()
        rows[1] = line(account, "row-1", "-5.50")
        changed = put(account, rows)
        one = Transaction.objects.get(external_id="row-1")
        assert (changed.inserted_ids, changed.updated_ids) == ((), (one.pk,))
        assert (one.amount, one.type) == (Decimal("-5.50"), "DEBIT")

    def test_unchanged_rows_write_neither_row_nor_wal(self, account: Account, extra: int):
        rows = many(account, 100 + extra)
        put(account, rows)
        put(account, rows)  # hint bits and the first touch of catalogue pages
        rows_before, wal = _written()
        # A temporary table costs its catalogue rows, whatever the number of rows in it. The log is the whole server's, and other tests
        # run on it: a moment in which they are quiet is awaited.
        limit, costs = (60_000 if extra else 1_000), [math.inf]
        while min(costs) >= limit and len(costs) < 2_000:
            put(account, rows)
            rows_after, wal_after = _written()
            assert rows_after == rows_before
            costs.append(wal_after - wal)
            wal = wal_after
        assert min(costs) < limit

    def test_of_equal_keys_the_last_row_counts(self, account: Account, extra: int):
        rows = [*many(account, extra), line(account, "twice", "1.00"), line(account, "twice", "2.00")]
        assert put(account, rows).inserted == extra + 1
        assert Transaction.objects.get(external_id="twice").amount == Decimal("2.00")

    def test_types_arrive_as_the_columns_have_them(self, account: Account, extra: int):
        details = {"n": [1, None, True], "text": 'aspas " e \\ e \n e ção', "deep": {"a": "1.10"}}
        odd = line(account, "odd", "0.10", description="tab\tand\\N and 'quote'", details=details)
        put(account, [*many(account, extra), odd])
        found = Transaction.objects.get(external_id="odd")
        assert (found.details, found.description, found.date) == (details, "tab\tand\\N and 'quote'", DAY)
        assert put(account, [*many(account, extra), odd]) == Changes()

    def test_a_third_decimal_is_rounded_once_and_then_seen_as_equal(self, account: Account, extra: int):
        rows = [*many(account, extra), line(account, "odd", "1.005")]
        put(account, rows)
        assert put(account, rows) == Changes()

    @pytest.mark.parametrize(
        "bad",
        [
            {"description": "x" * 256},
            {"description": "nul \x00"},
            {"description": "half a pair \ud83d"},
            {"details": {"a": "nul \x00"}},
            {"amount": "1e17"},
            {"amount": "NaN"},
            {"amount": "-1", "type": "CREDIT"},
            {"account_id": None},
            {"date": "ontem"},
        ],
        ids=[
            "too long",
            "nul",
            "surrogate",
            "nul in json",
            "too large",
            "not a number",
            "wrong sign",
            "null",
            "not a day",
        ],
    )
    def test_what_does_not_fit_is_refused_and_nothing_is_written(
        self, account: Account, extra: int, bad: dict[str, Any]
    ):
        with pytest.raises((DataError, IntegrityError)):
            put(account, [*many(account, extra), line(account, "bad", **bad)])
        assert not Transaction.objects.exists()

    def test_a_persons_columns_survive(self, account: Account, extra: int):
        row = make_transaction(
            account, "10.00", external_id="row-0", note="visto", category_override="Frete", ignored=True
        )
        put(account, many(account, 1 + extra, "12.00"))
        row.refresh_from_db()
        assert (row.amount, row.note, row.category_override, row.ignored) == (
            Decimal("12.00"), "visto", "Frete", True,
        )  # fmt: skip

    def test_a_void_row_lives_again_when_it_is_seen(self, account: Account, extra: int):
        rows = many(account, 1 + extra)
        put(account, rows)
        Transaction.objects.filter(external_id="row-0").update(void_at="2026-03-10T12:00Z")
        assert put(account, rows).updated == 1
        assert Transaction.objects.get(external_id="row-0").void_at is None


def _written() -> tuple[int, int]:
    """Return how many tuples this table ever got, and the position of the WAL in bytes."""
    connection.ensure_connection()
    pg.fetch("SELECT pg_stat_force_next_flush()")
    tuples = pg.fetch(
        "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE relname = 'ledger_transaction'"
    )
    wal = pg.fetch("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
    return int(tuples[0][0]), int(wal[0][0])


@pytest.mark.django_db
def test_nothing_to_store_asks_nothing(django_assert_num_queries: Any) -> None:
    account = make_account(make_tenant())
    with transaction.atomic(), django_assert_num_queries(0):
        assert upsert(Transaction, [], fixed={}, columns=COLUMNS, key=["external_id"]) == Changes()
    assert account.pk


def test_it_refuses_to_work_outside_a_transaction(transactional_db: None) -> None:
    with pytest.raises(AssertionError, match="one transaction"):
        upsert(Transaction, [], fixed={}, columns=COLUMNS, key=["external_id"])


def test_only_changed_rows_are_touched(account: Account) -> None:
    put(account, many(account, 2))
    Transaction.objects.update(updated_at="2020-06-01T00:00Z")
    put(account, [line(account, "row-0", "99.00"), line(account, "row-1")])
    stamps = dict(Transaction.objects.values_list("external_id", "updated_at__year"))
    assert stamps["row-1"] == 2020
    assert stamps["row-0"] > 2020


def test_with_nothing_to_update_existing_rows_stay(account: Account) -> None:
    put(account, [line(account, "row-0", "1.00")])
    changes = put(account, many(account, 2, "2.00"), update=())
    assert changes.inserted == 1
    assert Transaction.objects.get(external_id="row-0").amount == Decimal("1.00")


def test_only_the_named_columns_decide_whether_a_row_changed(account: Account) -> None:
    put(account, [line(account, "row-0", "1.00", description="a")])
    assert put(account, [line(account, "row-0", "1.00", description="b")], compare=["amount"]) == Changes()
    assert put(account, [line(account, "row-0", "2.00", description="b")], compare=["amount"]).updated == 1
    assert Transaction.objects.get().description == "b"


def test_the_same_id_in_another_company_is_another_row(cast: Cast) -> None:
    ours, theirs = make_account(cast.aurora), make_account(cast.boreal)
    put(ours, [line(ours, "same", "1.00")])
    put(theirs, [line(theirs, "same", "2.00")])
    put(ours, [line(ours, "same", "3.00")])
    assert dict(Transaction.objects.values_list("tenant__name", "amount")) == {
        "Aurora": Decimal("3.00"),
        "Boreal": Decimal("2.00"),
    }


def test_a_table_with_a_key_of_two_columns_and_no_stamps(cast: Cast) -> None:
    sale = make_sale(cast.aurora)
    make_sale_item(sale, None, "10")
    row = (sale.pk, 1, "Banho", Decimal(1), Decimal(10), Decimal(10))
    columns = ("sale_id", "position", "name", "quantity", "unit_price", "total")
    with transaction.atomic():
        changes = upsert(
            SaleItem,
            [row, (sale.pk, 2, "Tosa", Decimal(2), Decimal(5), Decimal(10))],
            fixed={"tenant_id": cast.aurora.pk},
            columns=columns,
            key=("sale_id", "position"),
            touch=None,
            revive=None,
        )
    assert (changes.inserted, changes.updated) == (1, 1)
    assert list(SaleItem.objects.order_by("position").values_list("name", flat=True)) == ["Banho", "Tosa"]


@pytest.mark.parametrize("extra", [0, MANY], ids=["as one document", "through COPY"])
def test_bytes_and_a_table_with_other_stamps(cast: Cast, extra: int) -> None:
    connection_ = make_connection(cast.aurora)
    columns = ("kind", "external_id", "payload", "content_hash")

    def land(content_hash: bytes, note: str) -> Changes:
        rows = [("vendas", str(i), {"note": note}, content_hash) for i in range(1 + extra)]
        with transaction.atomic():
            return upsert(
                RawRecord,
                rows,
                fixed={"tenant_id": cast.aurora.pk, "connection_id": connection_.pk},
                columns=columns,
                key=("kind", "external_id"),
                compare=("content_hash",),
                touch="changed_at",
                revive="gone_at",
            )

    assert land(b"\x00\\\xff" * 5 + b"!", "a").inserted == 1 + extra
    assert land(b"\x00\\\xff" * 5 + b"!", "b") == Changes()
    assert land(b"\x01" * 16, "c").updated == 1 + extra
    record = RawRecord.objects.get(external_id="0")
    assert (bytes(record.content_hash), record.payload) == (b"\x01" * 16, {"note": "c"})


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_the_same_rows_both_succeed() -> None:
    """The guard: both find nothing, both insert, and the second one's rows count where they differ."""
    account = make_account(make_tenant())
    gate, errors = threading.Barrier(2), list[BaseException]()

    def write(amount: str) -> None:
        try:
            with transaction.atomic():
                gate.wait(10)
                for start in range(0, 40, 10):
                    put(account, [line(account, f"row-{i}", amount) for i in range(start, start + 10)])
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(amount,)) for amount in ("1.00", "2.00")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert Transaction.objects.count() == 40
    assert Transaction.objects.values("amount").distinct().count() == 1


amounts = st.decimals(min_value=-10_000, max_value=10_000, places=2, allow_nan=False)
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=40)


class Oracle(RuleBasedStateMachine):
    """A dict is the truth: after any sequence of batches and edits the table holds what it holds."""

    account: Account

    def __init__(self) -> None:
        super().__init__()
        self.start = transaction.savepoint()
        self.facts: dict[str, tuple[Decimal, str, date, dict[str, Any]]] = {}
        self.notes: dict[str, str] = {}

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.start)

    @rule(
        batch=st.lists(
            st.tuples(
                st.integers(0, 12).map(str),
                amounts,
                texts,
                st.integers(0, 60),
                st.dictionaries(
                    texts, st.one_of(st.none(), st.booleans(), texts, st.integers(-9, 9)), max_size=2
                ),
            ),
            max_size=8,
        ),
        through_copy=st.booleans(),
    )
    def sync(self, batch: list[tuple[str, Decimal, str, int, dict[str, Any]]], through_copy: bool) -> None:
        rows, expected = [], dict(self.facts)
        for external_id, amount, text, offset, details in batch:
            day = DAY + timedelta(days=offset)
            expected[external_id] = (amount, text, day, details)
            kind = "DEBIT" if amount < 0 else "CREDIT"
            rows.append((external_id, self.account.pk, day, kind, amount, text, details))
        patch = pytest.MonkeyPatch()
        patch.setattr("ledger.upsert.MANY", 0 if through_copy else MANY)
        with patch.context():
            changes = put(self.account, rows)
        patch.undo()
        new = expected.keys() - self.facts.keys()
        differ = {key for key in expected.keys() & self.facts.keys() if expected[key] != self.facts[key]}
        assert (changes.inserted, changes.updated) == (len(new), len(differ))
        self.facts = expected

    @rule(key=st.integers(0, 12).map(str), note=texts)
    def person_writes(self, key: str, note: str) -> None:
        if Transaction.objects.filter(external_id=key).update(note=note, ignored=bool(note)):
            self.notes[key] = note

    @invariant()
    def table_is_the_dict(self) -> None:
        rows = Transaction.objects.values_list(
            "external_id", "amount", "description", "date", "details", "note"
        )
        found = {key: rest for key, *rest in rows}
        assert {key: tuple(rest[:4]) for key, rest in found.items()} == self.facts
        assert {key: rest[4] for key, rest in found.items() if rest[4]} == {
            k: v for k, v in self.notes.items() if v
        }


def test_any_sequence_of_batches_and_edits_agrees_with_a_dict(account: Account) -> None:
    Oracle.account = account
    run_state_machine_as_test(
        Oracle,
        settings=settings(
            max_examples=40,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
