"""The sliding window: what it costs a request, and whether fifty clients at once ever get more than the limit."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks.database import timed
from benchmarks.results import Result, Settings

ROUNDS: Final = 3_000
CLIENTS: Final = 50
LIMIT: Final = 60
SECONDS: Final = 5.0  # of fifty clients asking without a pause
# Redis's whole microseconds as a float of seconds are exact to less than one of them.
_EXACT: Final = 1e-6


def sliding_window(settings: Settings) -> list[Result]:
    """Both by the function that the API calls, with its two budgets: the caller's and the company's."""
    cost = _cost()
    admitted, asked = _crowd()
    busiest = _busiest(admitted)
    return [
        Result("sliding window: one decision over the caller's and the company's budget", cost[0], "ms", "<=", 1, {"p95_ms": cost[1]}),
        Result(
            f"most requests let in within any second, limit {LIMIT} a second, {CLIENTS} clients at once",
            busiest, "", "<=", LIMIT, {"asked": asked, "let_in": len(admitted)},
        ),
    ]  # fmt: skip


def _cost() -> tuple[float, float]:
    """Return median and 95th percentile in milliseconds; a third of the requests is refused."""
    from live import limits

    def ask(n: int) -> None:
        limits.hit_all([limits.Budget(f"bench:user:{n // 90}", 60), limits.Budget("bench:company:1", 3_000)])

    found = [1000 * timed(lambda n=n: ask(n)) for n in range(ROUNDS)]  # type: ignore[misc]
    return statistics.median(found), statistics.quantiles(found, n=20)[-1]


def _crowd() -> tuple[list[float], int]:
    """Return the moments (Redis's clock) at which requests were let in, in order, and how many were asked."""
    from live import limits

    together, until = threading.Barrier(CLIENTS), time.monotonic() + SECONDS

    def work(_n: int) -> tuple[list[float], int]:
        together.wait()
        moments, asked = list[float](), 0
        while time.monotonic() < until:
            verdict = limits.hit("bench", "crowd", limit=LIMIT, seconds=1)
            asked += 1
            if verdict.allowed and verdict.at is not None:
                moments.append(verdict.at)
        return moments, asked

    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(work, range(CLIENTS)))
    return sorted(at for moments, _ in found for at in moments), sum(asked for _, asked in found)


def _busiest(moments: list[float]) -> int:
    """Return the largest number of moments within any second, wherever it begins."""
    most = start = 0
    for end, at in enumerate(moments):
        while moments[start] <= at - 1 + _EXACT:
            start += 1
        most = max(most, end - start + 1)
    return most
