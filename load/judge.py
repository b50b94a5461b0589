"""The seven criteria, out of what a run noted. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the verdict. `value` is None where this run could not measure it."""

    name: str
    value: float | None
    unit: str
    compare: str
    reach: float
    how: str

    @property
    def verdict(self) -> str:
        """Return pass, fail or "not measured"."""
        if self.value is None:
            return "not measured"
        reached = {
            "<": self.value < self.reach,
            ">": self.value > self.reach,
            ">=": self.value >= self.reach,
        }
        return "pass" if reached[self.compare] else "fail"


# These say something about the panel on any machine; the others also say how large the machine is.
ANY_MACHINE: Final = ("latency p95", "error rate", "cache hit rate")


@dataclass(frozen=True, slots=True)
class Use:
    """What the web process used, sampled each second: memory in MB, and CPU in percent of one core."""

    at: float
    memory: float
    cpu: float


def judge(phases: Sequence[Mapping[str, Any]], judged: Iterable[str], uses: Sequence[Use]) -> list[Criterion]:
    """Return the seven criteria of the design, measured over the judged phases; throughput is the best phase's."""
    names = set(judged)
    counted = [phase for phase in phases if phase["name"] in names]
    spent = [one for phase in counted for of_kind in phase["spent"].values() for one in of_kind]
    errors = sum(sum(phase["errors"].values()) for phase in counted)
    hits, asked = _hits(counted)
    during = [use for use in uses if any(_inside(use.at, phase) for phase in counted)]
    return [
        Criterion("latency p95", percentile(spent, 95), "ms", "<", 500, "all requests and WebSocket answers"),
        Criterion("throughput", max(map(rate, phases), default=0.0), "req/s", ">=", 1000, "the best phase"),
        Criterion(
            "error rate", 100 * errors / len(spent) if spent else None, "%", "<", 1, f"{errors} errors"
        ),
        Criterion(
            "cache hit rate", 100 * hits / asked if asked else None, "%", ">", 80, f"{asked} REST answers"
        ),
        Criterion(
            "memory", max((use.memory for use in uses), default=None), "MB", "<", 512, "web process, most"
        ),
        Criterion(
            "CPU",
            sum(use.cpu for use in during) / len(during) if during else None,
            "%",
            "<",
            70,
            "web process, average, of one core",
        ),
        Criterion(
            "WebSockets",
            max((phase["websockets"] for phase in phases), default=0),
            "",
            ">=",
            1000,
            "open at once",
        ),
    ]


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which so many percent are (nearest rank); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def rate(phase: Mapping[str, Any]) -> float:
    """Return the answers a second of a phase."""
    count = sum(len(of_kind) for of_kind in phase["spent"].values())
    return count / phase["seconds"] if phase["seconds"] else 0.0


def _hits(phases: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return how many REST answers were cached (a stale one that is being renewed counts), and how many there were."""
    found: dict[str, int] = {}
    for phase in phases:
        for said, count in phase["cache"].items():
            found[said] = found.get(said, 0) + count
    return found.get("HIT", 0) + found.get("STALE", 0), sum(found.values())


def _inside(at: float, phase: Mapping[str, Any]) -> bool:
    return bool(phase["begun"] <= at <= phase["begun"] + phase["seconds"])
