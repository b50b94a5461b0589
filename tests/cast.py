"""The named cast: who is read once and remembered. A pytest plugin that the root conftest.py names."""

from dataclasses import dataclass

import pytest

from tenants.models import Role, Tenant, User
from tests.factories import make_member, make_tenant


@dataclass(frozen=True, slots=True)
class Cast:
    """Ana owns Aurora, Bruno may only read it, Carla owns Boreal and must see nothing of Aurora."""

    aurora: Tenant
    boreal: Tenant
    ana: User
    bruno: User
    carla: User


@pytest.fixture
def cast(db: None) -> Cast:
    """Ana owns Aurora, Bruno may only read it, Carla owns Boreal and must see nothing of Aurora."""
    aurora, boreal = make_tenant("Aurora"), make_tenant("Boreal")
    return Cast(
        aurora=aurora,
        boreal=boreal,
        ana=make_member(aurora, Role.OWNER, email="ana@example.com"),
        bruno=make_member(aurora, Role.VIEWER, email="bruno@example.com"),
        carla=make_member(boreal, Role.OWNER, email="carla@example.com"),
    )
