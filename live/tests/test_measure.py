"""Figures of processes: exact sums whoever dies, nothing that waits for the database."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from live import counters, measure
from live.counters import Times
from live.models import Process


@pytest.fixture(autouse=True)
def _nothing_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own for every test, which follows nobody."""
    counters.forget()
    monkeypatch.setattr(measure, "ID", uuid.uuid4())
    monkeypatch.setattr(counters, "_followed", [])
    monkeypatch.setattr(counters, "_gauges", {"streams": lambda: 3.0, "unknown": lambda: None})


def silence(process: uuid.UUID, seconds: float = 61) -> None:
    Process.objects.filter(pk=process).update(seen_at=F("seen_at") - timedelta(seconds=seconds))


def another(kind: str = "web") -> measure.Writer:
    """Begin a further process: it has an id of its own and counted nothing."""
    counters.forget()
    measure.ID = uuid.uuid4()
    return measure.Writer(kind)


def test_counts_and_times_add_up_by_label() -> None:
    measure.add("requests", route="a", status="2xx")
    measure.add("requests", 2, status="5xx", route="a")
    measure.add("requests", route="b", status="2xx")
    for milliseconds in (0.5, 1, 1.1, 400, 999_999):
        measure.observe("request_ms", milliseconds, route="a")
    found = counters.figures()
    assert (
        found.count("requests"),
        found.count("requests", route="a"),
        found.count("requests", status="2xx"),
    ) == (4, 3, 2)
    times = found.time("request_ms")
    assert times.buckets == [2, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert (times.n, round(times.sum_ms, 1)) == (5, 1_000_401.6)
    assert found.time("request_ms", route="b").mean is None


def test_quantiles_lie_between_the_bounds_of_their_bucket() -> None:
    times = Times()
    assert times.quantile(0.5) is None
    times.buckets[6] = 10  # above 50 to 100 ms
    assert (times.quantile(0.5), times.quantile(1.0)) == (75.0, 100.0)
    times.buckets[-1] = 10
    assert times.quantile(0.95) == 300_000.0, "what is longer than the last bound is told as that bound"


def test_no_count_is_lost_between_threads() -> None:
    def count() -> None:
        for _ in range(2_000):
            measure.add("hits", route="x")
            measure.observe("ms", 3, route="x")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = counters.figures()
    assert (found.count("hits"), found.time("ms").n, found.time("ms").sum_ms) == (16_000, 16_000, 48_000.0)


def test_a_flood_of_labels_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MAX_SERIES", 10)
    for n in range(50):
        measure.add("path", path=str(n))
        measure.observe("path_ms", 1, path=str(n))
    found = counters.figures()
    assert (len(found.counts), len(found.times)) == (11, 11)
    assert found.count("series_refused") == 40
    assert found.time("series_refused").n == 40


def test_recent_is_what_came_since_about_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_000.0
    monkeypatch.setattr(counters.time, "monotonic", lambda: moment)
    counters.forget()
    for _ in range(30):
        moment += 5
        measure.add("requests")
        counters.tick()
    seconds, found = counters.recent()
    assert (seconds, found.count("requests")) == (60.0, 12)


def test_sums_over_processes(db: None) -> None:
    first = another("web")
    measure.add("requests", 5, route="a")
    assert first.turn()
    second = another("worker")
    measure.add("requests", 7, route="a")
    measure.observe("task_ms", 30, task="x")
    assert second.turn()
    found = measure.totals()
    assert found.figures.count("requests") == 12
    assert found.figures.time("task_ms", task="x").sum_ms == 30
    assert [one.kind for one in found.processes] == ["web", "worker"]
    assert (found.gauge("streams"), found.gauge("streams", kind="web"), found.gauge("unknown")) == (
        6.0,
        3.0,
        0,
    )
    assert found.recent(kind="worker").count("requests") == 7


def test_what_the_dead_counted_stays_in_the_sums(db: None) -> None:
    first = another()
    measure.add("requests", 5)
    first.turn()
    silence(measure.ID)
    second = another()
    measure.add("requests", 7)
    assert second.turn()
    found = measure.totals()
    assert found.figures.count("requests") == 12
    assert [one.id for one in found.processes] == [measure.ID]
    assert set(Process.objects.values_list("pk", flat=True)) == {measure.ID, measure.DEPARTED}
    assert found.gauge("streams") == 3.0, "its streams went with it"


def test_one_that_was_only_cut_off_is_not_counted_twice(db: None) -> None:
    writer = another()
    measure.add("requests", 5)
    writer.turn()
    measure.add("requests", 2)
    silence(measure.ID)
    assert measure.bury() == 1
    assert measure.totals().figures.count("requests") == 5
    writer.turn()
    assert measure.totals().figures.count("requests") == 7
    measure.add("requests", 1)
    writer.turn()
    silence(measure.ID)
    assert measure.bury() == 1
    writer.turn()
    assert measure.totals().figures.count("requests") == 8


def test_goodbye_is_seen_at_once(db: None) -> None:
    writer = another()
    measure.add("requests", 5)
    writer.turn()
    measure.add("requests", 1)
    writer.turn(goodbye=True)
    found = measure.totals()
    assert (found.figures.count("requests"), found.processes) == (6, [])


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_changes_no_sum(db: None, jump: timedelta) -> None:
    writer = another()
    measure.add("requests", 5)
    writer.turn()
    Process.objects.update(seen_at=F("seen_at") + jump)  # as a database whose clock was set sees the row
    assert measure.totals().processes == []
    another().turn()
    assert measure.totals().figures.count("requests") == 5


def test_figures_of_another_version_of_the_buckets_are_left_out(db: None) -> None:
    Process.objects.create(
        kind="web",
        host="old",
        pid=1,
        counters={"times": [["request_ms", {}, [1, 2], 9.0]], "counts": [["requests", {}, 3]]},
    )
    found = measure.totals()
    assert (found.figures.count("requests"), found.figures.time("request_ms").n) == (3, 0)


def test_without_a_database_nothing_is_lost(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = another()
    measure.add("requests", 5)
    writer.turn()
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "PORT", "1")
        away.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        measure.add("requests", 2)
        done: list[bool] = []
        thread = threading.Thread(target=lambda: done.append(writer.turn()))  # connects anew
        thread.start()
        thread.join()
        assert done == [False]
    assert writer.turn()
    assert measure.totals().figures.count("requests") == 7


def test_a_broken_gauge_does_not_end_the_thread(db: None) -> None:
    def broken() -> float:
        raise ZeroDivisionError

    measure.gauge("broken", broken)
    writer = another()
    assert not writer.turn()
    measure.gauge("broken", lambda: 1.0)
    assert writer.turn()


def test_the_thread_writes_and_says_goodbye(transactional_db: None) -> None:
    measure.add("ran", 3)
    measure.start("beat")
    thread = next(one for one in threading.enumerate() if one.name == "measure")
    writer = measure._writer
    assert writer is not None
    measure.stop()
    thread.join(30)
    assert not thread.is_alive()
    found = measure.totals()
    assert (found.figures.count("ran"), found.processes) == (3, [])
    assert not Process.objects.exclude(pk=measure.DEPARTED).exists()
