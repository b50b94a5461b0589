"""Workers that are killed with a report in hand: real processes, SIGKILL, a mail server at a real socket."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi.models import Board, Report, ReportDelivery
from kpi.reports import delivering, services
from lib import clock
from live.notifications.tests import smtp
from tests.cast import Cast
from tests.database import url_of_test_database
from tests.factories import access_of

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]
Status = ReportDelivery.Status
# A worker that kills itself at one step: the message is made and nothing was said to the mail server, or the server has just taken it.
DYING = """
import os, signal, sys, django
django.setup()
from django.core.mail.backends.smtp import EmailBackend
from kpi.reports import delivering
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "made":
    delivering._send = die
else:
    send = EmailBackend.send_messages
    EmailBackend.send_messages = lambda self, mails: (send(self, mails), die())
delivering.plan_due()
delivering.deliver_due()
"""


@pytest.mark.timeout(240)  # a worker of its own starts on a busy machine
@pytest.mark.parametrize(
    ("step", "state", "arrived"), [("made", Status.MAKING, 0), ("taken", Status.SENDING, 1)]
)
def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch, step: str, state: str, arrived: int
) -> None:
    board = Board.objects.create(tenant=cast.aurora, name="Visão", shared=True)
    report = services.create(
        access=access_of(cast.ana, cast.aurora), board=board, fields={"name": "Manhã", "frequency": "daily"}
    )
    Report.objects.update(next_at=clock.now() - timedelta(minutes=1))
    with smtp.running() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        named = {"DATABASE_URL": url_of_test_database(), "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}"}
        died = subprocess.run(
            [sys.executable, "-c", DYING, step], cwd=ROOT, env=os.environ | named, timeout=200, check=False
        )
        assert died.returncode == -signal.SIGKILL
        row = report.deliveries.get()
        assert (row.status, len(sink.raw)) == (state, arrived)
        assert delivering.deliver_due() == 0, "it may still be at it"
        later = clock.now() + delivering.LEASE
        monkeypatch.setattr(clock, "now", lambda: later)
        assert delivering.deliver_due() == 1 - arrived
        assert len(sink.raw) == 1
    row.refresh_from_db()
    assert row.status == (Status.UNSURE if arrived else Status.SENT)
    assert report.deliveries.count() == 1
