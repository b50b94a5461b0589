"""A worker that is killed while the receiver holds its message: a real process, SIGKILL, a receiver at a real socket."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from lib import clock
from live.hooks import sending
from live.hooks.tests.test_hooks import Receiver, State, endpoint, is_signed, receiver, tell
from live.models import HookDelivery
from tests.api import body, signed_in
from tests.cast import Cast
from tests.database import url_of_test_database

__all__ = ["receiver"]
pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[3]
SENDING = "import django; django.setup(); from live.hooks import sending; sending.send_due()"


class Holding(list[Any]):
    """What the receiver was sent; says when the first message is there."""

    def __init__(self) -> None:
        super().__init__()
        self.first = threading.Event()

    def append(self, one: Any) -> None:
        """Take one, and say so."""
        super().append(one)
        self.first.set()


@pytest.mark.timeout(240)  # a worker of its own starts on a busy machine
def test_a_killed_workers_message_is_seen_waiting_and_sent_again_with_its_id(
    cast: Cast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, secret = endpoint(cast, receiver.url)
    tell(cast)
    receiver.got = held = Holding()
    receiver.answers = [0]  # the receiver has it and says nothing
    named = {"DATABASE_URL": url_of_test_database(), "ALLOW_PRIVATE_UPSTREAMS": "true"}
    worker = subprocess.Popen([sys.executable, "-c", SENDING], cwd=ROOT, env=os.environ | named)
    try:
        assert held.first.wait(200)
    finally:
        worker.kill()
        worker.wait()
    way = f"/api/alerts/webhooks/{row.pk}/deliveries"
    [shown] = body(signed_in(cast.ana).get(way))["data"]["deliveries"]
    assert (shown["state"], shown["attempts"], shown["status"]) == ("waiting", 1, None)
    assert shown["tried_at"] is not None
    assert sending.send_due() == 0, "it may still be at it"
    later = clock.now() + sending.LEASE
    monkeypatch.setattr(clock, "now", lambda: later)
    assert sending.send_due() == 1
    assert [headers["webhook-id"] for headers, _body in held] == [shown["message_id"]] * 2
    monkeypatch.undo()
    headers, message = held[0]
    assert is_signed(headers, message, secret)
    sent = HookDelivery.objects.get()
    assert (sent.state, sent.attempts, sent.status) == (State.DELIVERED, 2, 204)
