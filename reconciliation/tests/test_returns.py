"""Return files through the door of imports: stored once, taken back, and heard by the matcher."""

import threading
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from ledger.models import OpenItem, Transaction
from reconciliation import runner
from reconciliation.models import Match, OpenLine, ReturnEntry
from reconciliation.tests.cnab_files import febraban
from reconciliation.tests.cnab_files.writer import a, file_240, joined, lot_240, m, n
from reconciliation.tests.support import waiting
from sync import imports
from sync.imports import AlreadyStored
from sync.models import FileImport
from sync.providers.statement import StatementError
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import make_account, make_open_item, make_source, make_transaction

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
CREDITED = date(2026, 4, 13)
# nosso número, face, interest, discount
Title = tuple[int, str, str, str]
LUMP: Sequence[Title] = (
    (778705, "500.00", "7.50", "0"),
    (779620, "300.00", "0", "9.00"),
    (780055, "210.00", "0", "0"),
)


def paid_of(title: Title) -> Decimal:
    _number, face, interest, discount = title
    return D(face) + D(interest) - D(discount)


def return_file(titles: Sequence[Title], *, sequence: int = 1) -> bytes:
    """Return a CNAB 240 file of Bradesco in which these titles were paid, credited on the 13th."""
    details = []
    for number, face, interest, discount in titles:
        paid = str(paid_of((number, face, interest, discount)))
        details += [
            febraban.title("06", a(38, 57, f"00900000{number:011d}0"), a(59, 73, f"NF {number}"), n(74, 81, "10042026"), m(82, 96, face), m(199, 213, "0")),
            febraban.paid("06", (interest, discount, "0", "0", paid, paid, "0", "0"), "11042026", "13042026"),
        ]  # fmt: skip
    header = tuple(piece for piece in febraban.HEADER if piece[0] != 158)
    return joined(file_240("237", (*header, n(158, 163, sequence)), lot_240("237", febraban.LOT, details)))


def bring(tenant: Tenant, data: bytes, name: str = "CB110426.RET") -> FileImport:
    return imports.preview(tenant=tenant, user=None, name=name, data=data)


def store(tenant: Tenant, data: bytes) -> FileImport:
    return imports.store_import(file_import=bring(tenant, data))


class Books:
    """A company that sends boletos: its items, and the bank that credits them."""

    def __init__(self, tenant: Tenant, titles: Sequence[Title] = LUMP) -> None:
        self.tenant = tenant
        self.account = make_account(tenant, bank_code="237", branch="328", number="7536-X")
        erp = make_source(tenant)
        self.items: dict[int, OpenItem] = {
            number: make_open_item(
                tenant,
                face,
                source=erp,
                due_date=date(2026, 4, 10),
                details={"nosso_numero": f"{number:011d}"},
            )
            for number, face, _interest, _discount in titles
        }

    def credit(self, amount: Decimal, text: str = "LIQUIDACAO DE COBRANCA 003 TITULOS") -> Transaction:
        return make_transaction(self.account, str(amount), date=CREDITED, description=text)

    def run(self) -> None:
        assert runner.run(self.tenant.pk) is not None


def test_a_file_is_looked_at_stored_once_and_taken_back(cast: Cast) -> None:
    Books(cast.aurora)
    row = bring(cast.aurora, return_file(LUMP))
    assert (row.kind, row.rows, row.new_rows, row.known_rows) == ("cnab", 3, 3, 0)
    shown = imports.shown(row)
    assert [str(line.amount) for line in shown.lines] == ["507.50", "291.00", "210.00"]
    assert not ReturnEntry.objects.exists()
    imports.store_import(file_import=row)
    stored = ReturnEntry.objects.filter(tenant=cast.aurora).order_by("line_number")
    first = stored[0]
    assert (first.nosso_numero.lstrip("0"), first.face, first.interest, first.paid) == (
        "778705",
        D(500),
        D("7.50"),
        D("507.50"),
    )
    assert (first.credited_on, first.meaning, first.account) == (
        CREDITED,
        "settled",
        row.account or first.account,
    )
    assert first.account is not None
    with pytest.raises(AlreadyStored):
        store(cast.aurora, return_file(LUMP))
    assert stored.count() == 3
    assert store(cast.boreal, return_file(LUMP)).new_rows == 3  # another company's file is another file
    assert imports.undo_import(file_import=row) == 3
    assert not stored.exists()
    assert ReturnEntry.objects.filter(tenant=cast.boreal).count() == 3
    assert imports.store_import(file_import=row).new_rows == 3


