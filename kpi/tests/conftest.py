"""What several files of these tests begin with."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from kpi.boards import services
from kpi.models import Board
from tenants.access import Access
from tests.cast import Cast
from tests.factories import access_of


@pytest.fixture
def ana(cast: Cast) -> Access:
    """Ana inside Aurora."""
    return access_of(cast.ana, cast.aurora)


@pytest.fixture
def board(cast: Cast, ana: Access) -> Board:
    """Ana's own board: sales, by store, and words."""
    made = services.create_board(tenant=cast.aurora, name="Meu painel", actor=ana)
    services.add_tile(board=made, kind="number", options={"kpi": "revenue"})
    services.add_tile(board=made, kind="by_dimension", options={"by": "store", "measure": "revenue"})
    services.add_tile(board=made, kind="text", options={"title": "Leia"})
    return made


@pytest.fixture
def english() -> Iterator[None]:
    """Sentences as the code has them."""
    with translation.override("en"):
        yield
