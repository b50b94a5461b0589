"""The database of the tests, for the programs that they start."""

import os

from django.db import connection


def url_of_test_database() -> str:
    """Return the URL of the database that pytest-django made from the one in the environment."""
    base, _, query = os.environ["DATABASE_URL"].partition("?")
    url = f"{base.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    return f"{url}?{query}" if query else url
