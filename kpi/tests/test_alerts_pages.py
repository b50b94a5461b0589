"""Pages and API of alerts: written as a sentence, tried at once, seen by readers, changed by writers, nothing of another company."""

from datetime import timedelta
from typing import Any

import pytest

from kpi.alerts import judging
from kpi.models import AlertEvent, AlertRule
from ledger.models import Transaction
from lib import clock
from live.hooks import sending
from live.models import HookDelivery, HookEndpoint, Notification
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_account, make_sale, make_source, make_transaction

pytestmark = pytest.mark.django_db
WISH = {
    "kpi": "revenue",
    "kind": "absolute",
    "way": "below",
    "limit": "100",
    "window": "day",
    "repeat": "each",
}


def sell(cast: Cast, *totals: str) -> None:
    """Sell on consecutive days of Aurora, the last one yesterday."""
    today, source = clock.today(cast.aurora.zone), make_source(cast.aurora)
    for n, total in enumerate(reversed(totals), 1):
        make_sale(cast.aurora, total, source=source, store="Centro", date=today - timedelta(days=n))


def written(response: Any) -> str:
    """Return the page with plain spaces."""
    return response.content.decode().replace("\xa0", " ")


def test_an_alert_is_written_tried_and_kept(cast: Cast):
    sell(cast, "200", "50", "200", "60")
    ana = signed_in(cast.ana)
    assert 'value="inflow" selected' in written(ana.get("/t/aurora/alerts/new/?kpi=inflow"))
    tried = written(ana.post("/t/aurora/alerts/new/", WISH, headers={"HX-Request": "true"}))
    assert "<html" not in tried
    assert "teria avisado 2 vezes" in tried
    assert "Vendas: R$ 60" in tried
    assert "Vendas abaixo de R$ 100,00 em um dia" in tried
    assert not AlertRule.objects.exists()
    answer = ana.post("/t/aurora/alerts/new/", WISH | {"do": "save"})
    [rule] = AlertRule.objects.all()
    assert (answer.status_code, answer["Location"]) == (302, f"/t/aurora/alerts/{rule.pk}/")
    AlertRule.objects.update(starts_on=clock.today(cast.aurora.zone) - timedelta(days=9))
    judging.judge(tenant=cast.aurora)
    page = written(signed_in(cast.bruno).get("/t/aurora/alerts/"))
    assert "Vendas abaixo de R$ 100,00 em um dia" in page
    assert "Vendas: R$ 60" in page
    assert "alerts/new/" not in page
    assert "Vendas: R$ 50" in written(signed_in(cast.bruno).get("/t/aurora/alerts/history/"))
    detail = written(signed_in(cast.bruno).get(f"/t/aurora/alerts/{rule.pk}/"))
    assert "limite de R$ 100" in detail
    assert "acontecendo agora" in detail
    assert "vigiando" not in detail


def test_a_choice_that_does_not_fit_any_more_becomes_one_that_does(cast: Cast):
    ana = signed_in(cast.ana)
    page = written(
        ana.post("/t/aurora/alerts/new/", WISH | {"kpi": "cash_balance", "kind": "streak", "way": "zero"})
    )
    assert 'name="window"' not in page
    assert 'value="absolute" selected' in page
    wrong = written(ana.post("/t/aurora/alerts/new/", WISH | {"limit": "muito", "do": "save"}))
    assert "muito" in wrong
    assert not AlertRule.objects.exists()


@pytest.mark.parametrize(
    ("do", "more", "holds"),
    [
        ("mute", {"until": "2999-01-01"}, lambda rule: rule.muted_until is None),
        ("off", {}, lambda rule: not rule.is_active),
        ("rearm", {}, lambda rule: rule.is_active),
        ("remove", {}, lambda rule: rule.removed_at is not None),
        ("dance", {}, lambda rule: rule.removed_at is None),
    ],
)
def test_what_can_be_done_with_a_rule(cast: Cast, do: str, more: dict[str, str], holds: Any):
    ana, bruno = signed_in(cast.ana), signed_in(cast.bruno)
    ana.post("/t/aurora/alerts/new/", WISH | {"do": "save"})
    rule = AlertRule.objects.get()
    address = f"/t/aurora/alerts/{rule.pk}/do/"
    assert bruno.post(address, {"do": do} | more).status_code == 403
    assert signed_in(cast.carla).post(f"/t/boreal/alerts/{rule.pk}/do/", {"do": do}).status_code == 404
    assert ana.post(address, {"do": do} | more).status_code == 302
    assert holds(AlertRule.objects.get())


