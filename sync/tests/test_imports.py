"""Bank files: looked at, stored once, beside what upstream brings."""

import threading
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError
from django.db import connection as database

from ledger import services as ledger
from ledger.drafts import AccountDraft, TransactionDraft
from ledger.models import Account, Source, Transaction
from live.models import Generation
from sync import accounts, imports, overlap, runner
from sync.accounts import Named
from sync.models import FileImport, StatementFormat
from sync.providers.statement import StatementError
from sync.tests import bankfiles
from sync.tests.bankfiles import fixture, row
from sync.tests.support import connect, tenant_of
from sync.words import said, say
from tenants.models import AuditLog
from tests.factories import access_of, make_account, make_connection, make_tenant, make_transaction

pytestmark = pytest.mark.django_db
ITAU = "<BANKACCTFROM><BANKID>0341<BRANCHID>0814<ACCTID>45871-3<ACCTTYPE>CHECKING</BANKACCTFROM>"


def ofx(*rows: str) -> bytes:
    """Return a file of one account at Itaú."""
    return bankfiles.ofx(*rows, account=ITAU)


TWO = ofx(row(fitid="A1", amount="-10.00"), row(fitid="A2", amount="25.50", day="20260703"))
CSV = "Data;Histórico;Valor\n02/07/2026;PIX RECEBIDO MARIA;1.250,00\n03/07/2026;TARIFA;-3,50\n".encode()
ODD_CSV = b"quando;quanto;ficou;porque\n2026-07-02;1250,00;1300,00;um\n2026-07-03;-3,50;1296,50;dois\n"


def look(tenant, data=TWO, name="extrato.ofx", **options) -> FileImport:
    return imports.preview(tenant=tenant, user=None, name=name, data=data, **options)


def put(tenant, data=TWO, account=None, **options) -> FileImport:
    return imports.store_import(file_import=look(tenant, data, **options), account=account)


def amounts(tenant) -> list[Decimal]:
    return sorted(Transaction.objects.filter(tenant=tenant, void_at=None).values_list("amount", flat=True))


@pytest.fixture
def tenant():
    return make_tenant()


def test_looking_stores_no_fact_and_says_what_storing_would_do(cast):
    seen = imports.preview(tenant=cast.aurora, user=cast.ana, name="julho.ofx", data=TWO)
    assert (seen.status, seen.kind, seen.rows, seen.new_rows, seen.known_rows) == ("preview", "ofx", 2, 2, 0)
    assert (seen.account, seen.size, seen.user) == (None, len(TWO), cast.ana)
    assert imports.content_of(FileImport.objects.get()) == TWO
    assert Transaction.objects.count() == Account.objects.count() == 0
    shown = imports.shown(seen)
    assert [line.amount for line in shown.lines] == [Decimal("-10.00"), Decimal("25.50")]


def test_storing_makes_the_account_the_lines_the_audit_and_the_news(cast):
    seen = imports.preview(tenant=cast.aurora, user=cast.ana, name="julho.ofx", data=TWO)
    stored = imports.store_import(file_import=seen, access=access_of(cast.ana, cast.aurora))
    assert (stored.status, stored.new_rows, stored.known_rows) == ("stored", 2, 0)
    account = Account.objects.get()
    assert (account.bank_code, account.number, account.source.kind, account.name) == (
        "341", "45871-3", "file", "Itaú 45871-3",
    )  # fmt: skip
    line = Transaction.objects.get(amount=Decimal("25.50"))
    assert (line.date, line.type, line.account, line.external_id) == (
        date(2026, 7, 3), "CREDIT", account, f"{account.pk}:fitid:A2",
    )  # fmt: skip
    assert Generation.objects.get(tenant=cast.aurora).facts == 1
    entry = AuditLog.objects.get(action="file.imported")
    assert (entry.actor, entry.after["new"]) == (cast.ana, 2)


def test_the_same_file_again_is_refused_with_when_and_by_whom(cast):
    first = imports.preview(tenant=cast.aurora, user=cast.ana, name="a.ofx", data=TWO)
    imports.store_import(file_import=first, access=access_of(cast.ana, cast.aurora))
    again = look(cast.aurora)
    assert (again.new_rows, again.known_rows) == (0, 2)
    for twice in (again, first):
        with pytest.raises(StatementError, match=r"já foi|already stored") as caught:
            imports.store_import(file_import=twice)
        assert "ana@example.com" in str(caught.value)
    assert len(amounts(cast.aurora)) == 2


