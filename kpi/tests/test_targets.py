"""Goals and the company's own days: spread over days, compared with, typed, pasted, copied; shown to readers, changed by writers only."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from kpi.catalog import BY_CODE
from kpi.models import Occasion, Target
from kpi.occasions import queries as occasions
from kpi.occasions.queries import Told
from kpi.targets import pace, queries, services
from lib.charts import Flag
from tenants.models import AuditLog
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import access_of

D = Decimal
MARCH = date(2026, 3, 1)


# --- pure ----------------------------------------------------------------------------------------------------------------
def test_a_month_spreads_by_weekday_and_leaves_out_closed_days():
    weights = tuple(map(D, (2, 1, 1, 1, 1, 4, 0)))  # Sundays nothing
    shares = pace.spread(MARCH, weights=weights, closed=frozenset({date(2026, 3, 7)}))
    assert sum(shares.values()) == pytest.approx(D(1))
    # March 2026: 5 Mondays at 2, 17 other weekdays at 1, 4 Saturdays at 4 of which one is closed.
    whole = D(5 * 2 + 17 + 3 * 4)
    assert shares[date(2026, 3, 2)] == 2 / whole
    assert shares[date(2026, 3, 14)] == 4 / whole
    assert shares[date(2026, 3, 7)] == shares[date(2026, 3, 8)] == 0
    # A national holiday weighs like a Sunday: Tiradentes, a Tuesday.
    assert pace.spread(date(2026, 4, 1), weights=weights)[date(2026, 4, 21)] == 0
    assert set(pace.spread(MARCH, weights=(D(0),) * 7).values()) == {D(1) / 31}


def test_weights_need_four_weeks_of_one_sign():
    days = {MARCH + timedelta(days=n): D(-10 if n % 7 else -70) for n in range(28)}
    assert pace.weights_of(days) == tuple(map(D, (10, 10, 10, 10, 10, 10, 70)))
    assert pace.weights_of(dict(list(days.items())[:27])) is None
    assert pace.weights_of(days | {MARCH: D(1_000)}) is None
    assert pace.weights_of(dict(list(days.items())[::3])) is None, "ten days with something"


def test_progress_of_money_out_is_behind_when_it_overruns():
    one = pace.progress(goal=D(-1000), value=D(-620), due=D(-500), known=D(-600))
    assert (one.share, one.pace, one.bar, one.is_behind, one.tone) == (D("0.62"), D("1.2"), 62, True, "warn")
    good = pace.progress(goal=D(1000), value=D(620), due=D(600), known=D(600))
    assert (good.share, good.pace, good.is_behind) == (D("0.62"), D(1), False)
    assert pace.progress(goal=D(1000), value=D(-50), due=None, known=None).bar == 0
    assert pace.progress(goal=D(1000), value=D(0), due=D(0), known=D(0)).pace is None


def test_flags_stand_on_the_first_drawn_day_and_share_it():
    days = [MARCH + timedelta(days=n) for n in range(3)]
    told = [
        Told("Greve", date(2026, 2, 20), MARCH),
        Told("Preços", MARCH, MARCH),
        Told("Nada", date(2026, 4, 1), date(2026, 4, 1)),
    ]
    assert occasions.flags(days, told) == [Flag(0, "Greve · Preços")]
    assert occasions.flags_by_month([date(2026, 2, 1), MARCH], told) == [Flag(0, "Greve"), Flag(1, "Preços")]


@pytest.mark.parametrize(
    ("code", "text", "kept"),
    [
        ("revenue", "1.234,56", "1234.56"),
        ("revenue", " ", None),
        ("expenses", "5.000", "-5000"),
        ("expenses", "-5000", "-5000"),
        ("sales_count", "120", "120"),
        ("reconciled_share", "95 %", "0.95"),
    ],
)
def test_a_goal_is_read_as_people_write_it(code, text, kept):
    assert services.read(BY_CODE[code], text) == (kept and D(kept))


@pytest.mark.parametrize(
    ("code", "text"), [("revenue", "muito"), ("sales_count", "1,5"), ("reconciled_share", "101")]
)
def test_what_is_no_goal_is_said(code, text):
    with pytest.raises(ValidationError):
        services.read(BY_CODE[code], text)


@pytest.mark.parametrize("text", ["100\t200\t\t300", "100\n200\n\n300", "100;200;;300"])
def test_a_row_of_a_spreadsheet_is_read_cell_by_cell(text):
    assert services.row_of(BY_CODE["revenue"], text) == [D(100), D(200), None, D(300)]
    with pytest.raises(ValidationError):
        services.row_of(BY_CODE["revenue"], "\t".join("1" * 13))


# --- kept ----------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_goals_are_kept_once_audited_and_copied_with_a_change(cast: Cast):
    access = access_of(cast.ana, cast.aurora)
    changes = {("revenue", MARCH): D(1000), ("sales_count", MARCH): D(33)}
    assert services.save(access=access, changes=changes) == 2
    assert services.save(access=access, changes=changes) == 0
    assert services.save(access=access, changes={("sales_count", MARCH): None}) == 1
    assert AuditLog.objects.filter(tenant=cast.aurora, action="targets.change").count() == 2
    services.save(access=access, changes={("sales_count", MARCH): D(33)})
    later = date(2027, 3, 1)
    services.save(access=access, changes={("revenue", later): D(7)})
    assert services.copy_year(access=access, year=2027, percent=D("10")) == 1
    assert queries.of_year(cast.aurora, 2027) == {("revenue", later): D(7), ("sales_count", later): D(36)}
    assert queries.of_year(cast.boreal, 2026) == {}
    for wrong in (
        {("cash_balance", MARCH): D(1)},
        {("revenue", date(2026, 3, 2)): D(1)},
        {("revenue", MARCH): D(10) ** 16},
    ):
        with pytest.raises(ValidationError):
            services.save(access=access, changes=wrong)


# --- pages ---------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_grid_keeps_what_is_right_and_shows_what_is_wrong(cast: Cast):
    ana = signed_in(cast.ana)
    asked = {"year": "2026", "do": "save", "goal-revenue-3": "50.000", "goal-expenses-3": "20.000"}
    answer = ana.post("/t/aurora/targets/", asked)
    assert (answer.status_code, answer["Location"]) == (302, "/t/aurora/targets/?year=2026")
    assert queries.of_year(cast.aurora, 2026) == {
        ("revenue", MARCH): D(50_000),
        ("expenses", MARCH): D(-20_000),
    }
    answer = ana.post("/t/aurora/targets/", asked | {"goal-revenue-3": "muitos", "goal-revenue-4": "7"})
    assert answer.status_code == 400
    assert "muitos" in (text := answer.content.decode())
    assert 'aria-invalid="true"' in text
    assert Target.objects.filter(tenant=cast.aurora).count() == 2
    ana.post("/t/aurora/targets/", {"year": "2026", "do": "paste", "kpi": "revenue", "row": "1\t2\t\t4"})
    assert queries.of_year(cast.aurora, 2026)["revenue", MARCH] == D(50_000)
    assert queries.of_year(cast.aurora, 2026)["revenue", date(2026, 4, 1)] == D(4)
    ana.post("/t/aurora/targets/", {"year": "2027", "do": "copy", "percent": "10"})
    assert queries.of_year(cast.aurora, 2027)["expenses", date(2027, 3, 1)] == D(-22_000)


@pytest.mark.django_db
def test_own_days_are_kept_changed_removed_and_count_as_free(cast: Cast):
    ana, bruno = signed_in(cast.ana), signed_in(cast.bruno)
    asked = {"label": " Balanço  anual ", "kind": "free", "first_day": "2026-03-09", "last_day": "2026-03-10"}
    assert bruno.post("/t/aurora/occasions/", asked).status_code == 403
    assert ana.post("/t/aurora/occasions/", asked).status_code == 302
    [row] = Occasion.objects.all()
    assert row.label == "Balanço anual"
    both = {date(2026, 3, 9), date(2026, 3, 10)}
    assert occasions.free_days(cast.aurora, MARCH, date(2026, 3, 31)) == both
    assert occasions.free_days(cast.aurora, date(2026, 3, 10), date(2026, 3, 31)) == {date(2026, 3, 10)}
    assert occasions.free_days(cast.boreal, MARCH, date(2026, 3, 31)) == frozenset()
    page = bruno.get("/t/aurora/occasions/").content.decode()
    assert "Balanço anual" in page
    assert f"/occasions/{row.pk}/remove/" not in page
    address = f"/t/aurora/occasions/{row.pk}/"
    wrong = ana.post(address, asked | {"last_day": "2026-03-01"})
    assert wrong.status_code == 200
    assert "field-error" in wrong.content.decode()
    assert ana.post(address, asked | {"kind": "event", "last_day": ""}).status_code == 302
    row.refresh_from_db()
    assert (row.kind, row.last_day) == ("event", date(2026, 3, 9))
    assert signed_in(cast.carla).get(f"/t/boreal/occasions/{row.pk}/").status_code == 404
    assert ana.post(f"{address}remove/").status_code == 302
    assert not Occasion.objects.exists()
