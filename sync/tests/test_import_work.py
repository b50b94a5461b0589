"""Big files: kept by the web process, read and stored by a worker, once, whatever happens to it."""

import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.urls import reverse

from ledger.models import Account, Transaction
from live.models import Event
from sync import imports, runner, tasks
from sync.imports import reading, work
from sync.models import FileImport
from sync.providers.statement import StatementError
from sync.tests import bankfiles
from sync.tests.bankfiles import row
from tenants.models import AuditLog
from tests.cast import Cast
from tests.factories import access_of, make_tenant

pytestmark = pytest.mark.django_db
ROWS = 60
BIG = bankfiles.ofx(*(row(fitid=f"F{n}", amount=f"-{n + 1}.00") for n in range(ROWS)))
SMALL = bankfiles.ofx(row(fitid="A1"))


def url(name: str, slug: str = "aurora", **kwargs: object) -> str:
    return reverse(f"sync:{name}", kwargs={"slug": slug, **kwargs})


@pytest.fixture(autouse=True)
def _small_is_big(monkeypatch):
    """Fifty rows are many here."""
    monkeypatch.setattr(work, "BIG_ROWS", 50)


@pytest.fixture
def ana(client, cast: Cast):
    client.force_login(cast.ana)
    return client


def upload(client, data: bytes = BIG, name: str = "ano.ofx") -> FileImport:
    client.post(url("import"), {"files": SimpleUploadedFile(name, data)})
    return FileImport.objects.latest("pk")


def test_the_web_process_reads_no_big_file(ana, monkeypatch) -> None:
    monkeypatch.setattr(reading, "read_ofx", lambda *_: pytest.fail("read in the web process"))
    kept = upload(ana)
    assert (kept.work, kept.rows, kept.kind, kept.size, imports.content_of(kept)) == (
        "read",
        0,
        "ofx",
        len(BIG),
        BIG,
    )
    page = ana.get(url("import_preview", pk=kept.pk)).content.decode()
    assert "every 2s, live:sync from:body" in page
    assert url("import_store", pk=kept.pk) not in page
    ana.post(url("import_store", pk=kept.pk), {"account": "0"})
    kept.refresh_from_db()
    assert (kept.work, kept.status) == ("read", "preview")


def test_many_bytes_are_many_as_well(ana, monkeypatch) -> None:
    monkeypatch.setattr(work, "BIG_BYTES", 100)
    assert upload(ana, SMALL).work == "read"
    monkeypatch.setattr(work, "BIG_BYTES", 100_000)
    assert upload(ana, SMALL).work == ""


def test_a_worker_reads_stores_and_undoes(ana, cast: Cast) -> None:
    kept = upload(ana)
    tasks.import_file(kept.pk, new=1)
    kept.refresh_from_db()
    assert (kept.work, kept.rows, kept.new_rows, kept.attempts) == ("", ROWS, ROWS, 0)
    page = ana.get(url("import_preview", pk=kept.pk)).content.decode()
    assert "every 2s" not in page
    ana.post(url("import_store", pk=kept.pk), {"account": "0"})
    kept.refresh_from_db()
    assert (kept.work, kept.status, kept.asked_by) == ("store", "preview", cast.ana)
    assert Transaction.objects.count() == 0
    tasks.import_file(kept.pk)
    kept.refresh_from_db()
    assert (kept.work, kept.status, kept.new_rows) == ("", "stored", ROWS)
    assert Transaction.objects.count() == ROWS
    assert AuditLog.objects.get(action="file.imported").actor == cast.ana
    ana.post(url("import_undo", pk=kept.pk))
    kept.refresh_from_db()
    assert (kept.work, kept.status) == ("undo", "stored")
    tasks.import_file(kept.pk)
    kept.refresh_from_db()
    assert (kept.work, kept.status) == ("", "undone")
    assert Transaction.objects.filter(void_at=None).count() == 0
    assert AuditLog.objects.get(action="file.undone").actor == cast.ana
    assert Event.objects.filter(name="sync", payload__file_import=kept.pk).count() == 3


def test_a_lost_wake_up_is_made_up_for(ana) -> None:
    first, second = upload(ana), upload(ana, BIG + b"\n")
    runner.run_due_now()
    assert list(FileImport.objects.values_list("work", "rows")) == [("", ROWS)] * 2
    tasks.run_due()
    assert {first.pk, second.pk} == set(FileImport.objects.values_list("pk", flat=True))


