"""The parts of the analysis as they were computed last, kept until facts or settings change (live.cache)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from django.utils.translation import get_language

from kpi import comparing
from kpi.analysis.ageing import Bucket, ageing
from kpi.analysis.cohorts import Cohort, cohorts
from kpi.analysis.concentration import Concentration, concentration
from kpi.analysis.drivers import Drivers, drivers
from kpi.analysis.projection import Projection, projection
from lib.periods import Period
from lib.revive import revived
from live import cache
from tenants.models import Tenant

Part = TypeVar("Part")
DIRECTIONS: Final = ("receivable", "payable")


@dataclass(frozen=True, slots=True)
class Why:
    """What a number is compared with, and the parts of its change."""

    compared: Period
    drivers: Drivers


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is open by age, in and out."""

    receivable: tuple[Bucket, ...]
    payable: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads for one company on one day. Names are in the reader's language, so each language is kept apart."""

    tenant: Tenant
    today: date

    def why(self, *, measure: str, dimension: str, period: Period, comparison: str) -> Why:
        """Return the parts of a change."""

        def compute() -> Why:
            until = period.until(self.today)
            compared = comparing.compared_with(until, comparison, comparing.calendar(self.tenant))
            found = drivers(
                self.tenant, measure=measure, dimension=dimension, period=period, compared=compared
            )
            return Why(compared, found)

        kept: Why = self._kept(
            Why, "why", compute, measure=measure, by=dimension, compare=comparison, **_span(period)
        )
        return kept

    def concentration(self, *, dimension: str, period: Period) -> Concentration:
        """Return who carries the sales."""
        compute = partial(concentration, self.tenant, dimension=dimension, period=period)
        kept: Concentration = self._kept(Concentration, "carried", compute, by=dimension, **_span(period))
        return kept

    def ageing(self) -> Ageing:
        """Return what is open by age."""

        def compute() -> Ageing:
            return Ageing(
                *(tuple(ageing(self.tenant, direction=one, today=self.today)) for one in DIRECTIONS)
            )

        kept: Ageing = self._kept(Ageing, "ages", compute)
        return kept

    def cohorts(self) -> tuple[Cohort, ...]:
        """Return who comes back."""
        compute = partial(cohorts, self.tenant, today=self.today)
        kept: tuple[Cohort, ...] = self._kept(tuple[Cohort, ...], "cohort", compute)
        return kept

    def projection(self) -> Projection | None:
        """Return where the cash is going; None where no bank tells a balance."""
        compute = partial(projection, self.tenant, today=self.today)
        kept: Projection | None = self._kept(Projection | None, "cash", compute)
        return kept

    def _kept(self, kind: Any, part: str, compute: Callable[[], Any], **asked: Any) -> Any:
        params = asked | {"day": self.today, "language": get_language(), "shape": 2}
        found = cache.remember(
            "board", tenant_id=self.tenant.pk, compute=compute, params=params, part=f"analysis-{part}"
        )
        return revived(kind, orjson.loads(found.body))


def _span(period: Period) -> dict[str, Any]:
    return {"from": period.start, "to": period.last, "key": period.key}