def test_muting_through_a_day_ends_with_that_day(cast: Cast):
    ana = signed_in(cast.ana)
    ana.post("/t/aurora/alerts/new/", WISH | {"do": "save"})
    rule, today = AlertRule.objects.get(), clock.today(cast.aurora.zone)
    ana.post(f"/t/aurora/alerts/{rule.pk}/do/", {"do": "mute", "until": today.isoformat()})
    rule.refresh_from_db()
    assert rule.muted_until == clock.start_of_day(today + timedelta(days=1), cast.aurora.zone)


def test_the_api_makes_changes_mutes_tells_and_removes(cast: Cast):
    sell(cast, "200", "50")
    api, reader = with_key(cast.aurora), with_key(cast.aurora, ["read"])
    wish = {"kpi": "revenue", "kind": "absolute", "limit": "100"}
    assert reader.post("/api/alerts", wish, content_type="application/json").status_code == 403
    made = body(api.post("/api/alerts", wish, content_type="application/json"))["data"]
    assert (made["way"], made["window"], made["state"], made["limit"]) == ("below", "day", "armed", "100")
    AlertRule.objects.update(starts_on=clock.today(cast.aurora.zone) - timedelta(days=9))
    judging.judge(tenant=cast.aurora)
    [rule] = body(reader.get("/api/alerts"))["data"]
    assert (rule["state"], rule["fired"]) == ("firing", 1)
    [event] = body(reader.get(f"/api/alerts/events?rule={rule['id']}"))["data"]["events"]
    assert (event["got"], event["expected"], event["ended_on"]) == ("50", "100", None)
    address = f"/api/alerts/{rule['id']}"
    until = (clock.now() + timedelta(days=2)).isoformat()
    muted = api.post(f"{address}/mute", {"until": until}, content_type="application/json")
    assert body(muted)["data"]["state"] == "muted"
    assert body(reader.get("/api/alerts"))["data"][0]["state"] == "muted"
    assert (
        api.post(
            f"{address}/mute", {"until": "2001-01-01T00:00:00Z"}, content_type="application/json"
        ).status_code
        == 400
    )
    changed = body(api.patch(address, {"limit": "10"}, content_type="application/json"))["data"]
    assert (changed["limit"], changed["kind"]) == ("10", "absolute")
    wrong = api.patch(address, {"kind": "streak", "limit": "1.5"}, content_type="application/json")
    assert (wrong.status_code, "limit" in body(wrong)["details"]) == (400, True)
    assert with_key(cast.boreal).get(address).status_code == 404
    assert api.delete(address).status_code == 200
    assert body(reader.get("/api/alerts"))["data"] == []
    assert body(reader.get("/api/alerts/events"))["data"]["events"][0]["id"] == event["id"]


def test_a_trial_over_the_api(cast: Cast):
    sell(cast, "200", "50")
    wish = {"kpi": "revenue", "kind": "absolute", "limit": "100", "dimension": "store", "key": "Centro"}
    found = body(with_key(cast.aurora).post("/api/alerts/trial", wish, content_type="application/json"))[
        "data"
    ]
    assert (found["count"], found["unknown"]) == (1, False)
    assert "Centro" in found["sentence"]
    assert AlertEvent.objects.count() == 0


def test_webhooks_are_made_shown_once_tried_and_removed(cast: Cast, settings: Any):
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    ana = signed_in(cast.ana)
    assert signed_in(cast.bruno).get("/t/aurora/alerts/webhooks/").status_code == 403
    page = written(ana.post("/t/aurora/alerts/webhooks/", {"url": "http://127.0.0.1:9/x", "label": "ERP"}))
    assert "whsec_" in page
    assert "whsec_" not in written(ana.get("/t/aurora/alerts/webhooks/"))
    row = HookEndpoint.objects.get()
    address = f"/t/aurora/alerts/webhooks/{row.pk}/"
    ana.post(f"{address}do/", {"do": "test"})
    sending.send_due()
    assert HookDelivery.objects.get().state == "failed"
    assert "webhook.test" in written(ana.get(address))
    assert "whsec_" in written(ana.post(f"{address}do/", {"do": "secret"}))
    ana.post(f"{address}do/", {"do": "stop"})
    assert HookEndpoint.objects.get().disabled_at is not None
    assert signed_in(cast.carla).get(f"/t/boreal/alerts/webhooks/{row.pk}/").status_code == 404
    ana.post(f"{address}do/", {"do": "remove"})
    assert ana.get(address).status_code == 404
    settings.ALLOW_PRIVATE_UPSTREAMS = False
    refused = written(ana.post("/t/aurora/alerts/webhooks/", {"url": "https://127.0.0.1/x"}))
    assert "field-error" in refused


