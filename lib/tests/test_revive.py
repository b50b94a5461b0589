"""Values come back from JSON as they were."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import orjson
import pytest

from lib.revive import revived


@dataclass(frozen=True, slots=True)
class Leaf:
    day: date | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Tree:
    name: str
    n: int
    leaves: tuple[Leaf, ...]
    pair: tuple[int, Decimal]
    counts: dict[str, int]
    best: Leaf | None = None


def test_there_and_back() -> None:
    leaf = Leaf(date(2024, 2, 29), Decimal("-0.10"))
    for tree in (
        Tree("a", 1, (leaf, Leaf(None, Decimal(0))), (2, Decimal("1.50")), {"A": 1}, leaf),
        Tree("", 0, (), (0, Decimal("1E+3")), {}, None),
    ):
        kept = orjson.loads(orjson.dumps(tree, default=str))
        assert revived(Tree, kept) == tree
    assert revived(Tree | None, None) is None


def test_what_another_program_wrote_is_no_value() -> None:
    with pytest.raises(KeyError):
        revived(Leaf, {"day": None})
    with pytest.raises(TypeError):
        revived(float, 1.0)