def test_overlapping_exports_meet_by_the_banks_own_id(tenant):
    put(tenant)
    later = ofx(row(fitid="A2", amount="25.50", day="20260703"), row(fitid="A3", amount="7.00"))
    stored = put(tenant, later)
    assert (stored.new_rows, stored.known_rows) == (1, 1)
    assert amounts(tenant) == [Decimal("-10.00"), Decimal("7.00"), Decimal("25.50")]
    assert Account.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_store_it_once():
    tenant = make_tenant()
    rows = [look(tenant), look(tenant)]
    start, results = threading.Barrier(2), []

    def work(file_import: FileImport) -> None:
        start.wait()
        try:
            results.append(imports.store_import(file_import=file_import).new_rows)
        except StatementError as error:
            results.append(type(error).__name__)
        finally:
            database.close()

    threads = [threading.Thread(target=work, args=[file_import]) for file_import in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results, key=str) == [2, "AlreadyStored"]
    assert len(amounts(tenant)) == 2
    assert (Account.objects.count(), Source.objects.count()) == (1, 1)


def test_equal_lines_of_one_day_are_as_many_as_the_file_has(tenant):
    twins = ofx(row(fitid=""), row(fitid=""), row(fitid="", amount="5.00"))
    stored = put(tenant, twins)
    assert stored.new_rows == 3
    assert amounts(tenant) == [Decimal("-10.00"), Decimal("-10.00"), Decimal("5.00")]
    assert put(tenant, twins + b"\n").new_rows == 0


def test_lines_that_upstream_brought_already_are_known(tenant):
    account = make_account(tenant, bank_code="341", number="45871-3", external_id="acc")
    make_transaction(account, "-10.00", date=date(2026, 7, 2))
    make_transaction(account, "-10.00", date=date(2026, 7, 1))
    make_transaction(account, "25.50", date=date(2026, 7, 3), status="pending")
    data = ofx(row(fitid="A1"), row(fitid="A2"), row(fitid="A3", amount="25.50", day="20260703"))
    seen = look(tenant, data)
    assert (seen.account, seen.new_rows, seen.known_rows) == (account, 2, 1)
    stored = imports.store_import(file_import=seen)
    assert (stored.new_rows, stored.known_rows) == (2, 1)
    ids = set(Transaction.objects.filter(source__kind="file").values_list("external_id", flat=True))
    assert ids == {f"{account.pk}:fitid:A2", f"{account.pk}:fitid:A3"}


def test_a_bank_that_is_connected_after_its_files_takes_them_over(tenant):
    put(tenant, ofx(row(fitid="A1"), row(fitid="A2"), row(fitid="OLD", day="20250101", amount="99.00")))
    old = Account.objects.get()
    bank = make_connection(tenant, "pluggy")
    source = {"tenant_id": tenant.pk, "source_id": bank.source_id}
    account = AccountDraft(external_id="acc", bank_code="341", branch="0814", number="45871-3")
    line = TransactionDraft(
        external_id="t1", account_external_id="acc", date=date(2026, 7, 2), amount=Decimal("-10.00")
    )
    ledger.store(**source, drafts=[account, line])
    assert overlap.settle(bank, [account, line]) > 0
    fresh = Account.objects.get(source=bank.source)
    old.refresh_from_db()
    assert old.void_at is not None
    files = Transaction.objects.filter(source__kind="file")
    assert set(files.values_list("account", flat=True)) == {fresh.pk}
    assert amounts(tenant) == [Decimal("-10.00"), Decimal("-10.00"), Decimal("99.00")]
    assert FileImport.objects.get().account == fresh
    assert put(tenant, ofx(row(fitid="A2"), row(fitid="A9", amount="1.00"))).new_rows == 1
    assert overlap.settle(bank, [account, line]) == 0


def test_a_file_of_another_account_is_refused(tenant):
    mine = make_account(tenant, bank_code="237", number="999-9")
    other = make_account(make_tenant("Boreal"), bank_code="341", number="45871-3")
    for account, words in ((mine, "Itaú 45871-3"), (other, "")):
        with pytest.raises(StatementError) as caught:
            put(tenant, account=account)
        assert words in say(caught.value)
    assert Transaction.objects.count() == 0
    assert FileImport.objects.filter(status="stored").count() == 0


