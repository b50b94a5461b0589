"""Faults that a test or a person switches on: which requests they hit is drawn from their own seed, so that a run can be repeated."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

ANSWER_KINDS: Final = frozenset({"401", "429", "500", "hang", "cut_json", "nulls"})
PAGE_KINDS: Final = frozenset({"page_twice", "page_missing"})
ROW_KINDS: Final = frozenset({"late_rows", "changed_rows", "vanished_rows", "new_id_rows"})
WEBHOOK_KINDS: Final = frozenset({"webhook_twice", "webhook_out_of_order"})
KINDS: Final = ANSWER_KINDS | PAGE_KINDS | ROW_KINDS | WEBHOOK_KINDS


@dataclass(slots=True)
class Fault:
    """One switched-on fault: which upstream and path, how often, how many times at most. Rows: how many each time."""

    kind: str
    upstream: str = ""
    path: str = ""
    company: str = ""
    rate: float = 1.0
    times: int | None = None
    retry_after: int = 1
    rows: int = 3
    fired: int = 0

    def matches(self, upstream: str, path: str, company: str) -> bool:
        """Return whether the fault speaks about this request. An empty part means any; a path covers what lies under it."""
        below = not self.path or path == self.path or path.startswith(self.path.rstrip("/") + "/")
        return self.upstream in ("", upstream) and self.company in ("", company) and below


@dataclass(slots=True)
class Faults:
    """The faults that are on, and what row faults did."""

    seed: int = 0
    active: list[Fault] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    rng: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self.rng = Random(f"faults:{self.seed}")

    def add(self, wanted: list[dict[str, Any]]) -> None:
        """Switch faults on. Raises ValueError for an unknown kind or field."""
        fresh: list[Fault] = []
        for description in wanted:
            known = {
                key: value
                for key, value in description.items()
                if key in Fault.__dataclass_fields__ and key != "fired"
            }
            if known != description or str(description.get("kind")) not in KINDS:
                raise ValueError(f"unknown fault {description}; kinds are {', '.join(sorted(KINDS))}")
            fresh.append(Fault(**known | {"kind": str(description["kind"])}))
        self.active.extend(fresh)

    def clear(self) -> None:
        """Switch all off and begin the chances anew."""
        self.active.clear()
        self.log.clear()
        self.rng = Random(f"faults:{self.seed}")

    def draw(self, upstream: str, path: str, company: str, kinds: frozenset[str]) -> list[Fault]:
        """Return the faults of these kinds that hit this request."""
        hit = []
        for fault in self.active:
            spent = fault.times is not None and fault.fired >= fault.times
            if (
                fault.kind in kinds
                and not spent
                and fault.matches(upstream, path, company)
                and self.rng.random() < fault.rate
            ):
                fault.fired += 1
                hit.append(fault)
        return hit

    def has(self, kind: str) -> bool:
        """Return whether a fault of this kind is on."""
        return any(fault.kind == kind for fault in self.active)
