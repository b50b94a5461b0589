"""`python -m benchmarks.anomalies CHECKOUT`: our detector beside a windowed Gaussian on the labelled series of the Numenta Anomaly Benchmark.

CHECKOUT is a working copy of github.com/numenta/NAB (its data is AGPL and no part of this project). A hit is a labelled window with at least
one flagged point, a false point a flagged one outside of all windows. The first 15 % of each series count for nobody, as in NAB. Both judge a point by
the points before it. The Gaussian is a threshold on |value − mean| / deviation of a window: NAB's own (up to 6,400 points, moved on by hundreds) and
plain rolling ones. Its best F1 takes the share of flagged points that lie in a window as precision and the share of windows hit as recall.
"""

import csv
import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kpi.anomalies.detect import detect

Floats = npt.NDArray[np.floating[Any]]
PROBATION: Final = 0.15
THRESHOLDS: Final = (*np.arange(1.0, 6.0, 0.25), *np.arange(6.0, 31.0, 0.5))
WIDER: Final = 1.15
ROLLING: Final = (288, 1_000)


@dataclass(frozen=True, slots=True)
class Series:
    """One labelled series; `window` is the number of the window that a point lies in, −1 for none."""

    name: str
    times: npt.NDArray[np.datetime64]
    values: Floats
    window: npt.NDArray[np.int64]
    windows: int

    @property
    def group(self) -> str:
        """Return the folder of the series."""
        return self.name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Counts:
    """What flags amount to."""

    hits: int
    windows: int
    false: int
    inside: int

    @property
    def f1(self) -> float:
        """Return F1 as the head of this file defines it."""
        precision, recall = self.inside / max(self.inside + self.false, 1), self.hits / max(self.windows, 1)
        return 2 * precision * recall / (precision + recall) if self.inside else 0.0


def load(checkout: Path) -> list[Series]:
    """Return all labelled series of a checkout."""
    labels = json.loads((checkout / "labels" / "combined_windows.json").read_text())
    return [_series(checkout, name, windows) for name, windows in sorted(labels.items())]


def _series(checkout: Path, name: str, windows: Sequence[Sequence[str]]) -> Series:
    with (checkout / "data" / name).open() as file:
        rows = [(row["timestamp"], float(row["value"])) for row in csv.DictReader(file)]
    rows.sort(key=lambda row: row[0])
    times = np.array([row[0].replace(" ", "T") for row in rows], dtype="datetime64[s]")
    inside = np.full(len(rows), -1)
    for number, (first, last) in enumerate(windows):
        start, end = (np.datetime64(text[:19].replace(" ", "T")) for text in (first, last))
        inside[(times >= start) & (times <= end)] = number
    return Series(name, times, np.array([row[1] for row in rows]), inside, len(windows))


def ours(series: Series) -> Floats:
    """Return our score: 1 is the edge of the band."""
    return np.asarray(np.nan_to_num(detect(series.times, series.values).score))


def numenta_gaussian(series: Series) -> Floats:
    """Return the deviations from the mean as NAB's windowedGaussian detector takes them."""
    place = np.arange(len(series.values))
    moved = np.maximum(place - 6_400, 0) // 100 * 100
    return _deviations(series.values, moved, np.where(place > 6_400, moved + 6_400, place))


def rolling_gaussian(window: int) -> Callable[[Series], Floats]:
    """Return the same over the last `window` points."""

    def score(series: Series) -> Floats:
        place = np.arange(len(series.values))
        return _deviations(series.values, np.maximum(place - window, 0), place)

    return score