def test_overlapping_files_count_an_entry_once(cast: Cast) -> None:
    first = store(cast.aurora, return_file(LUMP[:2], sequence=1))
    second = store(cast.aurora, return_file(LUMP, sequence=2))
    assert (second.new_rows, second.known_rows) == (1, 2)
    assert imports.undo_import(file_import=first) == 0
    assert imports.undo_import(file_import=second) == 3


def test_two_at_once_store_it_once(cast: Cast) -> None:
    rows = [bring(cast.aurora, return_file(LUMP)) for _ in range(2)]
    ends: list[str] = []
    ready = threading.Barrier(2)

    def work(row: FileImport) -> None:
        ready.wait()
        try:
            imports.store_import(file_import=row)
            ends.append("stored")
        except AlreadyStored:
            ends.append("known")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["known", "stored"]
    assert ReturnEntry.objects.count() == 3


def test_what_is_no_return_file_says_so(cast: Cast) -> None:
    data = return_file(LUMP)
    with pytest.raises(StatementError):
        bring(cast.aurora, data[: len(data) // 2])  # cut off
    assert not FileImport.objects.exists()


def test_a_collection_credit_is_settled_as_the_sum_of_the_file(cast: Cast) -> None:
    books = Books(cast.aurora)
    line = books.credit(sum(map(paid_of, LUMP), D(0)))
    theirs = Books(cast.boreal)
    other = theirs.credit(sum(map(paid_of, LUMP), D(0)))
    books.run()
    assert OpenLine.objects.get(transaction=line).verdict == "none"
    store(cast.aurora, return_file(LUMP))
    assert waiting(cast.aurora) == {line.pk}
    books.run()
    theirs.run()
    found = Match.objects.get(tenant=cast.aurora, status="proposed")
    assert (found.kind, found.verdict, found.amount) == ("cnab", "clear", D("1008.50"))
    assert {item.open_item_id for item in found.items.all()} == {item.pk for item in books.items.values()}
    assert {part.kind: part.amount for part in found.adjustments.all()} == {
        "interest": D("7.50"),
        "discount": D("-9.00"),
    }
    assert OpenLine.objects.get(transaction=other).verdict == "none"  # Boreal never saw the file
    imports.undo_import(file_import=FileImport.objects.get(tenant=cast.aurora))
    books.run()
    assert OpenLine.objects.get(transaction=line).verdict == "none"


def test_a_credit_of_one_boleto_takes_its_number_and_split_from_the_file(cast: Cast) -> None:
    books = Books(cast.aurora)
    line = books.credit(D("507.50"), "COBRANCA RECEBIDA")
    store(cast.aurora, return_file(LUMP))
    books.run()
    found = Match.objects.get(status="proposed", lines__transaction=line)
    assert (found.kind, found.verdict) == ("boleto", "clear")
    assert [item.open_item_id for item in found.items.all()] == [books.items[778705].pk]
    assert [(part.kind, part.amount) for part in found.adjustments.all()] == [("interest", D("7.50"))]


def test_the_command_stores_a_return_file(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "any name.txt"
    path.write_bytes(return_file(LUMP))
    call_command("import_statement", str(path), tenant="aurora")
    assert "3 rows, 3 new, 0 already known" in capsys.readouterr().out
    assert ReturnEntry.objects.filter(tenant=cast.aurora).count() == 3


def test_the_page_takes_a_return_file_like_a_statement(client: Client, cast: Cast) -> None:
    client.force_login(cast.ana)
    file = SimpleUploadedFile("CB110426.RET", return_file(LUMP))
    shown = client.post(
        reverse("sync:import", args=["aurora"]), {"files": file}, follow=True
    ).content.decode()
    assert "507,50" in shown
    row = FileImport.objects.get(tenant=cast.aurora)
    client.post(reverse("sync:import_store", args=["aurora", row.pk]))
    assert ReturnEntry.objects.filter(tenant=cast.aurora).count() == 3
    assert client.get(reverse("sync:import_preview", args=["aurora", row.pk])).status_code == 200
    client.post(reverse("sync:import_undo", args=["aurora", row.pk]))
    assert not ReturnEntry.objects.exists()
