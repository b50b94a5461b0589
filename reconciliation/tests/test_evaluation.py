"""The labelled set and what the matcher reaches on it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reconciliation.evaluation import floors
from reconciliation.evaluation.cases import CASES
from reconciliation.evaluation.generate import generate
from reconciliation.evaluation.labelled import Truth
from reconciliation.evaluation.measure import Score, is_true, measure, total
from reconciliation.matching.records import Judgement, Settlement, Share


def test_a_seed_makes_the_same_set_again_and_another_one_another():
    one, again, other = (generate(seed, lines=60, items=40, each=2) for seed in (3, 3, 4))
    assert (one.lines, one.items, one.truth) == (again.lines, again.items, again.truth)
    assert one.lines != other.lines


def test_every_line_has_its_truth_and_the_shares_are_those_of_the_plan():
    made = generate(1, lines=4_000, items=2_000, each=3)
    assert set(made.truth) == {line.id for line in made.lines}
    single = [line for line in made.lines if made.truth[line.id].case.startswith("one_to_one")]
    assert len(single) == 1_600
    assert 0.05 < sum(made.truth[line.id].case == "one_to_one_fee" for line in single) / 1_600 < 0.11
    assert (
        0.40
        < sum(len(line.document) in (11, 14) and "*" not in line.document for line in single) / 1_600
        < 0.50
    )
    assert {truth.case for truth in made.truth.values()} >= {*CASES, *floors.FLOORS} - {"withholding"}


def test_the_matcher_reaches_every_floor():
    made = generate(11, lines=6_000, items=3_000, each=60)
    out = StringIO()
    call_command("evaluate_matcher", seed=11, lines=6_000, items=3_000, each=60, json=True, stdout=out)
    said = json.loads(out.getvalue())
    assert said["missed"] == []
    assert said["precision"] >= 0.999
    assert said["recall"] >= 0.93
    assert said["in_three"] >= 0.99
    assert sum(case["lines"] for case in said["cases"].values()) == len(made.lines)
    assert {*said["cases"]} == {*floors.FLOORS, *floors.NOTHING}


def test_a_missed_floor_fails_the_command(monkeypatch):
    monkeypatch.setitem(floors.FLOORS, "partial", (1.0, 1.0, 1.0))
    out = StringIO()
    with pytest.raises(CommandError, match="partial: recall"):
        call_command("evaluate_matcher", lines=300, items=200, each=10, stdout=out)
    assert "partial" in out.getvalue()


def test_what_counts_as_true():
    true = Truth("case", frozenset({"i1", "i2"}), frozenset({"l1"}))
    assert is_true(settlement(["l1"], ["i2", "i1"]), true)
    assert not is_true(settlement(["l1"], ["i1"]), true)
    assert not is_true(settlement(["l1", "l2"], ["i1", "i2"]), true)


def test_scores_count_lines():
    true = Truth("case", frozenset({"i1"}), frozenset({"l1"}))
    right, wrong = settlement(["l1"], ["i1"]), settlement(["l1"], ["i2"])
    truth = {"l1": true, "l2": Truth("nothing"), "l3": Truth("pending", posted_as="l1")}
    judged = [
        Judgement("l1", "clear", (right,)),
        Judgement("l1", "clear", (wrong,)),
        Judgement("l1", "ambiguous", (wrong, right)),
        Judgement("l1", "none"),
        Judgement("l2", "clear", (wrong,)),
        Judgement("l3", "none", posted_as="l1"),
    ]
    scores = measure(judged, truth)
    assert scores["case"] == Score(lines=4, clear=2, right=1, found=2)
    assert (scores["case"].precision, scores["case"].recall, scores["case"].found_share) == (0.5, 0.25, 0.5)
    assert scores["nothing"] == Score(lines=1, clear=1)
    assert scores["pending"].found_share == 1
    assert total(scores, "case", "nothing") == Score(5, 3, 1, 2)


def settlement(lines, items):
    return Settlement(
        "exact", tuple(Share(i, 1) for i in lines), tuple(Share(i, 1) for i in items), (), 90, ()
    )
