"""JSON in and out without losing a digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import jsontext

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_what_is_written_reads_back_equal(value):
    assert jsontext.loads(jsontext.canonical(value)) == value


@given(st.dictionaries(st.text("abcdef", max_size=3), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(value):
    assert jsontext.canonical(value) == jsontext.canonical(dict(reversed(value.items())))


def test_digits_are_kept_as_they_were_written():
    assert jsontext.canonical(jsontext.loads('{"b": 1250.00, "a": -0.1}')) == b'{"a":-0.1,"b":1250.00}'


def test_what_postgresql_refuses_is_replaced():
    assert jsontext.canonical({"a\0": "x\0y"}) == '{"a\ufffd":"x\ufffdy"}'.encode()
    assert jsontext.canonical(["\ud800"]) == b'["?"]'
    assert jsontext.canonical([Decimal("1E+9999")]) == b'["1E+9999"]'
    assert jsontext.canonical(["\\u0000"]) == b'["\\\\u0000"]'


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "[-Infinity]", "{", "", "[" * 100_000])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError):
        jsontext.loads(text)
