"""The schema tells the truth: every operation is described, and real answers are what it says."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from kpi.models import AlertRule, Anomaly, Board, BoardLink, Occasion, RecurringLine, Report
from live.models import HookEndpoint, Notification
from reconciliation.models import Match, Rule
from tenants.models import Tenant
from tests.addresses import addresses
from tests.api import body, make_key, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_account, make_match, make_member, make_open_item, make_transaction
from tests.world import fill

OPEN = {"/api/auth/token", "/api/auth/token/refresh"}
# A key is no person: these are asked by one. The value is what is sent.
PERSONAL: dict[str, dict[str, Any]] = {
    "/api/notifications": {},
    "/api/notifications/{id}/read": {},
    "/api/notifications/read-all": {},
    "/api/user/notification-preferences": {
        "events": ["role_changed"],
        "frequency": "hourly",
        "soundEnabled": True,
        "emailNotifications": True,
        "quietHours": {"from": "22:00", "until": "07:00"},
    },
    "/api/user/event-subscriptions": {},
    "/api/user/event-subscriptions/{event}": {"is_active": True, "filters": {"severity": ["critical"]}},
}

PATCHES: dict[str, dict[str, Any]] = {
    "reconciliation/rules": {"name": "visto"},
    "alerts": {"limit": "12.50", "repeat": "once"},
    "alerts/webhooks": {"label": "visto", "is_active": False},
    "kpis/occasions": {"label": "visto"},
    "kpis/boards": {"name": "visto"},
    "kpis/reports": {"hour": 6, "is_active": False},
    "kpis/boards/links": {"name": "visto"},
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema as the world gets it."""
    response = Client().get("/api/schema", headers={"Accept": "application/json"})
    assert response.status_code == 200
    return body(response)


def ids(tenant: Tenant) -> dict[str, int]:
    """Fill the company; return ids by the path of the API that shows them."""
    world = fill(tenant)
    return {
        "anomalies": Anomaly.objects.filter(tenant=tenant)[0].pk,
        "pluggy/transactions": world.transaction.pk,
        "customers": world.customer.pk,
        "products": world.product.pk,
        "sales": world.sale.pk,
        "open-items": world.open_item.pk,
        "notification": Notification.objects.get(tenant=tenant).pk,
        "match": world.match.pk,
        "reconciliation/rules": Rule.objects.get(tenant=tenant).pk,
        "alerts": AlertRule.objects.get(tenant=tenant).pk,
        "alerts/webhooks": (hook := HookEndpoint.objects.get(tenant=tenant)).pk,
        "alerts/webhooks/{id}/deliveries": hook.pk,
        "kpis/boards/links": BoardLink.objects.get(tenant=tenant).pk,
        "kpis/occasions": Occasion.objects.get(tenant=tenant).pk,
        "kpis/recurring": RecurringLine.objects.get(tenant=tenant).pk,
        **dict.fromkeys(("kpis/reports", "kpis/reports/{id}/history"), Report.objects.get(tenant=tenant).pk),
    }


def board_key(tenant: Tenant) -> str:
    """Return the key of the company's board."""
    return str(Board.objects.filter(tenant=tenant)[0].key)


def check(schema: dict[str, Any], path: str, method: str, response: Any) -> None:
    """Hold an answer against what the schema says about it."""
    described = schema["paths"][path][method]["responses"]
    assert str(response.status_code) in described, f"{method} {path} answered {response.status_code}"
    wanted = described[str(response.status_code)]
    if "text/event-stream" in wanted.get("content", {}):
        assert response["Content-Type"].startswith("text/event-stream")
        return
    wanted = (
        wanted.get("content", {})
        .get("application/json", {})
        .get("schema", {"$ref": "#/components/schemas/Error"})
    )
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, **wanted}
    problems = [
        f"{list(e.path)}: {e.message}" for e in Draft202012Validator(document).iter_errors(body(response))
    ]
    assert problems == [], f"{method} {path}"


