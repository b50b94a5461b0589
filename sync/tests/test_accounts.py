"""Accounts by hand: named, merged without losing or doubling a line, taken away."""

from datetime import date

import pytest
from django.core.management import call_command

from ledger.models import Account, Transaction
from sync import imports
from sync.models import FileImport
from sync.providers.statement import StatementError
from sync.services.accounts import AccountRefused, merge_accounts, remove_account, rename_account
from sync.tests import bankfiles
from sync.tests.bankfiles import row
from tenants.models import AuditLog
from tests.factories import access_of, make_account, make_connection, make_tenant, make_transaction

pytestmark = pytest.mark.django_db
NAMED = "<BANKACCTFROM><BANKID>341<ACCTID>{number}<ACCTTYPE>CHECKING</BANKACCTFROM>"
A1, A2, A3 = (row(fitid=f"A{n}", amount=f"-{n}0.00") for n in (1, 2, 3))
CSV = "Data;Histórico;Valor\n02/07/2026;COMPRA LOJA;-10,00\n02/07/2026;COMPRA LOJA;-10,00\n03/07/2026;TARIFA;-3,50\n"


def put(tenant, *rows: str, number: str = "11111-1") -> FileImport:
    data = bankfiles.ofx(*rows, account=NAMED.format(number=number))
    seen = imports.preview(tenant=tenant, user=None, name=f"{number}.ofx", data=data)
    return imports.store_import(file_import=seen)


def put_csv(tenant, text: str = CSV, account: Account | None = None) -> FileImport:
    seen = imports.preview(tenant=tenant, user=None, name="extrato.csv", data=text.encode())
    return imports.store_import(file_import=seen, account=account)


def counting(account) -> list[str]:
    lines = Transaction.objects.filter(account=account, void_at=None).order_by("-amount", "id")
    return [str(line.amount) for line in lines]


@pytest.fixture
def access(cast):
    return access_of(cast.ana, cast.aurora)


def test_a_name_of_ones_own_stays(cast, access):
    account = make_account(cast.aurora, name="Conta 1")
    rename_account(account=account, name="  Conta das obras\x00 ", access=access)
    account.refresh_from_db()
    assert (str(account), account.name) == ("Conta das obras", "Conta 1")
    rename_account(account=account, name="Conta das obras", access=access)
    entry = AuditLog.objects.get(action="account.renamed")
    assert (entry.before, entry.after) == ({"name_override": ""}, {"name_override": "Conta das obras"})


def test_lines_that_both_have_count_once_and_the_rest_goes_over(cast, access):
    theirs = put(cast.aurora, A1, A2).account
    mine = put_csv(cast.aurora).account
    Transaction.objects.filter(account=mine, amount="-10.00").update(
        note="aluguel", edited_at="2026-07-05T12:00:00Z"
    )
    moved = merge_accounts(account=mine, into=theirs, access=access)
    assert (moved.lines, moved.known) == (2, 1)
    assert counting(theirs) == ["-3.50", "-10.00", "-10.00", "-20.00"]
    assert counting(mine) == []
    assert set(Transaction.objects.filter(void_at=None, amount="-10.00").values_list("note", flat=True)) == {
        "aluguel"
    }
    mine.refresh_from_db()
    assert mine.void_at is not None
    call_command("check_kpis")
    entry = AuditLog.objects.get(action="account.merged")
    assert entry.after == {"into": theirs.pk, "name": str(theirs), "lines": 2, "known": 1}


def test_after_a_merge_the_same_files_bring_nothing_and_can_be_undone(cast, access):
    first = put(cast.aurora, A1, A2)
    second = put_csv(cast.aurora)
    account = first.account
    merge_accounts(account=second.account, into=account, access=access)
    second.refresh_from_db()
    assert second.account == account
    assert put_csv(cast.aurora, CSV + "\n", account).new_rows == 0
    assert put(cast.aurora, A1, A2, A3).new_rows == 1
    newest = FileImport.objects.filter(kind="ofx").latest("pk")
    imports.undo_import(file_import=newest)
    imports.undo_import(file_import=first)
    assert counting(account) == ["-3.50", "-10.00", "-10.00"]
    for each in FileImport.objects.filter(kind="csv"):
        imports.undo_import(file_import=each)
    assert counting(account) == []
    call_command("check_kpis")


def test_the_same_ids_in_both_accounts_meet(cast, access):
    theirs = put(cast.aurora, A1, A2, number="11111-1").account
    mine = put(cast.aurora, A2, A3, number="22222-2").account
    moved = merge_accounts(account=mine, into=theirs, access=access)
    assert (moved.lines, moved.known) == (1, 1)
    assert counting(theirs) == ["-10.00", "-20.00", "-30.00"]


