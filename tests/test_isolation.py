"""Two companies: nobody sees the other's row. Walks every address, every id, every cache key and export."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import caches
from django.db import connection as database
from django.db import models
from django.test import Client

from ledger.models import Export
from live.cache import tiers
from tenants import doors, services, tokens
from tenants.doors import Door
from tenants.models import Capability, Membership, User
from tenants.tokens import Credential
from tests.addresses import OPEN, Address, addresses, guard_of
from tests.api import signed_in
from tests.cast import Cast
from tests.world import OURS, World, fill, ids_of, number_apart

MARK = "Jabuticaba"
PAGES = [address for address in addresses() if address.route.startswith("t/")]
API = [address for address in addresses() if address.is_api and address.requires]
WITHOUT_TENANT = {
    "tenants.Tenant": "is the company",
    "tenants.User": "a person may belong to several companies",
    "live.Process": "serves every company",
    "live.AlertRule": "limits of the installation",
    "live.BackupRun": "saves the whole installation",
}
# Who may read may change these: they are the person's own.
OWN = {
    "api/notifications/<int:pk>/read",
    "api/notifications/read-all",
    "api/user/notification-preferences",
    "api/user/event-subscriptions/<slug:event>",
    "t/<slug:slug>/seen",
}
# Unique keys that do not begin with the company, each with its reason.
OTHER_KEYS = {
    ("tenants.Tenant", ("slug",)): "names the company in addresses",
    ("tenants.User", ("email",)): "is the login",
    ("tenants.User", "user_email_once_whatever_case"): "is the login",
    ("tenants.ApiKey", ("prefix",)): "finds the key before the company is known",
    ("live.AlertRule", ("code",)): "limits of the installation",
    ("kpi.BoardLink", ("token_hash",)): "finds the link before the company is known",
    ("sync.Webhook", ("token_hash",)): "finds the webhook before the company is known",
    ("sync.Connection", ("source",)): "one to one, and a source belongs to one company",
    (
        "sync.SyncRun",
        "syncrun_one_open",
    ): "one open run a connection, and a connection belongs to one company",
}


@pytest.fixture
def worlds(cast: Cast) -> tuple[World, World]:
    """Both companies filled; the rows of Aurora bear its mark and numbers that no row of Boreal has."""
    number_apart()
    boreal = fill(cast.boreal)
    number_apart()
    return fill(cast.aurora, MARK), boreal


def ask(client: Client, method: str, url: str, **headers: str) -> Any:
    """Send one request as JSON to the API, as a form to pages."""
    if method == "GET":
        return client.get(url, headers=headers)
    if url.startswith("/api/"):
        return client.generic(method, url, "{}", content_type="application/json", headers=headers)
    return client.post(url, headers=headers)


def text_of(response: Any) -> str:
    """Return the whole body, streamed or not."""
    return (response.getvalue() if response.streaming else response.content).decode(errors="replace")


# --- the door ----------------------------------------------------------------------------------------------------------
def test_every_address_is_guarded_or_open_for_a_reason() -> None:
    """A new address fails here until it is guarded, or named in tests/addresses.py with its reason."""
    assert [address.route for address in addresses() if not guard_of(address)] == []
    assert set(OPEN) <= {address.route for address in addresses()}, "a reason for an address that is gone"


def test_every_method_of_the_api_names_its_capability() -> None:
    for address in API:
        has = {
            name.upper()
            for name in ("get", "post", "put", "patch", "delete")
            if hasattr(address.view.cls, name)
        }
        assert set(address.requires) == has, address.route


def test_writing_needs_more_than_reading() -> None:
    for address in API:
        for method, capability in address.requires.items():
            reads = method == "GET" or address.route in OWN
            assert reads or capability != Capability.READ, address.route


def strangers(cast: Cast) -> dict[str, Client]:
    """Return clients of people who have nothing to look for in Aurora."""
    gone = signed_in(cast.bruno)
    User.objects.filter(pk=cast.bruno.pk).update(is_active=False)
    return {"nobody": Client(), "carla": signed_in(cast.carla), "deactivated": gone}


def test_strangers_find_no_page(cast: Cast, worlds: tuple[World, World]) -> None:
    ids = ids_of(cast.aurora)
    asked = 0
    for who, client in strangers(cast).items():
        for address in PAGES:
            for url in address.urls(slug="aurora", ids=ids):
                for method in ("GET", "POST"):
                    response = ask(client, method, url)
                    assert MARK not in text_of(response), f"{who} {method} {url}"
                    allowed = {404, 405} if who == "carla" else {302, 404, 405}
                    assert response.status_code in allowed, f"{who} {method} {url}: {response.status_code}"
                    if response.status_code == 302:
                        assert response["Location"].startswith("/accounts/login/"), f"{who} {method} {url}"
                    asked += 1
    assert asked > 300


def test_strangers_find_nothing_in_the_api(
    cast: Cast, worlds: tuple[World, World], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 100_000  # who is turned away is counted, too
    monkeypatch.setattr(doors, "CREDENTIALS", Door("credentials", "100000/m", methods=()))
    ids = ids_of(cast.aurora)
    pair = tokens.issue(Credential(user=cast.bruno))
    clients = strangers(cast)
    services.revoke_api_key(key=worlds[0].api_key, actor=None)
    clients |= {
        "revoked key": Client(headers={"Authorization": f"Api-Key {worlds[0].key}"}),
        "token of the deactivated": Client(headers={"Authorization": f"Bearer {pair['access']}"}),
        "key of the other company": Client(headers={"Authorization": f"Api-Key {worlds[1].key}"}),
    }
    found = {"carla": 404, "key of the other company": 404}
    for who, client in clients.items():
        for address in API:
            for method in address.requires:
                for url in address.urls(slug="aurora", ids=ids):
                    response = ask(client, method, url, **{"X-Tenant": "aurora"})
                    assert response.status_code == found.get(who, 401), (
                        f"{who} {method} {url}: {response.content!r}"
                    )
                    assert MARK not in text_of(response), f"{who} {method} {url}"


def test_the_ids_of_another_company_name_nothing(
    cast: Cast, worlds: tuple[World, World], settings: Any
) -> None:
    """Carla inside her own company, with the numbers of Aurora's rows."""
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 100_000
    ids = ids_of(cast.aurora)
    assert not ids & ids_of(cast.boreal)
    carla = signed_in(cast.carla)
    numbered = [address for address in [*PAGES, *API] if "<int:pk>" in address.route]
    assert len(numbered) > 15
    for address in numbered:
        for url in address.urls(slug="boreal", ids=ids):
            for method in address.requires:
                response = ask(carla, method, url)
                assert response.status_code in {404, 405}, f"{method} {url}: {response.status_code}"
                assert MARK not in text_of(response), f"{method} {url}"


