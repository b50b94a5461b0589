"""What an upper app knows to be left of amounts that the upstream shows open."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of the amounts of a list, signed like them: `of` by id, `within` as the column `left` of a query. `some`: that
    anything may be left.
    """

    of: Callable[[int, list[int]], dict[int, Decimal]]
    within: Callable[[QuerySet[Any]], QuerySet[Any]]
    some: Callable[[], Q]


_rests: dict[str, Rest] = {}


def register_rest(name: str, rest: Rest) -> None:
    """Let an upper app say what is left of the rows of this list. Called from `AppConfig.ready()`."""
    _rests[name] = rest


def rest_of(name: str) -> Rest | None:
    """Return who knows what is left of the rows of this list, None where nobody does."""
    return _rests.get(name)
