"""What pages carry for their stream and for a browser without network."""

import re

import pytest
from django.db import transaction
from django.test import Client
from django.utils.cache import has_vary_header

from live import cache, events
from live.cache import generation
from live.models import Generation
from live.pages import kept_for
from tests.api import signed_in
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def number_of(html: str) -> int:
    found = re.search(r'data-live-number="(\d+)"', html)
    assert found
    return int(found.group(1))


def test_a_page_says_from_which_number_its_stream_goes_on(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    before = Generation.objects.get(tenant=cast.aurora).event_number
    assert number_of(ana.get("/t/aurora/sales/").content.decode()) == before
    with transaction.atomic():
        events.publish("sync", tenant_id=cast.aurora.pk)
        events.publish("sync_complete", tenant_id=cast.aurora.pk)
    html = ana.get("/t/aurora/sales/").content.decode()
    assert number_of(html) == before + 2
    assert 'data-live="/api/events?tenant=aurora"' in html


def test_the_number_is_read_before_the_page_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that commits while the page is made belongs to its stream, not to its past."""
    from ledger import lists

    ana, real = signed_in(cast.ana), lists.listing
    before = Generation.objects.get(tenant=cast.aurora).event_number

    def listing(*args: object, **kwargs: object) -> object:
        events.publish("sync_complete", tenant_id=cast.aurora.pk)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(lists, "listing", listing)
    assert number_of(ana.get("/t/aurora/sales/").content.decode()) == before
    assert Generation.objects.get(tenant=cast.aurora).event_number == before + 1


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {}])
def test_what_is_read_anew_makes_the_process_forget_its_own_company_only(
    cast: Cast, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "HELD_SECONDS", 3_600)
    anew = {"Cache-Control": "no-cache", **headers}

    def held() -> list[int]:
        return [cache.generations(tenant.pk)["facts"] for tenant in (cast.aurora, cast.boreal)]

    cache.forget_generations()
    before = held()
    Generation.objects.update(facts=77)
    assert held() == before, "nobody said that anything has changed"
    for path in ("/t/boreal/sales/", "/t/nowhere/sales/"):
        assert Client().get(path, headers=anew).status_code == 302
    assert held() == before, "nobody who is not signed in makes it forget"
    assert signed_in(cast.ana).get("/t/aurora/sales/", headers=anew).status_code == 200
    assert held() == [77, before[1]], "the other company's is still known"
    cache.forget_generations()


def test_pages_of_facts_may_be_kept_for_one_person_and_company(cast: Cast) -> None:
    answer = signed_in(cast.ana).get("/t/aurora/sales/")
    assert answer["X-Kept-For"] == kept_for(user_id=cast.ana.pk, tenant_id=cast.aurora.pk)
    assert has_vary_header(answer, "HX-Request")
    names = {
        kept_for(user_id=user.pk, tenant_id=tenant.pk).split(".")[0]
        for user in (cast.ana, cast.bruno)
        for tenant in (cast.aurora, cast.boreal)
    }
    assert len(names) == 2, "a person has one name, another person another"
    assert str(cast.ana.email) not in answer["X-Kept-For"]


@pytest.mark.parametrize("path", ["settings/", "settings/keys/", "settings/people/", "settings/audit/"])
def test_settings_keys_and_people_are_never_kept(cast: Cast, path: str) -> None:
    answer = signed_in(cast.ana).get(f"/t/aurora/{path}")
    assert answer.status_code == 200
    assert "X-Kept-For" not in answer


def test_files_errors_and_records_that_are_gone_are_not_kept(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    file, gone = ana.get("/t/aurora/list/sales/csv/"), ana.get("/t/aurora/list/sales/999/")
    assert (file.status_code, gone.status_code) == (200, 404)
    assert "X-Kept-For" not in file
    assert "X-Kept-For" not in gone


def test_a_stranger_gets_neither_number_nor_name(cast: Cast) -> None:
    answer = signed_in(cast.ana).get("/t/boreal/sales/")
    assert answer.status_code == 404
    assert answer["X-Kept-For"] == "none", "and forgets what was kept of it"
    assert "data-live-number" not in answer.content.decode()


def test_the_service_worker_is_at_the_root_and_asked_for_anew(client: Client, db: None) -> None:
    answer = client.get("/sw.js")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert answer["Cache-Control"] == "no-cache"
    assert "X-Kept-For" in answer.content.decode()


def test_a_page_for_nobody_lets_the_browser_forget(client: Client, db: None) -> None:
    assert "js/forget.js" in client.get("/accounts/login/").content.decode()
