"""Reports through the API: whole or not at all, only of boards that the asker may read, every answer as described."""

from typing import Any

import pytest
from django.test import Client

from kpi import dimensions
from kpi.models import Board, Report, ReportDelivery, ReportRecipient
from kpi.reports import services
from lib import clock
from live import cache, events
from tests.api import body, make_key, signed_in, with_key
from tests.cast import Cast
from tests.factories import access_of, make_customer, make_sale

WAY = "/api/kpis/reports"


@pytest.fixture
def board(cast: Cast) -> Board:
    """A shared board of Aurora, which sold something in Centro."""
    make_sale(cast.aurora, "10.00", customer=make_customer(cast.aurora, "Maria"), store="Centro")
    events.publish("facts_changed", tenant_id=cast.aurora.pk)
    cache.forget_generations()
    dimensions.bring(cast.aurora.pk)
    return Board.objects.create(tenant=cast.aurora, name="Visão", shared=True)


def post(client: Client, way: str, data: Any) -> Any:
    return client.post(way, data, content_type="application/json")


def test_a_report_is_made_listed_sent_and_ended(cast: Cast, board: Board) -> None:
    client = with_key(cast.aurora)
    asked = {
        "board": str(board.key), "frequency": "monthly", "month_day": 31, "hour": 6, "as_xlsx": True, "period": "last_month",
        "recipients": [{"email": "fora@example.org", "scope": "store:Centro"}, {"email": "Bruno@example.com"}],
    }  # fmt: skip
    made = body(post(client, WAY, asked))["data"]
    assert (made["name"], made["hour"], made["as_pdf"], made["as_xlsx"], made["is_active"]) == (
        "Visão",
        6,
        True,
        True,
        True,
    )
    got = [(one["email"], one["member"], one["scope"], one["scope_name"]) for one in made["recipients"]]
    assert got == [("fora@example.org", False, "store:Centro", "Centro"), ("bruno@example.com", True, "", "")]
    assert body(client.get(WAY))["data"] == [made]
    sent = post(client, f"{WAY}/{made['id']}/send", {})
    assert sent.status_code == 202
    assert [one["status"] for one in body(sent)["data"]] == ["queued", "queued"]
    page = body(client.get(f"{WAY}/{made['id']}/history?limit=1"))["data"]
    assert [one["recipient"] for one in page["deliveries"]] == ["bruno@example.com"]
    page = body(client.get(f"{WAY}/{made['id']}/history?cursor={page['next']}"))["data"]
    assert [one["recipient"] for one in page["deliveries"]] == ["fora@example.org"]
    assert client.delete(f"{WAY}/{made['id']}").status_code == 200
    assert not Report.objects.exists()
    assert not ReportDelivery.objects.exists()


def test_what_is_wrong_is_named_and_nothing_is_kept(cast: Cast, board: Board) -> None:
    client, good = with_key(cast.aurora), {"board": str(board.key), "frequency": "daily"}
    wrong: list[tuple[Any, str]] = [
        ([], "body"), ({"frequency": "daily"}, "board"), (good | {"hour": 24}, "hour"), (good | {"hour": True}, "hour"),
        (good | {"frequency": "yearly"}, "frequency"), (good | {"period": "ever"}, "period"), (good | {"as_pdf": False}, "as_pdf"),
        (good | {"next_at": "now"}, "next_at"), (good | {"recipients": ["x"]}, "recipients"), (good | {"name": "x" * 81}, "name"),
        (good | {"recipients": [{"email": "a@example.org"}, {"email": "A@example.org"}]}, "email"),
        (good | {"recipients": [{"email": "a@b@c"}]}, "email"), (good | {"recipients": [{"email": f"{'a' * 243}@example.org"}]}, "email"),
        (good | {"recipients": [{"email": "a@example.org", "scope": "store:Nowhere"}]}, "scope"),
        (good | {"recipients": [{"email": "a@example.org", "scope": "planet:Mars"}]}, "scope"), (good | {"name": "a\x00b"}, "name"),
    ]  # fmt: skip
    for data, field in wrong:
        answer = post(client, WAY, data)
        assert answer.status_code == 400, data
        assert field in body(answer)["details"], data
    assert not Report.objects.exists()