def test_it_is_openapi_3_1_and_describes_every_address(schema: dict[str, Any]) -> None:
    from config.api_urls import urlpatterns

    assert schema["openapi"].startswith("3.1")
    found = set()
    for entry in urlpatterns:
        for pattern in getattr(entry, "url_patterns", []):
            path = str(pattern.pattern).replace("<int:pk>", "{id}").replace("<str:month>", "{month}")
            found.add("/api/" + path.replace("<slug:event>", "{event}").replace("<uuid:key>", "{key}"))
    described = set(schema["paths"]) | {path for path in found if path.startswith("/api/webhooks/")}
    assert described == found | {path for path in schema["paths"] if path.startswith("/api/webhooks/")}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            ways = operation.get("security", [{}])
            assert (path in OPEN) == ({} in ways), f"{method} {path} is described as open, or should be"


def test_nothing_about_the_schema_is_left_to_guessing() -> None:
    """drf-spectacular finds nothing to warn of, and every operation has a name of its own."""

    call_command("spectacular", fail_on_warn=True, stdout=StringIO())


def test_operations_have_names_of_their_own(schema: dict[str, Any]) -> None:
    names = [
        operation["operationId"]
        for operations in schema["paths"].values()
        for operation in operations.values()
    ]
    assert len(names) == len(set(names))
    assert {"get_sales", "get_sales_by_id", "patch_pluggy_transactions_by_id", "post_auth_token"} <= set(
        names
    )


