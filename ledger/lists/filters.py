"""From the URL to a checked filter: nothing of the query string reaches the database as it came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from lib import money, periods
from lib.periods import Period

TEXT_LIMIT = 100
Text = str | Promise
# A condition, or one that depends on today ("overdue") or on the value.
Condition = Q | Callable[[date], Q]


@dataclass(frozen=True, slots=True)
class FilterProblem:
    """A part of the URL that could not be used: which parameter, and a sentence for the person."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter with named values. `conditions` maps each value of the URL to its label and condition."""

    name: str
    label: Text
    conditions: Mapping[str, tuple[Text, Condition]]
    default: str = ""


@dataclass(frozen=True, slots=True)
class ListSpec:
    """One list: where its rows come from, what each shows, how it may be sorted, and what filters it.

    Every order ends with the unique `id` and points one way, so that an index serves it. `values` are columns or annotations.
    `date_column` is what the period filters; None: the list has no period. `amount_column` is what totals sum.
    """

    name: str
    label: Text
    about: Text  # what its rows are and where they come from, for a company that has none
    model: type[Model]
    values: tuple[str, ...]
    orders: Mapping[str, tuple[Text, tuple[str, ...]]]
    default_order: str
    annotations: Mapping[str, Any] = field(default_factory=dict)
    date_column: str | None = None
    default_period: str = ""
    amount_column: str | None = None
    currency_column: str | None = None
    choices: tuple[Choice, ...] = ()
    # URL parameter → condition of an id (account, customer), and URL parameter → column of an exact word (category).
    ids: Mapping[str, Callable[[int], Any]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    search: Callable[[str], Q] | None = None

    def base(self, tenant_id: int) -> QuerySet[Any]:
        """Return every row of the tenant, before any filter. The one place where a list meets its tenant."""
        manager = self.model._default_manager
        queryset: QuerySet[Any] = manager.filter(tenant_id=tenant_id).annotate(**self.annotations)
        return queryset


@dataclass(frozen=True, slots=True)
class Filters:
    """A checked filter: the condition, the order, and what a page needs to show it again."""

    condition: Q
    order: str
    period: Period | None
    active: Mapping[str, str]  # the parameters that narrow the list, as they stand in the URL
    problems: tuple[FilterProblem, ...]
    key: Mapping[str, str]  # everything that the rows depend on, for a cache key


def parse(spec: ListSpec, query: Mapping[str, str], *, today: date) -> Filters:
    """Return the filter that the query string means. What cannot be used is left out and told in `problems`; never raises."""
    problems: list[FilterProblem] = []
    active: dict[str, str] = {}
    period = _period(spec, query, today, problems)
    conditions = [
        _in_period(spec, period),
        *_chosen(spec, query, today, active, problems),
        *_ids(spec, query, active, problems),
        *_words(spec, query, active),
        *_amounts(spec, query, active, problems),
        *_search(spec, query, active),
    ]
    order = query.get("sort") or spec.default_order
    if order not in spec.orders:
        problems.append(
            FilterProblem("sort", _("The list cannot be sorted by “%(order)s”.") % {"order": order[:40]})
        )
        order = spec.default_order
    condition = Q()
    for part in conditions:
        condition &= part
    span = {"from": str(period.start), "to": str(period.last)} if period else {}
    return Filters(condition, order, period, active, tuple(problems), {**active, **span, "sort": order})


def _period(
    spec: ListSpec, query: Mapping[str, str], today: date, problems: list[FilterProblem]
) -> Period | None:
    if spec.date_column is None:
        return None
    asked = any(query.get(name) for name in ("period", "from", "to"))
    if (not asked and not spec.default_period) or query.get("period") == "all":
        return None
    default = spec.default_period or periods.DEFAULT
    try:
        return periods.from_query(query, today=today, default=default)
    except periods.PeriodError:
        problems.append(
            FilterProblem("period", _("We did not understand this period, so the list shows the usual one."))
        )
        return periods.preset(default, today)


def _in_period(spec: ListSpec, period: Period | None) -> Q:
    if period is None or spec.date_column is None:
        return Q()
    return Q(**{f"{spec.date_column}__gte": period.start, f"{spec.date_column}__lt": period.end})


def _chosen(
    spec: ListSpec,
    query: Mapping[str, str],
    today: date,
    active: dict[str, str],
    problems: list[FilterProblem],
) -> list[Q]:
    found = []
    for choice in spec.choices:
        value = query.get(choice.name) or choice.default
        if not value:
            continue
        if value not in choice.conditions:
            problems.append(
                FilterProblem(
                    choice.name, _("“%(value)s” is not a choice of this filter.") % {"value": value[:40]}
                )
            )
            value = choice.default
            if not value:
                continue
        if query.get(choice.name) == value:
            active[choice.name] = value
        condition = choice.conditions[value][1]
        found.append(condition if isinstance(condition, Q) else condition(today))
    return found


def _ids(
    spec: ListSpec, query: Mapping[str, str], active: dict[str, str], problems: list[FilterProblem]
) -> list[Q]:
    found = []
    for name, condition in spec.ids.items():
        value = query.get(name, "").strip()
        if not value:
            continue
        if not (value.isascii() and value.isdigit() and len(value) < 19):
            problems.append(
                FilterProblem(name, _("“%(value)s” is not a choice of this filter.") % {"value": value[:40]})
            )
            continue
        active[name] = value
        found.append(Q(condition(int(value))))
    return found


def _words(spec: ListSpec, query: Mapping[str, str], active: dict[str, str]) -> list[Q]:
    found = []
    for name, column in spec.words.items():
        value = _text(query, name)
        if value:
            active[name] = value
            found.append(Q(**{column: value}))
    return found


def _amounts(
    spec: ListSpec, query: Mapping[str, str], active: dict[str, str], problems: list[FilterProblem]
) -> list[Q]:
    """Return the bounds of the amount without its sign: people think of 100 to 200, in or out, and may write −200 to −100."""
    bounds: dict[str, Decimal] = {}
    for name in ("min", "max"):
        text = _text(query, name)
        if not text or spec.amount_column is None:
            continue
        try:
            bounds[name] = abs(money.parse(text))
        except money.MoneyError:
            problems.append(FilterProblem(name, _("“%(value)s” is not an amount.") % {"value": text[:40]}))
            continue
        active[name] = text
    if len(bounds) == 2:
        bounds = dict(zip(bounds, sorted(bounds.values()), strict=True))
    compare = {"min": "gte", "max": "lte"}
    return [_beyond(str(spec.amount_column), compare[name], bound) for name, bound in bounds.items()]


def _beyond(column: str, compare: str, bound: Decimal) -> Q:
    if compare == "gte":
        return Q(**{f"{column}__gte": bound}) | Q(**{f"{column}__lte": -bound})
    return Q(**{f"{column}__lte": bound, f"{column}__gte": -bound})


def _search(spec: ListSpec, query: Mapping[str, str], active: dict[str, str]) -> list[Q]:
    text = _text(query, "q")
    if not text or spec.search is None:
        return []
    active["q"] = text
    return [spec.search(text)]


def _text(query: Mapping[str, str], name: str) -> str:
    return query.get(name, "").replace("\x00", "").strip()[:TEXT_LIMIT]


def labels(choice: Choice) -> Sequence[tuple[str, Text]]:
    """Return (value, label) pairs for a form."""
    return [(value, label) for value, (label, _condition) in choice.conditions.items()]
