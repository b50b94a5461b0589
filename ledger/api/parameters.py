"""Reading the query string of a list. What cannot be used is an error: a program that misspells must not get everything."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from ledger.lists import LISTS, Filters, ListSpec, parse
from lib import clock
from tenants.api.errors import BadParameter
from tenants.api.schema import DAY, INTEGER, STRING, query
from tenants.models import Tenant

LIMIT: Final = 50
MOST: Final = 200
OLDEST: Final = 10 * 365 * 24 * 3600  # seconds


def filters_of(request: Request, spec: ListSpec, tenant: Tenant) -> Filters:
    """Return the checked filter of the query string. Raises BadParameter."""
    found = parse(spec, request.query_params, today=clock.today(tenant.zone))
    if found.problems:
        raise BadParameter({problem.name: problem.message for problem in found.problems})
    return found


def limit_of(request: Request) -> int:
    """Return how many rows a page has: what was asked for, MOST at most. Raises BadParameter."""
    text = request.query_params.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise BadParameter({"limit": _("Use a whole number from 1 to %(most)d.") % {"most": MOST}})
    return min(int(text[:9]), MOST)


def max_age_of(request: Request) -> timedelta | None:
    """Return how old a record may be, None when the caller does not mind. Raises BadParameter."""
    text = request.query_params.get("max_age", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadParameter({"max_age": _("Use a whole number of seconds.")})
    return timedelta(seconds=min(int(text), OLDEST))


def means_the_same(
    request: Request, spec: ListSpec, tenant: Tenant, filters: Filters, since: datetime
) -> bool:
    """Return whether the query string let through the same rows on the day of `since`: "the last 30 days" and "overdue" move by themselves."""
    try:
        day = since.astimezone(tenant.zone).date()
    except OverflowError:  # the first or last day that there is, in another zone
        return False
    return parse(spec, request.query_params, today=day).condition == filters.condition


def documented_parameters(name: str) -> list[OpenApiParameter]:
    """Return the query parameters of a list for the schema."""
    spec = LISTS[name]
    found = [
        query("cursor", "`meta.next` of the page before."),
        query("limit", f"Rows a page, at most {MOST}.", {**INTEGER, "minimum": 1, "default": LIMIT}),
        query("sort", "Order of the rows.", {"enum": list(spec.orders), "default": spec.default_order}),
    ]
    if spec.search:
        found.append(query("q", "Words to look for."))
    if spec.date_column:
        default = f" Without any of the three: `{spec.default_period}`." if spec.default_period else ""
        found += [
            query("period", f"Named period, or `all`.{default}"),
            query("from", "First day.", DAY),
            query("to", "Last day, included.", DAY),
        ]
    if spec.amount_column:
        found += [
            query("min", "Least amount, without its sign."),
            query("max", "Largest amount, without its sign."),
        ]
    found += [query(choice.name, "Filter.", {"enum": list(choice.conditions)}) for choice in spec.choices]
    found += [query(name, "Only rows of this id.", INTEGER) for name in spec.ids]
    return found + [query(name, "Exactly this word.", STRING) for name in spec.words]
