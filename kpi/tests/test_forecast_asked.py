"""Forecasts on demand: one at a time a company, not too often, by who may; and no promise that nobody keeps."""

from typing import Any

import pytest
from django.db import connection

from kpi import tasks
from kpi.forecasts import asking
from lib import pg
from live import wake
from tests.api import signed_in, with_key
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """A broker that takes everything; what it took."""
    taken: list[tuple[str, dict[str, Any]]] = []

    def now(task: str, **kwargs: Any) -> bool:
        taken.append((task, kwargs))
        return True

    monkeypatch.setattr(wake, "now", now)
    return taken


def post(client: Any) -> Any:
    """Ask by API."""
    return client.post("/api/forecasts", {}, content_type="application/json")


def test_one_is_asked_for_and_the_next_waits(cast: Cast, woken: list[Any]) -> None:
    aurora = with_key(cast.aurora)
    answer = post(aurora)
    assert (answer.status_code, answer.json()["data"]) == (
        202, {"state": "asked", "made_at": None, "look_at": "/api/forecasts"},
    )  # fmt: skip
    assert woken == [("kpi.forecast_one", {"slug": "aurora"})]
    again = post(aurora)
    assert again.status_code == 429
    assert 0 < int(again["Retry-After"]) <= asking.EVERY
    assert post(with_key(cast.boreal)).status_code == 202
    assert [kwargs["slug"] for _task, kwargs in woken] == ["aurora", "boreal"]


def test_while_one_runs_nothing_is_started(cast: Cast, woken: list[Any]) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [int(pg.Lock.FORECAST), cast.aurora.pk])
        assert post(with_key(cast.aurora)).json()["data"]["state"] == "running"
    finally:
        other.close()
    assert woken == []


def test_without_a_worker_it_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "now", lambda task, **kwargs: False)
    assert post(with_key(cast.aurora)).status_code == 503


def test_the_button_is_for_who_may(cast: Cast, woken: list[Any]) -> None:
    assert signed_in(cast.bruno).post("/t/aurora/forecast/").status_code == 403
    assert post(with_key(cast.aurora, ["read"])).status_code == 403
    page = signed_in(cast.ana).post("/t/aurora/forecast/", follow=True).content.decode()
    assert "A previsão está sendo refeita" in page
    assert (
        "Tente de novo em 10 minutos"
        in signed_in(cast.ana).post("/t/aurora/forecast/", follow=True).content.decode()
    )
    assert len(woken) == 1


def test_the_worker_forecasts_that_company_in_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(tasks, "_child", lambda *arguments: asked.append(arguments))
    tasks.forecast_one(slug="aurora")
    assert asked == [("forecast", "--tenant", "aurora")]
