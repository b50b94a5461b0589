"""The status page: sentences first, the right company's, and the installation for operators only."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from lib import pg
from live import measure, situation
from live.models import Alert, BackupRun, PerformanceMetric, Presence, Process
from sync.models import Connection
from tenants.models import AuditLog
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_connection, make_member, make_tenant, make_user

URL = "/t/aurora/status/"


@pytest.fixture(autouse=True)
def _language_of_its_own() -> Iterator[None]:
    """The language of the last request must not stick to the next test."""
    with translation.override("pt-br"):
        yield


def text_of(client: Client, url: str = URL) -> str:
    response = client.get(url, headers={"Accept-Language": "en"})
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


@pytest.fixture
def ana(cast: Cast) -> Client:
    cast.ana.language = "en"
    cast.ana.save()
    return signed_in(cast.ana)


def fresh(tenant: Any, **fields: Any) -> Connection:
    return make_connection(tenant, last_good_at=timezone.now(), **fields)


def make_alert(tenant: Any = None, **fields: Any) -> Alert:
    values = {
        "code": "STUCK_RUN", "severity": "warning", "is_pending": False, "subject": "run:1",
        "params": {"text": "%(connection)s has waited for %(minutes)s minutes to be read on.", "values": {"connection": "ERP", "minutes": 12}, "path": "/t/aurora/runs/1/"},
    }  # fmt: skip
    return Alert.objects.create(tenant=tenant, **{**values, **fields})


def test_an_empty_company_is_told_what_to_do(ana: Client) -> None:
    text = text_of(ana)
    assert "Nothing is connected yet" in text
    assert reverse("sync:connections", kwargs={"slug": "aurora"}) in text
    assert "All is well" not in text
    assert "Nothing was wrong in the last seven days" in text


def test_all_is_well(ana: Client, cast: Cast) -> None:
    fresh(cast.aurora, name="ERP")
    text = text_of(ana)
    assert "All is well" in text
    assert "things need attention" not in text
    assert "The source that was read longest ago is ERP" in text


def test_what_is_broken_comes_first_and_has_a_button(ana: Client, cast: Cast) -> None:
    late = make_connection(
        cast.aurora, name="Banco atrasado", last_good_at=timezone.now() - timedelta(days=1)
    )
    broken = fresh(
        cast.aurora, name="ERP parado", state=Connection.State.NEEDS_PERSON, state_reason="A senha mudou."
    )
    fresh(cast.aurora, name="Pausado", state=Connection.State.PAUSED)
    make_connection(cast.boreal, name="De outra empresa", state=Connection.State.NEEDS_PERSON)
    make_alert(cast.aurora)
    make_alert(cast.aurora, code="FAILING_CONNECTION", subject=f"connection:{broken.pk}")
    make_alert(cast.aurora, subject="run:2", is_pending=True)
    make_alert(cast.boreal, subject="run:3", params={"text": "x", "values": {}, "path": "/t/boreal/"})
    text = text_of(ana)
    assert "3 things need attention" in text
    first, second = text.index("ERP parado stopped and waits for you"), text.index("Banco atrasado is late")
    assert first < second
    assert "A senha mudou." in text
    for row in (late, broken):
        assert reverse("sync:connection", kwargs={"slug": "aurora", "pk": row.pk}) in text
    assert 'href="/t/aurora/runs/1/"' in text
    assert "De outra empresa" not in text
    assert "/t/boreal/" not in text


def test_figures_are_of_this_company(ana: Client, cast: Cast) -> None:
    for tenant, ms in ((cast.aurora, 180), (cast.aurora, 220), (cast.boreal, 9_000)):
        PerformanceMetric.objects.create(tenant=tenant, metric_type="event_to_screen_ms", metric_value=ms)
    PerformanceMetric.objects.create(metric_type="cache_hit_rate_percent", metric_value=Decimal("87.5"))
    for tenant in (cast.aurora, cast.boreal, cast.boreal):
        Presence.objects.create(tenant=tenant, process=measure.ID, kind="sse", address="10.0.0.1")
    Process.objects.create(kind="worker", host="h", pid=1)
    text = text_of(ana)
    assert "200 ms" in text
    assert "95 % below 218 ms · 2 readings today" in text
    assert "87.5%" in text
    assert "1 screen of your company is live · 1 worker" in text


def test_alerts_of_a_week_and_their_mute(ana: Client, cast: Cast) -> None:
    now = timezone.now()
    row = make_alert(cast.aurora)
    make_alert(
        cast.aurora,
        subject="run:8",
        closed_at=now - timedelta(days=6),
        params={"text": "Six days ago", "values": {}},
    )
    make_alert(
        cast.aurora,
        subject="run:9",
        closed_at=now - timedelta(days=8),
        params={"text": "Eight days ago", "values": {}},
    )
    text = text_of(ana)
    assert "Six days ago" in text
    assert "Eight days ago" not in text
    assert "ERP has waited for 12 minutes to be read on." in text
    url = reverse("live:mute_alert", kwargs={"slug": "aurora", "pk": row.pk})
    assert text.count("Quiet for a day") == 1
    assert ana.post(url).status_code == 302
    row.refresh_from_db()
    assert now + timedelta(hours=23) < row.muted_until < now + timedelta(hours=25)
    assert AuditLog.objects.get(action="mute_alert").tenant == cast.aurora
    assert "Tell me again" in text_of(ana)
    assert ana.post(url, {"again": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.muted_until is None


def test_who_may_mute(cast: Cast) -> None:
    row, installation = make_alert(cast.aurora), make_alert(None, subject="x")
    url = reverse("live:mute_alert", kwargs={"slug": "aurora", "pk": row.pk})
    assert signed_in(cast.bruno).post(url).status_code == 403
    assert signed_in(cast.carla).post(url).status_code == 404
    assert signed_in(cast.carla).post(f"/t/boreal/status/alerts/{row.pk}/mute").status_code == 404
    assert signed_in(cast.ana).post(f"/t/aurora/status/alerts/{installation.pk}/mute").status_code == 404
    assert signed_in(cast.ana).get(url).status_code == 405
    assert Alert.objects.filter(muted_until=None).count() == 2
    assert "Quiet for a day" not in text_of(signed_in(cast.bruno))


def test_the_installation_is_for_operators(cast: Cast, settings: Any) -> None:
    make_alert(
        None, code="HIGH_MEMORY", subject="web a/1", params={"text": "Only for operators", "values": {}}
    )
    make_alert(
        None, code="NO_WORKER", subject="", severity="critical", params={"text": "Nobody works", "values": {}}
    )
    BackupRun.objects.create(kind="backup", status="failed", error="disk full at /secret/place")
    Process.objects.create(kind="web", host="machine-7", pid=42)
    operator = make_member(cast.aurora, user=make_user("op@example.com", is_staff=True, language="en"))
    text = text_of(signed_in(cast.ana))
    assert "machine-7" not in text
    assert "Only for operators" not in text
    assert "/secret/place" not in text
    assert "Nobody works" in text
    assert "machine-7" not in text_of(signed_in(operator)), "without a second factor"
    settings.ADMIN_SECOND_FACTOR = False
    text = text_of(signed_in(operator))
    for word in (
        "machine-7",
        "Only for operators",
        "/secret/place",
        "This server does not count its statements",
    ):
        assert word in text


def test_the_api_lists_what_is_open(cast: Cast, settings: Any) -> None:
    row = make_alert(cast.aurora)
    make_alert(cast.aurora, subject="run:2", closed_at=timezone.now())
    make_alert(cast.boreal, subject="run:3")
    make_alert(None, code="HIGH_MEMORY", params={"text": "Only for operators", "values": {}})
    found = body(with_key(cast.aurora).get("/api/system/status", headers={"Accept-Language": "en"}))["data"][
        "alerts"
    ]
    assert found == [
        {"type": "STUCK_RUN", "severity": "warning", "message": "ERP has waited for 12 minutes to be read on.", "since": row.opened_at.isoformat()}
    ]  # fmt: skip
    settings.ADMIN_SECOND_FACTOR = False
    operator = signed_in(make_user("op@example.com", is_staff=True, language="en"))
    found = body(operator.get("/api/system/status"))["data"]["alerts"]
    assert [one["type"] for one in found] == ["HIGH_MEMORY"]


def test_the_ten_slowest_statements_hold_no_values(db: None) -> None:
    assert situation.slowest_statements() is None
    with connection.cursor() as cursor:
        cursor.execute("SHOW shared_preload_libraries")
        preloaded = "pg_stat_statements" in cursor.fetchone()[0]
    assert situation.count_statements() is preloaded
    if not preloaded:  # a server of somebody else's: the page then has no such part
        assert situation.slowest_statements() is None
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_statements_reset()")
        for n in range(12):
            cursor.execute(
                f"SELECT {n} AS column_{n}, 'ana@example.com', count(*) FROM tenants_user WHERE email = 'a secret {n}'"
            )
        cursor.execute("SET LOCAL application_name = 'a secret of a setting'")
    found = situation.slowest_statements()
    assert found is not None
    assert 1 <= len(found) <= 10
    assert all("secret" not in one.text and "ana@" not in one.text for one in found)
    assert found == sorted(found, key=lambda one: -one.mean_ms)
    assert any("FROM tenants_user WHERE email = $" in one.text and one.calls == 12 for one in found)


def test_a_part_reads_itself_again(ana: Client) -> None:
    response = ana.get(URL, headers={"HX-Request": "true"})
    assert response.content.decode().lstrip().startswith('<div class="stack" id="situation"')
    assert b"<html" not in response.content
    assert 'hx-trigger="live:refresh, every 30s"' in response.content.decode()


def test_doors(cast: Cast) -> None:
    assert Client().get(URL).status_code == 302
    assert signed_in(cast.carla).get(URL).status_code == 404
    assert signed_in(cast.bruno).get(URL).status_code == 200


def test_the_page_costs_a_fixed_number_of_queries(
    ana: Client, cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for n in range(5):
        fresh(cast.aurora, name=f"ERP {n}")
        make_alert(cast.aurora, subject=f"run:{n}")
    text_of(ana)
    with django_assert_max_num_queries(31):
        text_of(ana)


def test_it_stands_in_the_navigation(ana: Client) -> None:
    assert f'href="{URL}"' in ana.get("/t/aurora/").content.decode()


def test_many_companies_share_one_clock(db: None) -> None:
    tenant = make_tenant("Solo")
    assert situation.sources(tenant) == []
    assert situation.company(tenant)["as_of"] is None
    assert pg.now().tzinfo is not None
