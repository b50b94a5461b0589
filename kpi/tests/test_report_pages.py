"""The pages of reports and the files of boards: who may do what, in two companies; what is offered, sent and kept."""

import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook
from pypdf import PdfReader

from kpi import dimensions
from kpi.models import Board, Report, ReportDelivery, Tile
from kpi.reports import delivering
from kpi.tests.test_export_pictures import pixels
from live import cache, events
from tenants.models import AuditLog
from tests.cast import Cast
from tests.factories import DAY, make_customer, make_sale

MARCH = f"from={DAY.replace(day=1)}&to={DAY.replace(day=31)}"


@pytest.fixture
def ana(cast: Cast, client: Client) -> Client:
    """Ana's browser; Aurora sold something in Centro and in Norte."""
    customer = make_customer(cast.aurora, "Maria")
    for total, store in (("100.00", "Centro"), ("40.00", "Norte")):
        make_sale(cast.aurora, total, customer=customer, store=store)
    events.publish("facts_changed", tenant_id=cast.aurora.pk)
    cache.forget_generations()
    dimensions.bring(cast.aurora.pk)
    client.force_login(cast.ana)
    return client


def board_of(cast: Cast, **fields: Any) -> Board:
    board = Board.objects.create(tenant=cast.aurora, **{"name": "Visão", "shared": True, **fields})
    for n, (kind, options) in enumerate(
        [("number", {"kpi": "revenue"}), ("by_day", {"measure": "revenue"}), ("text", {"text": "#import \"x\": *\n=1+1"})]
    ):  # fmt: skip
        Tile.objects.create(
            tenant=cast.aurora, board=board, kind=kind, options=options, position=n, width=6, height=2
        )
    return board


def test_a_board_is_a_pdf_and_a_spreadsheet_of_what_the_address_shows(ana: Client, cast: Cast) -> None:
    board = board_of(cast)
    way = f"/t/aurora/boards/{board.key}/export"
    made = ana.get(f"{way}.pdf?{MARCH}&scope=store:Norte")
    assert made["Content-Type"] == "application/pdf"
    assert made["Content-Disposition"].startswith('attachment; filename="aurora-visao-')
    text = PdfReader(io.BytesIO(made.content)).pages[0].extract_text().replace("\xa0", " ")
    assert "R$ 40,00" in text
    assert "Loja: Norte" in text
    assert '#import "x": *' in text
    book = load_workbook(io.BytesIO(ana.get(f"{way}.xlsx?{MARCH}").content))
    values = {row[0].value: row[1].value for row in book.active.iter_rows()}
    assert values["Vendas"] == 140
    page = ana.get(f"/t/aurora/boards/{board.key}/?{MARCH}").content.decode()
    assert f"{way}.pdf?{MARCH.replace('&', '&amp;')}" in page


def test_one_picture_is_a_png_or_an_svg_and_a_number_has_none(ana: Client, cast: Cast) -> None:
    board = board_of(cast)
    number, chart = board.tiles.order_by("position")[:2]
    png = ana.get(f"/t/aurora/boards/tiles/{chart.pk}/picture.png?{MARCH}")
    assert pixels(png.content)[:2] == (1920, 840)
    svg = ana.get(f"/t/aurora/boards/tiles/{chart.pk}/picture.svg?{MARCH}")
    assert svg["Content-Type"] == "image/svg+xml"
    assert svg.content.startswith(b"<svg")
    assert ana.get(f"/t/aurora/boards/tiles/{number.pk}/picture.png?{MARCH}").status_code == 404


def test_files_of_others_do_not_exist_and_too_many_at_once_are_refused(
    ana: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, shared = board_of(cast, shared=False, owner=cast.bruno), board_of(cast)
    assert ana.get(f"/t/aurora/boards/{private.key}/export.pdf").status_code == 404
    assert ana.get(f"/t/aurora/boards/tiles/{private.tiles.all()[1].pk}/picture.png").status_code == 404
    stranger = Client()
    stranger.force_login(cast.carla)
    assert stranger.get(f"/t/boreal/boards/{shared.key}/export.xlsx").status_code == 404
    monkeypatch.setattr("kpi.exports.views.A_MINUTE", 1)
    answers = [ana.get(f"/t/aurora/boards/{shared.key}/export.xlsx?{MARCH}") for _ in "12"]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1]["Retry-After"]) > 0


