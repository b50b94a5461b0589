"""A company moves the edges of its segments: tried first, kept at once, told in the log, of nobody else's company."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from kpi.models import SegmentMember, SegmentState
from kpi.segmenting import edging, queries, services
from kpi.segments import edges
from lib import clock
from tenants.models import AuditLog
from tests.api import signed_in, with_key
from tests.cast import Cast
from tests.factories import make_customer, make_sale

pytestmark = pytest.mark.django_db
ALL_LOYAL = [{"segment": "loyal"}]


@pytest.fixture
def bought(cast: Cast) -> Cast:
    """Aurora has three customers, Boreal one, all scored."""
    today = clock.today(cast.aurora.zone)
    for name, days, total, times in (
        ("Faithful", 1, "90.00", 3),
        ("Fresh", 3, "10.00", 1),
        ("Gone", 300, "20.00", 1),
    ):
        customer = make_customer(cast.aurora, name)
        for n in range(times):
            make_sale(cast.aurora, total, customer=customer, date=today - timedelta(days=days + n))
    make_sale(cast.boreal, "77.00", customer=make_customer(cast.boreal, "Elsewhere"), date=today)
    for tenant in (cast.aurora, cast.boreal):
        services.compute(tenant=tenant)
    return cast


def names(cast: Cast) -> dict[str, str]:
    """Return each customer's segment of this month."""
    month = clock.today(cast.aurora.zone).replace(day=1)
    rows = SegmentMember.objects.filter(month=month).values_list("customer__name", "segment")
    return dict(rows)


def test_trying_says_who_would_move_and_moves_nobody(bought: Cast, django_assert_num_queries) -> None:
    before = names(bought)
    with django_assert_num_queries(2):
        found = edging.tried(bought.aurora, edges.read(ALL_LOYAL))
    assert (found.moved, found.then["loyal"], sum(found.now.values())) == (3, 3, 3)
    assert ("loyal", 0, 3, 3) in found.rows
    assert names(bought) == before
    assert edging.tried(bought.aurora, edging.standing(bought.aurora).rules).moved == 0


