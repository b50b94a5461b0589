"""Imported files and accounts as people see them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from ledger.models import Account, Transaction
from sync import upload_views
from sync.models import FileImport
from sync.tests import bankfiles
from sync.tests.bankfiles import row
from tests import factories
from tests.cast import Cast

pytestmark = pytest.mark.django_db
ONE = bankfiles.ofx(row(fitid="A1"), row(fitid="A2", amount="5.00"))


def url(name: str, slug: str = "aurora", **kwargs: object) -> str:
    return reverse(f"sync:{name}", kwargs={"slug": slug, **kwargs})


def upload(client, *files: tuple[str, bytes]):
    return client.post(
        url("import"), {"files": [SimpleUploadedFile(name, data) for name, data in files]}, follow=True
    )


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


@pytest.fixture
def ana(client, cast: Cast):
    client.force_login(cast.ana)
    return client


def test_stored_undone_stored_again(ana, cast: Cast) -> None:
    upload(ana, ("a.ofx", ONE))
    pk = FileImport.objects.get().pk
    ana.post(url("import_store", pk=pk), {"account": "0"})
    page = ana.get(url("import_preview", pk=pk)).content.decode()
    assert url("import_undo", pk=pk) in page
    assert url("import_discard", pk=pk) not in page
    ana.post(url("import_undo", pk=pk))
    assert Transaction.objects.filter(void_at=None).count() == 0
    page = ana.get(url("import_preview", pk=pk)).content.decode()
    assert url("import_store", pk=pk) in page
    ana.post(url("import_store", pk=pk), {"account": "0"})
    assert Transaction.objects.filter(void_at=None).count() == 2


def test_a_preview_is_thrown_away(ana) -> None:
    upload(ana, ("a.ofx", ONE))
    answer = ana.post(url("import_discard", pk=FileImport.objects.get().pk))
    assert answer.url == url("import")
    assert FileImport.objects.count() == 0


def test_a_file_that_could_be_of_a_known_account_asks_first(ana, cast: Cast) -> None:
    known = factories.make_account(cast.aurora, name="Itaú da loja", bank_code="341")
    upload(ana, ("a.ofx", ONE))
    pk = FileImport.objects.get().pk
    page = ana.get(url("import_preview", pk=pk)).content.decode()
    assert "Itaú da loja" in page
    answer = ana.post(url("import_store", pk=pk), {"account": ""})
    assert answer.status_code == 200
    assert Transaction.objects.count() == 0
    stranger = factories.make_account(cast.boreal)
    ana.post(url("import_store", pk=pk), {"account": stranger.pk})
    assert Transaction.objects.count() == 0
    ana.post(url("import_store", pk=pk), {"account": known.pk})
    assert Transaction.objects.filter(account=known).count() == 2


def test_readers_and_strangers_change_no_file(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    upload(client, ("a.ofx", ONE))
    pk = FileImport.objects.get().pk
    for person, status in ((cast.bruno, 403), (cast.carla, 404)):
        client.force_login(person)
        for act in ("import_store", "import_undo", "import_discard"):
            assert client.post(url(act, pk=pk)).status_code == status
    assert client.post(url("import_discard", "boreal", pk=pk)).status_code == 404
    assert FileImport.objects.count() == 1


def test_more_than_one_go_takes_is_named_and_the_rest_is_taken(ana, monkeypatch) -> None:
    monkeypatch.setattr(upload_views, "MAX_FILES", 2)
    files = [(f"{n}.ofx", bankfiles.ofx(row(fitid=f"F{n}"))) for n in range(4)]
    answer = upload(ana, *files)
    (text,) = said(answer)
    assert "2.ofx, 3.ofx" in text
    assert list(FileImport.objects.order_by("pk").values_list("name", flat=True)) == ["0.ofx", "1.ofx"]
    monkeypatch.setattr(upload_views, "MAX_TOTAL", len(files[0][1]))
    assert "1.ofx" in said(upload(ana, *files[:2]))[0]
    assert FileImport.objects.count() == 3


def test_a_request_that_is_far_too_large_is_not_even_read(ana, monkeypatch, settings) -> None:
    monkeypatch.setattr(upload_views, "MAX_REQUEST", 100)
    assert len(said(upload(ana, ("a.ofx", ONE)))) == 1
    monkeypatch.setattr(upload_views, "MAX_REQUEST", 10_000_000)
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    assert len(said(upload(ana, *[(f"{n}.ofx", ONE) for n in range(4)]))) == 1
    assert FileImport.objects.count() == 0


def test_uploading_needs_the_token(cast: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.ana)
    answer = strict.post(url("import"), {"files": SimpleUploadedFile("a.ofx", ONE)})
    assert answer.status_code == 403
    assert FileImport.objects.count() == 0


# --- accounts ---------------------------------------------------------------------------------------------------------------
def test_accounts_are_listed_with_what_is_known_of_them(client, cast: Cast) -> None:
    bank = factories.make_connection(cast.aurora, "pluggy", name="Meu banco")
    account = factories.make_account(
        cast.aurora,
        source=bank.source,
        name="Conta",
        institution="Itaú",
        branch="0814",
        number="45871-3",
        balance="10.50",
    )
    factories.make_transaction(account, "5.00", date="2026-03-09")
    factories.make_transaction(account, "5.00", date="2026-03-11", void_at="2026-03-12T00:00:00Z")
    factories.make_account(cast.boreal, name="Fremde")
    client.force_login(cast.bruno)
    page = client.get(url("accounts")).content.decode()
    for text in ("Conta", "Itaú", "0814 / 45871-3", "Meu banco", "10,50", "09/03/2026"):
        assert text in page, text
    assert "Fremde" not in page
    assert url("account", pk=account.pk) not in page
    assert client.get(url("account", pk=account.pk)).status_code == 403


def test_an_account_is_renamed_merged_and_removed_on_its_page(ana, cast: Cast) -> None:
    theirs = factories.make_account(cast.aurora, name="Banco")
    upload(ana, ("a.ofx", ONE))
    ana.post(url("import_store", pk=FileImport.objects.get().pk), {"account": "0"})
    mine = Account.objects.get(source__kind="file")
    page = ana.get(url("account", pk=mine.pk)).content.decode()
    assert f'<option value="{theirs.pk}">' in page
    ana.post(url("account_rename", pk=mine.pk), {"name": "Velha"})
    mine.refresh_from_db()
    assert str(mine) == "Velha"
    ana.post(url("account_merge", pk=mine.pk), {"into": theirs.pk})
    assert Transaction.objects.filter(account=theirs, void_at=None).count() == 2
    assert ana.get(url("account", pk=mine.pk)).status_code == 404
    spare = factories.make_account(cast.aurora, source=mine.source, name="Leer")
    ana.post(url("account_remove", pk=spare.pk))
    spare.refresh_from_db()
    assert spare.void_at is not None


def test_strangers_and_readers_change_no_account(client, cast: Cast) -> None:
    account = factories.make_account(cast.aurora)
    other = factories.make_account(cast.boreal)
    for person, slug, status in (
        (cast.bruno, "aurora", 403),
        (cast.carla, "aurora", 404),
        (cast.carla, "boreal", 404),
    ):
        client.force_login(person)
        for act in ("account_rename", "account_merge", "account_remove"):
            answer = client.post(url(act, slug, pk=account.pk), {"name": "x", "into": other.pk})
            assert answer.status_code == status, act
    client.force_login(cast.ana)
    for into in (other.pk, "", "²", 10**30):
        assert client.post(url("account_merge", pk=account.pk), {"into": into}).status_code == 404
    account.refresh_from_db()
    assert (account.name_override, account.void_at) == ("", None)
