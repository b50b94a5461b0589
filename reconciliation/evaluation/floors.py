"""What the matcher must reach on the generated set; continuous integration holds it to this."""

from collections.abc import Mapping
from typing import Final

from reconciliation.evaluation.measure import Score, total

ONE_TO_ONE: Final = ("one_to_one", "one_to_one_fee")
NOTHING: Final = ("nothing", "nothing_of_a_customer")
PRECISION: Final = 0.999  # of all clear verdicts on the one-to-one set, lines that settle nothing included
RECALL: Final = 0.93
IN_THREE: Final = 0.99
FLOORS: Final[dict[str, tuple[float, float, float]]] = {
    # precision, recall, found among the first three
    "one_to_one": (0.999, 0.96, 0.995),
    "one_to_one_fee": (0.995, 0.88, 0.93),
    "partial": (0.98, 0.65, 0.95),  # a part that neither names an item nor calls itself one is asked about
    "one_to_many": (0.98, 0.80, 0.85),
    "many_to_one": (0.98, 0.80, 0.82),
    "boleto_interest": (0.98, 0.97, 0.98),
    "boleto_discount": (0.98, 0.97, 0.98),
    "withholding_irrf": (0.98, 0.90, 0.93),
    "withholding_pcc": (0.98, 0.88, 0.90),
    "withholding_irrf_pcc": (0.98, 0.83, 0.85),
    "withholding_inss": (0.98, 0.85, 0.88),
    "withholding_iss": (0.98, 0.85, 0.88),
    "payable_withholding": (0.98, 0.95, 0.97),
    "payout": (0.98, 0.97, 0.97),
    "cnab": (0.98, 0.97, 0.97),
    "mapped": (0.98, 0.96, 0.98),
    "transfer": (0.98, 0.93, 0.95),
    "refund": (0.98, 0.82, 0.85),
    "posted": (0.98, 0.95, 0.98),
    "pending": (1.0, 0.0, 0.95),  # never settled itself; found: left to the right posted line
}


def below(scores: Mapping[str, Score]) -> list[str]:
    """Return a sentence for each floor that is missed."""
    reached = summary(scores)
    missed = [
        f"{name} {reached[name]:.4f} < {floor}"
        for name, floor in (("precision", PRECISION), ("recall", RECALL), ("in_three", IN_THREE))
        if reached[name] < floor
    ]
    for case, floors in FLOORS.items():
        if score := scores.get(case):
            names = (
                ("precision", score.precision),
                ("recall", score.recall),
                ("in three", score.found_share),
            )
            missed += [
                f"{case}: {name} {value:.4f} < {floor}"
                for (name, value), floor in zip(names, floors, strict=True)
                if value < floor
            ]
    return missed


def summary(scores: Mapping[str, Score]) -> dict[str, float]:
    """Return precision, recall and found share of the one-to-one set (with the lines that settle nothing), and the share of all lines with
    something to settle that nobody has to touch.
    """
    single = total(scores, *ONE_TO_ONE)
    clear = single.clear + total(scores, *NOTHING).clear
    true = total(scores, *(case for case in scores if case not in (*NOTHING, "pending", "corrected")))
    return {
        "precision": round(single.right / clear, 5) if clear else 1.0,
        "recall": round(single.recall, 5),
        "in_three": round(single.found_share, 5),
        "untouched": round(true.recall, 5),
    }
