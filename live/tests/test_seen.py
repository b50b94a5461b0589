"""How long it takes until people see it."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from live import counters, seen
from live.events import publish
from live.models import Event, PerformanceMetric
from sync.models import InboundDelivery
from tests.api import signed_in
from tests.cast import Cast
from tests.factories import make_connection, make_run


def tell(client: Client, what: Any, slug: str = "aurora") -> int:
    body = what if isinstance(what, bytes) else orjson.dumps(what)
    return client.post(f"/t/{slug}/seen", body, content_type="application/json").status_code


def kept() -> list[tuple[str, float]]:
    rows = PerformanceMetric.objects.order_by("metric_type", "metric_value")
    return [(row.metric_type, float(row.metric_value)) for row in rows]


def happened(tenant: Any, name: str, **ids: Any) -> Event:
    """Publish, and number as a commit does."""
    publish(name, tenant_id=tenant.pk, **ids)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return Event.objects.get(tenant=tenant, name=name)


def test_a_report_is_kept_by_company(cast: Cast) -> None:
    counters.forget()
    assert tell(signed_in(cast.ana), {"ms": 120}) == 204
    assert tell(signed_in(cast.carla), {"ms": 80, "event": 7}, "boreal") == 204
    assert kept() == [("event_to_screen_ms", 80.0), ("event_to_screen_ms", 120.0)]
    assert counters.figures().time("event_to_screen_ms").sum_ms == 200
    assert seen.delays(cast.aurora)["event_to_screen_ms"] == seen.Delay(1, 120.0, 120.0)
    assert seen.delays(None)["event_to_screen_ms"] == seen.Delay(2, 100.0, 118.0)
    assert seen.delays(cast.aurora)["upstream_to_screen_ms"] == seen.Delay()
    row = PerformanceMetric.objects.first()
    assert row.user is None, "how fast a page is says nothing about who looked"


def test_from_upstream_it_is_counted_from_the_request(cast: Cast) -> None:
    run = make_run(make_connection(cast.aurora), created_at=timezone.now() - timedelta(seconds=30))
    event = happened(cast.aurora, "sync_complete", run=run.pk)
    Event.objects.filter(pk=event.pk).update(created_at=run.created_at + timedelta(seconds=20))
    assert tell(signed_in(cast.ana), {"ms": 250, "event": event.number}) == 204
    assert kept() == [("event_to_screen_ms", 250.0), ("upstream_to_screen_ms", 20_250.0)]
    assert PerformanceMetric.objects.first().metadata == {"event": "sync_complete"}


def test_from_a_notice_it_is_counted_from_its_arrival(cast: Cast) -> None:
    wire = make_connection(cast.aurora, "pluggy")
    event = happened(cast.aurora, "facts_changed", connection=wire.pk)
    for seconds, delivery in ((4, "a"), (2, "b"), (3_600, "c")):
        InboundDelivery.objects.create(
            tenant=cast.aurora, connection=wire, source="pluggy", delivery_id=delivery, body={},
            received_at=event.created_at - timedelta(seconds=seconds),
        )  # fmt: skip
    assert tell(signed_in(cast.ana), {"ms": 100, "event": event.number}) == 204
    assert kept()[1] == ("upstream_to_screen_ms", 2_100.0)


def test_what_people_did_themselves_has_no_upstream(cast: Cast) -> None:
    event = happened(cast.aurora, "facts_changed", ids=[1])
    assert tell(signed_in(cast.ana), {"ms": 100, "event": event.number}) == 204
    assert kept() == [("event_to_screen_ms", 100.0)]


def test_an_event_of_another_company_is_not_looked_up(cast: Cast) -> None:
    run = make_run(make_connection(cast.boreal))
    event = happened(cast.boreal, "sync_complete", run=run.pk)
    assert tell(signed_in(cast.ana), {"ms": 100, "event": event.number}) == 204
    assert kept() == [("event_to_screen_ms", 100.0)]


@pytest.mark.parametrize(
    "what",
    [
        b"", b"{", b"[]", b"null", b'"x"', {}, {"ms": "1"}, {"ms": -1}, {"ms": 1.5}, {"ms": True}, {"ms": 600_001}, {"ms": None},
        {"ms": 1, "event": "x"}, {"ms": 1, "event": -1}, {"ms": 1, "event": 2**63}, {"ms": 1, "x": "y" * 300}, b"\xff",
    ],
)  # fmt: skip
def test_nonsense_is_refused(cast: Cast, what: Any) -> None:
    assert tell(signed_in(cast.ana), what) == 400
    assert kept() == []


def test_who_may_report(cast: Cast) -> None:
    assert tell(signed_in(cast.bruno), {"ms": 1}) == 204
    assert tell(signed_in(cast.carla), {"ms": 1}) == 404
    assert tell(Client(), {"ms": 1}) == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.ana)
    assert tell(strict, {"ms": 1}) == 403
    assert strict.get("/t/aurora/seen").status_code == 405


def test_more_reports_than_a_percentile_needs_are_not_kept(cast: Cast, settings: Any) -> None:
    ana = signed_in(cast.ana)
    assert {tell(ana, {"ms": n}) for n in range(seen.REPORTS + 3)} == {204}
    assert len(kept()) == seen.REPORTS
    settings.ENABLE_PERFORMANCE_MONITORING = False
    assert tell(signed_in(cast.bruno), {"ms": 1}) == 204
    assert len(kept()) == seen.REPORTS


def test_without_redis_nothing_is_kept_and_nothing_fails(cast: Cast, settings: Any) -> None:
    settings.REDIS_URL = ""
    assert tell(signed_in(cast.ana), {"ms": 1}) == 204
    assert kept() == []


def test_only_the_last_day_counts(cast: Cast) -> None:
    PerformanceMetric.objects.create(
        tenant=cast.aurora,
        metric_type="event_to_screen_ms",
        metric_value=9,
        recorded_at=timezone.now() - timedelta(days=2),
    )
    assert seen.delays(cast.aurora)["event_to_screen_ms"] == seen.Delay()


def test_a_page_says_where_to_report(cast: Cast) -> None:
    page = signed_in(cast.ana).get("/t/aurora/")
    assert b'data-live-report="/t/aurora/seen"' in page.content