def test_others_find_nothing(cast: Cast, board: Board) -> None:
    private = Board.objects.create(tenant=cast.aurora, name="Segredo", owner=cast.ana)
    ana = signed_in(cast.ana)
    asked = {"frequency": "daily"}
    secret = body(post(ana, WAY, asked | {"board": str(private.key)}))["data"]
    assert [one["email"] for one in secret["recipients"]] == ["ana@example.com"]
    for client in (signed_in(cast.bruno), with_key(cast.aurora), signed_in(cast.carla)):
        assert body(client.get(WAY))["data"] == []
        assert client.get(f"{WAY}/{secret['id']}").status_code == 404
        assert client.get(f"{WAY}/{secret['id']}/history").status_code == 404
    assert post(signed_in(cast.carla), WAY, asked | {"board": str(board.key)}).status_code == 404
    assert post(signed_in(cast.bruno), WAY, asked | {"board": str(board.key)}).status_code == 403
    assert post(with_key(cast.aurora), f"{WAY}/{secret['id']}/send", {}).status_code == 404
    reader = Client(headers={"Authorization": f"Api-Key {make_key(cast.aurora, ['read'])}"})
    assert reader.delete(f"{WAY}/{secret['id']}").status_code == 403


def test_a_report_is_changed_paused_and_its_list_is_what_was_sent(cast: Cast, board: Board) -> None:
    client = with_key(cast.aurora)
    people = [{"email": "fora@example.org", "scope": "store:Centro"}, {"email": "bruno@example.com"}]
    way = f"{WAY}/{body(post(client, WAY, {'board': str(board.key), 'frequency': 'daily', 'recipients': people}))['data']['id']}"

    def patch(**asked: Any) -> Any:
        return client.patch(way, asked, content_type="application/json")

    changed = body(patch(frequency="weekly", weekday=4, is_active=False))["data"]
    assert (changed["frequency"], changed["weekday"], changed["is_active"], changed["next_at"]) == (
        "weekly",
        4,
        False,
        None,
    )
    assert len(changed["recipients"]) == 2
    stays = next(one["id"] for one in changed["recipients"] if one["email"] == "fora@example.org")
    changed = body(patch(is_active=True, recipients=[people[0], {"email": "ana@example.com"}]))["data"]
    assert changed["next_at"] is not None
    assert {one["email"]: one["id"] == stays for one in changed["recipients"]} == {
        "fora@example.org": True, "ana@example.com": False,
    }  # fmt: skip
    ReportRecipient.objects.filter(pk=stays).update(unsubscribed_at=clock.now())
    assert [one["id"] for one in body(patch(recipients=[]))["data"]["recipients"]] == [stays]
    for wrong in (
        {"hour": 24},
        {"hour": "6"},
        {"board": str(board.key)},
        {"name": "x", "recipients": [{"email": "no"}]},
        {"frequency": "never"},
    ):
        assert patch(**wrong).status_code == 400
    assert body(client.get(way))["data"]["name"] == "Visão"
    assert with_key(cast.boreal).patch(way, {"hour": 3}, content_type="application/json").status_code == 404
    reader = signed_in(cast.bruno)
    assert (
        reader.patch(
            way, {"hour": 3}, content_type="application/json", headers={"X-Tenant": "aurora"}
        ).status_code
        == 403
    )


def test_what_somebody_else_did_meanwhile_counts(
    cast: Cast, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, change = with_key(cast.aurora), services.change
    report = services.create(
        access=access_of(cast.ana, cast.aurora), board=board, fields={"name": "x", "frequency": "daily"}
    )

    def patch(email: str) -> Any:
        asked = {"recipients": [{"email": email}]}
        return client.patch(f"{WAY}/{report.pk}", asked, content_type="application/json")

    def after(deed: Any) -> Any:
        def late(**asked: Any) -> Report:
            monkeypatch.setattr(services, "change", change)
            deed()
            return change(**asked)

        monkeypatch.setattr(services, "change", late)
        return patch("second@example.org")

    listed = body(after(lambda: patch("first@example.org")))["data"]["recipients"]
    assert [one["email"] for one in listed] == ["second@example.org"]
    assert after(report.delete).status_code == 404


def test_a_company_sends_out_of_time_only_so_often(
    cast: Cast, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kpi.api.reports.AN_HOUR", 1)
    states = []
    for tenant in (cast.aurora, cast.boreal):
        own = Board.objects.create(tenant=tenant, name="x", shared=True)
        client = with_key(tenant)
        pk = body(post(client, WAY, {"board": str(own.key), "frequency": "daily"}))["data"]["id"]
        states.append([post(client, f"{WAY}/{pk}/send", {}).status_code for _time in range(2)])
    assert states == [[202, 429], [202, 429]]
