"""What programs send to numbers, boards, reports and alerts to break them: an answer to the sender, never a fault of ours, never another number."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from kpi import dimensions
from kpi.boards import services as boards
from kpi.boards import sharing
from kpi.boards.catalog import OptionsError
from kpi.models import Occasion, RecurringLine, ReportRecipient, Target, Tile
from kpi.occasions import services as occasions
from kpi.recurrence import services as recurrence
from kpi.reports import services as reports
from kpi.targets import services as targets
from lib import clock
from tests.api import signed_in, with_key
from tests.cast import Cast
from tests.factories import access_of, make_customer, make_sale

HALF = "\ud800"  # half a character


def test_half_a_character_breaks_nothing_wherever_it_stands(cast: Cast) -> None:
    """PostgreSQL, mails and our own answers cannot hold it; choices repeated it in what they said about it."""
    client = with_key(cast.aurora)
    for address, body in (
        ("/api/kpis/reports", {"board": HALF, "frequency": "daily", "name": HALF}),
        ("/api/alerts", {"kpi": HALF, "kind": "absolute"}),
        ("/api/kpis/occasions", {"kind": HALF, "label": "x", "first_day": "2026-01-01"}),
        ("/api/kpis/boards", {"name": "x", "tiles": [{"kind": "text", "options": {HALF: "x"}}]}),
    ):
        answer = client.post(address, json.dumps(body), content_type="application/json")
        assert answer.status_code in (400, 404), address
    whole = client.post(
        "/api/kpis/boards", json.dumps({"name": "Metas 👩\u200d🌾"}), content_type="application/json"
    )
    assert whole.json()["data"]["name"] == "Metas 👩\u200d🌾", "two halves are one character"


def test_a_goal_that_its_number_cannot_reach_is_refused(cast: Cast) -> None:
    client = with_key(cast.aurora)
    for kpi, month, value in (
        ("reconciled_share", "2026-01", "5"),
        ("sales_count", "2026-01", "1.5"),
        ("expenses", "2026-01", "100"),
        ("revenue", "0000-01", "1"),
        ("revenue", "٢٠٢٦-01", "1"),
    ):
        goal = {"kpi": kpi, "month": month, "value": value}
        answer = client.put("/api/kpis/targets", {"targets": [goal]}, content_type="application/json")
        assert (goal, answer.status_code) == (goal, 400)
    assert not Target.objects.exists()


def test_a_copy_limited_to_nothing_known_is_no_copy_of_everything(cast: Cast) -> None:
    board = boards.create_board(tenant=cast.aurora, name="Visão", actor=None)
    body = {
        "board": str(board.key),
        "frequency": "daily",
        "recipients": [{"email": "fora@example.com", "scope": ":Centro"}],
    }
    answer = with_key(cast.aurora).post("/api/kpis/reports", body, content_type="application/json")
    assert answer.status_code == 400
    assert not ReportRecipient.objects.exists()


def test_a_filter_by_a_digit_that_is_no_number_shows_the_board(cast: Cast) -> None:
    board = boards.create_board(tenant=cast.aurora, name="Visão", actor=None, template="sales")
    for key in ("²", "٣", "9" * 120):
        page = signed_in(cast.ana).get(f"/t/aurora/boards/{board.key}/", {"scope": f"customer:{key}"})
        assert page.status_code == 200


def test_who_all_came_long_ago_are_not_said_to_have_bought_nothing(cast: Cast) -> None:
    make_sale(cast.aurora, "10.00", date=date(2019, 1, 2), customer=make_customer(cast.aurora, "Maria"))
    dimensions.bring(cast.aurora.pk)
    board = boards.create_board(tenant=cast.aurora, name="Visão", actor=None)
    boards.add_tile(board=board, kind="cohorts", options={})
    page = signed_in(cast.ana).get(f"/t/aurora/boards/{board.key}/").content.decode()
    assert "Nos últimos 12 meses ninguém comprou pela primeira vez." in page


def test_who_changes_the_same_takes_the_same_lock_first(cast: Cast) -> None:
    """Two people on one board, or on the same goals, wait in a row; in any other order PostgreSQL ends one of them."""
    board = boards.create_board(tenant=cast.aurora, name="Visão", actor=None)
    tile = boards.add_tile(board=board, kind="text", options={"text": "a"})
    ana = access_of(cast.ana, cast.aurora)

    def first_lock(work: Callable[[], object]) -> str:
        with CaptureQueriesContext(connection) as seen:
            work()
        return next(
            one["sql"].split('FROM "')[-1].split('"')[0]
            if "FOR NO KEY UPDATE" in one["sql"]
            else one["sql"][:20]
            for one in seen
            if "FOR NO KEY UPDATE" in one["sql"] or one["sql"].startswith(("UPDATE", "DELETE"))
        )

    assert first_lock(lambda: boards.save_tile(tile=tile, options={"text": "b"})) == "kpi_board"
    assert first_lock(lambda: boards.order_tiles(board=board, ids=[tile.pk])) == "kpi_board"
    assert first_lock(lambda: boards.remove_tile(tile=tile)) == "kpi_board"
    assert first_lock(lambda: boards.delete_board(board=board, actor=None)) == "kpi_board"
    goal = {("revenue", date(2026, 1, 1)): Decimal(5)}
    assert first_lock(lambda: targets.save(access=ana, changes=goal)) == "tenants_tenant"


def test_what_somebody_else_removed_is_not_brought_back_by_saving_it(cast: Cast) -> None:
    board = boards.create_board(tenant=cast.aurora, name="Visão", actor=None)
    tile = boards.add_tile(board=board, kind="text", options={"text": "a"})
    boards.remove_tile(tile=Tile.objects.get(pk=tile.pk))
    with pytest.raises(Http404):
        boards.save_tile(tile=tile, options={"text": "b"})
    assert not board.tiles.exists()


def test_what_was_removed_while_somebody_changed_it_is_not_there(cast: Cast) -> None:
    access = access_of(cast.ana, cast.aurora)
    day = {"first_day": date(2026, 1, 1), "last_day": date(2026, 1, 1), "label": "Feira"}
    line = RecurringLine.objects.create(
        tenant=cast.aurora, code="x", party="n:x", name="x", rhythm="monthly", kind="day", number=5, back=False, unit=1, share="1", amount="-1", paid=[]
    )  # fmt: skip
    occasion = Occasion.objects.create(tenant=cast.aurora, **day)
    board = boards.create_board(tenant=cast.aurora, name="Visão", actor=None)
    report = reports.create(access=access, board=board, fields={"frequency": "daily", "name": "x"})
    recipient = report.recipients.get()
    for row in (line, occasion, board):
        type(row).objects.filter(pk=row.pk).delete()
    with pytest.raises(Http404):
        recurrence.say(access=access, line=line, recurring=False)
    with pytest.raises(Http404):
        occasions.change(access=access, occasion=occasion, fields={"label": "y"})
    with pytest.raises(Http404):
        reports.create(access=access, board=board, fields={"frequency": "daily", "name": "y"})
    for deed in (reports.send_all, reports.remove):
        with pytest.raises(Http404):
            deed(access=access, report=report)
    with pytest.raises(Http404):
        reports.remove_recipient(access=access, recipient=recipient)
    with pytest.raises(OptionsError):
        sharing.create_link(
            tenant=cast.aurora,
            boards=[board],
            name="x",
            expires_at=clock.now() + timedelta(days=1),
            actor=access,
        )
