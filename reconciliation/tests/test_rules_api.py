"""The API of rules: who may, what answers look like, and that numbers of another company name nothing."""

from typing import Any

import pytest

from ledger.models import Transaction
from reconciliation.models import Rule, RuleRun
from reconciliation.rules import running
from tenants.models import Capability
from tests.api import body, signed_in, with_key
from tests.cast import Cast
from tests.factories import make_account, make_transaction

pytestmark = pytest.mark.django_db
URL = "/api/reconciliation/rules"
FEES = {"all": [{"field": "text", "op": "contains", "value": "tarifa"}]}
NEW = {"name": "Tarifas", "conditions": FEES, "action": "categorise", "category": "Bancos"}


def send(client: Any, method: str, path: str = "", data: Any = None) -> Any:
    """Send JSON to the rules."""
    return getattr(client, method)(f"{URL}{path}", data or {}, content_type="application/json")


def test_a_rule_is_made_tried_run_and_taken_back(cast: Cast) -> None:
    line = make_transaction(make_account(cast.aurora), "-9.90", description="TARIFA")
    ana = signed_in(cast.ana)
    made = body(send(ana, "post", data=NEW))["data"]
    assert (made["position"], made["version"], made["dry_run_version"], made["may_act"]) == (
        1,
        1,
        None,
        False,
    )
    pk = made["id"]
    refused = send(ana, "post", f"/{pk}/run")
    assert (refused.status_code, body(refused)["code"]) == (409, "conflict")
    trial = body(send(ana, "post", f"/{pk}/dry-run"))["data"]
    assert (trial["done"], trial["hits"], trial["examples"]["act"]) == (True, 1, [line.pk])
    begun = send(ana, "post", f"/{pk}/run")
    assert begun.status_code == 202
    run = body(begun)["data"]
    assert (run["done"], run["lines"], run["total"]) == (False, 0, 1)
    running.work_unfinished()
    (shown,) = body(ana.get(URL))["data"]
    assert [(one["dry"], one["status"], one["hits"]) for one in shown["runs"]] == [
        (False, "done", 1),
        (True, "done", 1),
    ]
    assert shown["may_act"] is True
    line.refresh_from_db()
    assert line.category_override == "Bancos"
    undone = body(send(ana, "post", f"/{pk}/undo", {"run": run["id"]}))["data"]
    assert (undone["status"], undone["kept"]) == ("undone", 0)
    line.refresh_from_db()
    assert line.category_override == ""
    assert send(ana, "post", f"/{pk}/undo").status_code == 404
    assert send(ana, "delete", f"/{pk}").status_code == 200
    assert body(ana.get(URL))["data"] == []
    assert send(ana, "patch", f"/{pk}", {"name": "x"}).status_code == 404


def test_rules_are_changed_and_moved(cast: Cast) -> None:
    ana = signed_in(cast.ana)
    first, second = (body(send(ana, "post", data=NEW | {"name": name}))["data"]["id"] for name in "ab")
    moved = body(send(ana, "patch", f"/{second}", {"position": 1, "name": "c"}))["data"]
    assert (moved["position"], moved["version"], moved["name"]) == (1, 2, "c")
    assert [one["id"] for one in body(ana.get(URL))["data"]] == [second, first]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (NEW | {"conditions": {"field": "text", "op": "regex", "value": "(a+"}}, "conditions"),
        (NEW | {"conditions": "text"}, "conditions"),
        (NEW | {"category": ""}, "category"),
        (NEW | {"action": "delete"}, "action"),
        (NEW | {"position": 1}, "position"),
        ({"name": "x"}, "action"),
    ],
)
def test_what_cannot_be_used_is_named(cast: Cast, data: Any, named: str) -> None:
    response = send(signed_in(cast.ana), "post", data=data)
    assert response.status_code == 400
    assert named in body(response)["details"]


def test_a_key_needs_the_scopes(cast: Cast) -> None:
    reader = with_key(cast.aurora, [Capability.READ])
    assert reader.get(URL).status_code == 200
    assert send(reader, "post", data=NEW).status_code == 403
    decider = with_key(cast.aurora, [Capability.READ, Capability.DECIDE])
    assert send(decider, "post", data=NEW).status_code == 403, "categorising changes data"
    assert send(decider, "post", data=NEW | {"action": "settle", "category": ""}).status_code == 200


def test_a_key_runs_rules_while_it_may(cast: Cast) -> None:
    make_transaction(make_account(cast.aurora), "-9.90", description="TARIFA")
    client = with_key(cast.aurora)
    pk = body(send(client, "post", data=NEW))["data"]["id"]
    send(client, "post", f"/{pk}/dry-run")
    send(client, "post", f"/{pk}/run")
    running.work_unfinished()
    assert RuleRun.objects.get(dry=False).status == "done"
    assert Transaction.objects.get().category_override == "Bancos"


def test_another_companys_numbers_name_nothing(cast: Cast) -> None:
    ana, carla = signed_in(cast.ana), signed_in(cast.carla)
    pk = body(send(ana, "post", data=NEW))["data"]["id"]
    send(ana, "post", f"/{pk}/dry-run")
    send(ana, "post", f"/{pk}/run")
    run = RuleRun.objects.get(dry=False).pk
    own = body(send(carla, "post", data=NEW))["data"]["id"]
    asked: list[tuple[str, str, Any]] = [
        ("patch", f"/{pk}", {"name": "x"}), ("delete", f"/{pk}", {}), ("post", f"/{pk}/dry-run", {}), ("post", f"/{pk}/run", {}),
        ("post", f"/{pk}/undo", {}), ("post", f"/{pk}/undo", {"run": run}), ("post", f"/{own}/undo", {"run": run}),
    ]  # fmt: skip
    for method, path, data in asked:
        assert send(carla, method, path, data).status_code == 404, path
    assert [one["id"] for one in body(carla.get(URL))["data"]] == [own]
    assert Rule.objects.get(pk=pk).name == "Tarifas"