def _deviations(values: Floats, low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> Floats:
    centre = values.mean()
    sums = np.concatenate([[0.0], np.cumsum(values - centre)])
    squares = np.concatenate([[0.0], np.cumsum((values - centre) ** 2)])
    count = np.maximum(high - low, 1)
    mean = (sums[high] - sums[low]) / count
    deviation = np.sqrt(np.maximum((squares[high] - squares[low]) / count - mean**2, 0.0))
    found = np.abs(values - centre - mean) / np.maximum(deviation, 1e-6)
    return np.where(high - low < 2, 0.0, found)


def counted(all_series: Sequence[Series], scores: Mapping[str, Floats], threshold: float) -> Counts:
    """Return what a threshold amounts to over these series."""
    hits = windows = false = inside = 0
    for series in all_series:
        flags = scores[series.name] >= threshold
        flags[: int(PROBATION * len(flags))] = False
        within = flags & (series.window >= 0)
        hits += len(set(series.window[within].tolist()))
        windows += series.windows
        false += int(np.count_nonzero(flags & (series.window < 0)))
        inside += int(np.count_nonzero(within))
    return Counts(hits, windows, false, inside)


def main() -> int:
    """Print both tables; return 1 unless ours has more hits and fewer false points than each Gaussian at three deviations, and more hits at
    equal false points.
    """
    parser = ArgumentParser(prog="python -m benchmarks.anomalies")
    parser.add_argument("checkout", type=Path, help="a working copy of github.com/numenta/NAB")
    all_series = load(parser.parse_args().checkout)
    our_scores = {series.name: ours(series) for series in all_series}
    mine = counted(all_series, our_scores, 1.0)
    print(
        f"{len(all_series)} series, {sum(len(s.values) for s in all_series):,} points, {mine.windows} windows"
    )
    print(f"ours at its default: {mine.hits} hits, {mine.false} false points, F1 {mine.f1:.3f}")
    wider = counted(all_series, our_scores, WIDER)
    print(
        f"ours with bands {WIDER - 1:.0%} wider: {wider.hits} hits, {wider.false} false points, F1 {wider.f1:.3f}\n"
    )
    beaten = True
    for name, score in (
        ("NAB's windowed Gaussian", numenta_gaussian),
        *((f"Gaussian of the last {window} points", rolling_gaussian(window)) for window in ROLLING),
    ):
        scores = {series.name: score(series) for series in all_series}
        beaten &= _compare(name, all_series, scores, mine)
        if score is numenta_gaussian:
            by_group = (our_scores, scores)
    _groups(all_series, *by_group)
    return 0 if beaten else 1


def _compare(name: str, all_series: Sequence[Series], scores: Mapping[str, Floats], mine: Counts) -> bool:
    curve = {float(t): counted(all_series, scores, float(t)) for t in THRESHOLDS}
    three, (best_at, best) = curve[3.0], max(curve.items(), key=lambda item: item[1].f1)
    matched_at, matched = next((t, c) for t, c in curve.items() if c.false <= mine.false)
    equal_at, equal = max(((t, c) for t, c in curve.items() if c.hits >= mine.hits), default=(0.0, None))
    print(name)
    print(
        f"  at three deviations          {three.hits:4} hits {three.false:6,} false points, F1 {three.f1:.3f}"
    )
    print(
        f"  at its best F1 ({best_at:5.2f})       {best.hits:4} hits {best.false:6,} false points, F1 {best.f1:.3f}"
    )
    print(
        f"  at no more false points than ours ({matched_at:.2f}): {matched.hits} hits, {matched.false:,} false points"
    )
    if equal:
        print(
            f"  at no fewer hits than ours ({equal_at:.2f}): {equal.hits} hits, {equal.false:,} false points"
        )
    return mine.hits > max(three.hits, matched.hits) and mine.false < three.false


def _groups(all_series: Sequence[Series], our: Mapping[str, Floats], gaussian: Mapping[str, Floats]) -> None:
    best = max(THRESHOLDS, key=lambda t: counted(all_series, gaussian, float(t)).f1)
    print(
        f"\n{'group':<24}{'windows':>8}  {'ours':>14}  {'NAB at 3':>14}  {'NAB at best F1':>15}   (hits / false points)"
    )
    for group in sorted({series.group for series in all_series}):
        some = [series for series in all_series if series.group == group]
        columns = [
            counted(some, our, 1.0), counted(some, gaussian, 3.0), counted(some, gaussian, float(best)),
        ]  # fmt: skip
        cells = "".join(f"  {f'{c.hits} / {c.false:,}':>14}" for c in columns)
        print(f"{group:<24}{columns[0].windows:>8}{cells}")


if __name__ == "__main__":
    sys.exit(main())
