"""What the matcher reaches on a labelled set, by case class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciliation.evaluation.labelled import Truth
from reconciliation.matching.records import Judgement, Settlement


@dataclass(slots=True)
class Score:
    """Counts of lines of one class."""

    lines: int = 0
    clear: int = 0
    right: int = 0  # clear, and what is true
    found: int = 0  # true one clear, or among the (at most three) ambiguous ones

    @property
    def precision(self) -> float:
        """Return the share of clear verdicts that are right; 1 when there is none."""
        return self.right / self.clear if self.clear else 1.0

    @property
    def recall(self) -> float:
        """Return the share of lines settled clearly and rightly."""
        return self.right / self.lines if self.lines else 1.0

    @property
    def found_share(self) -> float:
        """Return the share of lines whose true settlement is clear or shown among the first three."""
        return self.found / self.lines if self.lines else 1.0


def measure(judgements: Sequence[Judgement], truth: Mapping[str, Truth]) -> dict[str, Score]:
    """Return the counts by case class. A line that settles nothing is right when it is not clear."""
    scores: dict[str, Score] = {}
    for judgement in judgements:
        true = truth[judgement.line_id]
        score = scores.setdefault(true.case, Score())
        score.lines += 1
        clear = judgement.verdict == "clear"
        hits = [is_true(settlement, true) for settlement in judgement.settlements]
        score.clear += clear
        score.right += clear and hits[0]
        score.found += any(hits) or (judgement.posted_as != "" and judgement.posted_as == true.posted_as)
    return scores


def is_true(settlement: Settlement, true: Truth) -> bool:
    """Return whether the settlement joins exactly the lines and items that belong together."""
    return (
        frozenset(share.id for share in settlement.items) == true.items
        and frozenset(share.id for share in settlement.lines) == true.lines
    )


def total(scores: Mapping[str, Score], *cases: str) -> Score:
    """Return the sum over these classes."""
    some = [score for case, score in scores.items() if case in cases]
    return Score(
        sum(s.lines for s in some),
        sum(s.clear for s in some),
        sum(s.right for s in some),
        sum(s.found for s in some),
    )
