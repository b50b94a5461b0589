"""The page on which a company moves the edges of its segments, and sees beforehand who would be where."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from kpi.segmenting import edging, services
from kpi.segmenting.words import WORDS
from kpi.segments import edges
from kpi.segments.edges import ANY, BEST, SCORES, SEGMENTS, EdgesError, Rule, Span
from lib.htmx import wants_fragment
from tenants.access import TenantRequest, member_required
from tenants.models import Capability


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def edges_page(request: TenantRequest) -> HttpResponseBase:
    """The rules as a form. Its buttons: `save`, `reset`, `add`, `up:<n>`, `drop:<n>`; any other change shows what it would do."""
    standing = edging.standing(request.tenant)
    rules, asked = standing.rules, request.POST.get("do", "")
    if request.method == "POST":
        rules = _changed(_posted(request.POST), asked)
        if asked == "reset" or (asked == "save" and not _problem(rules)):
            return _kept(request, None if asked == "reset" or rules == edges.DEFAULT else rules)
    context = _context(request, rules) | {"own": standing.own, "same": rules == standing.rules}
    template = "kpi/edges.html#trial" if wants_fragment(request) else "kpi/edges.html"
    response: HttpResponse = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _kept(request: TenantRequest, rules: tuple[Rule, ...] | None) -> HttpResponseBase:
    written = None if rules is None else edges.written(rules)
    moved = services.move_edges(tenant=request.tenant, rules=written, actor=request.access)
    said = ngettext(
        "Saved. %(n)d customer changed segment.", "Saved. %(n)d customers changed segment.", moved
    )
    messages.success(request, said % {"n": moved})
    return redirect("kpi:segments", slug=request.tenant.slug)


def _context(request: TenantRequest, rules: tuple[Rule, ...]) -> dict[str, Any]:
    problem = _problem(rules)
    trial = None if problem else edging.tried(request.tenant, rules)
    return {
        "rules": [_row(number, rule) for number, rule in enumerate(rules)],
        "segments": [(code, WORDS[code].name) for code in SEGMENTS],
        "scores": list(SCORES),
        "problem": problem,
        "trial": trial,
        "trial_rows": [(WORDS[code].name, *counts) for code, *counts in trial.rows] if trial else [],
    }


def _row(number: int, rule: Rule) -> dict[str, Any]:
    names = {"r": _("Recency"), "f": _("Frequency"), "m": _("Value")}
    spans = [{"code": code, "name": name, "low": getattr(rule, code)[0], "high": getattr(rule, code)[1]} for code, name in names.items()]  # fmt: skip
    return {
        "number": number,
        "place": number + 1,
        "segment": rule.segment,
        "spans": spans,
        "name": WORDS[rule.segment].name,
    }


def _posted(posted: QueryDict) -> list[Rule]:
    """Return the rules of the form; what no browser sends becomes what fits everybody."""
    found = []
    for number, segment in enumerate(posted.getlist("segment")[: edging.MOST]):
        spans = (_span(posted, code, number) for code in "rfm")
        found.append(Rule(segment if segment in SEGMENTS else SEGMENTS[-1], *spans))
    return found


def _span(posted: QueryDict, code: str, number: int) -> Span:
    ends = []
    for end, usual in zip(("low", "high"), ANY, strict=True):
        values = posted.getlist(f"{code}_{end}")
        text = values[number] if number < len(values) else ""
        ends.append(int(text) if text in {str(score) for score in SCORES} else usual)
    return min(ends), max(ends)


def _changed(rules: list[Rule], asked: str) -> tuple[Rule, ...]:
    verb, _colon, place = asked.partition(":")
    number = int(place) if place.isascii() and place.isdecimal() and len(place) < 4 else -1
    if verb == "add" and len(rules) < edging.MOST:
        rules.append(Rule(SEGMENTS[-1], ANY, ANY, (1, BEST)))
    elif verb == "drop" and 0 <= number < len(rules):
        del rules[number]
    elif verb == "up" and 0 < number < len(rules):
        rules[number - 1], rules[number] = rules[number], rules[number - 1]
    return tuple(rules)


def _problem(rules: tuple[Rule, ...]) -> str:
    """Return why rules cannot be kept, in words; "" when they can."""
    try:
        edges.names(rules)
    except EdgesError as error:
        r, f, m = error.gap or (1, 1, 1)
        said = _(
            "No rule takes customers with recency %(r)d, frequency %(f)d and value %(m)d. Add one, or widen another."
        )
        return said % {"r": r, "f": f, "m": m}
    return ""
