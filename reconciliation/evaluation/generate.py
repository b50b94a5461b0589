"""The whole set from a seed."""

from reconciliation.evaluation.cases import CASES
from reconciliation.evaluation.labelled import Labelled, Maker, one_to_one


def generate(
    seed: int, *, lines: int = 10_000, items: int = 5_000, each: int = 0, popular: float = 0.4
) -> Labelled:
    """Return a labelled set: so many lines and items of the one-to-one kind, and so many instances of each other case among them.

    `popular`: share of amounts that stand on one of twenty price points.
    """
    maker = Maker(seed, popular)
    one_to_one(maker, lines, items)
    for make in CASES.values():
        for _ in range(each):
            make(maker)
    maker.rng.shuffle(maker.set.lines)
    return maker.set
