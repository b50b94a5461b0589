"""The bell, the list, the page of wishes: as HTML, without a browser."""

import json
from datetime import time
from typing import Any

import pytest
from django.test import Client

from live.models import EventSubscription, Notification, NotificationPreference
from live.notifications import notify
from tests.api import signed_in
from tests.cast import Cast

LIST = "/t/aurora/notifications/"
SETTINGS = "/t/aurora/settings/notifications/"
HTMX = {"HX-Request": "true"}


def told(cast: Cast, person: str = "Zoé", severity: str | None = None) -> int:
    params = {"person": person, "role": "viewer"}
    return notify(
        "invitation_accepted", tenant=cast.aurora, params=params, users=[cast.ana], severity=severity
    )[0]


def text(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def signals(client: Client, after: int) -> Any:
    response = client.get(f"{LIST}bell/?after={after}", headers=HTMX)
    assert response.status_code == 200
    return json.loads(response.headers.get("HX-Trigger", "null"))


def test_every_page_has_the_bell_with_its_count(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    page = text(ana.get("/t/aurora/settings/"))
    assert page.count('id="bell"') == page.count('id="bell-phone"') == 1
    assert 'aria-label="Notificações"' in page
    pk = told(cast)
    page = text(ana.get("/t/aurora/settings/"))
    assert page.count('aria-label="Notificações, 1 não lida"') == 2
    assert f"bell/?after={pk}" in page
    assert "não lida" not in text(signed_in(cast.bruno).get("/t/aurora/settings/"))


def test_what_arrives_is_a_toast_once(cast: Cast) -> None:
    ana, before = signed_in(cast.ana), told(cast)
    assert signals(ana, before) is None
    first = told(cast, "Maria")
    assert signals(ana, before) == {
        "toast": {
            "text": "Maria aceitou o convite",
            "tone": "info",
            "link": {"url": f"{LIST}{first}/", "label": "Abrir"},
        }
    }
    last = told(cast, "José", "critical")
    found = signals(ana, before)
    assert (found["toast"]["text"], found["toast"]["tone"]) == ("José aceitou o convite (e mais 1)", "bad")
    assert signals(ana, last) is None
    for nonsense in ("x", "-1", "9" * 30, ""):
        assert ana.get(f"{LIST}bell/?after={nonsense}", headers=HTMX).status_code == 200
    assert "hx-swap-oob" in text(ana.get(f"{LIST}bell/?after=0", headers=HTMX)), (
        "the phone's bell comes along"
    )


def test_a_tone_is_wanted_only_outside_quiet_hours(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = signed_in(cast.ana)
    wishes = NotificationPreference.objects.create(tenant=cast.aurora, user=cast.ana, sound_enabled=True)
    pk = told(cast)
    assert signals(ana, 0)["chime"] == {"id": pk}
    # The whole day but one microsecond, critical or not.
    wishes.quiet_from, wishes.quiet_until = time(0), time(23, 59, 59, 999999)
    wishes.save()
    told(cast, severity="critical")
    assert set(signals(ana, 0)) == {"toast"}


def test_opening_one_reads_it_and_goes_where_it_leads(cast: Cast) -> None:
    ana, pk = signed_in(cast.ana), told(cast)
    assert signed_in(cast.bruno).get(f"{LIST}{pk}/").status_code == 404
    response = ana.get(f"{LIST}{pk}/")
    assert (response.status_code, response["Location"]) == (302, "/t/aurora/settings/people/")
    assert Notification.objects.get(pk=pk).read_at
    nowhere = notify("alert_opened", tenant=cast.aurora, params={"what": "x"}, users=[cast.ana])[0]
    assert ana.get(f"{LIST}{nowhere}/")["Location"] == LIST


def test_the_list_is_a_page_and_a_drawer(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    assert "Nada aconteceu" in text(ana.get(LIST))
    pk = told(cast, "Zoé <b>")
    page, drawer = text(ana.get(LIST)), text(ana.get(f"{LIST}?drawer=1", headers=HTMX))
    assert page.startswith("<!doctype html>")
    assert drawer.lstrip().startswith('<header class="dialog-head">')
    for found in (page, drawer):
        assert "Zoé &lt;b&gt; aceitou o convite" in found
        assert f'id="notification-{pk}"' in found
    assert text(ana.get(f"{LIST}?cursor=nonsense")).count("told-item") == 1
    ana.post(f"{LIST}read/", {"up_to": str(pk)})
    assert "Você já leu tudo" in text(ana.get(f"{LIST}?unread=1"))


def test_marking_without_javascript_comes_back_to_the_list(cast: Cast) -> None:
    ana, pk = signed_in(cast.ana), told(cast)
    later = told(cast)
    assert ana.post(f"{LIST}{pk}/read/")["Location"] == LIST
    assert signed_in(cast.bruno).post(f"{LIST}{later}/read/").status_code == 404
    assert ana.get(f"{LIST}{pk}/read/").status_code == 405
    newest = told(cast)
    assert ana.post(f"{LIST}read/", {"up_to": str(later)})["Location"] == LIST
    unread = Notification.objects.filter(user=cast.ana, read_at=None)
    assert [row.pk for row in unread] == [newest], "it came after the list was drawn"
    part = text(ana.post(f"{LIST}read/?part=list", {"up_to": str(newest)}, headers=HTMX))
    assert 'id="notification-list"' in part
    assert 'id="bell" ' in part


def test_wishes_are_kept_for_events_that_the_page_offers(cast: Cast) -> None:
    bruno = signed_in(cast.bruno)
    page = text(bruno.get(SETTINGS))
    assert 'value="role_changed"' not in page, "his role cannot hear of it"
    assert "Horas de silêncio" in page
    sent = {"events": [], "frequency": "daily", "email": "on", "quiet_from": "22:00", "quiet_until": "07:00"}
    assert bruno.post(SETTINGS, sent)["Location"] == SETTINGS
    kept = NotificationPreference.objects.get()
    assert (kept.user, kept.tenant, kept.frequency) == (cast.bruno, cast.aurora, "daily")
    assert (kept.email_notifications, kept.channels) == (True, ["app", "email"])
    assert (kept.quiet_from, kept.quiet_until, kept.sound_enabled) == (time(22), time(7), False)
    assert not EventSubscription.objects.filter(event_type="role_changed").exists()
    page = text(bruno.get(SETTINGS))
    assert 'value="22:00"' in page


@pytest.mark.parametrize(
    "change", [{"quiet_until": ""}, {"quiet_until": "22:00"}, {"frequency": "x"}, {"events": ["moon"]}]
)
def test_wishes_that_make_no_sense_are_shown_again(cast: Cast, change: dict[str, Any]) -> None:
    sent = {"events": [], "frequency": "daily", "quiet_from": "22:00", "quiet_until": "07:00", **change}
    page = text(signed_in(cast.ana).post(SETTINGS, sent))
    assert 'class="field-error"' in page or 'class="notice bad" role="alert"' in page
    assert not NotificationPreference.objects.exists()


def test_strangers_find_no_page(cast: Cast) -> None:
    carla, pk = signed_in(cast.carla), told(cast)
    for path in (LIST, f"{LIST}bell/", f"{LIST}{pk}/", SETTINGS):
        assert carla.get(path).status_code == 404
    assert carla.post(f"{LIST}{pk}/read/").status_code == 404
    assert Client().get("/notifications/unsubscribe/token").status_code == 404
