"""Boards of companies that have little: what they begin with, and how what has nothing to show stands on the page."""

import pytest
from django.utils import translation

from kpi import dimensions
from kpi.boards import services
from kpi.models import Board
from lib import clock
from live import cache, events
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import access_of, make_account, make_sale, make_transaction

pytestmark = pytest.mark.django_db


def test_a_company_with_a_bank_and_no_sale_starts_with_its_cash(cast: Cast) -> None:
    make_transaction(make_account(cast.aurora), "-10")
    with translation.override("pt-br"):
        services.ensure_starters(tenant=cast.aurora)
    assert [board.name for board in Board.objects.filter(tenant=cast.aurora)] == ["Caixa"]


def test_a_row_in_which_nothing_has_anything_to_show_is_low(cast: Cast) -> None:
    board = services.create_board(tenant=cast.aurora, name="Vazio", actor=access_of(cast.ana, cast.aurora))
    for options in ({"measure": "revenue", "by": "store"}, {"measure": "revenue", "by": "channel"}):
        services.add_tile(board=board, kind="by_dimension", options=options)
    page = signed_in(cast.ana).get(f"/t/aurora/boards/{board.key}/").content.decode()
    assert page.count("tile w6 h1 is-problem") == 2
    make_sale(cast.aurora, "5", store="Norte", date=clock.today(cast.aurora.zone))
    dimensions.bring(cast.aurora.pk)
    events.publish("facts_changed", tenant_id=cast.aurora.pk)
    cache.forget_generations()
    page = signed_in(cast.ana).get(f"/t/aurora/boards/{board.key}/").content.decode()
    assert page.count("tile w6 h2 is-") == 2
