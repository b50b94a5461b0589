"""The matcher: how fast it is, how that grows, and side by side with the ways of others on the same data."""

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from math import log2
from multiprocessing import get_context
from typing import Any

from benchmarks import rivals
from benchmarks.results import Result, Settings
from reconciliation.evaluation import floors
from reconciliation.evaluation.generate import generate
from reconciliation.evaluation.labelled import Labelled
from reconciliation.evaluation.measure import measure
from reconciliation.matching.match import match
from reconciliation.matching.tables import ItemTable

SIZES = ((10_000, 5_000), (30_000, 15_000), (100_000, 50_000))
COMPARED = (10_000, 5_000)
NEW_LINES = 200
GROWTH = 1.2  # a fifth for a larger table's worse use of processor caches and for noise; twice n·log n would be a defect
SECONDS, MEGABYTES, DELTA_MS, TIMES_FASTER = 6.0, 1_536, 250, 10


def matcher(settings: Settings) -> list[Result]:
    """Return the measures of the matcher; each size in a process of its own, so that its peak of memory is its own."""
    large = _alone(_large)
    return [
        Result(
            "matcher: 100,000 lines × 50,000 items, one process", large["seconds"], "s", "<=", SECONDS,
            {"precision": large["precision"], "recall": large["recall"], "in_three": large["in_three"]},
        ),
        Result("matcher: peak memory of it, the data included", large["megabytes"], "MB", "<=", MEGABYTES),
        _growth(),
        Result(f"matcher: {NEW_LINES} new lines against 50,000 items", _alone(_delta), "ms", "<=", DELTA_MS),
        *_side_by_side(),
    ]  # fmt: skip


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _large() -> dict[str, float]:
    made = generate(1, lines=SIZES[-1][0], items=SIZES[-1][1])
    begun = time.perf_counter()
    judged = match(made.lines, made.items)
    seconds = time.perf_counter() - begun
    reached = floors.summary(measure(judged, made.truth))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return reached | {"seconds": seconds, "megabytes": peak}


def _growth() -> Result:
    """Return how many times n·log n the time grew from the smallest to the largest size, where no price is popular."""
    took = {sizes[0]: _alone(_seconds, *sizes) for sizes in SIZES}
    (small, _), *_, (large, _) = SIZES
    expected = large * log2(large) / (small * log2(small))
    figures = {f"s_at_{lines:,}": round(seconds, 2) for lines, seconds in took.items()}
    return Result(
        "matcher: growth from 10,000 to 100,000 lines, against n·log n", took[large] / took[small] / expected, "×", "<=", GROWTH, figures
    )  # fmt: skip


def _seconds(lines: int, items: int) -> float:
    made = generate(2, lines=lines, items=items, popular=0.0)
    return _best_of(3, lambda: match(made.lines, made.items))


def _delta() -> float:
    """Return milliseconds for the lines of one sync; names of the items have been seen, as in a worker that runs."""
    made = generate(3, lines=10_000, items=SIZES[-1][1])
    table = ItemTable(made.items)
    match(made.lines[NEW_LINES : 2 * NEW_LINES], table)
    return 1_000 * _best_of(5, lambda: match(made.lines[:NEW_LINES], table))


def _best_of(times: int, function: Callable[[], Any]) -> float:
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        function()
        took.append(time.perf_counter() - begun)
    return min(took)


def _side_by_side() -> list[Result]:
    made = generate(4, lines=COMPARED[0], items=COMPARED[1])
    ways: dict[str, Callable[[Labelled], dict[str, str]]] = {
        "ours": _ours,
        "token_set_ratio": rivals.token_set_ratio,
        "splink": rivals.splink_one_to_one,
    }
    found: dict[str, tuple[float, float]] = {}
    small = generate(5, lines=200, items=100)
    for name, way in ways.items():
        way(small)  # loads what it needs
        found[name] = _timed(way, made, 3 if name == "ours" else 1)
    results = []
    for name in ("token_set_ratio", "splink"):
        figures = {"our_s": round(found["ours"][0], 2), "their_s": round(found[name][0], 2)}
        results += [
            Result(f"matcher: faster than {name}, 10,000 × 5,000", found[name][0] / found["ours"][0], "×", ">=", TIMES_FASTER, figures),
            Result(
                f"matcher: F1 above that of {name}", found["ours"][1] - found[name][1], "", ">=", 0.0,
                {"our_f1_percent": 100 * found["ours"][1], "their_f1_percent": 100 * found[name][1]},
            ),
        ]  # fmt: skip
    return results


def _timed(way: Callable[[Labelled], dict[str, str]], made: Labelled, times: int) -> tuple[float, float]:
    """Return the shortest of so many runs in seconds, and F1."""
    answers: list[dict[str, str]] = []
    return _best_of(times, lambda: answers.append(way(made))), f1(answers[0], made)


def _ours(made: Labelled) -> dict[str, str]:
    return {
        judgement.line_id: judgement.settlements[0].items[0].id
        for judgement in match(made.lines, made.items)
        if judgement.verdict == "clear" and judgement.settlements[0].items
    }


def f1(pairs: dict[str, str], made: Labelled) -> float:
    """Return the harmonic mean of precision and recall of these (line → item)."""
    true = {line: next(iter(truth.items)) for line, truth in made.truth.items() if truth.items}
    right = sum(true.get(line) == item for line, item in pairs.items())
    return 2 * right / (len(pairs) + len(true)) if pairs or true else 1.0