def test_a_report_is_planned_changed_paused_and_ended(ana: Client, cast: Cast) -> None:
    board = board_of(cast)
    assert str(board.key) in ana.get(f"/t/aurora/reports/new/?board={board.key}").content.decode()
    asked = {
        "board": board.key,
        "name": "",
        "frequency": "weekly",
        "weekday": 0,
        "month_day": 1,
        "hour": 7,
        "period": "7d",
        "as_pdf": "on",
    }
    wrong = ana.post("/t/aurora/reports/new/", asked | {"as_pdf": ""})
    assert "Escolha PDF, planilha ou os dois." in wrong.content.decode()
    assert ana.post("/t/aurora/reports/new/", asked).status_code == 302
    report = Report.objects.get()
    assert (report.name, report.next_at is not None, report.created_by) == ("Visão", True, cast.ana)
    way = f"/t/aurora/reports/{report.pk}/"
    page = ana.get(way).content.decode()
    assert "toda semana, segunda-feira às 07h00" in page.lower()
    assert "ana@example.com" in page
    assert "Visão" in ana.get("/t/aurora/reports/").content.decode()
    assert (
        ana.post(f"{way}edit/", asked | {"name": "Segundas", "hour": 23, "as_xlsx": "on"}).status_code == 302
    )
    report.refresh_from_db()
    assert (report.name, report.hour, report.as_xlsx) == ("Segundas", 23, True)
    # What the page hides of another rhythm is forgotten, whatever it holds.
    assert (
        ana.post(f"{way}edit/", asked | {"frequency": "monthly", "weekday": "x", "month_day": 9}).status_code
        == 302
    )
    assert (
        ana.post(f"{way}edit/", asked | {"frequency": "daily", "weekday": 5, "month_day": 31}).status_code
        == 302
    )
    report.refresh_from_db()
    assert (report.frequency, report.weekday, report.month_day) == ("daily", 0, 9)
    assert ana.post(f"{way}edit/", asked | {"weekday": "x"}).status_code == 200
    ana.post(f"{way}pause/")
    report.refresh_from_db()
    assert (report.is_active, report.next_at) == (False, None)
    assert ana.post(f"{way}delete/").status_code == 302
    assert not Report.objects.exists()
    actions = (
        AuditLog.objects.filter(tenant=cast.aurora, action__startswith="report.")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert list(actions) == ["report.create", *["report.change"] * 4, "report.remove"]


def test_recipients_are_members_or_addresses_each_once_and_limited_to_what_exists(
    ana: Client, cast: Cast
) -> None:
    board = board_of(cast)
    ana.post(
        "/t/aurora/reports/new/",
        {"board": board.key, "frequency": "daily", "weekday": 0, "month_day": 1, "hour": 7, "as_pdf": "on"},
    )
    report = Report.objects.get()
    way = f"/t/aurora/reports/{report.pk}/recipients/"
    assert ana.post(way, {"user": cast.bruno.pk, "scope": "store:Norte"}).status_code == 302
    assert ana.post(way, {"email": "fora@example.org"}).status_code == 302
    for bad in (
        {}, {"user": cast.carla.pk}, {"email": "fora@example.org"}, {"email": "ANA@example.com"}, {"email": "no address"},
        {"email": "x@example.org", "scope": "store:Nowhere"},
    ):  # fmt: skip
        assert ana.post(way, bad).status_code == 200, bad
    got = list(report.recipients.order_by("pk").values_list("user__email", "email", "scope_name"))
    assert got == [
        ("ana@example.com", "", ""),
        ("bruno@example.com", "", "Norte"),
        (None, "fora@example.org", ""),
    ]
    one = report.recipients.get(email="fora@example.org")
    assert ana.post(f"/t/aurora/reports/recipients/{one.pk}/remove/").status_code == 302
    assert report.recipients.count() == 2


def test_a_reader_sees_reports_of_boards_they_may_read_and_changes_none(ana: Client, cast: Cast) -> None:
    shared, private = board_of(cast), board_of(cast, shared=False, owner=cast.ana, name="Segredo")
    for board in (shared, private):
        ana.post(
            "/t/aurora/reports/new/", {"board": board.key, "name": board.name, "frequency": "daily", "weekday": 0, "month_day": 1, "hour": 7, "as_pdf": "on"}
        )  # fmt: skip
    open_, secret = Report.objects.order_by("pk")
    bruno = Client()
    bruno.force_login(cast.bruno)
    listed = bruno.get("/t/aurora/reports/").content.decode()
    assert f"/reports/{open_.pk}/" in listed
    assert f"/reports/{secret.pk}/" not in listed
    assert bruno.get(f"/t/aurora/reports/{secret.pk}/").status_code == 404
    assert bruno.post(f"/t/aurora/reports/{secret.pk}/send/").status_code == 404
    assert bruno.get("/t/aurora/reports/new/").status_code == 403
    for verb in ("pause", "delete", "recipients"):
        assert bruno.post(f"/t/aurora/reports/{open_.pk}/{verb}/").status_code == 403


def test_copies_for_oneself_are_limited(ana: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    board = board_of(cast)
    ana.post(
        "/t/aurora/reports/new/",
        {"board": board.key, "frequency": "daily", "weekday": 0, "month_day": 1, "hour": 7, "as_pdf": "on"},
    )
    monkeypatch.setattr("kpi.reports.views.AN_HOUR", 1)
    way = f"/t/aurora/reports/{Report.objects.get().pk}/send/"
    assert [ana.post(way).status_code for _ in "12"] == [302, 429]
    assert delivering.deliver_due() == 1
    assert ReportDelivery.objects.get().status == "sent"
