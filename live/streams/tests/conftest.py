"""A web process under many tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError
from django.test import TransactionTestCase

from live.streams.tests.web import Web
from tenants.models import Tenant, User


@pytest.fixture(scope="module")
def web(django_db_setup: None, django_db_blocker: Any) -> Iterator[Web]:
    """A web process for all tests of a module: rows come and go under it, as in life.

    After each test rows are deleted instead of tables truncated: truncating under a process that reads would be a deadlock. Tables are
    truncated once, when the process is gone.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: wipe())
        with Web(
            {
                "WEBSOCKET_CORS_ORIGIN": "https://partner.example.com",
                "RATE_LIMIT_REQUESTS_PER_MINUTE": "100000",
            }
        ) as process:
            yield process
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


def wipe() -> None:
    """Delete companies and people. Where the process wrote a row of theirs in between, once more."""
    for _ in range(10):
        try:
            Session.objects.all().delete()
            Tenant.objects.all().delete()
            User.objects.all().delete()
        except IntegrityError:
            continue
        return
    raise AssertionError("somebody goes on writing")
