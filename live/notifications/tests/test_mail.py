"""E-mail from rows, against a mail server at a real socket: together, at the right time, once, and after failures again."""

import threading
from datetime import datetime, time, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client

from live.models import Notification, NotificationPreference
from live.notifications import mail, notify, services
from live.notifications.tests.smtp import Sink
from tenants.models import Membership, Role, Tenant, User
from tests.cast import Cast
from tests.factories import make_member, make_tenant

EVENT = "invitation_accepted"


def wants(user: User, tenant: Tenant, **fields: Any) -> NotificationPreference:
    return NotificationPreference.objects.create(
        tenant=tenant, user=user, **{"email_notifications": True, **fields}
    )


def tell(cast: Cast, *names: str, severity: str | None = None) -> list[int]:
    return [
        pk
        for name in names
        for pk in notify(
            EVENT, tenant=cast.aurora, params={"person": name, "role": "viewer"}, severity=severity
        )
    ]


def test_one_message_says_all_that_is_due_in_the_persons_language(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    wants(cast.ana, cast.aurora, frequency="hourly")
    english = make_member(cast.aurora, user=User.objects.create_user("eve@example.com", language="en"))
    wants(english, cast.aurora)
    tell(cast, "Maria & José", "Zoé")
    Notification.objects.update(created_at=moment.now)
    assert mail.send_due() == 1, "Eve's at once"
    moment.now += timedelta(hours=1)
    assert mail.send_due() == 1, "Ana's at the full hour"
    assert mail.send_due() == 0
    hers, ours = sink.messages
    assert (hers["To"], ours["To"]) == ("eve@example.com", "ana@example.com")
    assert hers["Subject"] == "2 notifications · Aurora"
    assert ours["Subject"] == "2 notificações · Aurora"
    text, page = (ours.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "Maria & José" in text
    assert "Zoé" in text
    assert "10/03/2026 12h00" in text, "on the company's clock"
    assert "https://painel.example.com/t/aurora/settings/people/" in text
    assert "https://painel.example.com/t/aurora/settings/notifications/" in text
    assert "Maria &amp; José" in page
    assert "style=" not in page
    assert ours["Auto-Submitted"] == "auto-generated"
    assert ours["Message-ID"].endswith("@example.com>")
    sent = Notification.objects.exclude(emailed_at=None).values_list("user__email", "email_attempts")
    assert sorted(sent) == [("ana@example.com", 1)] * 2 + [("eve@example.com", 1)] * 2


def test_a_digest_holds_exactly_one_persons_rows_of_one_company(cast: Cast, sink: Sink, moment: Any) -> None:
    make_member(cast.boreal, Role.OWNER, user=cast.ana)
    wants(cast.ana, cast.aurora, frequency="daily")
    wants(cast.ana, cast.boreal, frequency="daily")
    tell(cast, "One", "Two")
    notify(EVENT, tenant=cast.boreal, params={"person": "Three", "role": "viewer"})
    moment.now = datetime.fromisoformat("2026-03-11T10:59:59+00:00")
    assert mail.send_due() == 0
    moment.now += timedelta(seconds=1)
    tell(cast, "Tomorrow's")
    assert mail.send_due() == 2
    aurora, boreal = sink.messages
    body = aurora.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert [name in body for name in ("One", "Two", "Three", "Tomorrow's")] == [True, True, False, False]
    assert boreal["Subject"] == "Three aceitou o convite · Boreal"


def test_quiet_hours_hold_even_for_what_was_due_before_them(cast: Cast, sink: Sink, moment: Any) -> None:
    wants(cast.ana, cast.aurora, quiet_from=time(22), quiet_until=time(7))
    moment.now = datetime.fromisoformat("2026-03-11T00:50:00+00:00")  # 21:50, and no worker until 23:00
    tell(cast, "Late")
    moment.now += timedelta(minutes=70)
    tell(cast, "Fire", severity="critical")
    assert mail.send_due() == 1
    assert sink.messages[0]["Subject"] == "Fire aceitou o convite · Aurora"
    moment.now = datetime.fromisoformat("2026-03-11T09:59:59+00:00")
    assert mail.send_due() == 0
    moment.now += timedelta(seconds=1)
    assert mail.send_due() == 1
    assert sink.messages[1]["Subject"] == "Late aceitou o convite · Aurora"


@pytest.mark.parametrize("why", ["revoked", "deactivated", "closed", "turned off", "unsubscribed"])
def test_who_left_or_had_enough_gets_no_more(cast: Cast, sink: Sink, moment: Any, why: str) -> None:
    wants(cast.ana, cast.aurora, frequency="daily")
    tell(cast, "One")
    if why == "revoked":
        Membership.objects.filter(user=cast.ana).delete()
    elif why == "deactivated":
        User.objects.filter(pk=cast.ana.pk).update(is_active=False)
    elif why == "closed":
        Tenant.objects.filter(pk=cast.aurora.pk).update(is_active=False)
    elif why == "turned off":
        NotificationPreference.objects.update(email_notifications=False)
    else:
        way = f"/notifications/unsubscribe/{mail.token(tenant=cast.aurora, user=cast.ana)}"
        assert Client(enforce_csrf_checks=True).post(way).status_code == 200
    moment.now += timedelta(days=2)
    assert mail.send_due() == 0
    assert sink.raw == []
    assert Notification.objects.get(user=cast.ana).email_due_at is None


def test_a_server_that_is_away_is_asked_again_later(
    cast: Cast, sink: Sink, moment: Any, settings: Any
) -> None:
    wants(cast.ana, cast.aurora)
    bruno = wants(make_member(cast.aurora, email="zoe@example.com"), cast.aurora)
    tell(cast, "One")
    settings.EMAIL_PORT = 1  # nobody listens there
    rests = []
    for _attempt in range(8):
        assert mail.send_due() == 0
        row = Notification.objects.get(user=cast.ana)
        assert row.email_due_at
        rests.append((row.email_due_at - moment.now).total_seconds() / 60)
        moment.now = row.email_due_at
        Notification.objects.filter(user=bruno.user).update(email_due_at=moment.now + timedelta(days=1))
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60]
    settings.EMAIL_PORT = sink.port
    assert mail.send_due() == 1
    assert len(sink.raw) == 1


def test_one_address_that_is_refused_stops_nobody_else(cast: Cast, sink: Sink, moment: Any) -> None:
    wants(cast.ana, cast.aurora)
    zoe = make_member(cast.aurora, email="zoe@example.com")
    wants(zoe, cast.aurora)
    grey = make_member(cast.aurora, email="grey@example.com")
    wants(grey, cast.aurora)
    sink.refuse = {"ana@": "550 no such mailbox", "grey@": "451 later"}
    tell(cast, "One")
    assert mail.send_due() == 1
    assert [message["To"] for message in sink.messages] == ["zoe@example.com"]
    state = dict(Notification.objects.values_list("user__email", "email_due_at"))
    assert state["ana@example.com"] is None, "refused for good"
    assert state["grey@example.com"] == moment.now + timedelta(minutes=1)
    sink.refuse = {}
    moment.now += timedelta(minutes=1)
    assert mail.send_due() == 1
    assert sink.messages[-1]["To"] == "grey@example.com"


def test_after_four_days_it_stays_in_the_bell(cast: Cast, sink: Sink, moment: Any) -> None:
    wants(cast.ana, cast.aurora)
    pk = tell(cast, "One")[0]
    Notification.objects.filter(pk=pk).update(created_at=moment.now - timedelta(days=4, seconds=1))
    sink.refuse = {"ana@": "451 later"}
    assert mail.send_due() == 0
    row = Notification.objects.get(pk=pk)
    assert (row.email_due_at, row.emailed_at, row.read_at) == (None, None, None)


def test_a_worker_that_dies_while_sending_leaves_the_message_to_be_sent_again(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    wants(cast.ana, cast.aurora)
    tell(cast, "One")
    with patch.object(mail, "_rows", side_effect=SystemExit), pytest.raises(SystemExit):
        mail.send_due()
    assert mail.send_due() == 0, "perhaps it is still being sent"
    moment.now += mail.LEASE
    assert mail.send_due() == 1
    first, second = sink.messages
    assert first["Message-ID"] == second["Message-ID"], "mail programs know a copy by it"
    assert mail.send_due() == 0


def test_a_server_that_hangs_up_before_it_said_yes_gets_it_again(cast: Cast, sink: Sink, moment: Any) -> None:
    wants(cast.ana, cast.aurora)
    tell(cast, "One")
    sink.hang_up_after_data = True
    assert mail.send_due() == 0
    sink.hang_up_after_data = False
    moment.now += timedelta(minutes=1)
    assert mail.send_due() == 1


def test_a_line_break_in_a_name_does_not_end_the_header(cast: Cast, sink: Sink, moment: Any) -> None:
    Tenant.objects.filter(pk=cast.aurora.pk).update(name="Aurora\r\nBcc: all@example.com")
    wants(cast.ana, cast.aurora)
    tell(cast, "One\nTwo")
    assert mail.send_due() == 1
    assert sink.messages[0]["Bcc"] is None
    assert sink.messages[0]["Subject"].strip() == "One Two aceitou o convite · Aurora Bcc: all@example.com"


def test_without_a_public_address_there_are_no_links(
    cast: Cast, sink: Sink, moment: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    wants(cast.ana, cast.aurora)
    tell(cast, "One")
    mail.send_due()
    message = sink.messages[0]
    assert message["List-Unsubscribe"] is None
    assert b"http" not in sink.raw[0]


def test_the_way_out_needs_no_sign_in_and_opens_nothing_else(cast: Cast, sink: Sink, moment: Any) -> None:
    wants(cast.ana, cast.aurora)
    tell(cast, "One")
    mail.send_due()
    message, client = sink.messages[0], Client(enforce_csrf_checks=True)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way = str(message["List-Unsubscribe"]).strip(" <>").removeprefix("https://painel.example.com")
    assert "Aurora" in client.get(way).content.decode()
    assert NotificationPreference.objects.get().email_notifications, "looking changes nothing"
    assert client.post(way, {"List-Unsubscribe": "One-Click"}).status_code == 200
    preference = NotificationPreference.objects.get()
    assert (preference.email_notifications, preference.channels) == (False, ["app"])
    assert client.get(way[:-2]).status_code == 404
    Membership.objects.filter(user=cast.ana).delete()
    assert client.post(way).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_digest_once_and_whole(sink: Sink, settings: Any) -> None:
    tenant = make_tenant("Aurora")
    people = [make_member(tenant) for _n in range(6)]
    for person in people:
        wants(person, tenant)
    for n in range(5):
        notify(EVENT, tenant=tenant, params={"person": f"P{n}", "role": "viewer"})
    together, sent = threading.Barrier(3), []

    def work() -> None:
        try:
            together.wait(timeout=10)
            sent.append(mail.send_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sum(sent) == len(sink.raw) == 6
    assert sorted(str(message["To"]) for message in sink.messages) == sorted(p.email for p in people)
    assert {str(message["Subject"]) for message in sink.messages} == {"5 notificações · Aurora"}


def test_a_worker_is_woken_for_what_is_due_now_only(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    preference = wants(cast.ana, cast.aurora, frequency="daily")
    with patch("live.wake.now") as woken:
        with django_capture_on_commit_callbacks(execute=True):
            tell(cast, "Later")
        assert not woken.called
        NotificationPreference.objects.filter(pk=preference.pk).update(frequency="immediate")
        with django_capture_on_commit_callbacks(execute=True):
            tell(cast, "Now")
        woken.assert_called_once_with(services.SEND)
