"""Connections and runs as people see them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from ledger.models import Transaction
from sync.models import Connection, FileImport, SyncRun
from tests import factories
from tests.cast import Cast


def url(name: str, slug: str = "aurora", **kwargs: object) -> str:
    return reverse(f"sync:{name}", kwargs={"slug": slug, **kwargs})


@pytest.fixture
def connection(cast: Cast) -> Connection:
    return factories.make_connection(cast.aurora, "gestaoclick", name="ERP")


def test_pages_show_state_runs_and_what_to_do(client, cast: Cast, connection: Connection) -> None:
    run = factories.make_run(
        connection, status=SyncRun.Status.FAILED, error="The ERP did not answer. Nothing was lost."
    )
    Connection.objects.update(state="needs_person", state_reason="Enter the tokens again.")
    client.force_login(cast.bruno)
    assert "Enter the tokens again." in client.get(url("connections")).content.decode()
    assert "Enter the tokens again." in client.get(url("connection", pk=connection.pk)).content.decode()
    assert "The ERP did not answer." in client.get(url("run", pk=run.pk)).content.decode()
    assert url("run", pk=run.pk) in client.get(url("runs")).content.decode()


def test_an_empty_company_is_told_what_to_do(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    page = client.get(url("connections")).content.decode()
    assert url("connect", kind="gestaoclick") in page
    assert client.get(url("connect", kind="gestaoclick")).status_code == 200
    assert client.get(url("connect", kind="nosuch")).status_code == 404


def test_asking_twice_is_one_run(client, cast: Cast, connection: Connection) -> None:
    client.force_login(cast.ana)
    for _ in range(2):
        client.post(url("sync_now", pk=connection.pk))
    assert connection.runs.count() == 1


def test_pausing_and_resuming(client, cast: Cast, connection: Connection) -> None:
    client.force_login(cast.ana)
    client.post(url("change_state", pk=connection.pk), {"to": "paused"})
    connection.refresh_from_db()
    assert connection.state == Connection.State.PAUSED
    client.post(url("change_state", pk=connection.pk), {"to": "active"})
    connection.refresh_from_db()
    assert connection.state == Connection.State.ACTIVE


def test_readers_may_not_act_and_strangers_find_nothing(client, cast: Cast, connection: Connection) -> None:
    run = factories.make_run(connection)
    acts = [("sync_now", 403), ("test", 403), ("change_state", 403), ("bank", 403)]
    for person, expected in ((cast.bruno, None), (cast.carla, 404)):
        client.force_login(person)
        for name, status in acts:
            assert client.post(url(name, pk=connection.pk)).status_code == (expected or status)
    assert client.get(url("connection", "boreal", pk=connection.pk)).status_code == 404
    assert client.get(url("run", "boreal", pk=run.pk)).status_code == 404


def test_credentials_are_never_shown(client, cast: Cast, connection: Connection) -> None:
    connection.set_credentials({"access_token": "t0ken-secret", "secret_access_token": "s3cret"})
    connection.save()
    client.force_login(cast.ana)
    for name in ("connection", "credentials"):
        page = client.get(url(name, pk=connection.pk)).content.decode()
        assert "t0ken-secret" not in page
        assert "s3cret" not in page


OFX = b"""OFXHEADER:100
DATA:OFXSGML

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>BRL
<BANKACCTFROM><BANKID>341<ACCTID>12345-6<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260301<DTEND>20260331
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260310<TRNAMT>1250,00<FITID>A1<MEMO>PIX RECEBIDO MARIA SOUZA</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260311<TRNAMT>-80,10<FITID>A2<MEMO>TARIFA</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def test_a_file_is_looked_at_then_stored_once(client, cast: Cast) -> None:
    account = factories.make_account(cast.aurora, bank_code="341", number="12345-6")
    client.force_login(cast.ana)
    for _ in range(2):
        sent = client.post(url("import"), {"files": SimpleUploadedFile("março.ofx", OFX)})
        page = client.get(sent.url)
        assert "PIX RECEBIDO MARIA SOUZA" in page.content.decode()
        client.post(f"{sent.url}store/", {"account": account.pk})
    amounts = Transaction.objects.filter(tenant=cast.aurora).order_by("date").values_list("amount", flat=True)
    assert [str(amount) for amount in amounts] == ["1250.00", "-80.10"]
    assert client.get(url("import")).status_code == 200


def test_what_is_no_statement_is_refused_with_a_sentence(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    answer = client.post(
        url("import"), {"files": SimpleUploadedFile("extrato.ofx", b"PK\x03\x04 zip")}, follow=True
    )
    said = [str(message) for message in answer.context["messages"]]
    assert len(said) == 1
    assert said[0].startswith("extrato.ofx: ")
    assert FileImport.objects.count() == 0


def test_carla_and_bruno_cannot_store_a_file(client, cast: Cast) -> None:
    client.force_login(cast.ana)
    sent = client.post(url("import"), {"files": SimpleUploadedFile("a.ofx", OFX)})
    client.force_login(cast.bruno)
    assert client.post(f"{sent.url}store/").status_code == 403
    client.force_login(cast.carla)
    assert client.get(sent.url).status_code == 404
    pk = FileImport.objects.get().pk
    assert client.post(url("import_store", "boreal", pk=pk)).status_code == 404
