"""For tests of what is sent by mail: a mail server that keeps what it gets, and a clock that is set."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest


@pytest.fixture
def sink(settings: Any) -> Iterator[Any]:
    """A mail server of the test's own, which the settings name."""
    from live.notifications.tests import smtp

    with smtp.running() as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        settings.PUBLIC_URL = "https://painel.example.com/"
        settings.DEFAULT_FROM_EMAIL = "Painel <painel@example.com>"
        yield found


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The clock of everything here, to be set: noon of Tuesday, 10 March 2026, in São Paulo."""
    from lib import clock

    class Moment:
        now = datetime.fromisoformat("2026-03-10T15:00:00+00:00")

    monkeypatch.setattr(clock, "now", lambda: Moment.now)
    return Moment