def test_a_line_that_was_undone_over_there_counts_again(cast, access):
    theirs = put(cast.aurora, A1, number="11111-1")
    imports.undo_import(file_import=put(cast.aurora, A1, A2, number="11111-1"))
    mine = put(cast.aurora, A2, number="22222-2")
    merge_accounts(account=mine.account, into=theirs.account, access=access)
    assert counting(theirs.account) == ["-10.00", "-20.00"]
    mine.refresh_from_db()
    imports.undo_import(file_import=mine)
    assert counting(theirs.account) == ["-10.00"]


def test_into_an_account_of_open_finance(cast, access):
    bank = make_connection(cast.aurora, "pluggy")
    theirs = make_account(cast.aurora, source=bank.source, name="Itaú")
    make_transaction(theirs, "-10.00", date=date(2026, 7, 2))
    mine = put(cast.aurora, A1, A2).account
    moved = merge_accounts(account=mine, into=theirs, access=access)
    assert (moved.lines, moved.known) == (1, 1)
    assert counting(theirs) == ["-10.00", "-20.00"]
    assert (
        put(cast.aurora, A1, A2, A3, number="11111-1").new_rows == 3
    )  # a stranger's number is another account


def test_payments_that_files_of_two_kinds_tell_apart_stay_two_beside_one_of_the_upstream(cast, access):
    mine = put(cast.aurora, A1).account
    put_csv(
        cast.aurora, account=mine
    )  # the first -10.00 is the one of the OFX file, the second is another payment
    assert counting(mine) == ["-3.50", "-10.00", "-10.00"]
    bank = make_connection(cast.aurora, "pluggy").source
    theirs = make_account(cast.aurora, source=bank, name="Conta Itaú")
    make_transaction(theirs, "-10.00", date=date(2026, 7, 2))
    moved = merge_accounts(account=mine, into=theirs, access=access)
    assert counting(theirs) == ["-3.50", "-10.00", "-10.00"]
    assert (moved.lines, moved.known) == (2, 1)


def test_a_file_for_an_account_that_was_removed_meanwhile_is_refused(cast, access):
    account = put(cast.aurora, A1).account
    seen = imports.preview(tenant=cast.aurora, user=None, name="b.csv", data=CSV.encode())
    remove_account(account=account, access=access)
    account.refresh_from_db()
    with pytest.raises(StatementError, match="not there any more"):
        imports.store_import(file_import=seen, account=account)
    assert counting(account) == []


def test_what_cannot_be_one_account_is_refused_in_words(cast, access):
    mine = put(cast.aurora, A1).account
    bank = make_account(cast.aurora, source=make_connection(cast.aurora, "pluggy").source)
    card = make_account(cast.aurora, kind="card")
    dollars = make_account(cast.aurora, currency="USD")
    stranger = make_account(cast.boreal)
    for account, into in (
        (bank, mine),
        (mine, mine),
        (mine, card),
        (mine, dollars),
        (mine, stranger),
        (stranger, mine),
    ):
        with pytest.raises(AccountRefused):
            merge_accounts(account=account, into=into, access=access)
    assert counting(mine) == ["-10.00"]


def test_removing_takes_lines_and_files_back(cast, access):
    stored = put(cast.aurora, A1, A2)
    assert remove_account(account=stored.account, access=access) == 2
    stored.refresh_from_db()
    assert (stored.status, counting(stored.account)) == ("undone", [])
    call_command("check_kpis")
    again = put(cast.aurora, A1, A2)
    assert (again.new_rows, again.account) == (2, stored.account)
    assert AuditLog.objects.get(action="account.removed").before["lines"] == 2


def test_an_account_that_an_upstream_fills_stays(cast, access):
    bank = make_connection(cast.aurora, "pluggy")
    account = make_account(cast.aurora, source=bank.source)
    with pytest.raises(AccountRefused):
        remove_account(account=account, access=access)
    bank.removed_at = "2026-07-01T00:00:00Z"
    bank.save()
    make_transaction(account, "5.00")
    with pytest.raises(AccountRefused):
        remove_account(account=account, access=access)
    Transaction.objects.update(void_at="2026-07-01T00:00:00Z")
    assert remove_account(account=account, access=access) == 0
    with pytest.raises(AccountRefused):
        remove_account(account=make_account(make_tenant("Cedro")), access=access)
