"""Mail servers and workers that fail with a report in hand: nothing is lost, nothing is sent twice."""

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from kpi.models import Report, ReportDelivery
from kpi.reports import delivering, services
from kpi.tests.reports import add, next_morning, planned, sells, states
from live.models import Notification
from live.notifications.tests.smtp import Sink
from tests.cast import Cast
from tests.factories import access_of

Status = ReportDelivery.Status


def test_a_mail_server_that_is_away_is_asked_again_later_and_nothing_is_lost(
    cast: Cast, sink: Sink, moment: Any, settings: Any
) -> None:
    sells(cast.aurora, "10.00", "Centro")
    report = planned(cast)
    settings.EMAIL_PORT = 1  # nobody listens there
    rests = []
    assert next_morning(moment) == 0
    for _attempt in range(8):
        row = report.deliveries.get()
        assert row.status == Status.QUEUED
        rests.append((row.due_at - moment.now).total_seconds() / 60)
        moment.now = row.due_at
        if len(rests) < 8:
            assert delivering.deliver_due() == 0
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60]
    settings.EMAIL_PORT = sink.port
    assert delivering.deliver_due() == 1
    assert states(report) == [(f"user:{cast.ana.pk}", "sent")]


def test_after_three_days_it_is_given_up_told_and_can_be_sent_again(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    report = planned(cast, period="year")
    sink.refuse = {"ana@": "451 later"}
    assert next_morning(moment) == 0
    Report.objects.update(next_at=None)
    moment.now += timedelta(days=3, seconds=1)
    assert delivering.deliver_due() == 0
    row = report.deliveries.get()
    assert (row.status, row.due_at) == (Status.FAILED, None)
    told = Notification.objects.get(user=cast.ana, event="report_failed")
    assert told.path == f"/t/aurora/reports/{report.pk}/"
    sink.refuse = {}
    client = Client()
    client.force_login(cast.ana)
    assert "não pôde ser alcançado por três dias" in client.get(told.path).content.decode()
    assert client.post(f"/t/aurora/reports/deliveries/{row.pk}/again/").status_code == 302
    assert delivering.deliver_due() == 1


def test_an_address_that_is_refused_for_good_stops_nobody_else(cast: Cast, sink: Sink, moment: Any) -> None:
    report = planned(cast)
    add(cast, report, email="ninguem@example.org")
    sink.refuse = {"ninguem@": "550 no such mailbox"}
    assert next_morning(moment) == 1
    assert [status for _who, status in states(report)] == ["sent", "failed"]


def test_a_message_that_is_refused_for_good_is_not_offered_for_three_days(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    report = planned(cast)
    sink.after_data = "554 too large"
    assert next_morning(moment) == 0
    row = report.deliveries.get()
    assert (row.status, row.due_at, row.reason) == (Status.FAILED, None, "The mail server does not accept this message.")  # fmt: skip


def test_one_death_after_days_without_a_server_is_no_reason_to_give_up(
    cast: Cast, sink: Sink, moment: Any, settings: Any
) -> None:
    report = planned(cast)
    settings.EMAIL_PORT = 1  # nobody listens there
    assert next_morning(moment) == 0
    ReportDelivery.objects.update(attempts=delivering.MOST_DEATHS)
    settings.EMAIL_PORT = sink.port
    moment.now += delivering.LONGEST_REST
    with patch.object(delivering, "_send", side_effect=SystemExit), pytest.raises(SystemExit):
        delivering.deliver_due()
    moment.now += delivering.LEASE
    assert delivering.deliver_due() == 1
    assert states(report) == [(f"user:{cast.ana.pk}", "sent")]


def test_a_worker_killed_between_making_and_sending_leaves_it_to_the_next(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    report = planned(cast)
    with patch.object(delivering, "_send", side_effect=SystemExit), pytest.raises(SystemExit):
        next_morning(moment)
    assert states(report) == [(f"user:{cast.ana.pk}", "making")]
    assert delivering.deliver_due() == 0, "perhaps it is still being made"
    moment.now += delivering.LEASE
    assert delivering.deliver_due() == 1
    assert len(sink.raw) == 1


def test_a_worker_killed_after_the_server_took_it_sends_no_second_one(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    report = planned(cast)
    with (
        patch("django.core.mail.backends.smtp.EmailBackend.send_messages", side_effect=SystemExit),
        pytest.raises(SystemExit),
    ):
        next_morning(moment)
    assert states(report) == [(f"user:{cast.ana.pk}", "sending")]
    moment.now += delivering.LEASE
    assert delivering.deliver_due() == 0
    row = report.deliveries.get()
    assert row.status == Status.UNSURE
    assert Notification.objects.filter(user=cast.ana, event="report_failed").count() == 1
    assert services.send_again(access=access_of(cast.ana, cast.aurora), delivery=row)
    assert not services.send_again(access=access_of(cast.ana, cast.aurora), delivery=row)
    assert delivering.deliver_due() == 1


def test_a_server_that_hangs_up_with_the_content_in_hand_is_not_given_it_twice(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    report = planned(cast)
    sink.hang_up_after_data = True
    assert next_morning(moment) == 0
    assert len(sink.raw) == 1
    assert report.deliveries.get().status == Status.UNSURE
    sink.hang_up_after_data = False
    moment.now += timedelta(hours=2)
    assert delivering.deliver_due() == 0
    assert len(sink.raw) == 1


def test_what_kills_every_worker_is_given_up(cast: Cast, sink: Sink, moment: Any) -> None:
    report = planned(cast)
    moment.now = datetime.fromisoformat("2026-03-11T10:00:00+00:00")
    delivering.plan_due()
    with patch.object(delivering, "_make", side_effect=SystemExit):
        for _death in range(delivering.MOST_DEATHS):
            with pytest.raises(SystemExit):
                delivering.deliver_due()
            moment.now += delivering.LEASE
        assert delivering.deliver_due() == 0
    assert report.deliveries.get().status == Status.FAILED
