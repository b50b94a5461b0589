"""What the load test says about what it measured; the load itself is `make load`."""

import json
import os
import stat

import pytest
from django.core.management import CommandError, call_command

from ledger.models import Transaction
from load import judge, notes, plan
from load.faults import Changer
from load.judge import Use
from tenants.models import ApiKey, Tenant


def phase(name="load", *, spent=(10.0,) * 100, errors=None, cache=None, seconds=1.0, websockets=0, begun=0.0):
    return {
        "name": name, "begun": begun, "seconds": seconds, "websockets": websockets, "spent": {"read": list(spent)},
        "errors": errors or {}, "cache": cache or {"HIT": 9, "MISS": 1},
    }  # fmt: skip


def verdicts(phases, uses=()):
    return {one.name: (one.value, one.verdict) for one in judge.judge(phases, ["load", "stress"], uses)}


def test_the_seven_criteria_of_the_design():
    found = judge.judge([phase()], ["load"], [])
    assert [(one.name, one.compare, one.reach, one.unit) for one in found] == [
        ("latency p95", "<", 500, "ms"), ("throughput", ">=", 1000, "req/s"), ("error rate", "<", 1, "%"),
        ("cache hit rate", ">", 80, "%"), ("memory", "<", 512, "MB"), ("CPU", "<", 70, "%"), ("WebSockets", ">=", 1000, ""),
    ]  # fmt: skip


def test_a_miss_is_a_miss():
    slow = phase(
        spent=[400.0] * 94 + [500.0] * 6, errors={"x": 1}, cache={"HIT": 4, "MISS": 1}, websockets=999
    )
    assert verdicts([slow], [Use(0.5, 512.0, 70.0)]) == {
        "latency p95": (500.0, "fail"),
        "throughput": (100.0, "fail"),
        "error rate": (1.0, "fail"),
        "cache hit rate": (80.0, "fail"),
        "memory": (512.0, "fail"),
        "CPU": (70.0, "fail"),
        "WebSockets": (999, "fail"),
    }


def test_what_reaches_passes():
    good = phase(
        spent=[499.0] * 1000, errors={"x": 9}, cache={"HIT": 70, "STALE": 11, "MISS": 19}, websockets=1000
    )
    assert verdicts([good], [Use(0.5, 511.9, 69.9)]) == {
        "latency p95": (499.0, "pass"),
        "throughput": (1000.0, "pass"),
        "error rate": (0.9, "pass"),
        "cache hit rate": (81.0, "pass"),
        "memory": (511.9, "pass"),
        "CPU": (69.9, "pass"),
        "WebSockets": (1000, "pass"),
    }


def test_what_could_not_be_measured_is_neither():
    found = verdicts([phase("warm-up")])
    assert {name for name, (_, verdict) in found.items() if verdict == "not measured"} == {
        "latency p95", "error rate", "cache hit rate", "memory", "CPU",
    }  # fmt: skip


def test_only_judged_phases_count_but_the_best_phase_is_the_throughput():
    peak = phase("peak", spent=[900.0] * 5000, errors={"x": 5000}, seconds=5.0, begun=10.0)
    found = verdicts([phase(), peak], [Use(0.5, 1, 50.0), Use(12.0, 1, 100.0)])
    assert found["latency p95"] == (10.0, "pass")
    assert found["error rate"] == (0.0, "pass")
    assert found["throughput"] == (1000.0, "pass")
    assert found["CPU"] == (50.0, "pass"), "the peak is meant to fill it"


def test_the_full_plan_is_the_designs():
    assert [(one.name, one.seconds, one.arrivals) for one in plan.FULL.phases[:3]] == [
        ("warm-up", 60, 10), ("load", 300, 50), ("stress", 120, 100),
    ]  # fmt: skip
    assert plan.FULL.think == (30.0, 60.0)


@pytest.mark.parametrize("chosen", [plan.FULL, plan.SHORT, plan.FAULT, plan.NEVER])
def test_there_are_keys_enough_that_60_a_minute_is_not_reached(chosen):
    """In any minute: the arrivals that read of that minute, or what is asked without a pause."""
    for one in chosen.phases:
        asked = min(one.seconds, 60) * (plan.PEAK if one.readers else one.arrivals * (1 - plan.WEBSOCKETS))
        assert asked / chosen.keys <= 60


class Answer:
    def __init__(self, status, etag, text=""):
        self.status_code, self.headers, self.text = status, {"ETag": etag, "X-Cache": "HIT"}, text


def test_an_answer_that_shows_too_old_a_version_is_found():
    noted, changer = notes.Notes(), Changer()
    noted.begin("during")
    who = {"tenant": "load-1", "watched": "yes"}
    noted.answer(who, 100.0, Answer(200, "a", '{"description":"v1"}'))
    noted.answer(who, 101.0, Answer(304, "a"))
    noted.answer(who, 110.0, Answer(304, "a"))
    noted.answer({"tenant": "load-2"}, 110.0, Answer(304, "a"))
    assert [(begun, version) for begun, _, version in noted.answers] == [(100.0, 1), (101.0, 1), (110.0, 1)]
    changer.commits = [99.0, 100.5]
    assert [begun for begun, _, _ in changer.stale(noted.answers)] == [110.0], (
        "version 2 was there since 100.5"
    )


@pytest.mark.django_db(transaction=True)  # the event of a company must be numbered before the company goes
def test_companies_and_keys_for_it_are_made_and_removed(tmp_path, capsys):
    file = tmp_path / "keys.json"
    call_command("load_users", count=30, lines=5, file=file)
    keys = json.loads(file.read_text())
    assert len(keys) == 30
    assert {one["tenant"] for one in keys} == {"load-1", "load-2"}
    assert keys[0]["tenant"] != keys[1]["tenant"], "neighbours are of different companies"
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert ApiKey.objects.count() == 30
    assert Transaction.objects.filter(tenant__slug="load-1").count() == 5
    call_command("load_users", count=30, lines=5, file=file)
    assert Transaction.objects.count() == 10, "lines are made once"
    call_command("load_users", remove=True)
    assert not Tenant.objects.exists()
    with pytest.raises(CommandError, match="--file"):
        call_command("load_users")