def test_edges_that_moved_during_a_computation_leave_it_due(
    bought: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moving(*_asked: object) -> None:
        services.move_edges(tenant=bought.aurora, rules=ALL_LOYAL)

    with monkeypatch.context() as patched:
        patched.setattr(services, "_catch_up", moving)
        services.compute(tenant=bought.aurora)
    SegmentState.objects.update(built_at=clock.now() - timedelta(days=1))
    assert services.due() == [bought.aurora]
    services.compute(tenant=bought.aurora)
    assert names(bought)["Gone"] == "loyal"
    assert services.due() == []


def test_moving_renames_this_month_at_once_and_past_months_never(bought: Cast) -> None:
    past = SegmentMember.objects.filter(
        tenant=bought.aurora, month__lt=clock.today(bought.aurora.zone).replace(day=1)
    )
    had = list(past.values_list("month", "customer", "segment"))
    assert had
    before = names(bought)
    assert services.move_edges(tenant=bought.aurora, rules=ALL_LOYAL) == 3
    assert names(bought) == {
        "Faithful": "loyal",
        "Fresh": "loyal",
        "Gone": "loyal",
        "Elsewhere": before["Elsewhere"],
    }
    assert list(past.values_list("month", "customer", "segment")) == had
    assert services.move_edges(tenant=bought.aurora, rules=ALL_LOYAL) == 0
    assert services.move_edges(tenant=bought.aurora, rules=None) == 3
    assert names(bought) == before
    log = AuditLog.objects.filter(action="segments.edges").order_by("id")
    assert [(row.before, row.after) for row in log] == [
        ({"rules": None}, {"rules": ALL_LOYAL}), ({"rules": ALL_LOYAL}, {"rules": None}),
    ]  # fmt: skip


class TestPage:
    URL = "/t/aurora/segments/edges/"

    def form(self, rules: list[tuple[str, int, int]], do: str) -> dict[str, object]:
        return {
            "do": do, "segment": [name for name, *_ in rules], "r_low": [low for _, low, _ in rules], "r_high": [high for *_, high in rules],
            **{f"{code}_{end}": [value] * len(rules) for code in "fm" for end, value in (("low", 1), ("high", 5))},
        }  # fmt: skip

    def test_it_shows_the_usual_rules_and_saves_others(self, bought: Cast) -> None:
        ana = signed_in(bought.ana)
        assert ana.get(self.URL).content.decode().count("<fieldset>") == len(edges.DEFAULT)
        asked = self.form([("champions", 5, 5), ("lost", 4, 1)], "try")  # the wrong way round is put right
        tried = ana.post(self.URL, asked, headers={"HX-Request": "true"}).content.decode()
        assert "edges-trial" in tried
        assert "<fieldset>" not in tried
        assert SegmentState.objects.get(tenant=bought.aurora).rules is None
        assert ana.post(self.URL, asked | {"do": "save"}).status_code == 302
        assert edging.standing(bought.aurora).rules[1] == edges.Rule("lost", r=(1, 4))
        assert names(bought)["Gone"] == "lost"
        assert ana.post(self.URL, {"do": "reset"}).status_code == 302
        assert not edging.standing(bought.aurora).own

    def test_rules_with_a_gap_are_not_kept_and_say_where_it_is(self, bought: Cast) -> None:
        answer = signed_in(bought.ana).post(self.URL, self.form([("champions", 2, 5)], "save"))
        assert "Ninguém" not in answer.content.decode()
        assert "recência 1, frequência 1 e valor 1" in answer.content.decode()
        assert SegmentState.objects.get(tenant=bought.aurora).rules is None

    @pytest.mark.parametrize(
        ("do", "expected"),
        [("add", 3), ("drop:0", 1), ("up:1", 2), ("drop:99", 2), ("up:x", 2), ("nonsense", 2)],
    )
    def test_buttons_change_the_form_only(self, bought: Cast, do: str, expected: int) -> None:
        asked = self.form([("champions", 5, 5), ("lost", 1, 4)], do)
        page = signed_in(bought.ana).post(self.URL, asked)
        assert len(page.context["rules"]) == expected
        assert page.context["rules"][0]["segment"] == ("lost" if do in ("up:1", "drop:0") else "champions")
        assert SegmentState.objects.get(tenant=bought.aurora).rules is None

    def test_who_may_only_read_sees_no_form(self, bought: Cast) -> None:
        assert signed_in(bought.bruno).get(self.URL).status_code == 403
        assert "segments/edges" not in signed_in(bought.bruno).get("/t/aurora/segments/").content.decode()
        assert signed_in(bought.carla).get(self.URL).status_code == 404


class TestApi:
    def put(self, client: Client, body: object) -> object:
        return client.put("/api/segments/edges", body, content_type="application/json")

    def test_rules_come_and_go(self, bought: Cast) -> None:
        client = with_key(bought.aurora)
        data = client.get("/api/segments/edges").json()["data"]
        assert (data["own"], data["rules"], sum(data["customers"].values())) == (False, edges.written(), 3)
        data = self.put(client, {"rules": ALL_LOYAL}).json()["data"]
        assert (data["own"], data["moved"], data["customers"]["loyal"]) == (True, 3, 3)
        assert data["rules"] == [{"segment": "loyal", "r": [1, 5], "f": [1, 5], "m": [1, 5]}]
        assert self.put(client, {"rules": None}).json()["data"]["own"] is False
        assert edging.standing(bought.boreal).own is False

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"rules": []},
            {"rules": "x"},
            {"rules": [1]},
            {"rules": [{"segment": "loyal", "r": [2, 5]}]},
            [1],
        ],
    )
    def test_what_cannot_be_used_is_refused(self, bought: Cast, body: object) -> None:
        assert self.put(with_key(bought.aurora), body).status_code == 400
        assert SegmentState.objects.get(tenant=bought.aurora).rules is None

    def test_reading_keys_move_nothing(self, bought: Cast) -> None:
        assert self.put(with_key(bought.aurora, ["read"]), {"rules": None}).status_code == 403


def test_the_page_of_a_customer_says_where_they_stand(bought: Cast) -> None:
    month = clock.today(bought.aurora.zone).replace(day=1)
    gone = SegmentMember.objects.get(customer__name="Gone", month=month)
    found = queries.of_customer(bought.aurora, gone.customer_id)
    assert (found.member.segment, found.since <= month) == (gone.segment, True)
    SegmentMember.objects.filter(pk=gone.pk).update(expected=Decimal("1.50"), spend=Decimal("20.00"))
    page = (
        signed_in(bought.ana)
        .get(reverse("ledger:detail", args=["aurora", "customers", gone.customer_id]))
        .content.decode()
        .replace("\xa0", " ")
    )
    assert f"segments/?segment={gone.segment}" in page
    assert "1,5" in page
    assert "R$ 20,00" in page
    assert queries.of_customer(bought.boreal, gone.customer_id) is None