def test_who_may_only_read_changes_nothing(cast: Cast, worlds: tuple[World, World], settings: Any) -> None:
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 100_000
    bruno, ids = signed_in(cast.bruno), ids_of(cast.aurora)
    refused = 0
    for address in [*PAGES, *API]:
        for method, capability in address.requires.items():
            if capability == Capability.READ:
                continue
            for url in address.urls(slug="aurora", ids=ids):
                response = ask(bruno, method, url)
                assert response.status_code in {403, 405}, f"{method} {url}: {response.status_code}"
                refused += response.status_code == 403
    assert refused > 30


# --- what is shown -------------------------------------------------------------------------------------------------------
def widest(address: Address) -> str:
    """Return the query that shows most of a page or list: a list of the API refuses names that it does not have."""
    if "kpi" in address.route or address.route == "api/reconciliation":
        return ""
    if address.route.endswith("/segments/csv/"):
        return "segment=new"
    known = getattr(
        getattr(getattr(address.view, "cls", None), "get", None), "query_names", {"period", "status"}
    )
    return "&".join(f"{name}=all" for name in ("period", "status") if name in known)


def everything(client: Client, *, slug: str, ids: set[int]) -> dict[str, tuple[int, str]]:
    """Return status and text of every page and answer of one company, by address, asked as somebody who may read it."""
    found = {}
    for address in [*PAGES, *API]:
        if "GET" not in address.requires:
            continue
        for url in address.urls(slug=slug, ids=ids):
            response = ask(client, "GET", f"{url}?{widest(address)}")
            found[url] = (response.status_code, text_of(response))
    return found


def test_each_sees_their_own_and_only_that(cast: Cast, worlds: tuple[World, World], settings: Any) -> None:
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 100_000
    ids = ids_of(cast.aurora)
    hers = everything(signed_in(cast.ana), slug="aurora", ids=ids)
    marked = {url for url, (status, text) in hers.items() if status == 200 and MARK in text}
    assert len(marked) > 25, sorted(marked)
    assert any("/csv/" in url for url in marked), "exports are among them"
    check_nothing_is_passed_over(hers, ids)
    others = everything(signed_in(cast.carla), slug="boreal", ids=ids_of(cast.boreal))
    assert sum(status == 200 for status, _text in others.values()) > 40
    for url, (_status, text) in others.items():
        assert MARK not in text, url
    check_cache(cast)


def check_nothing_is_passed_over(seen: dict[str, tuple[int, str]], ids: set[int]) -> None:
    """Every address that can be read was read with an argument that exists: else its walk proves nothing."""
    missed = set()
    for address in [*PAGES, *API]:
        if "GET" in address.requires:
            statuses = {seen[url][0] for url in address.urls(slug="aurora", ids=ids)}
            if not statuses & {200, 302, 405}:  # 405: it can only be written
                missed.add((address.route, *sorted(statuses)))
    assert missed == set()


