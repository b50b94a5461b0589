"""One alert for one incident: neighbouring anomalies are one, and missing values are an incident of their own kind, never a fall to nothing."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from kpi.anomalies.detect import Detection
from kpi.anomalies.seasons import Floats

Kind = Literal["high", "low", "missing"]
Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
BRIDGE: Final = 1  # calm points that do not end an incident


@dataclass(frozen=True, slots=True)
class Incident:
    """Positions `first` to `last` (both included). The amounts are sums over the anomalous points, `points` of them; for missing values `got` is None."""

    kind: Kind
    first: int
    last: int
    expected: float
    lo: float
    hi: float
    got: float | None
    score: float
    points: int = 1


def incidents(values: Floats, detection: Detection, *, bridge: int = BRIDGE) -> list[Incident]:
    """Return what happened, in order. Too high and too low are two incidents, even side by side."""
    found: list[Incident] = []
    above = values > detection.expected
    flagged: dict[Kind, Flags] = {
        "high": detection.anomaly & above,
        "low": detection.anomaly & ~above,
        "missing": np.isnan(values) & np.isfinite(detection.expected),
    }
    for kind, flags in flagged.items():
        reach = 0 if kind == "missing" else bridge
        found += [_incident(kind, group, values, detection) for group in _groups(flags, reach)]
    return sorted(found, key=lambda one: (one.first, one.kind))


def _groups(flags: Flags, reach: int) -> list[list[int]]:
    groups: list[list[int]] = []
    for position in np.flatnonzero(flags).tolist():
        if groups and position - groups[-1][-1] <= reach + 1:
            groups[-1].append(position)
        else:
            groups.append([position])
    return groups


def _incident(kind: Kind, places: list[int], values: Floats, detection: Detection) -> Incident:
    missing = kind == "missing"
    return Incident(
        kind,
        places[0],
        places[-1],
        float(detection.expected[places].sum()),
        float(detection.lo[places].sum()),
        float(detection.hi[places].sum()),
        None if missing else float(values[places].sum()),
        0.0 if missing else float(detection.score[places].max()),
        len(places),
    )
