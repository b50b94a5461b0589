"""What a page or the API is sent to break it: an answer to the sender, never a fault of ours."""

import base64
import io
import json
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from ledger import exports
from ledger.models import Export
from lib.keyset import CursorError, paginate
from sync import services as sync
from sync.models import FileImport
from sync.providers.base import UpstreamError
from tenants.models import AuditLog, Tenant, TenantSettings
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_account, make_connection, make_customer, make_product, make_transaction


def cursor(*values: Any) -> str:
    """Return a forged cursor of these values."""
    return base64.urlsafe_b64encode(json.dumps([0, *values]).encode()).decode().rstrip("=")


NOT_TEXT = ("a\x00", "\ud800")
INFINITE = float("inf")


@pytest.mark.parametrize("name", NOT_TEXT)
def test_a_forged_cursor_of_names_is_refused(cast: Cast, name: str) -> None:
    make_customer(cast.aurora, "Doces Aurora")
    forged = cursor(name, 1)
    answer = with_key(cast.aurora).get(f"/api/customers?sort=name&cursor={forged}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")
    page = signed_in(cast.ana).get(f"/t/aurora/customers/?sort=name&cursor={forged}")
    assert page.status_code == 200
    assert "Doces Aurora" in page.content.decode()


@pytest.mark.parametrize(
    "forged", [cursor("2026-01-01", INFINITE), cursor("2026-01-01", 10**30), cursor("1e999999", 1)]
)
def test_a_forged_cursor_of_numbers_is_refused(cast: Cast, forged: str) -> None:
    client = with_key(cast.aurora)
    for sort in ("-date", "amount"):
        answer = client.get(f"/api/pluggy/transactions?period=all&sort={sort}&cursor={forged}")
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_forged_moment_outside_the_calendar_is_refused(cast: Cast, moment: str) -> None:
    with pytest.raises(CursorError):
        paginate(AuditLog.objects.all(), order=("-created_at", "-id"), limit=5, cursor=cursor(moment, 1))


@pytest.mark.parametrize("limit", ["²", "9" * 5_000, "-1", "", "51"])
def test_a_page_size_that_is_none_is_the_usual_one(cast: Cast, limit: str) -> None:
    answer = signed_in(cast.ana).get("/t/aurora/customers/", {"limit": limit})
    assert answer.status_code == 200


def test_a_digit_that_is_no_number_filters_nothing(cast: Cast) -> None:
    assert signed_in(cast.ana).get("/t/aurora/runs/", {"connection": "²"}).status_code == 200


@pytest.mark.parametrize(
    "span",
    [
        {"from": "0001-01-01", "to": "0001-01-02"},
        {"from": "0001-01-01", "to": "0020-01-01"},
        {"from": "9999-12-30", "to": "9999-12-30"},
    ],
)
def test_a_period_outside_the_calendar_is_told(cast: Cast, span: dict[str, str]) -> None:
    for compare in ("previous", "last_year"):
        query = {**span, "compare": compare}
        assert signed_in(cast.ana).get("/t/aurora/", query).status_code == 200
        assert with_key(cast.aurora).get("/api/kpis", query).status_code == 400


def test_a_number_that_no_record_can_have_is_not_found(cast: Cast) -> None:
    client = with_key(cast.aurora)
    for path in ("sales", "customers", "products", "open-items", "pluggy/transactions"):
        assert client.get(f"/api/{path}/{'9' * 40}").status_code == 404


def test_json_nested_too_deep_is_the_senders_fault(db: None) -> None:
    answer = Client().post("/api/auth/token", data="[" * 100_000, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"] is True


@pytest.mark.parametrize("value", [[1], "x", {"a": "x" * 20_000}])
def test_preferences_are_a_small_object(cast: Cast, value: Any) -> None:
    client = with_key(cast.aurora)
    answer = client.post("/api/settings", data={"preferences": value}, content_type="application/json")
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["preferences"]
    assert TenantSettings.objects.get(tenant=cast.aurora).preferences == {}


def test_preferences_keep_what_the_database_can_hold(cast: Cast) -> None:
    text = json.dumps({"preferences": {"a": "x\x00", "b": "\ud800"}})
    answer = with_key(cast.aurora).post("/api/settings", data=text, content_type="application/json")
    assert body(answer)["data"]["preferences"] == {"a": "x\ufffd", "b": "?"}


@pytest.mark.parametrize("target", ["abc", "", "//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_language_leads_nowhere_else(cast: Cast, target: str) -> None:
    answer = signed_in(cast.ana).post("/language", {"language": "en", "next": target})
    assert answer.status_code == 302
    assert answer["Location"] == ("abc" if target == "abc" else "/")


def test_a_file_is_asked_for_with_a_filter_that_jsonb_cannot_hold(cast: Cast) -> None:
    answer = signed_in(cast.ana).post("/t/aurora/list/sales/xlsx/?q=a%00b&a%00=1")
    assert answer.status_code == 302
    assert Export.objects.get(tenant=cast.aurora).query == {"q": "ab"}


def test_a_control_character_does_not_cost_the_file(cast: Cast) -> None:
    make_product(cast.aurora, name="=1+1\x01 caf\x0b\u00e9")
    job = Export.objects.create(tenant=cast.aurora, user=cast.ana, resource="products", query={})
    assert exports.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == (Export.Status.DONE, "")
    cell = load_workbook(io.BytesIO(bytes(job.content or b""))).active["A2"]  # type: ignore[index]
    assert (cell.value, cell.data_type) == ("'=1+1 caf\u00e9", "s")


def test_a_line_break_in_a_company_name_ends_no_header(
    cast: Cast, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    # The forms refuse it; an older row may hold it.
    Tenant.objects.filter(pk=cast.aurora.pk).update(name="Aurora\r\nBcc: x@evil.example")
    invited = {"email": "dora@example.com", "role": "viewer"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = signed_in(cast.ana).post("/t/aurora/settings/people/", invited)
    assert answer.status_code == 302
    assert [mail.to for mail in mailoutbox] == [["dora@example.com"]]
    assert mailoutbox[0].subject.endswith("Aurora Bcc: x@evil.example")
    assert mailoutbox[0].bcc == []


@pytest.mark.parametrize("item", ["\x00", "a\r\nX-A: b", "../accounts/1", "a?b=c", "a" * 65, "é"])
def test_an_item_that_is_no_name_is_never_asked_for(cast: Cast, item: str) -> None:
    connection = make_connection(cast.aurora, kind="pluggy")
    with pytest.raises(UpstreamError, match="does not belong"):
        sync.finish_bank_connection(connection=connection, item_id=item)
    connection.refresh_from_db()
    assert "item_ids" not in connection.config


def test_a_column_that_is_no_number_is_no_column(cast: Cast) -> None:
    client = signed_in(cast.ana)
    upload = io.BytesIO(b"data;historico;valor\n05/01/2026;Pix;-1,00\n06/01/2026;Pix;-2,00\n")
    upload.name = "extrato.csv"
    client.post("/t/aurora/import/", {"files": upload})
    row = FileImport.objects.get(tenant=cast.aurora)
    answer = client.post(f"/t/aurora/import/{row.pk}/", {"date": "²", "amount": "2"})
    assert answer.status_code == 302


def test_a_bank_line_is_text_wherever_it_is_shown(cast: Cast) -> None:
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    make_transaction(make_account(cast.aurora, name=evil), "-1", description=evil)
    client = signed_in(cast.ana)
    for path in ("transactions/?period=all", "", "import/"):
        page = client.get(f"/t/aurora/{path}").content.decode()
        assert "<img src=x" not in page
        assert "<script>alert" not in page
