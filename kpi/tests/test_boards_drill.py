"""From a chart of a board to the rows behind it: every point that has rows leads to them, for who may follow, and to nobody else."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kpi.boards.contents import contents, look
from kpi.models import Board, Forecast, ForecastPoint, Target, Tile
from lib import clock
from lib.periods import Period
from tests.cast import Cast
from tests.factories import make_account, make_open_item, make_sale, make_transaction

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 21)
MARCH = Period("range", date(2026, 3, 1), date(2026, 4, 1))
TILES = (
    ("drivers", {"measure": "revenue", "by": "store"}), ("target", {"kpi": "revenue"}),
    ("expected", {"measure": "sales"}), ("projection", {}),
)  # fmt: skip


@pytest.fixture
def board(cast: Cast) -> Board:
    """A board of the four kinds, with something to show on each."""
    tenant = cast.aurora
    for n in range(80):
        make_sale(tenant, "10", store="Centro", date=TODAY - timedelta(days=n))
    make_transaction(make_account(tenant, balance=Decimal(500)), "10", date=TODAY)
    make_open_item(tenant, "100.00", due_date=TODAY + timedelta(days=3))
    Target.objects.create(tenant=tenant, kpi="revenue", month=MARCH.start, value=300)
    row = Forecast.objects.create(
        tenant=tenant, measure="sales", grain="day", about="company", currency="BRL", verdict="ok", through=TODAY - timedelta(days=1),
        made_at=clock.now(), wape=0.1, covered80=0.8,
    )  # fmt: skip
    ForecastPoint.objects.bulk_create(
        ForecastPoint(tenant=tenant, forecast=row, start=TODAY + timedelta(days=n), mean=9, lo80=8, hi80=10, lo95=7, hi95=11)
        for n in range(3)
    )  # fmt: skip
    made = Board.objects.create(tenant=tenant, name="Painel")
    for position, (kind, options) in enumerate(TILES):
        Tile.objects.create(
            tenant=tenant, board=made, kind=kind, options=options, position=position, width=6, height=2
        )
    return made


def test_points_lead_to_the_rows_behind_them(board: Board) -> None:
    asked = {"period": MARCH, "today": TODAY, "locale": "pt_BR", "comparison": "calendar"}
    inside = [one.chart for one in look(board, choose=str, **asked).contents]
    whys, goal, ahead, cash = ([row.href for row in chart.table.rows] for chart in inside if chart)
    sales = "/t/aurora/sales/?status=counted&"
    assert whys == ["", f"{sales}store=Centro&from=2026-03-01&to=2026-03-31", ""]
    assert (goal[0], goal[20]) == (
        f"{sales}from=2026-03-01&to=2026-03-01",
        f"{sales}from=2026-03-01&to=2026-03-21",
    )
    assert set(goal[21:]) == {""}
    assert (ahead[27], ahead[28:]) == (f"{sales}from=2026-03-20&to=2026-03-20", ["", "", ""])
    assert cash[0] == f"/t/aurora/open-items/?status=unsettled&from={TODAY}&to={TODAY + timedelta(days=6)}"
    for one in contents(board, **asked):
        assert one.chart is not None
        assert {row.href for row in one.chart.table.rows} == {""}
        assert "href" not in one.chart.svg
