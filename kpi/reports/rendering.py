"""One copy of a report: the board as its recipient sees it, its files, and what tells whether anything changed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation

from kpi.boards.records import Cell, Content
from kpi.exports import document, workbook
from kpi.exports.filenames import TYPES, file_name
from kpi.exports.gathering import Gathered, gather
from kpi.models import ReportDelivery
from kpi.reports.queries import scope_of
from lib import clock, periods


@dataclass(frozen=True, slots=True)
class File:
    """One attachment."""

    name: str
    content: bytes
    type: str


def period_of(delivery: ReportDelivery) -> periods.Period:
    """Return the period that the copy is about."""
    report = delivery.report
    return periods.preset(report.period or report.board.period, clock.today(report.tenant.zone))


def read(delivery: ReportDelivery) -> Gathered:
    """Return the board as this recipient is to see it, now, in their language. The translation must be active."""
    report = delivery.report
    today = clock.today(report.tenant.zone)
    locale = translation.to_locale(translation.get_language() or "pt-br")
    return gather(
        report.board, period=period_of(delivery), today=today, locale=locale, scope=scope_of(delivery)
    )


def files(delivery: ReportDelivery, found: Gathered) -> list[File]:
    """Return the files that the report is to have."""
    report, about = delivery.report, found.about
    wanted = (("pdf", report.as_pdf, document.pdf), ("xlsx", report.as_xlsx, workbook.xlsx))
    day = clock.today(report.tenant.zone)
    return [
        File(
            file_name(report.tenant.slug, report.board.name, delivery.scope_name, day=day, ending=ending),
            make(found.contents, about), TYPES[ending],
        )
        for ending, asked, make in wanted
        if asked
    ]  # fmt: skip


def fingerprint(contents: Sequence[Content]) -> str:
    """Return what is the same as long as nothing changed: the figures, not the days in titles and notes.

    A day or name without any figure says nothing new: in a month to date every morning has one more of them.
    """
    told = [_said(one) for one in contents]
    return hashlib.sha256(json.dumps(told, default=str, ensure_ascii=True).encode()).hexdigest()


def _said(content: Content) -> dict[str, Any]:
    if content.card is not None:
        return {
            "number": content.card.kpi.code,
            "value": _figure(content.card.value),
            "before": _figure(content.card.previous),
        }
    rows = [[_figure(value) for value in row] for row in content.sheet.rows if _tells(row, content)]
    # Words have no figures; they are their text.
    words = [] if content.sheet.columns else [content.title, content.note]
    return {"rows": rows, "words": words, "problem": content.problem}


def _tells(row: Sequence[Cell], content: Content) -> bool:
    units = [column.unit for column in content.sheet.columns]
    figures = [
        value
        for value, unit in zip(row, units, strict=True)
        if unit in {"money", "count", "change", "percent"}
    ]
    return any(figures) or not figures


def _figure(value: Cell) -> str | None:
    """Return a value in one way of writing: 1.50 is 1.5."""
    if value is None or isinstance(value, str):
        return value
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
