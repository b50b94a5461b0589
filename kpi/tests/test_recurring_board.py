"""The tile of the cash projection counts recurring lines as the analysis does."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kpi.boards.contents import contents
from kpi.models import Board, Forecast, ForecastPoint, Tile
from kpi.recurrence import services
from kpi.tests.test_recurring_page import DOCUMENT, on_the_day, rent, seen
from lib import clock
from lib.periods import preset
from live import cache, events
from tests.cast import Cast
from tests.factories import DAY, make_open_item

pytestmark = pytest.mark.django_db
__all__ = ["on_the_day"]


def test_a_boards_projection_is_that_of_the_analysis(cast: Cast) -> None:
    rent(cast.aurora)
    services.refresh(tenant=cast.aurora)
    board = Board.objects.create(tenant=cast.aurora, name="Caixa", shared=True)
    Tile.objects.create(tenant=cast.aurora, board=board, kind="projection", position=0, width=6, height=2)
    for whole in (Decimal("-4350.00"), Decimal("-2900.00")):
        cache.forget_generations()
        (tile,) = contents(board, period=preset("month", DAY), today=DAY, locale="pt_BR")
        assert [row[1:] for row in tile.sheet.rows] == [
            (week.expected_in, week.expected_out, week.recurring_in, week.recurring_out, week.balance_expected, week.balance_known, week.balance_due)
            for week in seen(cast.aurora).weeks
        ]  # fmt: skip
        assert sum(row[4] for row in tile.sheet.rows) == whole
        assert tile.chart
        assert [item.name for item in tile.chart.legend] == ["Esperado", "Só o que vence ou é recorrente"]
        # One of the three stands as an open item from now on.
        make_open_item(cast.aurora, "-1500.00", counterparty_document=DOCUMENT, due_date=date(2026, 4, 22))
        events.publish("facts_changed", tenant_id=cast.aurora.pk)


def test_both_count_a_weeks_own_forecast(cast: Cast) -> None:
    rent(cast.aurora)
    monday = DAY + timedelta(days=-DAY.weekday() + 7)
    for measure, sign in (("receipts", 1), ("expenses", -1)):
        for grain, first, step, n, mean in (("day", DAY, 1, 95, 30), ("week", monday, 7, 13, 140)):
            made = Forecast.objects.create(
                tenant=cast.aurora, measure=measure, grain=grain, about="company", subject="", currency="BRL", through=DAY, made_at=clock.now(),
                model="naive", verdict="ok",
            )  # fmt: skip
            points = [first + timedelta(days=step * k) for k in range(n)]
            ForecastPoint.objects.bulk_create(
                ForecastPoint(tenant=cast.aurora, forecast=made, start=day, mean=sign * mean, lo80=-999, hi80=999, lo95=-999, hi95=999)
                for day in points
            )  # fmt: skip
    weeks = seen(cast.aurora).weeks
    assert {week.expected_in for week in weeks} == {Decimal("140.00")}
    assert Decimal("-140.00") in {week.expected_out for week in weeks}
    board = Board.objects.create(tenant=cast.aurora, name="Caixa", shared=True)
    Tile.objects.create(tenant=cast.aurora, board=board, kind="projection", position=0, width=6, height=2)
    (tile,) = contents(board, period=preset("month", DAY), today=DAY, locale="pt_BR")
    assert [row[1:3] for row in tile.sheet.rows] == [(week.expected_in, week.expected_out) for week in weeks]
