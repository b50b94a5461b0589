"""Asking for fresh forecasts: one computation a company at a time, and not again before a while has passed."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from lib import pg
from live import limits, wake
from tenants.models import Tenant

EVERY: Final = 600  # seconds between two computations that people ask for
TASK: Final = "kpi.forecast_one"


class Outcome(Enum):
    """What became of the wish."""

    ASKED = "asked"
    RUNNING = "running"
    TOO_SOON = "too soon"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome, and after how many seconds one may ask again."""

    outcome: Outcome
    wait: int = 0


def ask(*, tenant: Tenant) -> Answer:
    """Let a worker forecast everything of the company anew. Returns at once; who is told AWAY reached no worker, and nothing will come of it."""
    with pg.session_lock(pg.Lock.FORECAST, tenant.pk) as free:
        if not free:
            return Answer(Outcome.RUNNING)
    verdict = limits.hit("forecast", str(tenant.pk), limit=1, seconds=EVERY)
    if not verdict.allowed:
        return Answer(Outcome.TOO_SOON, verdict.retry_after)
    return Answer(Outcome.ASKED if wake.now(TASK, slug=tenant.slug) else Outcome.AWAY)
