"""Alerts on a company's own facts: fired once an incident, armed again when well, corrected and taken back by later facts; of one company only."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from config.dispatch import dispatch
from kpi.alerts import judging, queries, services
from kpi.alerts.judging import Judged
from kpi.models import AlertEvent, AlertRule, AlertState, Forecast, ForecastPoint, Foretold, RecurringState
from kpi.targets import services as targets
from ledger.models import Sale
from lib import clock
from live.models import Notification
from tenants.models import Tenant
from tests.cast import Cast
from tests.factories import access_of, make_account, make_sale, make_source, make_transaction

D = Decimal
pytestmark = pytest.mark.django_db


def ago(tenant: Tenant, days: int) -> date:
    """Return the day so many days ago."""
    return clock.today(tenant.zone) - timedelta(days=days)


def sell(tenant: Tenant, *totals: str | None, store: str = "", end: int = 1) -> dict[int, Sale]:
    """Sell these totals on consecutive days, the last one `end` days ago; None sells nothing. Return the sales by days ago."""
    source, sales = make_source(tenant, name=f"shop {store} {end}"), {}
    for n, total in enumerate(reversed(totals)):
        if total is not None:
            sales[n + end] = make_sale(tenant, total, source=source, store=store, date=ago(tenant, n + end))
    return sales


def rule(cast: Cast, since: int = 30, **fields: Any) -> AlertRule:
    """Return a rule of Aurora that has existed for some days: revenue of a day below 100 unless said otherwise."""
    asked = {"kpi": "revenue", "kind": "absolute", "way": "below", "limit": D(100), "window": "day"} | fields
    made = services.create(access=access_of(cast.ana, cast.aurora), fields=asked)
    AlertRule.objects.filter(pk=made.pk).update(starts_on=ago(cast.aurora, since))
    return made


def kept(one: AlertRule) -> list[tuple[date, str | None, date | None]]:
    """Return the alerts that stand: day, value, end."""
    rows = AlertEvent.objects.filter(rule=one, withdrawn_at=None).order_by("day")
    return [
        (row.day, None if row.got is None else format(row.got.normalize(), "f"), row.ended_on) for row in rows
    ]


def told(tenant: Tenant, event: str = "number_alert") -> int:
    """Return how many occasions were told of (each to every member)."""
    return Notification.objects.filter(tenant=tenant, event=event).values("once_key").distinct().count()


def test_a_day_below_its_limit_fires_once_and_again_after_it_was_well(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "200", "99", "102", "98", "150", "90")
    one = rule(cast)
    assert judging.judge(tenant=tenant) == Judged(fired=2)
    first, second = ago(tenant, 5), ago(tenant, 1)
    assert kept(one) == [(first, "99", ago(tenant, 2)), (second, "90", None)]
    assert told(tenant) == 2
    assert judging.judge(tenant=tenant) == Judged()
    assert told(tenant) == 2
    assert not AlertEvent.objects.filter(tenant=cast.boreal).exists()
    note = Notification.objects.filter(event="number_alert", user=cast.bruno).latest("id")
    assert note.path == f"/t/aurora/alerts/{one.pk}/"


def test_a_day_without_sales_is_zero_and_a_day_before_all_data_is_unknown(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "200", None, "200")
    one = rule(cast)
    judging.judge(tenant=tenant)
    assert kept(one) == [(ago(tenant, 2), "0", ago(tenant, 1))]


def test_a_company_without_any_sale_is_told_nothing(cast: Cast):
    one = rule(cast)
    silent = rule(cast, kind="missing", way="", limit=D(1))
    empty = rule(cast, kpi="cash_balance")
    assert judging.judge(tenant=cast.aurora) == Judged()
    assert kept(one) == kept(silent) == kept(empty) == []


def test_other_values_correct_the_same_alert_and_tell_nobody_twice(cast: Cast):
    tenant = cast.aurora
    sales = sell(tenant, "200", "200", "50")
    one = rule(cast)
    judging.judge(tenant=tenant)
    sales[1].total = D(70)
    sales[1].save()
    assert judging.judge(tenant=tenant) == Judged(changed=1)
    assert kept(one) == [(ago(tenant, 1), "70", None)]
    event = AlertEvent.objects.get(rule=one)
    assert (event.first_got, event.changed_at is not None) == (D(50), True)
    assert told(tenant) == 1
    [said] = {n.params["body"]["values"]["first"] for n in Notification.objects.filter(event="number_alert")}
    assert "50" in said
    # The day before is bad now too: the same incident, begun earlier.
    sales[2].total = D(60)
    sales[2].save()
    assert judging.judge(tenant=tenant) == Judged(changed=1)
    assert kept(one) == [(ago(tenant, 2), "60", None)]
    assert (told(tenant), told(tenant, "number_alert_withdrawn")) == (1, 0)


def test_an_alert_without_a_reason_is_taken_back_and_never_sent_again(cast: Cast):
    tenant = cast.aurora
    sales = sell(tenant, "200", "50")
    one = rule(cast)
    judging.judge(tenant=tenant)
    for total, done in (("300", Judged(withdrawn=1)), ("40", Judged(changed=1))):
        sales[1].total = D(total)
        sales[1].save()
        assert judging.judge(tenant=tenant) == done
        assert judging.judge(tenant=tenant) == Judged()
    assert kept(one) == [(ago(tenant, 1), "40", None)]
    assert (told(tenant), told(tenant, "number_alert_withdrawn")) == (1, 1)


def test_only_the_first_time(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "200", "50", "200", "50", "200")
    one = rule(cast, repeat="once")
    assert judging.judge(tenant=tenant) == Judged(fired=1)
    assert kept(one) == [(ago(tenant, 4), "50", ago(tenant, 3))]
    assert queries.rules(tenant, now=clock.now())[0].state == "done"
    services.rearm(access=access_of(cast.ana, tenant), rule=one)
    assert queries.rules(tenant, now=clock.now())[0].state == "armed"
    assert judging.judge(tenant=tenant) == Judged()


def test_what_is_above_is_told_before_the_day_is_over(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "200", "200", end=0)
    above, below = rule(cast, way="above", limit=D(150), since=0), rule(cast, since=0, limit=D(300))
    judging.judge(tenant=tenant)
    assert kept(above) == [(ago(tenant, 0), "200", None)]
    assert kept(below) == []
    sell(tenant, "70", end=0)
    assert judging.judge(tenant=tenant) == Judged(), "that it grows on is no correction"


def test_a_muted_rule_keeps_what_it_finds_and_tells_nobody(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "200", "50")
    one = rule(cast)
    services.mute(access=access_of(cast.ana, tenant), rule=one, until=clock.now() + timedelta(days=1))
    assert judging.judge(tenant=tenant) == Judged(fired=1)
    assert (len(kept(one)), told(tenant)) == (1, 0)
    assert queries.untold(queries.history(tenant).get()) == "muted"
    assert queries.rules(tenant, now=clock.now())[0].state == "muted"


def test_a_changed_wish_begins_anew(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "200", "50")
    one = rule(cast)
    judging.judge(tenant=tenant)
    services.change(access=access_of(cast.ana, tenant), rule=one, fields={"limit": D(10)})
    assert judging.judge(tenant=tenant) == Judged()
    assert kept(one) == [(ago(tenant, 1), "50", ago(tenant, 0))]


def test_a_store_is_watched_alone_and_not_before_it_opened(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "500", "500", "500", "500", "500", store="Norte")
    sell(tenant, "200", None, "200", store="Centro")
    one = rule(cast, dimension="store", key="Centro")
    judging.judge(tenant=tenant)
    assert kept(one) == [(ago(tenant, 2), "0", ago(tenant, 1))]


def test_a_change_against_the_days_before_and_the_same_weekdays(cast: Cast):
    tenant = cast.aurora
    sell(tenant, *["100"] * 8, "79")
    before = rule(cast, kind="change", way="below", limit=D("0.2"), compare="previous")
    weekday = rule(cast, kind="change", way="below", limit=D("0.2"), compare="same_weekdays")
    mild = rule(cast, kind="change", way="below", limit=D("0.21"), compare="previous")
    judging.judge(tenant=tenant)
    assert [row[0] for row in kept(before)] == [row[0] for row in kept(weekday)] == [ago(tenant, 1)]
    assert kept(mild) == []
    assert AlertEvent.objects.get(rule=before).expected == 100


def test_money_out_is_watched_by_its_size_and_a_loss_by_its_sign(cast: Cast):
    tenant = cast.aurora
    account = make_account(tenant)
    for n, amount in ((3, "-50"), (2, "-120"), (1, "-60")):
        make_transaction(account, amount, date=ago(tenant, n))
    make_transaction(account, "10", date=ago(tenant, 2))
    spent = rule(cast, kpi="expenses", way="above")
    lost = rule(cast, kpi="net", limit=D(-100))
    judging.judge(tenant=tenant)
    assert kept(spent) == [(ago(tenant, 2), "120", ago(tenant, 1))]
    assert kept(lost) == [(ago(tenant, 2), "-110", ago(tenant, 1))]


def test_a_streak_of_days(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "100", "90", "80", "70", "75")
    one = rule(cast, kind="streak", way="falling", limit=D(3))
    longer = rule(cast, kind="streak", way="falling", limit=D(4))
    judging.judge(tenant=tenant)
    assert kept(one) == [(ago(tenant, 2), "70", ago(tenant, 1))]
    assert AlertEvent.objects.get(rule=one).expected == 100
    assert kept(longer) == []


def test_behind_the_pace_of_a_goal(cast: Cast):
    tenant = cast.aurora
    day = ago(tenant, 1)
    month = day.replace(day=1)
    sell(tenant, *["10"] * (day.day + 40))
    goal = D(1000)
    targets.save(access=access_of(cast.ana, tenant), changes={("revenue", month): goal})
    one = rule(cast, kind="target", way="", limit=D("0.1"), window="month", since=day.day)
    judging.judge(tenant=tenant)
    due = D(1000) * day.day / clock.month_end(day).day
    fires = due >= 100 and (due - 10 * day.day) / due > D("0.1")
    assert bool(kept(one)) == fires


def test_outside_of_what_had_been_expected(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "15", "7", "30", "15")
    names = {"tenant": tenant, "measure": "sales", "about": "company"}
    for n in (3, 2):
        Foretold.objects.create(**names, day=ago(tenant, n), mean=15, lo80=13, hi80=17, lo95=12, hi95=18)
    made = Forecast.objects.create(
        **names,
        grain="day",
        currency="BRL",
        through=ago(tenant, 2),
        made_at=clock.now(),
        model="x",
        verdict="ok",
    )
    ForecastPoint.objects.create(
        tenant=tenant, forecast=made, start=ago(tenant, 1), mean=15, lo80=13, hi80=17, lo95=12, hi95=18
    )
    low, wide = rule(cast, kind="forecast", way="below"), rule(cast, kind="forecast", way="outside")
    judging.judge(tenant=tenant)
    assert kept(low) == [(ago(tenant, 3), "7", ago(tenant, 2))]
    assert kept(wide) == [(ago(tenant, 3), "7", ago(tenant, 1))]
    event = AlertEvent.objects.get(rule=low)
    assert (event.expected, event.expected_to) == (Decimal(12), Decimal(18))


def test_silence_fires_once_and_ends_with_the_next_fact(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "100")
    Sale.objects.update(created_at=clock.now() - timedelta(hours=5))
    short, long = (rule(cast, kind="missing", way="", window="hour", limit=D(n)) for n in (4, 6))
    assert judging.judge(tenant=tenant) == Judged(fired=1)
    assert (len(kept(short)), kept(long)) == (1, [])
    assert judging.judge(tenant=tenant) == Judged()
    sell(tenant, "100", end=0)
    assert judging.judge(tenant=tenant) == Judged(ended=1)


def test_a_balance_is_watched_as_it_is_now(cast: Cast):
    tenant = cast.aurora
    account = make_account(tenant, balance=D(90))
    one = rule(cast, kpi="cash_balance")
    assert judging.judge(tenant=tenant) == Judged(fired=1)
    for balance, done in (("103", Judged()), ("105", Judged(ended=1)), ("50", Judged())):
        account.balance = D(balance)
        account.save()
        assert judging.judge(tenant=tenant) == done, balance
    assert kept(one) == [(ago(tenant, 0), "90", None)], "the same day is the same incident"


def test_a_trial_says_what_it_would_have_told_and_writes_nothing(
    cast: Cast, django_assert_max_num_queries: Any
):
    tenant = cast.aurora
    sell(tenant, "200", "50", "200", None, "200")
    asked = {"kpi": "revenue", "kind": "absolute", "way": "below", "limit": D(100), "window": "day"}
    condition = services.condition_of(tenant, asked)
    with django_assert_max_num_queries(6):
        trial = queries.tried(tenant, condition)
    assert [(one.day, one.look.got) for one in trial.incidents] == [
        (ago(tenant, 4), D(50)),
        (ago(tenant, 2), D(0)),
    ]
    silence = services.condition_of(tenant, asked | {"kind": "missing", "way": "", "limit": D(1)})
    assert [one.day for one in queries.tried(tenant, silence).incidents] == [ago(tenant, 2)]
    state = services.condition_of(tenant, {"kpi": "cash_balance", "kind": "absolute", "limit": D(1)})
    assert queries.tried(tenant, state).unknown
    assert not AlertEvent.objects.exists()


def test_judging_costs_the_same_for_many_rules_and_nothing_when_nothing_is_due(
    cast: Cast, django_assert_max_num_queries: Any
):
    tenant = cast.aurora
    sell(tenant, *["200"] * 40)
    for n in range(10):
        rule(cast, limit=D(n + 1))
    with django_assert_max_num_queries(16):
        judging.judge(tenant=tenant)
    with django_assert_max_num_queries(1):
        assert judging.judge_due() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_judge_the_same_keep_one_alert(cast: Cast):
    tenant = cast.aurora
    sell(tenant, "200", "50")
    one = rule(cast)

    def work(_n: int) -> Judged:
        try:
            return judging.judge(tenant=Tenant.objects.get(pk=tenant.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, range(2)))
    assert sum(each.fired for each in done) == 1
    assert (len(kept(one)), told(tenant)) == (1, 1)


@pytest.mark.parametrize(("age", "news"), [(2, True), (7, True), (8, False)])
def test_on_the_last_day_of_a_week_the_week_before_is_still_news(cast: Cast, age: int, news: bool):
    """The newest whole week may have ended seven days ago; what is older when it is found disturbs nobody."""
    tenant = cast.aurora
    sell(tenant, "200", "50", *["200"] * (age - 1))
    one = rule(cast)
    judging.judge(tenant=tenant)
    event = AlertEvent.objects.get(rule=one, day=ago(tenant, age))
    assert (queries.untold(event), told(tenant)) == (None if news else "late", int(news))


def test_a_company_that_cannot_be_judged_costs_the_others_nothing(cast: Cast) -> None:
    broken, other = rule(cast), cast.boreal
    AlertRule.objects.filter(pk=broken.pk).update(kpi="of_a_later_version")
    sell(cast.aurora, "50")
    sell(other, "50")
    make_transaction(make_account(other), "-5.00")
    asked = {"kpi": "revenue", "kind": "absolute", "way": "below", "limit": D(100), "window": "day"}
    made = services.create(access=access_of(cast.carla, other), fields=asked)
    AlertRule.objects.filter(pk=made.pk).update(starts_on=ago(other, 30))
    with pytest.raises(KeyError, match="of_a_later_version"):
        dispatch()
    assert kept(made) == [(ago(other, 1), "50", None)]
    assert not AlertState.objects.filter(tenant=cast.aurora).exists()
    assert RecurringState.objects.filter(tenant=other).exists(), "a step after the alerts"
