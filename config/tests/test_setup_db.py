"""`manage.py setup-db`: on nothing, again, and twice at once; schedules that people change stay changed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from celery import current_app
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config import schedules

PROJECT = Path(__file__).resolve().parents[2]
NAME = "painel_setup_test"


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The URL of an empty database on the server of the tests."""
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {NAME}")
        yield urlunsplit(urlsplit(url)._replace(path=f"/{NAME}"))
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def start(url: str) -> subprocess.Popen[str]:
    """Start `manage.py setup-db` on a database."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "setup-db"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.drill
def test_two_at_once_on_nothing_and_once_more(empty_database: str) -> None:
    both = [start(empty_database), start(empty_database)]
    said = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    # One made the schedules, the other found them.
    assert sum("none, all were there" in text for text in said) == 1, said
    again = start(empty_database)
    text = again.communicate(timeout=100)[0]
    assert again.returncode == 0, text
    assert "none, all were there" in text
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT count(*) FROM mv_tenant_kpis").fetchone() == (0,)
        found = connection.execute("SELECT count(*) FROM django_celery_beat_periodictask").fetchone()
        assert found == (len(schedules.schedules()),)


def test_every_schedule_names_a_task_that_exists() -> None:
    current_app.loader.import_default_modules()
    assert {one.task for one in schedules.schedules()} <= current_app.tasks.keys()


@pytest.mark.django_db
def test_what_an_operator_changed_stays() -> None:
    schedules.install()
    slow = IntervalSchedule.objects.create(every=7, period=IntervalSchedule.DAYS)
    changed = PeriodicTask.objects.get(name="numbers: what changed")
    changed.interval, changed.enabled = slow, False
    changed.save()
    assert schedules.install() == []
    changed.refresh_from_db()
    assert (changed.interval, changed.enabled) == (slow, False)


@pytest.mark.django_db
def test_the_environment_sets_its_own_schedule_only(settings: Any) -> None:
    schedules.install()
    before = dict(PeriodicTask.objects.values_list("name", "interval__every"))
    settings.SYNC_INTERVAL = 5_000
    schedules.install()
    after = dict(PeriodicTask.objects.values_list("name", "interval__every"))
    assert after == before | {"sync: what is due": 5}
