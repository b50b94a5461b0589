"""Who hears of what, once, in the caller's transaction."""

import threading
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import translation

from lib import clock
from live.models import Event, EventSubscription, Notification, NotificationPreference
from live.notifications import Kind, UnknownEvent, catalog, notify, queries, register, services
from live.notifications.due import Quiet
from live.notifications.queries import Wishes
from live.notifications.words import shown
from tenants.models import Capability, Membership, Role, Tenant, User
from tests.cast import Cast
from tests.factories import make_member, make_tenant

FOR_ALL, FOR_OWNERS, OFF, FOR_BUYERS = (
    Kind("test_all", "Tests", "All", "…", title="%(name)s happened", body="To %(name)s."),
    Kind("test_owners", "Tests", "Owners", "…", title="Owned", audience=Capability.OWN, page="tenants:people"),
    Kind("test_off", "Tests", "Off", "…", title="Off", on=False, severity="warning"),
    Kind("test_buyers", "Tests", "Buyers", "…", title="Buy", audience=frozenset({Role.BUYER}), words={"role": Role}),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_kinds", dict(catalog._kinds))
    register(FOR_ALL, FOR_OWNERS, OFF, FOR_BUYERS)


def told(tenant: Tenant) -> list[tuple[str, str]]:
    """Return who was told what, sorted."""
    rows = Notification.objects.filter(tenant=tenant).values_list("user__email", "event")
    return sorted(rows)


def wish(tenant: Tenant, user: User, **fields: Any) -> NotificationPreference:
    return NotificationPreference.objects.create(tenant=tenant, user=user, **fields)


def test_members_hear_and_nobody_else(cast: Cast) -> None:
    ids = notify("test_all", tenant=cast.aurora, params={"name": "Maria"})
    assert told(cast.aurora) == [("ana@example.com", "test_all"), ("bruno@example.com", "test_all")]
    assert told(cast.boreal) == []
    assert sorted(ids) == sorted(Notification.objects.values_list("pk", flat=True))


def test_the_audience_is_a_capability_or_roles(cast: Cast) -> None:
    make_member(cast.aurora, Role.BUYER, email="zoe@example.com")
    notify("test_owners", tenant=cast.aurora, params={})
    notify("test_buyers", tenant=cast.aurora, params={})
    assert told(cast.aurora) == [("ana@example.com", "test_owners"), ("zoe@example.com", "test_buyers")]


def test_named_people_are_told_as_far_as_they_are_members(cast: Cast) -> None:
    User.objects.filter(pk=cast.ana.pk).update(is_active=False)
    notify("test_owners", tenant=cast.aurora, params={}, users=[cast.ana, cast.bruno, cast.carla])
    assert told(cast.aurora) == [("bruno@example.com", "test_owners")]
    assert notify("test_all", tenant=cast.aurora, params={}, users=[]) == []


def test_a_closed_company_tells_nobody(cast: Cast) -> None:
    Tenant.objects.filter(pk=cast.aurora.pk).update(is_active=False)
    assert notify("test_all", tenant=cast.aurora, params={}) == []


def test_choices_outrank_defaults(cast: Cast) -> None:
    EventSubscription.objects.create(
        tenant=cast.aurora, user=cast.ana, event_type="test_all", is_active=False
    )
    EventSubscription.objects.create(tenant=cast.aurora, user=cast.ana, event_type="test_off")
    # A choice in another company says nothing about this one.
    make_member(cast.boreal, user=cast.bruno)
    EventSubscription.objects.create(tenant=cast.boreal, user=cast.bruno, event_type="test_off")
    notify("test_all", tenant=cast.aurora, params={})
    notify("test_off", tenant=cast.aurora, params={})
    assert told(cast.aurora) == [("ana@example.com", "test_off"), ("bruno@example.com", "test_all")]


def test_filters_narrow_a_choice(cast: Cast) -> None:
    EventSubscription.objects.create(
        tenant=cast.aurora,
        user=cast.ana,
        event_type="test_all",
        filters={"severity": ["critical", "warning"], "store": ["Centro"]},
    )
    people = {"users": [cast.ana]}
    for severity, store, expected in (
        ("critical", "Centro", 1),
        ("warning", "Centro", 1),
        ("info", "Centro", 0),
        ("critical", "Norte", 0),
    ):
        found = notify("test_all", tenant=cast.aurora, params={"store": store}, severity=severity, **people)
        assert len(found) == expected, (severity, store)
    assert len(notify("test_all", tenant=cast.aurora, params={}, severity="critical", **people)) == 0


def test_unknown_events_and_paths_that_lead_away_are_refused(cast: Cast) -> None:
    with pytest.raises(UnknownEvent, match=r"unknown: test_nothing; known: .*test_all"):
        notify("test_nothing", tenant=cast.aurora, params={})
    for path in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "sales/",
    ):
        with pytest.raises(ValueError, match="no path"):
            notify("test_all", tenant=cast.aurora, params={}, path=path)
    with pytest.raises(ValueError, match="fatal"):
        notify("test_all", tenant=cast.aurora, params={}, severity="fatal")
    assert Notification.objects.count() == 0


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="in the catalog already"):
        register(Kind("test_all", "Tests", "Other", "…", title="Other"))
    register(FOR_ALL)