def test_a_csv_is_understood_or_asks_and_the_answer_is_remembered(tenant):
    account = make_account(tenant, name="Caixa")
    assert put(tenant, CSV, account, name="x.csv").new_rows == 2
    assert amounts(tenant) == [Decimal("-3.50"), Decimal("1250.00")]
    asked = look(tenant, ODD_CSV, "odd.csv")
    assert (asked.rows, asked.mapping) == (0, None)
    assert asked.problem
    assert imports.shown(asked).headers == ("quando", "quanto", "ficou", "porque")
    with pytest.raises(StatementError):
        imports.store_import(file_import=asked, account=account)
    chosen = {"date": 0, "amount": 1, "description": [3], "date_order": "dmy"}
    told = imports.remap(file_import=asked, mapping=chosen)
    assert (told.problem, told.rows, told.new_rows) == (None, 2, 2)
    places = {name: place for name, _label, place in imports.shown(told).mapping}
    assert (places["date"], places["amount"], places["description"], places["debit"]) == (0, 1, 3, None)
    imports.store_import(file_import=told, account=account)
    assert StatementFormat.objects.filter(tenant=tenant).count() == 2
    next_month = look(tenant, ODD_CSV.replace(b"2026-07", b"2026-08"), "august.csv")
    assert (next_month.problem, next_month.new_rows, next_month.account) == (None, 2, account)
    assert look(make_tenant("Boreal"), ODD_CSV, "odd.csv").problem  # another company was not asked yet


def test_columns_that_do_not_exist_are_refused(tenant):
    asked = look(tenant, ODD_CSV, "odd.csv")
    for wrong in ({}, {"date": 0}, {"date": 0, "amount": 99}, {"date": "0", "amount": 1}):
        with pytest.raises(StatementError):
            imports.remap(file_import=asked, mapping=wrong)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("extrato.zip", "zip"),
        ("bomb.zip", "bomb"),
        ("extrato.pdf", b"%PDF-1.7 ..."),
        ("extrato.xlsx", b"PK\x03\x04 xl/workbook.xml"),
        ("foto.jpg", b"\xff\xd8\xff\xe0"),
        ("empty.ofx", b""),
        ("extrato.ofx", b"<html><body>Entre novamente</body></html>"),
        ("big.ofx", "big"),
        ("noise.csv", bytes(range(256)) * 20),
    ],
)
def test_what_is_no_statement_is_refused_in_words_and_nothing_is_kept(tenant, name, data):
    if data == "big":
        data = b"x" * (50 * 1024 * 1024 + 1)
    elif data in ("zip", "bomb"):
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("extrato.ofx", TWO if data == "zip" else b"0" * 100_000_000)
        data = packed.getvalue()
    with pytest.raises(StatementError) as caught:
        look(tenant, data, name)
    assert len(say(caught.value)) > 20
    assert FileImport.objects.count() == 0


@pytest.mark.parametrize(
    "name",
    ["banco_do_brasil.ofx", "bradesco.ofx", "caixa.ofx", "itau.ofx", "digital.ofx", "inter.csv", "nubank.csv", "nubank_card.csv", "itau.txt"],
)  # fmt: skip
def test_files_as_banks_write_them_are_stored_whole_and_once(tenant, name):
    seen = look(tenant, fixture(name), name)
    expected = seen.rows - seen.skipped_rows
    account = None if name.endswith(".ofx") else make_account(tenant)
    stored = imports.store_import(file_import=seen, account=account)
    assert (stored.new_rows, Transaction.objects.count()) == (expected, expected)
    again = look(tenant, fixture(name) + b"\n", name, account=stored.account)
    assert (again.new_rows, again.known_rows) == (0, expected)


def test_bill_payments_and_own_transfers_are_neither_revenue_nor_expense(tenant):
    tenant.document = "11222333000181"
    tenant.save()
    data = ofx(
        row(fitid="1", memo="PAGAMENTO FATURA CARTAO"),
        row(fitid="2", memo="PIX ENVIADO 11.222.333/0001-81 EMPRESA"),
        row(fitid="3", memo="PIX ENVIADO MARIA SOUZA"),
    )
    put(tenant, data)
    natures = Transaction.objects.order_by("position").values_list("nature", flat=True)
    assert list(natures) == ["bill_payment", "own_transfer", "regular"]


