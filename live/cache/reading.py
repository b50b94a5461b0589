"""Reading through the cache: a hit, an old value while a new one is computed, or one computation that everybody waits for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from django.db import connection
from django.utils import translation

from live.cache import later, once, stats, tiers
from live.cache.answer import Answer, State, Stored
from live.cache.generation import generations
from live.cache.keys import key
from live.cache.resources import Resource, resource


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked: the exact key, the generations in it, and how to compute the answer."""

    row: Resource
    tenant_id: int
    generations: Mapping[str, int]
    name: str
    compute: Callable[[], Any]


def remember(
    resource_name: str,
    *,
    tenant_id: int,
    compute: Callable[[], Any],
    params: Mapping[str, Any] | None = None,
    part: str = "",
) -> Answer:
    """Return the answer from the cache, or compute, keep and return it. `compute` returns what orjson can write (Decimal as text).

    `params` are hashed into the key, `part` stands in it in the clear; everything that the answer depends on must be in one of them. Inside
    a transaction nothing is read or kept: what it sees may never be committed. Raises what `compute` raises, ValueError for an odd part.
    """
    row = resource(resource_name)
    if _inside_transaction():
        return _answer(row, _computed(compute), "MISS")
    current = generations(tenant_id)
    name = key(row, tenant_id=tenant_id, generations=current, params=params, part=part)
    question = _Question(row, tenant_id, current, name, compute)
    found = _look(question)
    if found is None:
        return _first(question)
    stored, tier, fresh = found
    stats.count(row.name, "hits" if fresh else "stale", tier)
    if fresh:
        return _answer(row, stored, "HIT")
    _renew(question)
    return _answer(row, stored, "STALE")


def _inside_transaction() -> bool:
    """Return whether a transaction is open, other than the one that Django's tests put around everything."""
    return any(not block._from_testcase for block in connection.atomic_blocks)  # type: ignore[attr-defined]


def _look(question: _Question) -> tuple[Stored, tiers.Name, bool] | None:
    """Return the value, its tier and whether it is fresh; None when there is none young enough to be served."""
    found = tiers.look(question.name, seconds=question.row.kept_for)
    if found is None:
        return None
    stored, tier = found
    age, row = time.time() - stored.at, question.row
    # A clock that was set back makes ages negative; what claims to come from further ahead than it lives is not believed.
    if not -row.ttl < age < row.kept_for:
        return None
    return stored, tier, age < row.ttl


def _first(question: _Question) -> Answer:
    """Compute what nobody has, or get it from whoever is computing it."""
    (stored, tier), here = once.in_this_process(question.name, partial(_in_turn, question))
    waited = tier is not None or not here
    stats.count(question.row.name, "hits" if waited else "misses", (tier or "memory") if waited else "")
    return _answer(question.row, stored, "HIT" if waited else "MISS")


def _in_turn(question: _Question) -> tuple[Stored, tiers.Name | None]:
    """Return the value with the tier that had it meanwhile, or (None) computed here."""
    turn = once.Turn(question.name)
    found = turn.wait(partial(_look, question)) if not turn.mine else None
    try:
        # Between the first look and the turn somebody may have finished.
        found = found or _look(question)
        if found is not None and found[2]:
            return found[0], found[1]
        return _kept(question), None
    finally:
        turn.end()


def _kept(question: _Question) -> Stored:
    """Compute, and keep the value unless the facts moved on meanwhile: it may then show some of both generations."""
    stored = _computed(question.compute)
    now = generations(question.tenant_id, fresh=True)
    if all(now[group] == question.generations[group] for group in question.row.groups):
        tiers.keep(question.name, stored, seconds=question.row.kept_for)
    return stored


def _renew(question: _Question) -> None:
    """Have the value computed anew, once among all processes, while the old one is served."""
    if not once.begin(question.name):
        return
    turn, language = once.Turn(question.name), translation.get_language()

    def job() -> None:
        try:
            with translation.override(language):
                _kept(question)
        finally:
            turn.end()
            once.finish(question.name)

    if not turn.mine or not later.do(job):
        turn.end()
        once.finish(question.name)


def _computed(compute: Callable[[], Any]) -> Stored:
    # The clock is read before the work: a value is as old as the facts that it began with.
    at = time.time()
    return Stored.of(orjson.dumps(compute(), default=str), at=at)


def _answer(row: Resource, stored: Stored, state: State) -> Answer:
    age = max(0, int(time.time() - stored.at))
    return Answer(stored.body, state, age, row.ttl, stored.tag)
