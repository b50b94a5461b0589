"""The ways that others match payments, on our labelled set: names alone over all pairs, and probabilistic record linkage."""

import logging
from collections import defaultdict
from typing import Any, Final

import numpy as np
from rapidfuzz import fuzz, process, utils

from reconciliation.evaluation.labelled import Labelled
from reconciliation.matching.normal import normal
from reconciliation.matching.records import Item, Line

ALIKE: Final = 80
NEAR_AMOUNT: Final = 0.03
CHUNK: Final = 1_000
SURE: Final = 0.9  # splink's match probability from which a pair is taken


def token_set_ratio(made: Labelled) -> dict[str, str]:
    """Return line → item: all names compared, `token_set_ratio` of 80 and more; among those the nearest amount within 3 %, then the nearest
    day; what is equally good is left. (The way that was found in use takes the name only; amount and day are given to it here.)
    """
    owners = [utils.default_process(item.name) for item in made.items]
    cents = np.asarray([float(item.amount) for item in made.items])
    days = np.asarray([item.due_date.toordinal() for item in made.items])
    found: dict[str, str] = {}
    for start in range(0, len(made.lines), CHUNK):
        lines = made.lines[start : start + CHUNK]
        scores = process.cdist(
            [utils.default_process(line.name) for line in lines],
            owners,
            scorer=fuzz.token_set_ratio,
            score_cutoff=ALIKE,
            dtype=np.uint8,
        )
        for line, row in zip(lines, scores, strict=True):
            best = _best(line, np.flatnonzero(row), cents, days)
            if best is not None:
                found[line.id] = made.items[best].id
    return found


def _best(line: Line, rows: Any, cents: Any, days: Any) -> int | None:
    paid = float(line.amount)
    off = np.abs(cents[rows] - paid)
    rows = rows[off <= NEAR_AMOUNT * abs(paid)]
    ranked = sorted(
        (abs(cents[row] - paid), abs(days[row] - line.date.toordinal()), int(row)) for row in rows
    )
    if not ranked or (len(ranked) > 1 and ranked[0][:2] == ranked[1][:2]):
        return None
    return ranked[0][2]


def splink_one_to_one(made: Labelled) -> dict[str, str]:
    """Return line → item by splink: blocks of equal document, of equal amount, of equal first word and nearly equal amount; trained by
    expectation maximisation, on names in our normal form; its own one-to-one clusters, ties dropped.
    """
    import pyarrow as pa
    import splink.comparison_library as compare
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    database = DuckDBAPI()
    tables = [
        database.register(
            pa.Table.from_pylist([_line(line) for line in made.lines]), dataset_display_name="lines"
        ),
        database.register(
            pa.Table.from_pylist([_item(item) for item in made.items]), dataset_display_name="items"
        ),
    ]
    linker = Linker(
        tables,
        SettingsCreator(
            link_type="link_only",
            comparisons=[
                compare.ExactMatch("document"),
                compare.JaroWinklerAtThresholds("name", [0.95, 0.88, 0.75]),
                compare.AbsoluteDateDifferenceAtThresholds(
                    "day", input_is_string=True, metrics=["day", "day", "day"], thresholds=[1, 5, 30]
                ),
                compare.ExactMatch("amount"),
            ],
            blocking_rules_to_generate_predictions=[
                block_on("document"),
                block_on("amount"),
                block_on("first", "round(amount / 10)"),
            ],
            probability_two_random_records_match=0.4 / len(made.items),
        ),
        log_level=None,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("amount"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("document"))
    pairs = linker.inference.predict(threshold_match_probability=SURE)
    linked = linker.clustering.cluster_using_single_best_links(
        pairs,
        duplicate_free_datasets=["lines", "items"],
        threshold_match_probability=SURE,
        ties_method="drop",
    )
    clusters: dict[str, list[str]] = defaultdict(list)
    for row in linked.as_record_list():
        clusters[row["cluster_id"]].append(row["unique_id"])
    lines = {line.id for line in made.lines}
    ends = [sorted(ids, key=lambda id_: id_ not in lines) for ids in clusters.values() if len(ids) == 2]
    return {line: item for line, item in ends if line in lines}


def _line(line: Line) -> dict[str, Any]:
    return _row(line.id, line.name, line.document, line.date.isoformat(), float(line.amount))


def _item(item: Item) -> dict[str, Any]:
    return _row(item.id, item.name, item.document, item.due_date.isoformat(), float(item.amount))


def _row(id_: str, name: str, document: str, day: str, amount: float) -> dict[str, Any]:
    plain = normal(name)
    return {
        "unique_id": id_,
        "name": plain,
        "first": plain.partition(" ")[0],
        "document": document if document and "*" not in document else None,
        "day": day,
        "amount": amount,
    }