def test_every_guarded_operation_names_its_capability(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        if path.startswith(("/api/auth/", "/api/webhooks/")):
            continue
        for operation in operations.values():
            assert "Needs the capability" in operation["description"], path


def test_every_reading_answers_what_the_schema_says(schema: dict[str, Any], cast: Cast) -> None:
    known = ids(cast.aurora)
    client, ana = with_key(cast.aurora), signed_in(cast.ana)
    read = 0
    for path, operations in schema["paths"].items():
        if "get" not in operations:
            continue
        name = path.removeprefix("/api/").removesuffix("/{id}")
        who = ana if path in PERSONAL else client
        url = path.replace("{id}", str(known.get(name, 0))).replace("{month}", "2026-03")
        response = who.get(url.replace("{key}", board_key(cast.aurora)))
        assert response.status_code == 200, f"{path}: {response.content!r}"
        check(schema, path, "get", response)
        read += 1
    assert read >= 15


def test_every_writing_answers_what_the_schema_says(schema: dict[str, Any], cast: Cast) -> None:
    known = ids(cast.aurora)
    client, ana = with_key(cast.aurora), signed_in(cast.ana)
    bodies = {
        "/api/anomalies/{id}/feedback": {"feedback": "real"},
        "/api/kpis/boards": {"name": "Loja", "tiles": [{"kind": "number", "options": {"kpi": "revenue"}}]},
        "/api/kpis/boards/links": {
            "name": "TV",
            "boards": [board_key(cast.aurora)],
            "expires_at": timezone.now() + timedelta(days=9),
        },
        "/api/notifications/{id}/read": {},
        "/api/notifications/read-all": {},
        "/api/user/notification-preferences": PERSONAL["/api/user/notification-preferences"],
        "/api/user/event-subscriptions/{event}": PERSONAL["/api/user/event-subscriptions/{event}"],
        "/api/settings": {"date_tolerance_days": 4},
        "/api/system/cache/clear": {"resource": "list"},
        "/api/system/sync/trigger": {},
        "/api/pluggy/sync": {},
        **_decisions(cast.aurora, known["match"]),
        "/api/kpis/reports": {"board": str(Board.objects.get(tenant=cast.aurora).key), "frequency": "daily"},
        "/api/kpis/reports/{id}/send": {},
        "/api/kpis/recurring/{id}": {"recurring": False},
        "/api/forecasts": {},
        "/api/segments/edges": {"rules": None},
        **_wishes(),
        "/api/auth/token": {},
        "/api/auth/token/refresh": {"refresh": _refresh(cast)},
    }
    for path, operations in schema["paths"].items():
        for method in {"post", "put"} & set(operations) if not path.startswith("/api/webhooks/") else ():
            owner = next(
                (
                    name
                    for name in (
                        "reconciliation/rules",
                        "anomalies",
                        "alerts/webhooks",
                        "alerts",
                        "kpis/reports",
                        "kpis/recurring",
                    )
                    if path.startswith(f"/api/{name}/")
                ),
                "notification",
            )
            url = path.replace("{id}", str(known[owner])).replace("{event}", "role_changed")
            who = ana if path in PERSONAL else client
            response = getattr(who, method)(url, bodies.pop(path), content_type="application/json")
            assert response.status_code in {200, 202}, f"{path}: {response.content!r}"
            check(schema, path, method, response)
        if "patch" in operations:
            name = path.removeprefix("/api/").removesuffix("/{id}")
            name = name.removesuffix("/{key}")
            response = client.patch(
                path.replace("{id}", str(known.get(name, 0))).replace("{key}", board_key(cast.aurora)),
                PATCHES.get(name, {"note": "visto"}),
                content_type="application/json",
            )
            assert response.status_code == 200, response.content
            check(schema, path, "patch", response)
    assert bodies == {}, "every path of this test exists"


def _wishes() -> dict[str, dict[str, Any]]:
    """Return what makes goals, own days, alerts and webhooks."""
    wish = {"kpi": "revenue", "kind": "change", "way": "below", "limit": "0.2", "window": "week"}
    return {
        "/api/alerts": wish | {"repeat": "once"},
        "/api/alerts/trial": wish,
        "/api/alerts/{id}/mute": {"until": None},
        "/api/alerts/webhooks": {"url": "https://93.184.216.34/painel", "events": ["alert.fired"]},
        "/api/alerts/webhooks/{id}/test": {},
        "/api/kpis/targets": {"targets": [{"kpi": "revenue", "month": "2026-03", "value": "12.50"}]},
        "/api/kpis/occasions": {"label": "Greve", "first_day": "2026-03-10"},
    }


def _decisions(tenant: Tenant, match: int) -> dict[str, dict[str, Any]]:
    """Return what decides on matches, in whatever order: each on a line of its own."""
    account, item = make_account(tenant), make_open_item(tenant, "-3.00")
    line = make_transaction(account, "-3.00")
    other = make_match(make_transaction(account, "-3.00"), make_open_item(tenant, "-3.00"))
    decided = Match.objects.get(tenant=tenant, status="rejected")
    return {
        "/api/reconciliation/confirm": {"match": match},
        "/api/reconciliation/book": {"lines": [make_transaction(account, "-1.00").pk], "category": "Tarifas"},
        "/api/reconciliation/link": {"lines": [line.pk], "items": [{"id": item.pk, "amount": "-3.00"}]},
        "/api/reconciliation/reject": {"matches": [other.pk]},
        "/api/reconciliation/undo": {"match": decided.pk},
        "/api/reconciliation/rules": {
            "name": "Tarifas",
            "conditions": {"all": [{"field": "text", "op": "contains", "value": "tarifa"}]},
            "action": "categorise",
            "category": "Tarifas",
        },
        "/api/reconciliation/rules/{id}/dry-run": {},
        "/api/reconciliation/rules/{id}/run": {},
        "/api/reconciliation/rules/{id}/undo": {},
    }


def _refresh(cast: Cast) -> str:
    response = with_key(cast.aurora).post("/api/auth/token", content_type="application/json")
    token: str = body(response)["data"]["refresh"]
    return token


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/api/sales?limit=0", "get", 400),
        ("/api/sales?sort=evil", "get", 400),
        ("/api/sales?cursor=%00", "get", 400),
        ("/api/sales?period=aeon", "get", 400),
        ("/api/kpis?period=aeon", "get", 400),
        ("/api/kpis?compare=mars", "get", 400),
        ("/api/kpis/2026-13", "get", 400),
        ("/api/sales/999999", "get", 404),
        ("/api/sales/999999?max_age=5", "get", 404),
        ("/api/sales/1?max_age=soon", "get", 400),
        ("/api/nothing", "get", 404),
        ("/api/sales", "delete", 405),
        ("/api/sales", "trace", 405),
        ("/api/settings", "post", 400),
        ("/api/system/cache/clear", "post", 400),
        ("/api/system/sync/trigger", "post", 400),
        ("/api/pluggy/sync", "post", 409),
    ],
)
def test_every_failure_has_the_envelope(cast: Cast, path: str, method: str, status: int) -> None:
    client = with_key(cast.aurora)
    sent: dict[str, Any] = {"weight_name": 101, "resource": "everything", "connection": "x"}
    extra = {"data": sent, "content_type": "application/json"} if method == "post" else {}
    response = getattr(client, method)(path, **extra)
    assert response.status_code == status, response.content
    found = body(response)
    assert set(found) == {"error", "message", "code", "details"}
    assert found["error"] is True
    assert found["message"]


