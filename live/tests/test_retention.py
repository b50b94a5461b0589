"""Which backups are kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from config.backup_place import storage
from live.backups.retention import Keep, expired

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
DAYS = [START + timedelta(days=day) for day in range(120)]  # up to 30 April


def test_the_newest_of_seven_days_four_weeks_and_twelve_months_stay():
    kept = sorted(set(DAYS) - expired(DAYS, Keep(daily=7, weekly=4, monthly=12)))
    assert [f"{at:%m-%d}" for at in kept] == [
        "01-31", "02-28", "03-31", "04-12", "04-19", "04-24", "04-25", "04-26", "04-27", "04-28", "04-29", "04-30",
    ]  # fmt: skip


def test_of_several_a_day_the_newest_stays():
    hours = [START + timedelta(hours=hour) for hour in range(18)]
    assert set(hours) - expired(hours, Keep(daily=3, weekly=0, monthly=0)) == {hours[-1]}


def test_a_long_pause_loses_nothing():
    """Days are counted that have a backup, not those that passed."""
    old = [START + timedelta(days=day) for day in range(3)]
    late = START + timedelta(days=700)
    assert expired([*old, late], Keep(daily=4, weekly=0, monthly=0)) == set()


@given(
    some.lists(some.integers(0, 5_000)),
    some.integers(0, 10),
    some.integers(0, 10),
    some.integers(0, 10),
)
def test_the_newest_always_stays_and_nothing_is_kept_beyond_what_was_asked(hours, daily, weekly, monthly):
    times = [START + timedelta(hours=hour) for hour in hours]
    gone = expired(times, Keep(daily, weekly, monthly))
    assert not times or max(times) not in gone
    assert len(set(times) - gone) <= max(daily + weekly + monthly, 1)
    # Thinning out again finds nothing more to do.
    assert expired(set(times) - gone, Keep(daily, weekly, monthly)) == set()


# --- BACKUP_URL -------------------------------------------------------------------------------------------------------
def made(url, access_key="", secret_key=""):
    return storage(url, folder="/here", access_key=access_key, secret_key=secret_key)


def test_a_folder_or_a_bucket():
    assert made("") == {"BACKEND": "live.backups.places.Folder", "OPTIONS": {"location": "/here"}}
    assert made("file:///var/my%20backups")["OPTIONS"] == {"location": "/var/my backups"}
    assert made("s3://kept/a/b/?endpoint=https://s3.example.com&region=sa-east-1", "AK", "SK") == {
        "BACKEND": "live.backups.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": "kept", "location": "a/b", "endpoint_url": "https://s3.example.com", "region_name": "sa-east-1",
            "access_key": "AK", "secret_key": "SK",
        },
    }  # fmt: skip
    assert made("s3://kept")["OPTIONS"]["access_key"] is None


@pytest.mark.parametrize(
    "url", ["/var/backups", "file://var/backups", "s3:///x", "ftp://x/y", "s3://kept?regiao=x"]
)
def test_anything_else_stops_the_start(url):
    with pytest.raises(ValueError, match="BACKUP_URL"):
        made(url)
