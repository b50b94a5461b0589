"""Who arrives when. Pure.

The shape of the design's load test: a scenario is chosen for every arrival (70 % a WebSocket that subscribes, thinks half a minute, says a
heartbeat and thinks a minute; 30 % one REST read with the ETag of the last one), for 60 s at 10, 300 s at 50 and 120 s at 100 arrivals a
second. Those arrivals alone ask at most 240 things a second, so how much the panel can answer is measured by a phase of its own.
"""

from dataclasses import dataclass
from typing import Final

WEBSOCKETS: Final = 0.7  # of the arrivals; the rest reads


@dataclass(frozen=True, slots=True)
class Phase:
    """So many seconds with so many arrivals a second; `readers` read without a pause meanwhile. `judged`: counts for the criteria."""

    name: str
    seconds: float
    arrivals: float = 0.0
    readers: int = 0
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The phases, and how long a listener thinks before and after its heartbeat (seconds)."""

    phases: tuple[Phase, ...]
    think: tuple[float, float]

    @property
    def seconds(self) -> float:
        """Return how long it takes."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def keys(self) -> int:
        """Return how many API keys it needs so that none is asked 60 times in a minute, at `PEAK` answers a second at most."""
        return 50 + max(round(_asked_in_a_minute(phase) / PER_MINUTE) for phase in self.phases)


def _asked_in_a_minute(phase: Phase) -> float:
    reads = PEAK if phase.readers else phase.arrivals * (1 - WEBSOCKETS)
    return reads * min(phase.seconds, 60)


PEAK: Final = 1_200  # more than one process answers
PER_MINUTE: Final = 45  # of the 60 that a key may: arrivals are not spread evenly

FULL: Final = Plan(
    (
        Phase("warm-up", 60, 10),
        Phase("load", 300, 50, judged=True),
        Phase("stress", 120, 100, judged=True),
        Phase("peak", 20, readers=16),
    ),
    think=(30.0, 60.0),
)
# For a machine with two cores that also runs the load: shorter, and still more than a thousand WebSockets at once.
SHORT: Final = Plan(
    (
        Phase("warm-up", 10, 10),
        Phase("load", 45, 20, judged=True),
        Phase("stress", 25, 30, judged=True),
        Phase("peak", 10, readers=16),
    ),
    think=(30.0, 60.0),
)
FAULT: Final = Plan(
    (
        Phase("before", 15, readers=8),
        Phase("during", 20, readers=8),
        Phase("after", 20, readers=8),
    ),
    think=(1.0, 1.0),
)
NEVER: Final = Plan((Phase("never started", 15, readers=8),), think=(1.0, 1.0))
