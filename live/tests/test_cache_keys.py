"""Keys: equal questions have equal keys, different ones different keys, and every key names its company."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live import cache
from live.cache import keys
from live.cache.resources import GROUPS, Resource
from tests.factories import make_tenant

from .cache_tools import Counted, redis, remember

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.dates(),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
    st.lists(st.text("ab:,", max_size=3), max_size=3),
)
PARAMS = st.dictionaries(st.text('abc:"', min_size=1, max_size=3), VALUES, max_size=4)
PARTS = st.one_of(st.just(""), st.from_regex(keys.PART, fullmatch=True))
QUESTIONS = st.tuples(
    st.sampled_from(sorted(cache.resources())),
    st.integers(1, 30),
    st.tuples(*[st.integers(0, 30)] * 3),
    PARTS,
    PARAMS,
)
Question = tuple[str, int, tuple[int, ...], str, dict[str, Any]]


def meaning(value: Any) -> Any:
    """Return what a value counts as: dates and Decimals like their text; unlike Python, 1 and True are two things."""
    if isinstance(value, date | Decimal):
        return ("str", str(value))
    if isinstance(value, list):
        return ("list", tuple(meaning(one) for one in value))
    return (type(value).__name__, value)


def meanings(params: dict[str, Any]) -> frozenset[tuple[str, Any]]:
    """Return what the parameters mean, whatever their order."""
    return frozenset((name, meaning(value)) for name, value in params.items())


def key_of(question: Question) -> str:
    """Return the key of the question."""
    name, tenant_id, generations, part, params = question
    current = dict(zip(GROUPS, generations, strict=True))
    return keys.key(cache.resource(name), tenant_id=tenant_id, generations=current, params=params, part=part)


def parts_of(question: Question) -> tuple[Any, ...]:
    """Return everything that an answer to the question depends on."""
    name, tenant_id, generations, part, params = question
    current = dict(zip(GROUPS, generations, strict=True))
    return (
        name,
        tenant_id,
        tuple(current[group] for group in cache.resource(name).groups),
        part,
        meanings(params),
    )


@given(PARAMS, PARAMS)
def test_a_digest_is_the_same_exactly_for_the_same_parameters(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert (cache.digest(one) == cache.digest(other)) == (meanings(one) == meanings(other))
    assert cache.digest(dict(reversed(one.items()))) == cache.digest(one)


@given(QUESTIONS, QUESTIONS)
def test_a_key_is_the_same_exactly_for_the_same_question(one: Question, other: Question) -> None:
    assert (key_of(one) == key_of(other)) == (parts_of(one) == parts_of(other))


@given(QUESTIONS)
def test_a_key_names_its_company_first_and_can_be_taken_apart(question: Question) -> None:
    name = key_of(question)
    assert name.startswith(f"tenant:{question[1]}:{question[0]}:")
    assert keys.taken_apart(name) == (question[1], question[0])
    assert re.fullmatch(r"tenant:\d+:[a-z]+:[\d.]+(:[a-z0-9][a-z0-9_-]{0,31})?(:[0-9a-f]{40})?", name)


@pytest.mark.parametrize("part", ["a:b", "A", "x" * 33, "2026-03:1", "ç", " "])
def test_a_part_that_could_be_mistaken_is_refused(db: None, part: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a key"):
        remember(make_tenant().pk, Counted(), part=part)


def test_a_resource_without_a_row_has_its_own_life(db: None, settings: Any) -> None:
    settings.CACHE_TTL_SECONDS = 1_000
    assert cache.resource("comparison") == Resource("comparison", 1_000, GROUPS)
    with pytest.raises(ValueError, match="cannot name"):
        cache.resource("a:b")
    tenant = make_tenant()
    answer = remember(tenant.pk, Counted(), "comparison")
    assert (answer.state, answer.ttl) == ("MISS", 1_000)
    (name,) = redis().scan_iter("tenant:*")
    assert name.decode() == f"tenant:{tenant.pk}:comparison:0.0.0"


def test_every_time_to_live_can_be_set(settings: Any) -> None:
    given_by = {
        "settings": "CACHE_TTL_SETTINGS", "accounts": "CACHE_TTL_ACCOUNTS", "txns": "CACHE_TTL_TXNS",
        "customers": "CACHE_TTL_CUSTOMERS", "recon": "CACHE_TTL_RECON", "kpis": "CACHE_TTL_MONTHS", "board": "CACHE_TTL_KPIS",
        "list": "CACHE_TTL_LISTS", "details": "CACHE_TTL_DETAILS",
    }  # fmt: skip
    table = {
        "settings": 300, "accounts": 120, "txns": 60, "customers": 600, "recon": 30, "kpis": 120, "board": 300, "list": 60,
        "details": 600,
    }  # fmt: skip
    assert {name: row.ttl for name, row in cache.resources().items()} == table
    for n, name in enumerate(given_by.values(), start=1):
        setattr(settings, name, n)
    assert {name: row.ttl for name, row in cache.resources().items()} == {
        name: n for n, name in enumerate(given_by, start=1)
    }


def test_what_one_company_left_is_never_found_by_another(db: None) -> None:
    one, other = make_tenant(), make_tenant("Boreal")
    for resource in cache.resources():
        for more in ({}, {"part": "2026-03"}, {"params": {"a": 1}}):
            assert remember(one.pk, Counted("one"), resource, **more).state == "MISS"
            found = remember(other.pk, Counted("other"), resource, **more)
            assert (found.state, found.body) == ("MISS", b'"other"')
    mine = {name for name in redis().scan_iter("tenant:*") if name.startswith(f"tenant:{one.pk}:".encode())}
    assert len(mine) == 27
    assert len(list(redis().scan_iter("*"))) == 54
