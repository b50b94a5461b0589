"""Talking to the API in tests."""

from typing import Any

import orjson
from django.test import Client

from tenants import services
from tenants.models import Capability, Tenant, User

ALL_SCOPES = [Capability.READ, Capability.WRITE, Capability.SYNC, Capability.DECIDE]


def make_key(tenant: Tenant, scopes: list[str] | None = None) -> str:
    """Return the text of a new key of the company, with every scope unless named."""
    return services.create_api_key(
        tenant=tenant, name="test", scopes=[str(s) for s in (scopes or ALL_SCOPES)], actor=None
    )[1]


def with_key(tenant: Tenant, scopes: list[str] | None = None) -> Client:
    """Return a client that comes with a key of the company."""
    return Client(headers={"Authorization": f"Api-Key {make_key(tenant, scopes)}"})


def signed_in(user: User) -> Client:
    """Return a client with the session of this person."""
    client = Client()
    client.force_login(user)
    return client


def body(response: Any) -> dict[str, Any]:
    """Return the JSON of an answer."""
    found: dict[str, Any] = orjson.loads(response.content)
    return found
