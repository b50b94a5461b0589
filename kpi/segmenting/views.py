"""The pages of segments: all of them with their movement, and the customers of one."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from kpi.segmenting import queries
from kpi.segmenting.queries import Member, Overview
from kpi.segmenting.words import WORDS
from ledger.exports import csv_cell
from lib.htmx import wants_fragment
from lib.keyset import page_at
from tenants.access import TenantRequest, member_required
from tenants.models import Capability

TOP_MOVES = 6


@require_GET
@member_required()
def segments(request: TenantRequest) -> HttpResponse:
    """All segments, with `?month=2026-09` as they were at the end of that month; with `?segment=` the customers of one."""
    made = _made(request)
    code = _asked(request)
    context: dict[str, Any] = {
        "made": made,
        "rows": _rows(made),
        "moves": _moves(made),
        "may_move": request.access.may(Capability.WRITE),
    }
    if made and code:
        context |= _members(request, made, code)
    template = "kpi/segments.html#parts" if wants_fragment(request) else "kpi/segments.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
@member_required()
def segments_csv(request: TenantRequest) -> StreamingHttpResponse:
    """The customers of one segment, or without one of all, as a CSV that streams, as Excel in Brazil opens it."""
    made, code = _made(request), _asked(request)
    if made is None or (request.GET.get("segment") and not code):
        raise Http404
    found = queries.all_members(request.tenant, as_of=made.as_of, segment=code)
    response = StreamingHttpResponse(_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="{request.tenant.slug}-{code or "segments"}-{made.as_of}.csv"'
    )
    return response


def _made(request: TenantRequest) -> Overview | None:
    """Return the month that is asked for, or the running one where it was never scored or is none."""
    try:
        month = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return queries.overview(request.tenant)
    return queries.overview(request.tenant, month=month) or queries.overview(request.tenant)


def _asked(request: TenantRequest) -> str:
    code = request.GET.get("segment", "")
    return code if code in WORDS else ""


def _rows(made: Overview | None) -> list[dict[str, Any]]:
    return [{"one": one, "words": WORDS[one.code]} for one in made.segments] if made else []


def _moves(made: Overview | None) -> list[dict[str, Any]]:
    """Return the largest movements between segments since last month; who bought for the first time moved from nowhere."""
    largest = sorted(made.moves.items(), key=lambda item: (-item[1], item[0]))[:TOP_MOVES] if made else []
    return [
        {"before": WORDS[before].name if before else _("First purchase"), "now": WORDS[now].name, "tone": WORDS[now].tone, "n": n}
        for (before, now), n in largest
    ]  # fmt: skip


def _members(request: TenantRequest, made: Overview, code: str) -> dict[str, Any]:
    page = page_at(
        request.GET.get("cursor"),
        lambda cursor: queries.members(request.tenant, as_of=made.as_of, segment=code, cursor=cursor),
    )
    return {
        "page": page,
        "code": code,
        "words": WORDS[code],
        "chosen": next(one for one in made.segments if one.code == code),
        "members": [
            {"one": one, "before": WORDS[one.before].name if one.before else ""} for one in page.rows
        ],
    }


def _csv(found: Iterator[Member]) -> Iterator[bytes]:
    heads = (
        _("Customer"), _("Phone"), _("E-mail"), _("Last purchase"), _("Purchases"), _("Total bought"), "R", "F", "M", _("Segment"),
        _("The month before"), _("Expected purchases (90 days)"), _("Expected a purchase"), _("Expected in 90 days"), _("What to do"),
    )  # fmt: skip
    yield b"\xef\xbb\xbf" + _line(heads)
    for one in found:
        yield _line(
            (
                one.name, one.phone, one.email, one.last_day, Decimal(one.frequency), one.monetary, *map(Decimal, one.scores),
                str(WORDS[one.segment].name), str(WORDS[one.before].name) if one.before else "", one.expected, one.spend,
                one.worth, str(WORDS[one.segment].action),
            )
        )  # fmt: skip


def _line(cells: tuple[Any, ...]) -> bytes:
    texts = [csv_cell(cell) for cell in cells]
    quoted = ['"' + text.replace('"', '""') + '"' if set(text) & set(';"\r\n') else text for text in texts]
    return (";".join(quoted) + "\r\n").encode()
