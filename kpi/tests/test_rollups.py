"""Rollups are exact after whatever happens to facts, in the same transaction, and quiet when nothing moves."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import models, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from kpi import checks
from kpi.models import Daily, Monthly
from ledger import drafts as d
from ledger.models import Account, Sale, Transaction
from ledger.services import store
from lib import pg
from tests.cast import Cast
from tests.factories import DAY, make_account, make_sale, make_source, make_transaction

D = Decimal
NOTHING = (0, D(0), 0, D(0), 0, D(0))


def day_of(kind: str, day: date = DAY, currency: str = "BRL") -> tuple[Any, ...]:
    """Return n, total, active n and total, flow n and total of one day."""
    return _sums(Daily, day=day, type=kind, currency=currency)


def month_of(kind: str, month: date = date(2026, 3, 1), currency: str = "BRL") -> tuple[Any, ...]:
    """Return the same of one month."""
    return _sums(Monthly, month=month, type=kind, currency=currency)


def _sums(model: type[models.Model], **key: Any) -> tuple[Any, ...]:
    row = model._default_manager.filter(**key).values_list(*checks.SUMS).first()
    return row or NOTHING


@pytest.fixture
def account(cast: Cast) -> Account:
    """An account of Aurora."""
    return make_account(cast.aurora)


class TestBankLines:
    def test_posted_lines_count_by_day_month_and_type(self, account: Account):
        make_transaction(account, "10.00")
        make_transaction(account, "2.50", date=DAY + timedelta(days=1))
        make_transaction(account, "-4.00")
        assert day_of("CREDIT") == (1, D("10.00"), 1, D("10.00"), 1, D("10.00"))
        assert day_of("DEBIT") == (1, D("-4.00"), 1, D("-4.00"), 1, D("-4.00"))
        assert month_of("CREDIT") == (2, D("12.50"), 2, D("12.50"), 2, D("12.50"))

    def test_pending_and_void_lines_count_nowhere(self, account: Account):
        make_transaction(account, status="pending")
        make_transaction(account, void_at="2026-03-10T12:00Z")
        assert day_of("CREDIT") == month_of("CREDIT") == NOTHING

    def test_ignored_lines_are_counted_but_not_active(self, account: Account):
        make_transaction(account, "7.00", ignored=True)
        assert day_of("CREDIT") == (1, D("7.00"), 0, D(0), 0, D(0))

    @pytest.mark.parametrize("nature", ["bill_payment", "own_transfer"])
    def test_bill_payments_and_own_transfers_are_active_but_no_flow(self, account: Account, nature: str):
        make_transaction(account, "-7.00", nature=nature)
        assert day_of("DEBIT") == (1, D("-7.00"), 1, D("-7.00"), 0, D(0))

    def test_currencies_are_kept_apart(self, account: Account):
        make_transaction(account, "7.00", currency="USD")
        make_transaction(account, "1.00")
        assert day_of("CREDIT", currency="USD")[:2] == (1, D("7.00"))
        assert day_of("CREDIT")[:2] == (1, D("1.00"))

    @pytest.mark.parametrize(
        ("change", "credit"),
        [
            ({"amount": D("12.00")}, (1, D("12.00"), 1, D("12.00"), 1, D("12.00"))),
            ({"ignored": True}, (1, D("10.00"), 0, D(0), 0, D(0))),
            ({"nature": "own_transfer"}, (1, D("10.00"), 1, D("10.00"), 0, D(0))),
            ({"status": "pending"}, NOTHING),
            ({"void_at": "2026-03-10T12:00Z"}, NOTHING),
            ({"currency": "USD"}, NOTHING),
            ({"amount": D("-10.00"), "type": "DEBIT"}, NOTHING),
            ({"date": DAY + timedelta(days=30)}, NOTHING),
            ({"note": "visto"}, (1, D("10.00"), 1, D("10.00"), 1, D("10.00"))),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
    )
    def test_an_update_moves_what_it_changes(
        self, account: Account, change: dict[str, Any], credit: tuple[Any, ...]
    ):
        row = make_transaction(account, "10.00")
        Transaction.objects.filter(pk=row.pk).update(**change)
        assert day_of("CREDIT") == month_of("CREDIT") == credit
        assert checks.compare() == []

    def test_a_deleted_line_is_taken_out(self, account: Account):
        make_transaction(account, "10.00").delete()
        assert day_of("CREDIT") == month_of("CREDIT") == NOTHING

    def test_the_upsert_fires_both_ways(self, account: Account):
        draft = d.TransactionDraft(external_id="t1", account_id=account.pk, date=DAY, amount=D("3.00"))
        other = d.TransactionDraft(external_id="t2", account_id=account.pk, date=DAY, amount=D("5.00"))
        changed = d.TransactionDraft(external_id="t1", account_id=account.pk, date=DAY, amount=D("-1.00"))
        for batch in ([draft], [changed, other]):
            store(tenant_id=account.tenant_id, source_id=account.source_id, drafts=batch)
        assert (day_of("CREDIT")[:2], day_of("DEBIT")[:2]) == ((1, D("5.00")), (1, D("-1.00")))


class TestSales:
    def test_sales_count_under_their_own_type(self, cast: Cast):
        make_sale(cast.aurora, "100.00")
        make_sale(cast.aurora, "50.00", is_cancelled=True)
        make_sale(cast.aurora, "25.00", ignored=True)
        make_sale(cast.aurora, "12.00", void_at="2026-03-10T12:00Z")
        assert day_of("SALE") == (3, D("175.00"), 1, D("100.00"), 1, D("100.00"))
        assert month_of("SALE") == day_of("SALE")

    def test_cancelling_takes_a_sale_out_of_revenue(self, cast: Cast):
        sale = make_sale(cast.aurora, "100.00")
        Sale.objects.filter(pk=sale.pk).update(is_cancelled=True)
        assert day_of("SALE") == (1, D("100.00"), 0, D(0), 0, D(0))
        Sale.objects.filter(pk=sale.pk).delete()
        assert day_of("SALE") == NOTHING


def test_two_companies_are_never_mixed(cast: Cast) -> None:
    make_transaction(make_account(cast.aurora), "1.00")
    make_transaction(make_account(cast.boreal), "2.00")
    assert dict(Daily.objects.values_list("tenant__name", "total")) == {
        "Aurora": D("1.00"),
        "Boreal": D("2.00"),
    }


def test_an_update_that_moves_nothing_writes_no_rollup_row(account: Account) -> None:
    make_transaction(account)
    places = "SELECT ctid::text, xmin::text, cmin::text FROM kpi_daily UNION ALL SELECT ctid::text, xmin::text, cmin::text FROM kpi_monthly"
    before = pg.fetch(places)
    Transaction.objects.update(note="visto", category="Frete")
    assert pg.fetch(places) == before


def test_what_is_rolled_back_never_counted(account: Account) -> None:
    with transaction.atomic():
        make_transaction(account)
        assert day_of("CREDIT") != NOTHING
        transaction.set_rollback(True)
    assert day_of("CREDIT") == NOTHING


def test_truncate_empties_what_the_table_had_counted(account: Account) -> None:
    make_transaction(account)
    make_sale(account.tenant)
    pg.execute("SET CONSTRAINTS ALL IMMEDIATE")
    pg.execute("TRUNCATE ledger_transaction CASCADE")  # imported lines point at them
    assert (day_of("CREDIT"), day_of("SALE")[0]) == (NOTHING, 1)
    pg.execute("TRUNCATE ledger_sale CASCADE")
    assert not Daily.objects.exists()
    assert not Monthly.objects.exists()


def test_one_statement_over_many_days_is_one_rollup_row_each(account: Account) -> None:
    Transaction.objects.bulk_create(
        Transaction(
            tenant=account.tenant, source=account.source, account=account, external_id=str(n), type="CREDIT",
            date=DAY + timedelta(days=n % 40), amount=D("1.10"), currency="BRL",
        )
        for n in range(400)
    )  # fmt: skip
    assert (Daily.objects.count(), Monthly.objects.count()) == (40, 2)
    assert month_of("CREDIT")[:2] == (220, D("242.00"))
    assert checks.compare() == []


amounts = st.decimals(min_value=-999, max_value=999, places=2)
days = st.integers(-40, 40).map(lambda n: DAY + timedelta(days=n))


class Facts(RuleBasedStateMachine):
    """Anything may happen to facts, a few at a time: afterwards the rollups are what the facts say."""

    accounts: list[Account]
    make_sale: Callable[..., Sale]

    def __init__(self) -> None:
        super().__init__()
        self.start = transaction.savepoint()

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.start)

    @rule(
        rows=st.lists(
            st.tuples(st.integers(0, 5), amounts, days, st.sampled_from(["posted", "pending"])), max_size=6
        ),
        which=st.integers(0, 1),
        nature=st.sampled_from(["regular", "bill_payment", "own_transfer"]),
        currency=st.sampled_from(["BRL", "USD"]),
    )
    def sync_lines(self, rows: list[Any], which: int, nature: str, currency: str) -> None:
        account = self.accounts[which]
        drafts = [
            d.TransactionDraft(
                external_id=str(key), account_id=account.pk, amount=amount, date=day, status=status, nature=nature,
                currency=currency,
            )
            for key, amount, day, status in rows
        ]  # fmt: skip
        store(tenant_id=account.tenant_id, source_id=account.source_id, drafts=drafts)

    @rule(
        rows=st.lists(
            st.tuples(st.integers(0, 4), st.decimals(0, 999, places=2), days, st.booleans()), max_size=4
        ),
        which=st.integers(0, 1),
    )
    def sync_sales(self, rows: list[Any], which: int) -> None:
        account = self.accounts[which]
        drafts = [
            d.SaleDraft(external_id=str(key), total=total, date=day, is_cancelled=cancelled)
            for key, total, day, cancelled in rows
        ]
        store(tenant_id=account.tenant_id, source_id=account.source_id, drafts=drafts)

    @rule(
        model=st.sampled_from([Transaction, Sale]),
        column=st.sampled_from(["ignored", "void", "month", "currency"]),
        key=st.integers(0, 5).map(str),
        flag=st.booleans(),
    )
    def change(self, model: type[Transaction | Sale], column: str, key: str, flag: bool) -> None:
        changes: dict[str, dict[str, Any]] = {
            "ignored": {"ignored": flag},
            "void": {"void_at": "2026-03-10T12:00Z" if flag else None},
            "month": {"date": models.F("date") + timedelta(days=31 if flag else -31)},
            "currency": {"currency": "EUR" if flag else "BRL"},
        }
        model._default_manager.filter(external_id__lte=key).update(**changes[column])

    @rule(key=st.integers(0, 5).map(str), model=st.sampled_from([Transaction, Sale]))
    def delete(self, key: str, model: type[Transaction | Sale]) -> None:
        model._default_manager.filter(external_id=key).delete()

    @rule()
    def turn_everything_around(self) -> None:
        """Every line changes its sign, and so its type, in one statement over all companies."""
        pg.execute(
            "UPDATE ledger_transaction SET amount = -amount, type = CASE type WHEN 'CREDIT' THEN 'DEBIT' ELSE 'CREDIT' END"
        )

    @invariant()
    def rollups_are_exact(self) -> None:
        assert checks.compare() == []


def test_any_sequence_of_changes_leaves_exact_rollups(cast: Cast) -> None:
    Facts.accounts = [
        make_account(tenant, source=make_source(tenant)) for tenant in (cast.aurora, cast.boreal)
    ]
    run_state_machine_as_test(
        Facts,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
