"""The whole OpenAPI document against the API itself: whatever is sent, no fault of ours and no answer that the document does not know.

`FUZZ_EXAMPLES` examples an operation, half of them as the document wants them and half not (6 unless set).
"""

import os
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from live import cache
from reconciliation.models import Rule
from tenants import doors, tokens
from tenants.doors import Door
from tenants.tokens import Credential
from tests.cast import Cast
from tests.world import fill, number_apart

pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "6"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

RECORDS = {
    "sales": "sale",
    "customers": "customer",
    "products": "product",
    "open-items": "open_item",
    "pluggy/transactions": "transaction",
}


class World:
    """Two filled companies whose ids never meet, and who asks in turns: an owner, a key of the company, somebody who may only read."""

    def __init__(self, cast: Cast) -> None:
        ours = fill(cast.aurora, "AURORA")
        number_apart()
        theirs = fill(cast.boreal, "BOREAL")
        # By the path that shows them: ours and a stranger's.
        self._ids = {
            f"/api/{path}/{{id}}": (getattr(ours, name).pk, getattr(theirs, name).pk)
            for path, name in RECORDS.items()
        }
        rules = tuple(Rule.objects.get(tenant=tenant).pk for tenant in (cast.aurora, cast.boreal))
        for act in ("", "/dry-run", "/run", "/undo"):
            self._ids[f"/api/reconciliation/rules/{{id}}{act}"] = (rules[0], rules[1])
        owner, reader = (tokens.issue(Credential(user=user))["access"] for user in (cast.ana, cast.bruno))
        self._turns = cycle([f"Bearer {owner}", f"Api-Key {ours.key}", f"Bearer {owner}", f"Bearer {reader}"])

    def ask(self, case: Case) -> None:
        """Send the case as the next caller. Raises Failure, FailureGroup."""
        numbers: dict[str, Any] = case.path_parameters or {}
        number = numbers.get("id")
        if isinstance(number, int) and number % 4 and case.operation.path in self._ids:
            # A number that somebody has: else every path would end at 404.
            numbers["id"] = self._ids[case.operation.path][number % 4 == 1]
        # Almost every name of a company is a stranger's.
        headers: Any = case.headers or {}
        if len(headers.get("X-Tenant", "")) % 2:
            headers["X-Tenant"] = "aurora"
        cache.forget_generations()
        case.call_and_validate(headers={"Authorization": next(self._turns)}, checks=CHECKS)


def cases(operation: Any) -> st.SearchStrategy[Case]:
    """Return what is sent to an operation: what the document wants, and, where it can be wrong, what it does not."""
    right = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not (operation.query or operation.path_parameters or operation.body):
        return right
    return st.one_of(right, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))


def fuzz(operation: Any, world: World) -> str:
    """Return what went wrong with an operation, nothing when all went well."""

    @hypothesis(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation))
    def run(case: Case) -> None:
        world.ask(case)

    try:
        run()
    except (Failure, FailureGroup) as error:
        found = error.exceptions if isinstance(error, FailureGroup) else [error]
        return "\n".join(
            [
                f"{operation.label}:",
                *(f"{one.title}: {one.message}"[:600] for one in found),
                *getattr(error, "__notes__", []),
            ]
        )
    return ""


@pytest.mark.drill
def test_no_fault_and_no_answer_outside_the_document(
    cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_REQUESTS_PER_MINUTE = 1_000_000
    settings.ALLOWED_HOSTS = ["*"]
    settings.ENABLE_COMPRESSION = False  # the client in the same process does not unpack
    for door in ("token", "token-refresh"):
        monkeypatch.setitem(doors._DOORS, door, Door(door, "1000000/m"))
    document = schemathesis.openapi.from_wsgi("/api/schema?format=json", application)
    world = World(cast)
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) > 30
    problems = [problem for problem in (fuzz(operation, world) for operation in operations) if problem]
    assert not problems, "\n\n".join(problems)