def test_what_the_database_refuses_is_said_and_nothing_is_stored(tenant, monkeypatch):
    def refuse(**_: object) -> None:
        raise DataError("numeric field overflow")

    seen = look(tenant)
    make_account(tenant, bank_code="341", number="45871-3")
    monkeypatch.setattr(ledger, "store", refuse)
    with pytest.raises(StatementError, match="numeric field overflow"):
        imports.store_import(file_import=seen)
    seen.refresh_from_db()
    assert seen.status == "failed"
    assert "numeric field overflow" in said(seen.problem)
    assert (Transaction.objects.count(), Source.objects.filter(kind="file").count()) == (0, 0)


def test_the_older_year_comes_as_files_beside_the_api(sandbox, tmp_path):
    """As in life: Pluggy gives a year, the bank's files the one before, and where they overlap nothing is doubled."""
    tenant = tenant_of(sandbox, "law")
    connect(sandbox, tenant, "pluggy")
    runner.run_due_now()
    for statement in sandbox.call("GET", "/control/statements?company=law")["statements"]:
        answer = sandbox.request("GET", f"/control/statements/{statement['name']}")
        seen = imports.preview(tenant=tenant, user=None, name=statement["name"], data=answer.body)
        assert seen.account is not None, statement
        imports.store_import(file_import=seen, account=seen.account)
    truth = sandbox.app.store.all(
        "SELECT day, abs(cents) FROM lines WHERE company = 'law' AND hidden = 0 AND status = 'POSTED'"
    )
    stored = Transaction.objects.filter(tenant=tenant, void_at=None, status="posted")
    assert sorted((str(line.date), int(abs(line.amount) * 100)) for line in stored) == sorted(truth)
    assert Account.objects.filter(tenant=tenant, source__kind="file").count() == 0


def test_accounts_are_found_in_every_spelling():
    mine = Named("341", "0814", "45871-3", "checking")
    for number in ("45871-3", "458713", "000458713", "0814458713", "0814000458713", "45.871-3"):
        assert accounts.same(mine, Named("341", "", number, "checking")), number
    for other in (
        Named("237", "", "45871-3", "checking"),
        Named("341", "", "45871-4", "checking"),
        Named("341", "", "9999458713", "checking"),
        Named("341", "", "45871-3", "card"),
        Named("341", "", "", "checking"),
    ):
        assert not accounts.same(mine, other), other
    assert accounts.same(Named("341", "", "5555444433337312", "card"), Named("", "", "7312", "card"))


def test_two_accounts_that_fit_are_not_guessed_between(tenant):
    for _ in range(2):
        make_account(tenant, bank_code="341", number="45871-3")
    assert look(tenant).account is None


def test_the_command_says_what_it_did(tenant, tmp_path: Path, capsys):
    good, bad = tmp_path / "a.ofx", tmp_path / "b.pdf"
    good.write_bytes(TWO)
    bad.write_bytes(b"%PDF")
    call_command("import_statement", str(good), tenant=tenant.slug, dry_run=True)
    assert (Transaction.objects.count(), FileImport.objects.count()) == (0, 0)
    with pytest.raises(CommandError, match="1 of 3"):
        call_command("import_statement", str(good), str(bad), str(good), tenant=tenant.slug)
    out = capsys.readouterr()
    assert "2 rows, 2 new, 0 already known, 0 left out (Itaú 45871-3)" in out.out
    assert "b.pdf” is a document (PDF), which cannot be read reliably" in out.err
    assert "This file was already stored on" in out.out
    assert FileImport.objects.count() == 1
    call_command("import_statement", str(good), tenant=tenant.slug)  # ends well: what was asked for is so
    assert len(amounts(tenant)) == 2
    with pytest.raises(CommandError, match="no company"):
        call_command("import_statement", str(good), tenant="nobody")
    with pytest.raises(CommandError, match="no account"):
        call_command("import_statement", str(good), tenant=tenant.slug, account=999_999)


def test_the_command_asks_which_account_a_file_is_of(tenant, tmp_path: Path, capsys):
    known = make_account(tenant, name="Itaú da loja", bank_code="341")
    path = tmp_path / "a.ofx"
    path.write_bytes(TWO)
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("import_statement", str(path), tenant=tenant.slug)
    assert f"--account: {known.pk} (Itaú da loja)" in capsys.readouterr().err
    assert (Transaction.objects.count(), FileImport.objects.count()) == (0, 0)
    call_command("import_statement", str(path), tenant=tenant.slug, new_account=True)
    assert FileImport.objects.get().account != known
    path.write_bytes(TWO.replace(b"45871-3", b"99999-1"))
    call_command("import_statement", str(path), tenant=tenant.slug, account=known.pk)
    assert Transaction.objects.filter(account=known).count() == 2
