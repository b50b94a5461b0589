"""The page of goals: a year as a grid, filled by hand, from a spreadsheet, or from last year's."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kpi import ready
from kpi.catalog import BY_CODE, Kpi
from kpi.targets import queries, services
from kpi.targets.goals import FLOWS
from kpi.targets.tabs import tabs
from lib import clock, formats, money, periods
from tenants.access import TenantRequest, member_required
from tenants.models import Capability


@dataclass(frozen=True, slots=True)
class Cell:
    """One goal as it stands in the form, with what is wrong about it."""

    name: str
    label: str
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One number with its twelve goals, and their sum where a sum means something."""

    kpi: Kpi
    cells: list[Cell]
    total: Decimal | None


@require_http_methods(["GET", "POST"])
@member_required()
def targets(request: TenantRequest) -> HttpResponseBase:
    """The goals of a year; POST keeps the grid, a pasted row, or last year's."""
    year = _year(request)
    problems: dict[str, str] = {}
    if request.method == "POST":
        request.access.require(Capability.WRITE)
        done, problems = _do(request, year)
        if not problems:
            messages.success(
                request,
                ngettext("%(n)d goal changed.", "%(n)d goals changed.", done) % {"n": done}
                if done
                else _("Nothing to change."),
            )
            response = redirect("kpi:targets", slug=request.tenant.slug)
            response["Location"] += f"?year={year}"
            return response
    return _drawn(request, year, problems)


def _year(request: TenantRequest) -> int:
    this = clock.today(request.tenant.zone).year
    text = request.POST.get("year", "") or request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else this
    return year if services.YEARS[0] <= year <= services.YEARS[1] else this


def _do(request: TenantRequest, year: int) -> tuple[int, dict[str, str]]:
    """Do what was asked; return how many goals changed, or what is wrong by the name of its field."""
    action = request.POST.get("do", "save")
    try:
        if action == "copy":
            return _copied(request, year), {}
        if action == "paste":
            return _pasted(request, year), {}
    except ValidationError as error:
        # A dictionary has a `copy` of its own, which templates would find.
        return 0, {f"on_{action}": " ".join(error.messages)}
    changes, problems = _grid(request, year)
    if problems:
        return 0, problems
    try:
        return services.save(access=request.access, changes=changes), {}
    except ValidationError as error:
        return 0, {"save": " ".join(error.messages)}


def _grid(request: TenantRequest, year: int) -> tuple[services.Changes, dict[str, str]]:
    changes: dict[tuple[str, date], Decimal | None] = {}
    problems: dict[str, str] = {}
    for kpi in queries.KPIS:
        for number in range(1, 13):
            month = date(year, number, 1)
            text = request.POST.get(name := _name(kpi, month))
            if text is None:
                continue
            try:
                changes[kpi.code, month] = services.read(kpi, text)
            except ValidationError as error:
                problems[name] = " ".join(error.messages)
    return changes, problems


def _copied(request: TenantRequest, year: int) -> int:
    text = request.POST.get("percent", "").replace("%", "").strip() or "0"
    try:
        percent = money.parse(text)
    except money.MoneyError as error:
        raise ValidationError(_("“%(text)s” is no number.") % {"text": text[:30]}) from error
    return services.copy_year(access=request.access, year=year, percent=percent)


def _pasted(request: TenantRequest, year: int) -> int:
    kpi = BY_CODE.get(request.POST.get("kpi", ""))
    if kpi is None or kpi.now:
        raise ValidationError(_("Choose the number that the row is of."))
    values = services.row_of(kpi, request.POST.get("row", ""))
    if not any(value is not None for value in values):
        raise ValidationError(_("There is no number in it."))
    changes = {
        (kpi.code, date(year, number, 1)): value
        for number, value in enumerate(values, 1)
        if value is not None
    }
    return services.save(access=request.access, changes=changes)


def _drawn(request: TenantRequest, year: int, problems: dict[str, str]) -> HttpResponse:
    found = queries.of_year(request.tenant, year)
    months = [date(year, number, 1) for number in range(1, 13)]
    locale = to_locale(get_language() or "pt-br")
    asked = request.POST if problems else {}
    context: dict[str, Any] = {
        "tabs": tabs(request, "targets"),
        "year": year,
        "years": (year - 1, year + 1),
        "months": [(month, formats.month_short(month, locale).split(" ")[0]) for month in months],
        "lines": [_line(kpi, months, found, asked, problems, locale) for kpi in queries.KPIS],
        "kpis": queries.KPIS,
        "any": bool(found),
        "problems": problems,
        "cell_problems": [text for name, text in problems.items() if name.startswith("goal-")],
        "asked": asked,
        "had_before": bool(queries.of_year(request.tenant, year - 1)),
        "may_change": request.access.may(Capability.WRITE),
        "progress": _progress(request),
    }
    return render(request, "kpi/targets.html", context, status=400 if problems else 200)


def _line(
    kpi: Kpi, months: list[date], found: dict[tuple[str, date], Decimal], asked: Any, problems: dict[str, str], locale: str
) -> Line:  # fmt: skip
    cells = []
    for month in months:
        name, value = _name(kpi, month), found.get((kpi.code, month))
        text = "" if value is None else formats.number(_plain(queries.written(kpi, value)), locale)
        label = f"{kpi.label}, {formats.month(month, locale)}"
        cells.append(Cell(name, label, asked.get(name, text), problems.get(name, "")))
    values = [found[kpi.code, month] for month in months if (kpi.code, month) in found]
    total = queries.written(kpi, sum(values, Decimal(0))) if values and kpi.code in FLOWS else None
    return Line(kpi, cells, total)


def _plain(value: Decimal) -> Decimal:
    """Return the number without the zeros that the column adds."""
    whole = value.to_integral_value()
    return whole if whole == value else value.quantize(Decimal("0.01"))


def _name(kpi: Kpi, month: date) -> str:
    return f"goal-{kpi.code}-{month.month}"


def _progress(request: TenantRequest) -> list[dict[str, Any]]:
    """Return how far this month's goals are."""
    tenant, today = request.tenant, clock.today(request.tenant.zone)
    period = periods.preset("month", today)
    first, last = queries.whole(period)
    goals = queries.goals(tenant, first, last, today=today)
    if not goals.by_kpi:
        return []
    asked: dict[str, Any] = {"period": period, "today": today, "comparison": "previous"}
    board = ready.board(ready.numbers(tenant, **asked), **asked)
    found = queries.of_board(goals, board, today=today)
    return [{"kpi": BY_CODE[code], "progress": one} for code, one in found.items()]
