"""The tests' own ground: two workers must not empty each other's Redis."""

import os

from django.conf import settings


def test_the_settings_name_this_worker_s_redis_database() -> None:
    assert os.environ["REDIS_URL"] == settings.REDIS_URL
    assert {options["LOCATION"] for options in settings.CACHES.values()} == {os.environ["REDIS_URL"]}