def check_cache(cast: Cast) -> None:
    """Every key that all this reading left names one company, lives for a time, and holds nothing of the other."""
    redis = caches["answers"].client.get_client(write=False)  # type: ignore[attr-defined]
    seen = {cast.aurora.pk: 0, cast.boreal.pk: 0}
    for raw in redis.scan_iter("*"):
        name = raw.decode()
        if not name.startswith("tenant:"):
            # Sessions and counters; nothing of a company is under another name.
            assert MARK.encode() not in (redis.dump(name) or b""), name
            continue
        match = re.fullmatch(r"tenant:(\d+):[a-z]+:[\d.]+(:[a-z0-9-]{1,32})?(:[0-9a-f]{40})?", name)
        assert match, name
        tenant_id, kept = int(match.group(1)), redis.get(name) or b""  # nothing: its time was over just now
        seen[tenant_id] += 1
        assert (tenant_id == cast.aurora.pk) or MARK.encode() not in kept, name
        assert redis.ttl(name) != -1, f"{name} lives for ever"
    assert min(seen.values()) > 8, seen
    # At no time of the clock: what is over on a slow machine is looked at too.
    held = {name: tiers.memory.get(name, now=0) for name, _ in tiers.memory.items()}
    assert len(held) > 8
    for name, stored in held.items():
        assert stored, name
        assert name.startswith(f"tenant:{cast.aurora.pk}:") or MARK.encode() not in stored.body, name


def test_exports_are_for_who_asked(cast: Cast, worlds: tuple[World, World]) -> None:
    export = Export.objects.get(tenant=cast.aurora)
    for user, status in ((cast.ana, 200), (cast.bruno, 404), (cast.carla, 404)):
        for end in ("", "file/"):
            response = signed_in(user).get(f"/t/aurora/exports/{export.pk}/{end}")
            assert response.status_code == status, f"{user} {end}"


def test_a_revoked_membership_ends_at_once(cast: Cast, worlds: tuple[World, World]) -> None:
    bruno = signed_in(cast.bruno)
    pair = tokens.issue(Credential(user=cast.bruno))
    program = Client(headers={"Authorization": f"Bearer {pair['access']}"})
    assert (bruno.get("/t/aurora/sales/").status_code, program.get("/api/sales").status_code) == (200, 200)
    services.revoke_member(membership=Membership.objects.get(user=cast.bruno), actor=cast.ana)
    assert (bruno.get("/t/aurora/sales/").status_code, program.get("/api/sales").status_code) == (404, 404)


# --- the tables ----------------------------------------------------------------------------------------------------------
def ours() -> list[type[models.Model]]:
    """Return every model of ours."""
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def test_every_model_carries_its_company() -> None:
    orphans = {
        model._meta.label for model in ours() if "tenant" not in {f.name for f in model._meta.get_fields()}
    }
    assert orphans == set(WITHOUT_TENANT)
    nullable = {model._meta.label for model in ours() if _tenant(model) and _tenant(model).null}
    assert nullable == {"tenants.AuditLog", "live.Alert", "live.PerformanceMetric"}, (
        "may concern the installation"
    )


def _tenant(model: type[models.Model]) -> Any:
    return next((field for field in model._meta.concrete_fields if field.name == "tenant"), None)


def test_every_unique_key_begins_with_the_company() -> None:
    found: set[tuple[str, Any]] = set()
    for model in ours():
        label = model._meta.label
        for field in model._meta.concrete_fields:
            if field.unique and field.name not in {"id", "tenant"}:
                found.add((label, (field.name,)))
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and constraint.fields[:1] != ("tenant",):
                found.add((label, constraint.name))
    assert found == set(OTHER_KEYS)


def test_the_database_agrees_about_unique_keys(db: None) -> None:
    """Unique indexes as PostgreSQL has them, those made by raw SQL included."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.relname, i.relname, a.attname FROM pg_index x
            JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
            JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = current_schema()
            LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
            WHERE x.indisunique AND split_part(t.relname, '_', 1) = ANY(%s)
            """,
            [sorted(OURS | {"mv"})],
        )
        rows = cursor.fetchall()
    odd = {(table, column) for table, _name, column in rows if column not in {"tenant_id", "id"}}
    assert odd == {
        ("tenants_tenant", "slug"),
        ("tenants_user", "email"),
        ("tenants_user", None),  # lower(email)
        ("tenants_apikey", "prefix"),
        ("live_alertrule", "code"),
        ("kpi_boardlink", "token_hash"),
        ("sync_webhook", "token_hash"),
        ("sync_connection", "source_id"),
        ("sync_syncrun", "connection_id"),
    } | {row for row in odd if row[0] in {"tenants_user_groups", "tenants_user_user_permissions"}}
    assert len(rows) > 30


def test_isolation_sees_a_leak_when_there_is_one(cast: Cast, worlds: tuple[World, World]) -> None:
    """The walk itself works: a member who may see Aurora does see the mark at the addresses that strangers were refused."""
    ana = signed_in(cast.ana)
    address = next(each for each in PAGES if each.route.endswith("<slug:name>/<int:pk>/"))
    assert isinstance(address, Address)
    texts = [text_of(ana.get(url)) for url in address.urls(slug="aurora", ids=ids_of(cast.aurora))]
    assert any(MARK in text for text in texts)
