"""Delivering boards, against a mail server at a real socket: to whom, when, once, and after failures again."""

import io
import re
import threading
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from openpyxl import load_workbook
from pypdf import PdfReader

from kpi.alerts import services as alerts
from kpi.models import AlertEvent, Anomaly, Board, Report, ReportDelivery, ReportRecipient
from kpi.reports import delivering, letters, services
from kpi.tests.reports import add, board_of, next_morning, planned, sells, states, text_of
from lib import clock
from live.notifications.tests.smtp import Sink
from tenants.models import Membership, Tenant, User
from tests.cast import Cast
from tests.factories import access_of

Status = ReportDelivery.Status


def test_a_board_arrives_at_its_hour_as_numbers_picture_and_files(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    sells(cast.aurora, "1234.50", "Centro")
    report = planned(cast, as_xlsx=True)
    assert str(report.next_at) == "2026-03-11 10:00:00+00:00"
    assert (delivering.plan_due(), delivering.deliver_due()) == (0, 0), "not yet seven"
    assert next_morning(moment) == 1
    mail = sink.messages[0]
    assert (mail["To"], mail["Subject"]) == ("ana@example.com", "Manhã: 01/03/2026 a 11/03/2026 · Aurora")
    text, page = (text_of(mail, kind) for kind in ("plain", "html"))
    assert "Vendas: R$ 1.234,50" in text
    assert "R$ 1.234,50" in page
    assert 'src="cid:chart@painel"' in page
    assert "https://painel.example.com/t/aurora/boards/" in text
    parts = {str(part.get_filename()): part.get_content() for part in mail.walk() if part.get_filename()}
    assert sorted(parts) == ["aurora-visao-2026-03-11.pdf", "aurora-visao-2026-03-11.xlsx", "chart.png"]
    assert parts["chart.png"][:8] == b"\x89PNG\r\n\x1a\n"
    assert "1.234,50" in PdfReader(io.BytesIO(parts["aurora-visao-2026-03-11.pdf"])).pages[0].extract_text()
    assert load_workbook(io.BytesIO(parts["aurora-visao-2026-03-11.xlsx"])).active["B8"].value == 1234.5
    row = report.deliveries.get()
    assert (row.status, row.attempts, row.due_at, row.sent_at) == (Status.SENT, 1, None, moment.now)
    assert row.size > 20_000
    report.refresh_from_db()
    assert str(report.next_at) == "2026-03-12 10:00:00+00:00"


def test_what_stood_out_is_named_to_whom_it_concerns(cast: Cast, sink: Sink, moment: Any) -> None:
    sells(cast.aurora, "99", "Norte")
    report = planned(cast)
    add(cast, report, email="fora@example.org")
    add(cast, report, email="norte@example.org", dimension="store", key="Norte")
    day, now = moment.now.date(), moment.now
    for tenant, name in ((cast.aurora, "Sabão"), (cast.boreal, "Alheio")):
        Anomaly.objects.create(
            tenant=tenant, measure="revenue", kind="low", dimension="product", key="1", name=name, first_day=day, last_day=day, expected=90, lo=80, hi=100,
            got=10, score=3, found_at=now, updated_at=now,
        )  # fmt: skip
    rule = alerts.create(
        access=access_of(cast.ana, cast.aurora),
        fields={"kpi": "revenue", "kind": "absolute", "way": "below", "limit": Decimal(100), "window": "day"},
    )
    AlertEvent.objects.create(
        tenant=cast.aurora, rule=rule, day=day, got=99, first_got=99, expected=100, fired_at=now
    )
    assert next_morning(moment) == 3
    said = {str(mail["To"]): text_of(mail) for mail in sink.messages}
    page = text_of(sink.messages[0], "html")
    assert "O que chamou atenção" in page
    assert "Vendas · Sabão" in page
    assert "- Vendas: R$ 99,00." in said["ana@example.com"]
    assert "- Vendas: R$ 99,00." not in said["fora@example.org"]
    assert "Sabão" in said["fora@example.org"]
    assert "O que chamou" not in said["norte@example.org"]
    assert not any("Alheio" in text for text in said.values())


def test_nothing_new_is_skipped_and_said_so(cast: Cast, sink: Sink, moment: Any) -> None:
    sells(cast.aurora, "10.00", "Centro")
    report = planned(cast, period="year")
    assert next_morning(moment) == 1
    assert next_morning(moment) == 0
    assert states(report) == [(f"user:{cast.ana.pk}", "sent"), (f"user:{cast.ana.pk}", "skipped")]
    sells(cast.aurora, "5.00", "Centro")
    assert next_morning(moment) == 1
    assert len(sink.raw) == 2


def test_each_copy_has_its_own_filter_and_language(cast: Cast, sink: Sink, moment: Any) -> None:
    sells(cast.aurora, "100.00", "Centro")
    sells(cast.aurora, "40.00", "Norte")
    sells(cast.boreal, "7.00", "Centro")
    User.objects.filter(pk=cast.bruno.pk).update(language="en")
    report = planned(cast)
    add(cast, report, user=cast.bruno, dimension="store", key="Norte")
    add(cast, report, email="Contadora@Escritorio.example", dimension="store", key="Centro")
    assert next_morning(moment) == 3
    bodies = {
        str(one["To"]): text_of(one) for one in sink.messages
    }  # fmt: skip
    assert "Vendas: R$ 140,00" in bodies["ana@example.com"]
    assert "Revenue: R$40.00" in bodies["bruno@example.com"] or "R$40.00" in bodies["bruno@example.com"]
    assert "Loja: Centro" in bodies["contadora@escritorio.example"]
    assert "Vendas: R$ 100,00" in bodies["contadora@escritorio.example"]
    assert "/t/aurora/" not in bodies["contadora@escritorio.example"], "could not open it"


def test_an_address_leaves_by_one_click_and_stays_away(cast: Cast, sink: Sink, moment: Any) -> None:
    sells(cast.aurora, "10.00", "Centro")
    report = planned(cast, period="year")
    outside = add(cast, report, email="fora@example.org")
    assert next_morning(moment) == 2
    mail = next(one for one in sink.messages if one["To"] == "fora@example.org")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way = (
        re.sub(r"\s", "", str(mail["List-Unsubscribe"]))
        .strip("<>")
        .removeprefix("https://painel.example.com")
    )
    client = Client(enforce_csrf_checks=True)
    assert "fora@example.org" in client.get(way).content.decode()
    assert ReportRecipient.objects.get(pk=outside.pk).unsubscribed_at is None, "looking changes nothing"
    assert client.post(way, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert client.get(way[:-2]).status_code == 404
    sells(cast.aurora, "5.00", "Centro")
    assert next_morning(moment) == 1, "Ana's"
    outside.refresh_from_db()
    with pytest.raises(ValidationError):
        services.remove_recipient(access=access_of(cast.ana, cast.aurora), recipient=outside)
    with pytest.raises(ValidationError):
        add(cast, report, email="FORA@example.org")
    member = report.recipients.get(user=cast.ana)
    assert client.post(f"/reports/unsubscribe/{letters.token(member)}").status_code == 200
    assert not report.recipients.filter(user=cast.ana).exists()


@pytest.mark.parametrize("why", ["revoked", "deactivated", "private", "paused", "off the list"])
def test_who_may_not_see_it_any_more_gets_none(cast: Cast, sink: Sink, moment: Any, why: str) -> None:
    sells(cast.aurora, "10.00", "Centro")
    report = planned(cast, board_of(cast.aurora, cast.ana))
    recipient = add(cast, report, user=cast.bruno)
    report.recipients.filter(user=cast.ana).delete()
    moment.now = datetime.fromisoformat("2026-03-11T10:00:00+00:00")
    delivering.plan_due()
    if why == "revoked":
        Membership.objects.filter(user=cast.bruno).delete()
    elif why == "deactivated":
        User.objects.filter(pk=cast.bruno.pk).update(is_active=False)
    elif why == "private":
        Board.objects.update(shared=False)
    elif why == "paused":
        Report.objects.update(is_active=False)
    else:
        services.remove_recipient(access=access_of(cast.ana, cast.aurora), recipient=recipient)
    assert delivering.deliver_due() == 0
    assert sink.raw == []
    row = report.deliveries.get()
    assert (row.status, bool(row.reason)) == (Status.DROPPED, True)


def test_an_occasion_is_planned_once_and_missed_ones_are_made_up_for_by_one(
    cast: Cast, sink: Sink, moment: Any
) -> None:
    report = planned(cast)
    first = report.next_at
    moment.now += timedelta(days=5)
    assert (delivering.plan_due(), delivering.plan_due()) == (1, 0)
    Report.objects.update(next_at=first)  # as if the commit had been lost
    services.change(
        access=access_of(cast.ana, cast.aurora), report=report, fields={"name": "Cedo"}
    )  # before the worker came to it
    assert delivering.plan_due() == 1
    assert report.deliveries.count() == 1
    assert delivering.deliver_due() == 1


def test_one_for_me_now_is_sent_changed_or_not(cast: Cast, sink: Sink, moment: Any) -> None:
    report = planned(cast, board_of(cast.aurora))
    client = Client()
    client.force_login(cast.bruno)
    for _copy in "12":
        assert client.post(f"/t/aurora/reports/{report.pk}/send/").status_code == 302
        assert delivering.deliver_due() == 1
    assert [str(one["To"]) for one in sink.messages] == ["bruno@example.com"] * 2
    assert sink.messages[0]["List-Unsubscribe"] is None, "he is on no list"


def test_files_that_are_too_large_stay_behind_and_the_message_says_so(
    cast: Cast, sink: Sink, moment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MOST_ATTACHED", 1_000)
    planned(cast)
    assert next_morning(moment) == 1
    mail = sink.messages[0]
    assert not [part for part in mail.walk() if (part.get_filename() or "").endswith(".pdf")]
    assert "grandes demais" in text_of(mail)


def test_a_line_break_in_a_name_does_not_end_the_header(cast: Cast, sink: Sink, moment: Any) -> None:
    Tenant.objects.filter(pk=cast.aurora.pk).update(name="Aurora\r\nBcc: all@example.com")
    planned(cast)
    assert next_morning(moment) == 1
    assert sink.messages[0]["Bcc"] is None


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_each_copy_once(cast: Cast, sink: Sink) -> None:
    report = planned(cast)
    for n in range(5):
        add(cast, report, email=f"p{n}@example.org")
    Report.objects.update(next_at=clock.now() - timedelta(minutes=1))
    together, sent = threading.Barrier(3), []

    def work() -> None:
        try:
            together.wait(timeout=10)
            delivering.plan_due()
            sent.append(delivering.deliver_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    # Who planned last may have found nothing left to send.
    assert sum(sent) + delivering.deliver_due() == len(sink.raw) == 6
    assert len({str(one["To"]) for one in sink.messages}) == 6