def test_an_alert_goes_to_people_and_programs_and_says_what_became_of_it(cast: Cast, settings: Any):
    settings.ALLOW_PRIVATE_UPSTREAMS = True
    sell(cast, "200", "50")
    ana = signed_in(cast.ana)
    ana.post("/t/aurora/alerts/webhooks/", {"url": "http://127.0.0.1:9/x"})
    ana.post("/t/aurora/alerts/new/", WISH | {"do": "save"})
    AlertRule.objects.update(starts_on=clock.today(cast.aurora.zone) - timedelta(days=9))
    judging.judge(tenant=cast.aurora)
    from ledger.models import Sale

    last = Sale.objects.latest("date")
    for total in ("60", "300"):
        last.total = total
        last.save()
        judging.judge(tenant=cast.aurora)
    assert [row.event for row in HookDelivery.objects.order_by("id")] == [
        "alert.fired",
        "alert.changed",
        "alert.withdrawn",
    ]
    assert {row.tenant for row in HookDelivery.objects.all()} == {cast.aurora}
    told = Notification.objects.filter(tenant=cast.aurora, user=cast.ana).order_by("id")
    assert [row.event for row in told] == ["number_alert", "number_alert_withdrawn"]
    bell = written(ana.get("/t/aurora/notifications/"))
    assert "Vendas: R$ 60" in bell
    assert "era R$ 50" in bell


def test_goals_and_own_days_over_the_api(cast: Cast):
    api, reader = with_key(cast.aurora), with_key(cast.aurora, ["read"])
    goals = {
        "targets": [
            {"kpi": "revenue", "month": "2026-03", "value": "12.50"},
            {"kpi": "expenses", "month": "2026-03", "value": -7},
        ]
    }
    assert reader.put("/api/kpis/targets", goals, content_type="application/json").status_code == 403
    assert body(api.put("/api/kpis/targets", goals, content_type="application/json"))["data"] == {
        "changed": 2
    }
    found = body(reader.get("/api/kpis/targets?year=2026"))["data"]
    assert {(one["kpi"], one["value"]) for one in found["targets"]} == {
        ("revenue", "12.5"),
        ("expenses", "-7"),
    }
    assert reader.get("/api/kpis/targets?year=MMXX").status_code == 400
    made = body(
        api.post(
            "/api/kpis/occasions",
            {"label": "Greve", "first_day": "2026-03-10"},
            content_type="application/json",
        )
    )["data"]
    assert (made["kind"], made["last_day"]) == ("event", "2026-03-10")
    address = f"/api/kpis/occasions/{made['id']}"
    assert api.patch(address, {"last_day": "2026-03-01"}, content_type="application/json").status_code == 400
    assert (
        body(api.patch(address, {"kind": "free"}, content_type="application/json"))["data"]["kind"] == "free"
    )
    assert len(body(reader.get("/api/kpis/occasions"))["data"]) == 1
    assert with_key(cast.boreal).delete(address).status_code == 404
    assert api.delete(address).status_code == 200


def test_an_alert_on_a_category_that_was_renamed_says_so(cast: Cast):
    yesterday = clock.today(cast.aurora.zone) - timedelta(days=1)
    rent = make_transaction(make_account(cast.aurora), "-900", date=yesterday, category="Aluguel")
    AlertRule.objects.create(
        tenant=cast.aurora, kpi="expenses", kind="absolute", way="above", limit=1000, window="month", dimension="category", key="Aluguel",
        starts_on=yesterday,
    )  # fmt: skip
    ana = signed_in(cast.ana)
    places = ("/t/aurora/alerts/", f"/t/aurora/alerts/{AlertRule.objects.get().pk}/")

    def said() -> list[bool]:
        judging.judge(tenant=cast.aurora)
        return ["Nada chegou com este nome" in written(ana.get(place)) for place in places]

    assert said() == [False, False]
    Transaction.objects.filter(pk=rent.pk).update(category="Locação")
    assert said() == [True, True]
    assert not AlertEvent.objects.exists()
