"""One's fault costs the others nothing, and is not hushed up."""

import pytest
from django.db import OperationalError

from lib import apart


def test_the_others_are_done_and_the_first_error_is_raised_at_the_end() -> None:
    each = apart.each([1, 0, 2, "x"], lambda one: 10 / one)  # type: ignore[operator]
    assert [next(each), next(each)] == [(1, 10.0), (2, 5.0)]
    with pytest.raises(ZeroDivisionError):
        next(each)


def test_a_database_that_does_not_answer_is_everybodys_trouble() -> None:
    asked = []

    def work(item: int) -> None:
        asked.append(item)
        raise OperationalError

    with pytest.raises(OperationalError):
        list(apart.each([1, 2, 3], work))
    assert asked == [1]


def test_without_errors_nothing_is_raised() -> None:
    assert list(apart.each([1, 2], str)) == [(1, "1"), (2, "2")]
