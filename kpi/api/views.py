"""The board of a period as JSON: the same numbers, from the same reading, as the overview."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from kpi import comparing, months, ready
from kpi.catalog import CATALOG, Better, Unit
from lib import clock, periods
from lib.periods import Period
from live.api.cached import cached
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter
from tenants.api.schema import DAY, INTEGER, MONEY, STRING, Schema, array, documented, nullable, query, record
from tenants.models import Capability

SPAN: dict[str, Schema] = {
    "key": STRING,
    "from": DAY,
    "to": DAY,
    "business_days": {
        **INTEGER,
        "description": "Without weekends, national holidays and your own free days.",
    },
    "free_days": INTEGER,
}
NUMBER_TEXT: Schema = {"type": ["string", "integer", "null"]}
RATIO: Schema = {"type": ["string", "null"]}
KPI = record(
    {
        "code": {"enum": [kpi.code for kpi in CATALOG]},
        "unit": {"enum": [unit.value for unit in Unit]},
        "better": {"enum": [better.value for better in Better]},
        "value": {
            "description": "Money as text, counts as numbers; null is unknown, never zero.",
            "type": ["string", "integer", "null"],
        },
        "previous": {"type": ["string", "integer", "null"]},
        "change": {"description": "Ratio against `previous`: 0.12 is 12 % more.", "type": ["string", "null"]},
        "series": array(MONEY),
        "comparisons": array(
            record(
                SPAN
                | {
                    "key": {"enum": [*comparing.COMPARISONS, comparing.GOAL]},
                    "previous": {
                        "description": "Of a goal the part that belongs to the business days that have passed.",
                        **NUMBER_TEXT,
                    },
                    "change": RATIO,
                    "difference": {
                        "description": "Instead of a change where the sign turned.",
                        **NUMBER_TEXT,
                    },
                    "change_per_business_day": {
                        "description": "Where the spans have not as many business days.",
                        **RATIO,
                    },
                    "goal": {"description": "The goal of the whole months.", **NUMBER_TEXT},
                }
            )
        ),
    }
)
BOARD = record(
    {
        "period": record(SPAN),
        "compared": record(SPAN),
        "currency": STRING,
        "kpis": array(KPI),
        "other_currencies": array(record({"currency": STRING, "inflow": MONEY, "outflow": MONEY})),
    }
)

COMPARE = query(
    "compare",
    "What it is compared with: `previous` and `last_year` up to the same business day, `same_weekdays` moved back by weeks, `calendar` the same "
    "days of the calendar. Every number tells all of them in `comparisons`, and its goal.",
    {"enum": list(comparing.COMPARISONS), "default": comparing.COMPARISONS[0]},
)
MONTH = record(
    {
        "month": {**STRING, "pattern": r"^\d{4}-\d{2}$"},
        "rows": array(
            record(
                {
                    "type": {"enum": ["CREDIT", "DEBIT"]},
                    "tx_count": INTEGER,
                    "total_amount": MONEY,
                    "avg_amount": MONEY,
                    "active_tx_count": INTEGER,
                    "active_total_amount": nullable(MONEY),
                }
            )
        ),
    }
)


class MonthView(ApiView):
    """`/api/kpis/<month>`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Bank lines of one month by direction",
        description="Out of the materialized view `mv_tenant_kpis`: posted, non-void lines in the company's currency; `active` leaves out "
        "ignored ones. `meta.as_of` is when the view was built for this company; while it is being built again, the month rollup answers.",
        data=MONTH,
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest, month: str) -> HttpResponse:
        """Return the month."""
        try:
            first = date.fromisoformat(f"{month}-01")
        except ValueError as error:
            raise BadParameter({"month": _("Write the month as 2026-03.")}) from error
        tenant = request.access.tenant

        def rows() -> tuple[Any, dict[str, Any]]:
            found = months.read(tenant, first)
            shown = [{name: _plain(value) for name, value in row.items()} for row in found.rows]
            return {"month": f"{first:%Y-%m}", "rows": shown}, {"as_of": found.as_of}

        return cached(request, "kpis", compute=rows, part=f"{first:%Y-%m}")


def _plain(value: Any) -> Any:
    """Return an amount rounded to cents: the view keeps averages longer."""
    return round(value, 2) if isinstance(value, Decimal) else value


class KpisView(ApiView):
    """`/api/kpis`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Numbers of a period",
        description="\n".join(
            f"- `{kpi.code}`: {kpi.formula} ({kpi.source}; without {kpi.exclusions})" for kpi in CATALOG
        ),
        data=BOARD,
        parameters=[
            query("period", "Named period.", {"enum": list(periods.PRESETS), "default": periods.DEFAULT}),
            query("from", "First day.", DAY),
            query("to", "Last day, included.", DAY),
            COMPARE,
        ],
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the board."""
        tenant = request.access.tenant
        today = clock.today(tenant.zone)
        period, comparison = asked_period(request), asked_comparison(request)

        def board() -> tuple[Any, dict[str, Any]]:
            found = ready.numbers(tenant, period=period, today=today, comparison=comparison)
            return found.board, {"as_of": found.as_of}

        key = {
            "from": period.start,
            "to": period.last,
            "key": period.key,
            "compare": comparison,
            "day": today,
            "shape": ready.SHAPE,
        }
        return cached(request, "board", compute=board, params=key)


def asked_period(request: ApiRequest) -> Period:
    """Return the period that the query asks for. Raises BadParameter."""
    today = clock.today(request.access.tenant.zone)
    try:
        return periods.from_query(request.query_params, today=today)
    except periods.PeriodError as error:
        asked = " – ".join(
            filter(None, (request.query_params.get(name, "") for name in ("period", "from", "to")))
        )
        raise BadParameter(
            {
                "period": _("“%(asked)s” is not a period. Use a named one, or from and to as 2026-03-01.")
                % {"asked": asked[:60]}
            }
        ) from error


def asked_comparison(request: ApiRequest) -> str:
    """Return the comparison that the query asks for. Raises BadParameter."""
    name = request.query_params.get("compare", comparing.COMPARISONS[0])
    if name not in comparing.COMPARISONS:
        raise BadParameter(
            {"compare": _("Use one of: %(names)s.") % {"names": ", ".join(comparing.COMPARISONS)}}
        )
    return name
