"""One computation a key at a time, and old values while a new one is computed."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction
from django.http import Http404
from django.utils import translation

from live import cache, events
from live.cache import generation, later, once, tiers
from live.cache.answer import Stored
from live.models import Generation
from tests.factories import make_tenant

from .cache_tools import Clock, Counted, clock, redis, remember

__all__ = ["clock"]
THREADS = 50
transactional = pytest.mark.django_db(transaction=True)


def in_threads(n: int, work: Callable[[], Any]) -> list[Any]:
    """Run `work` in n threads that begin together; return what they return, an exception as itself."""
    together = threading.Barrier(n)

    def one(_: int) -> Any:
        together.wait(30)
        try:
            return work()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(one, range(n)))


@transactional
def test_fifty_who_come_at_once_cost_one_computation() -> None:
    tenant, compute = make_tenant(), Counted({"total": "1.00"})
    cache.generations(tenant.pk)
    answers = in_threads(THREADS, lambda: cache.remember("list", tenant_id=tenant.pk, compute=compute))
    assert compute.runs == 1
    assert {answer.body for answer in answers} == {b'{"total":"1.00"}'}
    assert sorted(answer.state for answer in answers) == ["HIT"] * (THREADS - 1) + ["MISS"]
    assert not once._running
    assert list(redis().scan_iter("lock:*")) == []


@transactional
def test_who_waits_for_a_computation_that_fails_fails_alike_and_the_next_one_computes() -> None:
    tenant, waiting = make_tenant(), threading.Event()
    cache.generations(tenant.pk)
    runs = []

    def absent() -> None:
        runs.append(1)
        waiting.wait(0.2)  # long enough for some of the others to come; how many is not what is tested
        raise Http404

    found = in_threads(8, lambda: cache.remember("details", tenant_id=tenant.pk, compute=absent))
    assert {type(one) for one in found} == {Http404}
    assert 1 <= len(runs) <= 8
    assert not once._running
    assert list(redis().scan_iter("lock:*")) == []
    assert remember(tenant.pk, Counted("there"), "details").state == "MISS"


@transactional
def test_what_another_process_computes_is_waited_for() -> None:
    tenant, compute = make_tenant(), Counted("mine")
    name = f"tenant:{tenant.pk}:list:0"
    redis().set(f"lock:{name}", "another process", px=30_000)
    asked = threading.Event()

    def ask() -> cache.Answer:
        try:
            asked.set()
            return remember(tenant.pk, compute)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask)
        assert asked.wait(10)
        redis().set(name, Stored.of(b'"theirs"', at=time.time()).pack(), ex=60)
        found = answer.result(30)
    assert (found.state, found.body, compute.runs) == ("HIT", b'"theirs"', 0)
    assert redis().get(f"lock:{name}") == b"another process", "whose lock it is ends it"


@transactional
def test_a_process_that_died_over_it_holds_nobody_up() -> None:
    tenant, compute = make_tenant(), Counted("mine")
    redis().set(f"lock:tenant:{tenant.pk}:list:0", "a dead process", px=50)
    found = remember(tenant.pk, compute)
    assert (found.state, found.body, compute.runs) == ("MISS", b'"mine"', 1)


@transactional
def test_an_old_value_is_served_while_one_worker_computes_the_new_one(clock: Clock, settings: Any) -> None:
    settings.CACHE_TTL_LISTS = 60
    tenant, compute = make_tenant(), Counted("old")
    gate = threading.Event()

    def slowly() -> Any:
        assert gate.wait(30)
        assert translation.get_language() == "en", "in the language of who asked"
        return compute()

    assert remember(tenant.pk, compute).state == "MISS"
    clock.ahead = 59
    assert (remember(tenant.pk, compute).state, compute.runs) == ("HIT", 1)
    clock.ahead, compute.value = 75, "new"
    with translation.override("en"):
        stale = [remember(tenant.pk, slowly) for _ in range(20)]
    assert {(one.state, one.body, one.age) for one in stale} == {("STALE", b'"old"', 75)}
    gate.set()
    later.wait()
    fresh = remember(tenant.pk, compute)
    assert (fresh.state, fresh.body, fresh.age, compute.runs) == ("HIT", b'"new"', 0, 2)
    assert cache.headers(stale[0])["Age"] == "75"
    assert cache.headers(stale[0])["Cache-Control"] == "private, max-age=60, stale-while-revalidate=30"
    assert list(redis().scan_iter("lock:*")) == []


@transactional
def test_past_half_its_life_again_an_old_value_is_gone(clock: Clock, settings: Any) -> None:
    settings.CACHE_TTL_LISTS = 60
    tenant = make_tenant()
    remember(tenant.pk, Counted("old"))
    clock.ahead = 91
    found = remember(tenant.pk, Counted("new"))
    assert (found.state, found.body) == ("MISS", b'"new"')


@transactional
def test_after_a_change_no_older_value_is_served_not_even_as_an_old_one(clock: Clock) -> None:
    tenant = make_tenant()
    remember(tenant.pk, Counted("old"))
    events.publish("facts_changed", tenant_id=tenant.pk)
    clock.ahead = 61
    found = remember(tenant.pk, Counted("new"))
    assert (found.state, found.body) == ("MISS", b'"new"')


@transactional
def test_a_renewal_that_fails_leaves_the_old_value_and_is_tried_again(clock: Clock) -> None:
    tenant, tries = make_tenant(), []

    def broken() -> None:
        tries.append(1)
        raise ZeroDivisionError

    remember(tenant.pk, Counted("old"))
    clock.ahead = 61
    for n in (1, 2):
        assert remember(tenant.pk, broken).state == "STALE"
        later.wait()
        assert len(tries) == n


@transactional
def test_old_values_are_renewed_once_while_redis_is_away(clock: Clock, settings: Any) -> None:
    tenant, compute, gate = make_tenant(), Counted("new"), threading.Event()
    settings.REDIS_URL = ""
    remember(tenant.pk, Counted("old"))
    clock.ahead = 61

    def slowly() -> Any:
        assert gate.wait(30)
        return compute()

    assert {remember(tenant.pk, slowly).state for _ in range(10)} == {"STALE"}
    gate.set()
    later.wait()
    assert (remember(tenant.pk, compute).body, compute.runs) == (b'"new"', 1)


# --- what must never be kept ------------------------------------------------------------------------------------------------
@transactional
def test_facts_that_move_on_during_a_computation_leave_nothing_behind() -> None:
    tenant = make_tenant()

    def torn() -> str:
        events.publish("facts_changed", tenant_id=tenant.pk)
        return "half of each"

    assert remember(tenant.pk, torn).body == b'"half of each"'
    assert list(redis().scan_iter("tenant:*")) == []
    assert tiers.memory.items() == []


@transactional
def test_inside_a_transaction_nothing_is_read_or_kept() -> None:
    """What it has written may be rolled back, and its generation with it."""
    tenant, compute = make_tenant(), Counted("committed")
    remember(tenant.pk, compute)
    with transaction.atomic():
        events.publish("facts_changed", tenant_id=tenant.pk)
        uncommitted = remember(tenant.pk, Counted("uncommitted"))
        transaction.set_rollback(True)
    assert (uncommitted.state, uncommitted.body) == ("MISS", b'"uncommitted"')
    found = remember(tenant.pk, compute)
    assert (found.state, found.body, compute.runs) == ("HIT", b'"committed"', 1)
    assert len(list(redis().scan_iter("tenant:*"))) == 1


@transactional
def test_a_change_during_the_look_at_the_generations_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database answered before the change and its answer arrives after the change was told: it is used once and not held."""
    tenant = make_tenant()
    read = generation._read

    def overtaken(tenant_id: int) -> dict[str, int]:
        found = read(tenant_id)
        monkeypatch.setattr(generation, "_read", read)
        events.publish("facts_changed", tenant_id=tenant_id)
        return found

    monkeypatch.setattr(generation, "_read", overtaken)
    cache.forget_generations()
    assert cache.generations(tenant.pk)["facts"] == 0
    assert cache.generations(tenant.pk)["facts"] == 1


def test_generations_are_forgotten_for_one_company_or_for_all(db: None) -> None:
    one, other = make_tenant(), make_tenant("Boreal")
    for tenant in (one, other):
        cache.generations(tenant.pk)
    Generation.objects.update(facts=7)
    assert [cache.generations(tenant.pk)["facts"] for tenant in (one, other)] == [0, 0], "held for a second"
    cache.forget_generations(one.pk)
    assert [cache.generations(tenant.pk)["facts"] for tenant in (one, other)] == [7, 0]
    cache.forget_generations()
    assert [cache.generations(tenant.pk)["facts"] for tenant in (one, other)] == [7, 7]
