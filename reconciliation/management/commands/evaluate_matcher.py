"""`manage.py evaluate_matcher`: precision, recall and speed of the matcher, by case class."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reconciliation import loading
from reconciliation.corrected import corrected
from reconciliation.evaluation.floors import below, summary
from reconciliation.evaluation.generate import generate
from reconciliation.evaluation.measure import Score, measure
from reconciliation.matching.match import match
from tenants.models import Tenant


class Command(BaseCommand):
    """Makes a labelled set from a seed, judges it and compares with what is true; fails when a floor is missed."""

    help = "Measure the matcher on a labelled set that is made from a seed."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the size of the set and its seed."""
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--lines", type=int, default=10_000, help="lines of the one-to-one set (default 10,000)"
        )
        parser.add_argument(
            "--items", type=int, default=5_000, help="open items of the one-to-one set (default 5,000)"
        )
        parser.add_argument(
            "--each", type=int, default=100, help="instances of each other case (default 100)"
        )
        parser.add_argument("--company", help="slug: judge also what people of this company linked by hand")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the table and end with an error when a floor is missed."""
        made = generate(options["seed"], lines=options["lines"], items=options["items"], each=options["each"])
        begun = time.perf_counter()
        judged = match(
            made.lines, made.items, mappings=made.mappings, collections=made.collections, own=made.own
        )
        seconds = time.perf_counter() - begun
        scores = measure(judged, made.truth)
        if options["company"]:
            scores |= _corrected(options["company"])
        said = summary(scores) | {
            "lines": len(made.lines),
            "items": len(made.items),
            "seconds": round(seconds, 3),
        }
        missed = below(scores)
        if options["json"]:
            self.stdout.write(json.dumps(said | {"missed": missed, "cases": _cases(scores)}))
        else:
            self._table(scores, said)
        if missed:
            raise CommandError("below its floor: " + "; ".join(missed))

    def _table(self, scores: Mapping[str, Score], said: Mapping[str, float]) -> None:
        self.stdout.write(
            f"{'case':24}{'lines':>8}{'clear':>8}{'precision':>11}{'recall':>9}{'in three':>10}"
        )
        for case, score in sorted(scores.items()):
            nothing = case.startswith("nothing")
            recall, found = ("–", "–") if nothing else (f"{score.recall:.4f}", f"{score.found_share:.4f}")
            precision = "–" if not score.clear else f"{score.precision:.4f}"
            self.stdout.write(
                f"{case:24}{score.lines:>8}{score.clear:>8}{precision:>11}{recall:>9}{found:>10}"
            )
        self.stdout.write("; ".join(f"{name.replace('_', ' ')} {value}" for name, value in said.items()))


def _corrected(slug: str) -> dict[str, Score]:
    """Return the counts of what people linked by hand. It has no floor: it holds what the matcher did not offer."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise CommandError(f"There is no company {slug!r}.")
    made = corrected(tenant.pk)
    weights, tolerance = loading.weights(tenant.pk)
    judged = match(
        made.lines, made.items, weights=weights, tolerance=tolerance, mappings=loading.payers(tenant.pk)
    )
    return measure(judged, made.truth)


def _cases(scores: Mapping[str, Score]) -> dict[str, dict[str, float]]:
    return {
        case: {
            "lines": score.lines,
            "clear": score.clear,
            "precision": round(score.precision, 5),
            "recall": round(score.recall, 5),
            "in_three": round(score.found_share, 5),
        }
        for case, score in sorted(scores.items())
    }
