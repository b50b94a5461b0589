"""`GET /api/forecasts`: one's own forecasts, with what they are worth, and new ones as soon as they are made."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from kpi.models import Forecast, ForecastPoint
from tests.api import body, with_key
from tests.cast import Cast

MADE = datetime(2026, 3, 10, 4, tzinfo=UTC)


def make(tenant, mean="5.00", **fields):
    """Return a stored forecast with one point."""
    given = {
        "measure": "sales", "grain": "day", "about": "company", "currency": "BRL", "through": date(2026, 3, 9), "made_at": MADE,
        "model": "ETS+Theta+CES", "verdict": "ok", "mase": 0.81234, "smape": 12.0, "wape": 0.1, "covered80": 0.8, "covered95": 0.95, "origins": 4,
        **fields,
    }  # fmt: skip
    row = Forecast.objects.create(tenant=tenant, **given)
    if row.verdict == "ok":
        amount = Decimal(mean)
        ForecastPoint.objects.create(
            tenant=tenant, forecast=row, start=date(2026, 3, 10), mean=amount, lo80=amount - 1, hi80=amount + 1,
            lo95=amount - 2, hi95=amount + 2,
        )  # fmt: skip
    return row


def test_a_company_sees_its_own_forecasts(cast: Cast, django_assert_max_num_queries) -> None:
    make(cast.aurora)
    make(
        cast.aurora, measure="receipts", verdict="too_short", model="naive", mase=None, smape=None, origins=0
    )
    make(cast.aurora, grain="week")
    make(cast.boreal, mean="999.00")
    client = with_key(cast.aurora)
    with django_assert_max_num_queries(12):
        answer = client.get("/api/forecasts")
    assert answer.status_code == 200
    receipts, sales = body(answer)["data"]
    assert (receipts["measure"], receipts["verdict"], receipts["points"]) == ("receipts", "too_short", [])
    assert sales["points"] == [
        {
            "start": "2026-03-10",
            "mean": "5.00",
            "lo80": "4.00",
            "hi80": "6.00",
            "lo95": "3.00",
            "hi95": "7.00",
        }
    ]
    assert sales["accuracy"] == {
        "mase": 0.8123,
        "smape": 12.0,
        "wape": 0.1,
        "covered80": 0.8,
        "covered95": 0.95,
        "origins": 4,
    }
    [only] = body(client.get("/api/forecasts?grain=week&measure=sales"))["data"]
    assert only["grain"] == "week"
    assert body(with_key(cast.boreal).get("/api/forecasts"))["data"][0]["points"][0]["mean"] == "999.00"
    assert b"999" not in answer.content


def test_what_is_kept_is_served_until_new_ones_are_made(cast: Cast) -> None:
    row = make(cast.aurora)
    client = with_key(cast.aurora)
    assert client.get("/api/forecasts")["X-Cache"] == "MISS"
    assert client.get("/api/forecasts")["X-Cache"] == "HIT"
    Forecast.objects.filter(pk=row.pk).update(made_at=MADE + timedelta(days=1), verdict="too_wild")
    answer = client.get("/api/forecasts")
    assert (answer["X-Cache"], body(answer)["data"][0]["verdict"]) == ("MISS", "too_wild")


def test_a_parameter_that_is_none_of_ours_is_refused(cast: Cast) -> None:
    answer = with_key(cast.aurora).get("/api/forecasts?grain=year")
    assert (answer.status_code, body(answer)["details"]) == (
        400,
        {"grain": "Use uma destas opções: day, week, month."},
    )