def test_what_is_no_statement_ends_in_words(ana) -> None:
    kept = upload(ana, b"<OFX>" + b"<STMTTRN>" * 60 + b"</OFX>")
    FileImport.objects.filter(pk=kept.pk).update(content=b"not packed at all")
    assert imports.do(kept.pk)
    kept.refresh_from_db()
    assert (kept.work, kept.status) == ("", "failed")
    assert imports.shown(kept).problem
    text = "quando;quanto;ficou;porque\n" + "2026-07-02;1250,00;1300,00;um\n" * 60
    asked = upload(ana, text.encode(), "odd.csv")
    assert imports.do(asked.pk)
    asked.refresh_from_db()
    assert (asked.work, asked.status, asked.rows) == ("", "preview", 0)
    ana.post(
        url("import_preview", pk=asked.pk),
        {"date": "0", "amount": "1", "description": "3", "date_order": "dmy"},
    )
    asked.refresh_from_db()
    assert asked.work == "read"
    imports.do(asked.pk)
    asked.refresh_from_db()
    assert (asked.rows, asked.new_rows) == (60, 60)


def test_a_file_that_kills_its_worker_does_so_three_times(ana, monkeypatch) -> None:
    kept = upload(ana)

    def die(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(work, "look", die)
    for _ in range(3):
        with pytest.raises(SystemExit):
            imports.do(kept.pk)
    assert imports.do(kept.pk)
    kept.refresh_from_db()
    assert (kept.work, kept.status) == ("", "failed")
    assert "3" in imports.shown(kept).problem
    assert not imports.do(kept.pk)


def test_a_worker_that_died_while_storing_leaves_nothing_and_the_next_one_stores_all(
    ana, monkeypatch
) -> None:
    kept = upload(ana)
    imports.do(kept.pk)
    ana.post(url("import_store", pk=kept.pk), {"account": "0"})
    real = work.store_import

    def die(**options: object) -> None:
        real(**options)
        raise SystemExit

    monkeypatch.setattr(work, "store_import", die)
    with pytest.raises(SystemExit):
        imports.do(kept.pk)
    monkeypatch.undo()
    assert not imports.do(kept.pk)
    kept.refresh_from_db()
    assert (kept.status, kept.problem, Transaction.objects.count()) == ("stored", None, ROWS)


def test_a_file_that_is_thrown_away_meanwhile_does_not_come_back(cast: Cast, monkeypatch) -> None:
    kept = work.receive(
        tenant=cast.aurora, user=cast.ana, name="a.ofx", file=SimpleUploadedFile("a.ofx", BIG)
    )
    real = work.look

    def look(*args: object) -> None:
        real(*args)
        imports.discard(file_import=kept)

    monkeypatch.setattr(work, "look", look)
    assert imports.do(kept.pk)
    assert FileImport.objects.count() == 0


def test_nobody_asks_twice(cast: Cast) -> None:
    kept = work.receive(
        tenant=cast.aurora, user=cast.ana, name="a.ofx", file=SimpleUploadedFile("a.ofx", BIG)
    )
    access = access_of(cast.ana, cast.aurora)
    imports.do(kept.pk)
    first, second = FileImport.objects.get(), FileImport.objects.get()
    key = imports.questions(first)[0].key
    imports.request_store(file_import=first, homes={key: imports.NEW}, access=access)
    with pytest.raises(StatementError, match="being worked on"):
        imports.request_store(file_import=second, homes={key: imports.NEW}, access=access)
    with pytest.raises(StatementError, match="being worked on"):
        imports.request_undo(file_import=FileImport.objects.get(), access=access)


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_no_file() -> None:
    tenant = make_tenant()
    kept = work.receive(tenant=tenant, user=None, name="a.ofx", file=SimpleUploadedFile("a.ofx", BIG))
    FileImport.objects.update(work="store", homes={})
    imports.do(kept.pk)
    FileImport.objects.update(work="undo")
    start, results = threading.Barrier(2), []

    def one() -> None:
        start.wait()
        try:
            results.append(imports.do(kept.pk))
        finally:
            database.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [False, True]
    assert AuditLog.objects.filter(action="file.undone").count() == 1
    assert Account.objects.filter(void_at=None).count() == 0
