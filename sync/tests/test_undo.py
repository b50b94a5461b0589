"""Taking imports back: exactly what a file alone brought, and nothing that another one says."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.utils import translation

from ledger.models import Account, Transaction
from live.models import Generation
from sync import imports
from sync.models import FileImport, ImportedLine
from sync.providers.statement import StatementError
from sync.tests import bankfiles
from sync.tests.bankfiles import row
from sync.words import said
from tenants.models import AuditLog
from tests.factories import access_of, make_account, make_tenant, make_transaction

pytestmark = pytest.mark.django_db
ITAU = "<BANKACCTFROM><BANKID>0341<BRANCHID>0814<ACCTID>45871-3<ACCTTYPE>CHECKING</BANKACCTFROM>"
BALANCE = "<LEDGERBAL><BALAMT>{amount}<DTASOF>{day}</LEDGERBAL>"

ODD_CSV = b"quando;quanto;ficou;porque\n2026-07-02;1250,00;1300,00;um\n2026-07-03;-3,50;1296,50;dois\n"


def ofx(*rows: str, **more: str) -> bytes:
    return bankfiles.ofx(*rows, account=ITAU, **more)


A1, A2, A3, A4 = (row(fitid=f"A{n}", amount=f"-{n}0.00") for n in (1, 2, 3, 4))


def put(tenant, data: bytes, name: str = "extrato.ofx", account: Account | None = None) -> FileImport:
    seen = imports.preview(tenant=tenant, user=None, name=name, data=data)
    return imports.store_import(file_import=seen, account=account)


def counting(tenant) -> list[str]:
    """Return the amounts of the lines that count."""
    lines = Transaction.objects.filter(tenant=tenant, void_at=None).order_by("-amount", "id")
    return [str(line.amount) for line in lines]


@pytest.fixture
def tenant():
    return make_tenant()


def test_only_what_no_other_file_says_goes(tenant):
    first = put(tenant, ofx(A1, A2, A3))
    second = put(tenant, ofx(A2, A3, A4))
    assert (first.new_rows, second.new_rows) == (3, 1)
    assert imports.undo_import(file_import=second) == 1
    assert counting(tenant) == ["-10.00", "-20.00", "-30.00"]
    assert imports.undo_import(file_import=first) == 3
    assert counting(tenant) == []


def test_a_later_file_confirms_what_an_earlier_one_brought(tenant):
    first = put(tenant, ofx(A1, A2, A3))
    put(tenant, ofx(A2, A3, A4))
    assert imports.undo_import(file_import=first) == 1
    assert counting(tenant) == ["-20.00", "-30.00", "-40.00"]
    call_command("check_kpis")


def test_the_numbers_follow_and_the_same_file_comes_back_whole(cast):
    tenant = cast.aurora
    stored = put(tenant, ofx(A1, A2))
    line = Transaction.objects.get(amount="-10.00")
    Transaction.objects.filter(pk=line.pk).update(note="aluguel", category_override="Casa")
    before = Generation.objects.get(tenant=tenant).facts
    assert imports.undo_import(file_import=stored, access=access_of(cast.ana, tenant)) == 2
    call_command("check_kpis")
    assert Generation.objects.get(tenant=tenant).facts == before + 1
    entry = AuditLog.objects.get(action="file.undone")
    assert (entry.actor, entry.after["voided"]) == (cast.ana, 2)
    seen = imports.preview(tenant=tenant, user=cast.ana, name="again.ofx", data=ofx(A1, A2))
    assert (seen.new_rows, seen.known_rows) == (2, 0)
    again = imports.store_import(file_import=seen)
    assert (again.new_rows, again.known_rows) == (2, 0)
    line.refresh_from_db()
    assert (line.void_at, line.note, line.category_override) == (None, "aluguel", "Casa")
    assert counting(tenant) == ["-10.00", "-20.00"]
    assert Account.objects.filter(void_at=None).count() == 1
    call_command("check_kpis")


def test_the_row_that_was_undone_can_be_stored_itself(tenant):
    stored = put(tenant, ofx(A1, A2))
    imports.undo_import(file_import=stored)
    stored.refresh_from_db()
    assert (stored.status, stored.lines.count()) == ("undone", 0)
    again = imports.store_import(file_import=stored)
    assert (again.status, again.new_rows, again.lines.count()) == ("stored", 2, 2)
    with pytest.raises(StatementError):
        imports.discard(file_import=again)


def test_an_account_that_only_this_file_knew_goes_with_it(tenant):
    known = make_account(tenant, bank_code="237", number="99999-9")
    stored = put(tenant, ofx(A1))
    made = stored.account
    imports.undo_import(file_import=stored)
    assert list(Account.objects.filter(void_at=None)) == [known]
    again = put(tenant, ofx(A1, A2))
    assert again.account == made
    assert Account.objects.get(pk=made.pk).void_at is None


def test_an_account_that_another_file_says_stays_and_keeps_its_balance(tenant):
    july = ofx(A1, end=BALANCE.format(amount="700.00", day="20260731"))
    august = ofx(row(fitid="B1", day="20260803"), end=BALANCE.format(amount="800.00", day="20260831"))
    put(tenant, july)
    newer = put(tenant, august)
    account = Account.objects.get()
    assert account.balance == Decimal("800.00")
    imports.undo_import(file_import=newer)
    account.refresh_from_db()
    assert (account.void_at, account.balance) == (None, Decimal("700.00"))
    assert account.balance_at.astimezone(tenant.zone).date() == date(2026, 7, 31)


def test_what_upstream_brought_is_not_touched(tenant):
    account = make_account(tenant, bank_code="341", number="45871-3")
    make_transaction(account, "-10.00", date=date(2026, 7, 2))
    stored = put(tenant, ofx(A1, A2))
    assert (stored.new_rows, stored.known_rows) == (1, 1)
    assert imports.undo_import(file_import=stored) == 1
    assert counting(tenant) == ["-10.00"]


def test_a_csv_of_the_same_account_doubles_nothing_and_confirms_what_the_ofx_brought(tenant):
    first = put(tenant, ofx(A1, A2))
    csv = "Data;Histórico;Valor\n02/07/2026;COMPRA LOJA;-10,00\n02/07/2026;OUTRA;-55,00\n".encode()
    second = put(tenant, csv, "extrato.csv", first.account)
    assert (second.new_rows, second.known_rows) == (1, 1)
    assert counting(tenant) == ["-10.00", "-20.00", "-55.00"]
    assert put(tenant, csv + b"\n", "extrato.csv", first.account).new_rows == 0
    assert put(tenant, ofx(A1, A2, A3), account=first.account).new_rows == 1
    assert imports.undo_import(file_import=first) == 0
    assert counting(tenant) == ["-10.00", "-20.00", "-30.00", "-55.00"]
    imports.undo_import(file_import=FileImport.objects.get(kind="ofx", status="stored"))
    assert counting(tenant) == ["-10.00", "-55.00"]


def test_files_from_before_lines_were_noted_are_undone_as_well(tenant):
    first, second = put(tenant, ofx(A1, A2)), put(tenant, ofx(A2, A3))
    ImportedLine.objects.all().delete()
    assert imports.undo_import(file_import=first) == 1
    assert counting(tenant) == ["-20.00", "-30.00"]
    assert second.lines.count() == 2


def test_what_is_not_stored_is_not_undone_and_what_is_stored_is_not_discarded(cast):
    tenant = cast.aurora
    seen = imports.preview(tenant=tenant, user=cast.ana, name="a.ofx", data=ofx(A1))
    with pytest.raises(StatementError, match="nothing to undo"):
        imports.undo_import(file_import=seen)
    imports.discard(file_import=seen, access=access_of(cast.ana, tenant))
    assert FileImport.objects.count() == 0
    assert AuditLog.objects.get(action="file.discarded").before == {"file": "a.ofx", "rows": 1}
    stored = put(tenant, ofx(A1))
    with pytest.raises(StatementError, match="Undo the import"):
        imports.discard(file_import=stored)
    imports.undo_import(file_import=stored)
    with pytest.raises(StatementError, match="nothing to undo"):
        imports.undo_import(file_import=stored)


def test_another_company_is_not_touched():
    aurora, boreal = make_tenant("Aurora"), make_tenant("Boreal")
    mine = put(aurora, ofx(A1, A2))
    put(boreal, ofx(A1, A2))
    imports.undo_import(file_import=mine)
    assert counting(aurora) == []
    assert counting(boreal) == ["-10.00", "-20.00"]


def test_an_account_that_could_be_another_is_asked_for(tenant):
    bare = make_account(tenant, name="Conta do Itaú", bank_code="341")
    other = make_account(tenant, name="Bradesco", bank_code="237", number="11111-1")
    seen = imports.preview(tenant=tenant, user=None, name="a.ofx", data=ofx(A1))
    (question,) = imports.questions(seen)
    assert (question.chosen, question.candidates, question.lines) == (None, (bare,), 1)
    for wrong in ({}, {question.key: other.pk + 10_000}):
        with pytest.raises(StatementError):
            imports.choose(file_import=seen, homes=wrong)
    imports.choose(file_import=seen, homes={question.key: bare.pk})
    assert imports.store_import(file_import=seen).account == bare


def test_a_new_account_is_made_where_none_could_be_meant_or_a_person_wants_one(tenant):
    seen = imports.preview(tenant=tenant, user=None, name="a.ofx", data=ofx(A1))
    (question,) = imports.questions(seen)
    assert (question.chosen, question.candidates) == (imports.NEW, ())
    bare = make_account(tenant, name="Conta", bank_code="341")
    imports.choose(file_import=seen, homes={question.key: imports.NEW})
    assert imports.store_import(file_import=seen).account not in (None, bare)


def test_sentences_are_said_in_the_language_of_the_reader(tenant):
    odd = imports.preview(tenant=tenant, user=None, name="odd.csv", data=ODD_CSV)
    cut = imports.preview(tenant=tenant, user=None, name="cut.ofx", data=ofx(A1).replace(b"</OFX>", b""))
    with translation.override("en"):
        assert imports.shown(cut).warnings[0].startswith("The file ends without its end mark </OFX>")
        english = imports.shown(odd).problem
    with translation.override("pt-br"):
        assert imports.shown(cut).warnings[0].startswith("O arquivo acaba sem a marca de fim </OFX>")
        assert english != imports.shown(odd).problem
    assert said("as it was stored before") == "as it was stored before"


def test_what_somebody_threw_away_meanwhile_is_said_so(cast):
    """Two windows show the same file; each has the row as it was."""
    seen = imports.preview(tenant=cast.aurora, user=cast.ana, name="a.ofx", data=ofx(A1))
    imports.discard(file_import=FileImport.objects.get(pk=seen.pk))
    for late in (imports.discard, imports.store_import, imports.undo_import):
        with pytest.raises(StatementError, match="thrown this file away"):
            late(file_import=seen)
    assert (FileImport.objects.count(), Transaction.objects.count()) == (0, 0)
