"""No test sees two days."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.midnight import LONG, USUAL, pause


@pytest.mark.parametrize(
    ("moment", "longest", "seconds"),
    [
        ("2026-11-23 02:59:55", USUAL, 5),  # São Paulo is three hours behind
        ("2026-11-22 23:59:30", USUAL, 30),
        ("2026-11-22 23:59:29", USUAL, 0),
        ("2026-11-22 23:59:29", LONG, 31),
        ("2026-11-23 00:00:00", LONG, 0),
        ("2026-11-23 03:00:00", LONG, 0),
        ("2026-11-22 20:00:00", LONG, 0),
    ],
)
def test_what_could_run_into_the_next_day_begins_in_it(moment: str, longest: timedelta, seconds: int) -> None:
    found = pause(datetime.fromisoformat(moment).replace(tzinfo=UTC), longest)
    assert found == timedelta(seconds=seconds)
