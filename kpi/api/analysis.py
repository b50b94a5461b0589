"""Why numbers changed, who carries them, how old debts are, who comes back and where the cash is going, as JSON."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpi import comparing
from kpi.analysis import ageing, cohorts, concentration, drivers, projection, sums
from kpi.api.recurring import LINE, shown
from kpi.api.views import COMPARE, asked_comparison, asked_period
from lib import clock, periods
from live import freshness
from live.api.cached import cached
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.schema import DAY, INTEGER, MONEY, STRING, array, documented, nullable, query, record
from tenants.models import Capability

RATIO = {**nullable(STRING), "description": "0.12 is 12 %; null is unknown."}
PERIOD = (
    query("period", "Named period.", {"enum": list(periods.PRESETS), "default": periods.DEFAULT}),
    query("from", "First day.", DAY),
    query("to", "Last day, included.", DAY),
)
WEEK = (
    "due_in", "due_out", "recurring_in", "recurring_out", "expected_in", "expected_out", "balance_due", "balance_known", "balance_expected",
)  # fmt: skip
ERRORS = (400, 401, 403, 404)


def _asked(request: ApiRequest, name: str, known: tuple[str, ...]) -> str:
    asked = request.query_params.get(name, known[0])
    if asked not in known:
        raise BadParameter({name: _("Use one of: %(names)s.") % {"names": ", ".join(known)}})
    return asked


def _answer(request: ApiRequest, part: str, compute: Callable[[], Any], **params: Any) -> HttpResponse:
    """Answer from the cache; `as_of` is read before the facts are, so it never says too much."""
    tenant = request.access.tenant

    def told() -> tuple[Any, dict[str, Any]]:
        as_of = freshness.as_of(tenant)
        return compute(), {"as_of": as_of}

    # What has no name is called so in the reader's language.
    asked = params | {"day": clock.today(tenant.zone), "language": get_language()}
    return cached(request, "board", compute=told, part=part, params=asked)


_PART = {"name": STRING, "now": MONEY, "before": MONEY, "difference": MONEY, "share": RATIO}


def _part(found: drivers.Drivers, part: drivers.Part) -> dict[str, Any]:
    return {
        "name": part.name, "now": part.now, "before": part.before, "difference": part.difference, "share": _ratio(found.share(part)),
    }  # fmt: skip


class DriversView(ApiView):
    """`/api/kpis/drivers`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Why a number changed",
        description=(
            "The difference to the compared period, split by one dimension, the largest parts first. Expenses are positive sizes here. `gained` and "
            "`lost` are what all parts moved up and down; `share` is a part's share of both together, with its sign, so it is never above 1. What "
            "names nobody (no customer, or the ERP's placeholder for a passer-by) is no part: it stands in `unnamed`."
        ),
        data=record(
            {
                "measure": {"enum": list(drivers.SPLITS)},
                "dimension": {"enum": [*sums.OF_SALES, *sums.OF_LINES]},
                "now": MONEY,
                "before": MONEY,
                "difference": MONEY,
                "gained": MONEY,
                "lost": MONEY,
                "parts": array(record({"key": STRING, **_PART})),
                "unnamed": {"oneOf": [record(_PART), {"type": "null"}]},
                "others": record({"count": INTEGER, "difference": MONEY}),
            }
        ),
        parameters=[
            query("measure", "What changed.", {"enum": list(drivers.SPLITS)}),
            query(
                "by",
                "Sales: product, customer, store, seller, channel, payment; bank lines: category, account.",
            ),
            *PERIOD,
            COMPARE,
        ],
        errors=ERRORS,
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the parts."""
        tenant, period, comparison = request.access.tenant, asked_period(request), asked_comparison(request)
        measure = _asked(request, "measure", tuple(drivers.SPLITS))
        dimension = _asked(request, "by", drivers.dimensions_of(measure))

        def parts() -> Any:
            until = period.until(clock.today(tenant.zone))
            compared = comparing.compared_with(until, comparison, comparing.calendar(tenant))
            found = drivers.drivers(
                tenant, measure=measure, dimension=dimension, period=period, compared=compared, most=50
            )
            return {
                "measure": measure, "dimension": dimension, "now": found.now, "before": found.before, "difference": found.difference,
                "gained": found.gained, "lost": found.lost, "parts": [{"key": one.key, **_part(found, one)} for one in found.parts],
                "unnamed": _part(found, found.unnamed) if found.unnamed else None,
                "others": {"count": found.others_count, "difference": found.others},
            }  # fmt: skip

        span = {"from": period.start, "to": period.last, "key": period.key, "compare": comparison}
        return _answer(request, "drivers", parts, measure=measure, by=dimension, **span)


class ConcentrationView(ApiView):
    """`/api/kpis/concentration`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Who carries the sales (ABC)",
        description="Class A are the largest that together reach 80 % of what is named, B reach 95 %, C are all others.",
        data=record(
            {
                "whole": MONEY,
                "unnamed": MONEY,
                "counts": record({"A": INTEGER, "B": INTEGER, "C": INTEGER}),
                "largest": array(
                    record(
                        {
                            "key": STRING,
                            "name": STRING,
                            "total": MONEY,
                            "share": RATIO,
                            "reached": RATIO,
                            "class": {"enum": ["A", "B", "C"]},
                        }
                    )
                ),
            }
        ),
        parameters=[query("by", "Whom to rank.", {"enum": ["customer", "product"]}), *PERIOD],
        errors=ERRORS,
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the classes and the hundred largest."""
        tenant, period = request.access.tenant, asked_period(request)
        dimension = _asked(request, "by", ("customer", "product"))

        def classes() -> Any:
            found = concentration.concentration(tenant, dimension=dimension, period=period, most=100)
            largest = [
                {
                    "key": c.key,
                    "name": c.name,
                    "total": c.total,
                    "share": _ratio(c.share),
                    "reached": _ratio(c.reached),
                    "class": c.group,
                }
                for c in found.largest
            ]
            return {
                "whole": found.whole,
                "unnamed": found.unnamed,
                "counts": found.counts,
                "largest": largest,
            }

        return _answer(
            request, "concentration", classes, by=dimension, **{"from": period.start, "to": period.last}
        )


class AgeingView(ApiView):
    """`/api/kpis/ageing`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Open items by age",
        description="What is left of open items by days past their due date. Payables are negative.",
        data=array(
            record(
                {
                    "code": {"enum": [code for code, _low, _high in ageing.BUCKETS]},
                    "from": nullable(DAY),
                    "to": nullable(DAY),
                    "count": INTEGER,
                    "open": MONEY,
                }
            )
        ),
        parameters=[query("direction", "Which items.", {"enum": ["receivable", "payable"]})],
        errors=ERRORS,
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the ages, the youngest first."""
        tenant = request.access.tenant
        direction = _asked(request, "direction", ("receivable", "payable"))

        def ages() -> Any:
            found = ageing.ageing(tenant, direction=direction, today=clock.today(tenant.zone))
            return [
                {"code": b.code, "from": b.first, "to": b.last, "count": b.n, "open": b.left} for b in found
            ]

        return _answer(request, "ageing", ages, direction=direction)


class CohortsView(ApiView):
    """`/api/kpis/cohorts`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Who comes back",
        description="Customers by the month of their first purchase; `kept[n]` is how many of them bought in the n-th month after.",
        data=array(record({"month": DAY, "size": INTEGER, "kept": array(INTEGER)})),
        errors=ERRORS,
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the cohorts of the last twelve months."""
        tenant = request.access.tenant

        def months() -> Any:
            found = cohorts.cohorts(tenant, today=clock.today(tenant.zone))
            return [{"month": c.month, "size": c.size, "kept": list(c.kept)} for c in found]

        return _answer(request, "cohorts", months)


class ProjectionView(ApiView):
    """`/api/kpis/projection`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Where the cash is going",
        description="Thirteen weeks from today: what is due, what comes again and stands in no open item (`recurring_in`, `recurring_out`), what is "
        "expected, the balance at the end of each. `source` is what `expected` adds to what is known: forecast, usual (the median of what past weeks "
        "brought beside recurring lines) or none. `recurring` are the lines that come again. Null where no bank tells a balance.",
        data=nullable(
            record(
                {
                    "balance": MONEY,
                    "overdue_in": MONEY,
                    "overdue_out": MONEY,
                    "source": {"enum": ["forecast", "usual", "none"]},
                    "short_on": nullable(DAY),
                    "weeks": array(record(dict.fromkeys(WEEK, MONEY) | {"start": DAY})),
                    "recurring": array(LINE),
                }
            )
        ),
        errors=ERRORS,
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the weeks."""
        tenant = request.access.tenant

        def weeks() -> Any:
            found = projection.projection(tenant, today=clock.today(tenant.zone))
            if found is None:
                return None
            names = ("start", *WEEK)
            return {
                "balance": found.balance, "overdue_in": found.overdue_in, "overdue_out": found.overdue_out,
                "source": found.source, "short_on": found.short_on,
                "weeks": [{name: getattr(week, name) for name in names} for week in found.weeks],
                "recurring": [shown(line) for line in found.recurring],
            }  # fmt: skip

        return _answer(request, "projection", weeks)


def _ratio(value: Any) -> str | None:
    return None if value is None else f"{value:.6f}"
