"""One's fault costs the others nothing, and is not hushed up."""

import pytest
from django.db import OperationalError, connection, transaction

from lib import apart, pg


def test_the_others_are_done_and_the_first_error_is_raised_at_the_end() -> None:
    each = apart.each([1, 0, 2, "x"], lambda one: 10 / one)  # type: ignore[operator]
    assert [next(each), next(each)] == [(1, 10.0), (2, 5.0)]
    with pytest.raises(ZeroDivisionError):
        next(each)


@pytest.mark.django_db(transaction=True)
def test_a_slow_statement_is_one_companys_trouble_a_lost_database_everybodys() -> None:
    asked = []

    def slow(item: int) -> None:
        asked.append(item)
        with transaction.atomic():
            pg.execute("SET LOCAL statement_timeout = 5")
            pg.fetch("SELECT pg_sleep(60)")

    with pytest.raises(OperationalError, match="statement timeout"):
        list(apart.each([1, 2], slow))
    assert asked == [1, 2]

    def lost(item: int) -> None:
        asked.append(item)
        pg.fetch("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(OperationalError):
        list(apart.each([3, 4], lost))
    assert asked == [1, 2, 3]
    connection.close()


def test_without_errors_nothing_is_raised() -> None:
    assert list(apart.each([1, 2], str)) == [(1, "1"), (2, "2")]