def test_every_address_says_its_methods(cast: Cast, settings: Any) -> None:
    """OPTIONS is an answer, of every address and to whoever may come in."""
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 100_000  # there are more addresses than one may ask in a minute
    ana = signed_in(cast.ana)
    # The webhook's door belongs to one upstream; the explorer is a page, not an address of the API.
    asked = [address for address in addresses() if address.is_api and hasattr(address.view, "cls")]
    assert len(asked) > 40
    for address in asked:
        url = next(iter(address.urls(slug="aurora", ids={1})))
        response = ana.options(url)
        assert response.status_code == (405 if address.route == "api/docs" else 200), url
        assert {*address.requires, "OPTIONS"} <= {*response["Allow"].split(", ")}, url
        if address.requires:
            assert ", ".join(body(response)["data"]["methods"]) == response["Allow"]
    assert Client().options("/api/sales").status_code == 401
    assert signed_in(cast.carla).options("/api/sales", headers={"X-Tenant": "aurora"}).status_code == 404


def test_unreadable_bodies_have_the_envelope(cast: Cast) -> None:
    client = with_key(cast.aurora)
    broken = client.post("/api/settings", b"{", content_type="application/json")
    assert (broken.status_code, body(broken)["code"]) == (400, "parse_error")
    form = client.post("/api/settings", {"a": "b"})
    assert (form.status_code, body(form)["code"]) == (415, "unsupported_media_type")
    listed = client.post("/api/settings", [1], content_type="application/json")
    assert (listed.status_code, body(listed)["code"]) == (400, "invalid")


def test_a_fault_of_ours_has_the_envelope_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("live.api.company.read", explode)
    client = Client(
        raise_request_exception=False, headers={"Authorization": f"Api-Key {make_key(cast.aurora)}"}
    )
    response = client.get("/api/settings")
    assert response.status_code == 500
    assert body(response)["code"] == "server_error"
    assert b"secret detail" not in response.content


def test_the_explorer_needs_no_other_host_and_no_inline_script() -> None:
    response = Client().get("/api/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert "http://" not in page
    assert "https://" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page), "scripts come as files"
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in f"{policy};"
    assert "style-src 'self' 'unsafe-inline'" in policy
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert Client().get(address).status_code == 200, address


def test_owners_of_several_companies_see_the_header_described(schema: dict[str, Any], cast: Cast) -> None:
    make_member(cast.boreal, user=cast.ana)
    names = [each["name"] for each in schema["paths"]["/api/sales"]["get"]["parameters"]]
    assert "X-Tenant" in names