def test_each_row_rings_with_ids_only(cast: Cast) -> None:
    ids = notify("test_all", tenant=cast.aurora, params={"name": "Maria"})
    events = Event.objects.filter(tenant=cast.aurora, name="notification").order_by("id")
    rows = {row.pk: row.user_id for row in Notification.objects.all()}
    assert [event.payload for event in events] == [{"id": pk, "user": rows[pk]} for pk in ids]


def test_a_change_that_is_rolled_back_tells_nobody(cast: Cast) -> None:
    with transaction.atomic():
        assert len(notify("test_all", tenant=cast.aurora, params={})) == 2
        transaction.set_rollback(True)
    assert Notification.objects.count() == Event.objects.filter(name="notification").count() == 0


def test_one_key_tells_a_person_once(cast: Cast) -> None:
    for _time in range(3):
        notify("test_all", tenant=cast.aurora, params={}, once_key="outage:1")
    notify("test_all", tenant=cast.aurora, params={}, once_key="outage:2")
    make_member(cast.aurora, user=make_member(cast.boreal, email="new@example.com"))
    assert len(notify("test_all", tenant=cast.aurora, params={}, once_key="outage:1")) == 1
    assert len(notify("test_all", tenant=cast.boreal, params={}, once_key="outage:1")) == 2
    counts = Notification.objects.filter(tenant=cast.aurora, user=cast.ana).values_list("once_key", flat=True)
    assert sorted(counts) == ["outage:1", "outage:2"]


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_one_key_tells_once() -> None:
    tenant = make_tenant("Aurora")
    people = [make_member(tenant) for _n in range(3)]
    together, found = threading.Barrier(6), []

    def tell() -> None:
        try:
            together.wait(timeout=10)
            found.extend(notify("test_all", tenant=tenant, params={}, once_key="outage:1"))
        finally:
            connection.close()

    threads = [threading.Thread(target=tell) for _n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == len(set(found)) == 3
    assert Notification.objects.count() == Event.objects.filter(name="notification").count() == 3
    assert {row.user_id for row in Notification.objects.all()} == {person.pk for person in people}


def test_the_sentence_is_written_for_its_reader(cast: Cast) -> None:
    notify(
        "role_changed",
        tenant=cast.aurora,
        params={"person": "Zoé\x00", "role": "manager", "before": "viewer"},
        users=[cast.ana],
    )
    row = Notification.objects.get()
    with translation.override("en"):
        assert shown(row, cast.aurora).title == "Zoé\ufffd is now: manager"
        assert shown(row, cast.aurora).path == "/t/aurora/settings/people/"
    with translation.override("pt-br"):
        assert shown(row, cast.aurora).body == "Antes: só leitura."


def test_a_kept_sentence_is_translated_and_an_old_row_can_be_read(cast: Cast) -> None:
    kept = {"text": "Role: %(role)s.", "values": {"role": "x"}}
    notify("alert_opened", tenant=cast.aurora, params={"what": kept}, path="/t/aurora/")
    row = Notification.objects.get(user=cast.ana)
    with translation.override("pt-br"):
        assert (shown(row, cast.aurora).title, shown(row, cast.aurora).path) == ("Papel: x.", "/t/aurora/")
    row.event, row.path = "gone", ""
    assert shown(row, cast.aurora).path == ""
    ready = Notification(event="export_ready", params={"list": {"text": "Sales", "values": {}}, "rows": 1200})
    ready.severity, ready.path = "info", "/t/aurora/"
    with translation.override("pt-br"):
        found = shown(ready, cast.aurora)
    assert (found.title, found.body) == (
        "A sua planilha está pronta: Vendas",
        "Linhas: 1.200. O link vale por um dia.",
    )
    missing = Notification(event="test_all", params={}, severity="info")
    assert shown(missing, cast.aurora).title == "– happened"


# --- wishes ---------------------------------------------------------------------------------------------------------------
def test_email_is_planned_by_the_wishes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.start_of_day(clock.today(cast.aurora.zone), cast.aurora.zone) + timedelta(hours=23)
    monkeypatch.setattr(services.clock, "now", lambda: now)
    wish(cast.aurora, cast.ana, email_notifications=True, quiet_from=time(22), quiet_until=time(7))
    notify("test_all", tenant=cast.aurora, params={})
    notify("test_all", tenant=cast.aurora, params={}, severity="critical")
    due = dict(Notification.objects.filter(user=cast.ana).values_list("severity", "email_due_at"))
    assert due == {"info": now + timedelta(hours=8), "critical": now}
    assert not Notification.objects.filter(user=cast.bruno, email_due_at__isnull=False).exists()


def wishes_of(events: tuple[str, ...] = (), **fields: Any) -> Wishes:
    return Wishes(
        events=events,
        frequency=fields.get("frequency", "immediate"),
        sound=False,
        email=fields.get("email", True),
        quiet=fields.get("quiet"),
    )


def test_nobody_chose_yet_and_the_catalog_speaks(cast: Cast) -> None:
    hers = queries.wishes(tenant=cast.aurora, user=cast.ana)
    his = queries.wishes(tenant=cast.aurora, user=cast.bruno)
    assert {"test_all", "test_owners"} <= set(hers.events)
    assert "test_all" in his.events
    assert {"test_owners", "test_off", "test_buyers"}.isdisjoint(his.events)
    assert (hers.email, hers.sound, hers.frequency, hers.quiet) == (False, False, "immediate", None)


def test_wishes_are_kept_by_company_and_a_new_role_brings_its_events(cast: Cast) -> None:
    make_member(cast.boreal, user=cast.bruno)
    saved = services.save_wishes(
        tenant=cast.aurora, user=cast.bruno, wishes=wishes_of(("test_off",), quiet=Quiet(time(22), time(7)))
    )
    assert (saved.events, saved.email, saved.quiet) == (("test_off",), True, Quiet(time(22), time(7)))
    assert "test_all" in queries.wishes(tenant=cast.boreal, user=cast.bruno).events
    Membership.objects.filter(tenant=cast.aurora, user=cast.bruno).update(role=Role.OWNER)
    # What his role could not hear was not turned off.
    assert "test_owners" in queries.wishes(tenant=cast.aurora, user=cast.bruno).events
    with pytest.raises(UnknownEvent):
        services.save_wishes(tenant=cast.aurora, user=cast.ana, wishes=wishes_of(("test_nothing",)))


def test_new_wishes_hold_for_email_that_waits(cast: Cast) -> None:
    wish(cast.aurora, cast.ana, email_notifications=True, frequency="daily")
    notify("test_all", tenant=cast.aurora, params={})
    claimed = notify("test_all", tenant=cast.aurora, params={}, users=[cast.ana])
    later = clock.now() + timedelta(minutes=9)
    Notification.objects.filter(pk__in=claimed).update(email_attempts=1, email_due_at=later)
    services.save_wishes(tenant=cast.aurora, user=cast.ana, wishes=wishes_of())
    mine = Notification.objects.filter(user=cast.ana).order_by("pk")
    assert mine[0].email_due_at is not None
    assert mine[0].email_due_at <= clock.now()
    assert mine[1].email_due_at == later, "a worker is sending it"
    services.save_wishes(tenant=cast.aurora, user=cast.ana, wishes=wishes_of(email=False))
    assert not mine.exclude(email_due_at=None).exists()


# --- reading and keeping ---------------------------------------------------------------------------------------------------
def test_all_are_read_but_not_those_that_came_since(cast: Cast) -> None:
    first = notify("test_all", tenant=cast.aurora, params={}, users=[cast.ana])[0]
    notify("test_all", tenant=cast.aurora, params={})
    assert services.mark_all_read(tenant=cast.aurora, user=cast.ana, up_to=first) == 1
    assert queries.bell(tenant=cast.aurora, user=cast.ana).unread == 1
    assert services.mark_all_read(tenant=cast.aurora, user=cast.ana) == 1
    assert queries.bell(tenant=cast.aurora, user=cast.bruno).unread == 1


def test_the_bell_counts_as_far_as_it_shows(cast: Cast) -> None:
    for _n in range(queries.COUNTED + 3):
        notify("test_all", tenant=cast.aurora, params={}, users=[cast.ana])
    found = queries.bell(tenant=cast.aurora, user=cast.ana)
    assert (found.unread, found.shown) == (queries.COUNTED, "99+")


def test_old_rows_go(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_BATCH", 1)
    now, kept = clock.now(), []
    for age, read, stays in ((89, True, True), (91, True, False), (91, False, True), (366, False, False)):
        pk = notify("test_all", tenant=cast.aurora, params={}, users=[cast.ana])[0]
        Notification.objects.filter(pk=pk).update(
            created_at=now - timedelta(days=age), read_at=now if read else None
        )
        kept += [pk] * stays
    assert [services.prune(), services.prune(), services.prune()] == [1, 1, 0]
    assert list(Notification.objects.order_by("pk").values_list("pk", flat=True)) == kept


# --- people ----------------------------------------------------------------------------------------------------------------
def test_a_changed_role_is_told_to_owners_and_to_the_person(cast: Cast) -> None:
    from tenants import services as people

    with_viewer = Membership.objects.get(user=cast.bruno)
    make_member(cast.aurora, Role.MANAGER)
    people.change_role(membership=with_viewer, role=Role.ANALYST, actor=cast.ana)
    people.change_role(membership=with_viewer, role=Role.ANALYST, actor=cast.ana)
    assert told(cast.aurora) == [("ana@example.com", "role_changed"), ("bruno@example.com", "role_changed")]
    assert told(cast.boreal) == []


def test_an_accepted_invitation_is_told_once(cast: Cast) -> None:
    from allauth.account.signals import password_reset

    password_reset.send(sender=User, request=None, user=cast.bruno)
    password_reset.send(sender=User, request=None, user=cast.bruno)
    assert told(cast.aurora) == [("ana@example.com", "invitation_accepted")]
    User.objects.filter(pk=cast.carla.pk).update(last_login=clock.now())
    cast.carla.refresh_from_db()
    password_reset.send(sender=User, request=None, user=cast.carla)
    assert told(cast.boreal) == []
