"""Reports as JSON: boards that go out by e-mail, whom they reach and what became of it."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.response import Response

from kpi.api.parameters import CURSOR, cursor_of, limit, limit_of
from kpi.boards.queries import board_of
from kpi.models import Report, ReportDelivery, ReportRecipient
from kpi.reports import queries, services
from lib import periods
from live import limits
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter, TooMany
from tenants.api.schema import (
    BOOLEAN,
    INTEGER,
    MOMENT,
    STRING,
    Schema,
    array,
    documented,
    nullable,
    record,
)
from tenants.models import Capability

RECIPIENT = record(
    {
        "id": INTEGER,
        "email": STRING,
        "member": BOOLEAN,
        "scope": STRING,
        "scope_name": STRING,
        "unsubscribed_at": nullable(MOMENT),
    }
)
REPORT = record(
    {
        "id": INTEGER, "name": STRING, "board": STRING, "frequency": {"enum": Report.Frequency.values}, "weekday": INTEGER, "month_day": INTEGER,
        "hour": INTEGER, "period": STRING, "as_pdf": BOOLEAN, "as_xlsx": BOOLEAN, "is_active": BOOLEAN, "next_at": nullable(MOMENT),
        "recipients": array(RECIPIENT),
    }
)  # fmt: skip
DELIVERY = record(
    {
        "id": INTEGER, "planned_for": MOMENT, "recipient": STRING, "scope_name": STRING, "status": {"enum": ReportDelivery.Status.values},
        "reason": STRING, "attempts": INTEGER, "size": nullable(INTEGER), "sent_at": nullable(MOMENT),
    }
)  # fmt: skip
NEW: Final[Schema] = {
    "type": "object",
    "properties": {
        "board": {**STRING, "description": "The board's public key."}, "name": {**STRING, "maxLength": 80},
        "frequency": {"enum": Report.Frequency.values}, "weekday": {**INTEGER, "minimum": 0, "maximum": 6, "description": "0 is Monday."},
        "month_day": {**INTEGER, "minimum": 1, "maximum": 31}, "hour": {**INTEGER, "minimum": 0, "maximum": 23},
        "period": {"enum": ["", *periods.PRESETS], "description": "Empty: the board's own."}, "as_pdf": BOOLEAN, "as_xlsx": BOOLEAN,
        "recipients": array(record({"email": STRING, "scope": {**STRING, "description": "`store:Centro`; empty is everything."}})),
    },
    "required": ["board", "frequency"],
    "additionalProperties": False,
}  # fmt: skip
CHANGE: Final[Schema] = {
    "type": "object",
    "properties": {name: one for name, one in NEW["properties"].items() if name != "board"}
    | {"is_active": BOOLEAN},
    "additionalProperties": False,
}
AN_HOUR: Final = 20  # reports that a company may send out of their time
_TEXTS: Final = ("name", "frequency", "period")
_WHOLE: Final = ("weekday", "month_day", "hour")
_FLAGS: Final = ("as_pdf", "as_xlsx", "is_active")
_NOTHING: Final = {"type": "object", "properties": {}, "additionalProperties": False}


class ReportsView(ApiView):
    """`/api/kpis/reports`."""

    requires = {"GET": Capability.READ, "POST": Capability.WRITE}

    @documented(
        summary="Boards that go out by e-mail",
        description="Reports of the boards that you may read. `hour` is on the company's clock; `next_at` is null while paused.",
        data=array(REPORT),
    )
    def get(self, request: ApiRequest) -> Response:
        """Return the reports."""
        return ok([shown(one) for one in _visible(request).order_by("name", "pk")])

    @documented(
        summary="Plan a report",
        description="A person who asks is its first recipient. A recipient's address that is a member's becomes that member.",
        data=REPORT, body=NEW, errors=(400, 401, 403, 404),
    )  # fmt: skip
    def post(self, request: ApiRequest) -> Response:
        """Keep the report with its recipients, or nothing of it."""
        data = _checked(request.data, NEW)
        board = board_of(request.access.tenant, request.access.user, data.pop("board"))
        recipients = data.pop("recipients", [])
        try:
            with transaction.atomic():
                row = services.create(access=request.access, board=board, fields={"name": board.name, **data})
                _add(request, row, recipients)
        except ValidationError as error:
            raise BadParameter(_said(error)) from error
        return ok(shown(_one(request, row.pk)))


class ReportView(ApiView):
    """`/api/kpis/reports/<pk>`."""

    requires = {"GET": Capability.READ, "PATCH": Capability.WRITE, "DELETE": Capability.WRITE}

    @documented(summary="One report with its recipients", data=REPORT)
    def get(self, request: ApiRequest, pk: int) -> Response:
        """Return the report."""
        return ok(shown(_one(request, pk)))

    @documented(
        summary="Change, pause or resume a report",
        description="What is not named stays; `recipients` is the whole list. An address that unsubscribed stays listed.",
        data=REPORT, body=CHANGE, errors=(400, 401, 403, 404),
    )  # fmt: skip
    def patch(self, request: ApiRequest, pk: int) -> Response:
        """Change all of it, or nothing."""
        row, data = _one(request, pk), _checked(request.data, CHANGE)
        recipients = data.pop("recipients", None)
        try:
            with transaction.atomic():
                services.change(access=request.access, report=row, fields=data)
                if recipients is not None:
                    _list(request, row, recipients)
        except ValidationError as error:
            raise BadParameter(_said(error)) from error
        return ok(shown(_one(request, pk)))

    @documented(
        summary="End a report", description="Its history goes with it.", data=record({"deleted": INTEGER})
    )
    def delete(self, request: ApiRequest, pk: int) -> Response:
        """Forget the report."""
        services.remove(access=request.access, report=_one(request, pk))
        return ok({"deleted": pk})


class ReportSendView(ApiView):
    """`/api/kpis/reports/<pk>/send`."""

    requires = {"POST": Capability.WRITE}

    @documented(
        summary="Send a report to all its recipients now",
        description=f"Changed or not. Each delivery is a row of the history. A company can ask for {AN_HOUR} an hour.",
        data=array(DELIVERY), body=_NOTHING, status=202,
    )  # fmt: skip
    def post(self, request: ApiRequest, pk: int) -> Response:
        """Queue the deliveries."""
        report = _one(request, pk)
        # The addresses may be of anybody: nobody's letterbox is to be filled from here.
        verdict = limits.hit("report_sends", str(report.tenant_id), limit=AN_HOUR, seconds=3600)
        if not verdict.allowed:
            raise TooMany(verdict.retry_after)
        rows = services.send_all(access=request.access, report=report)
        return ok([delivered(one) for one in rows], status=202)


class ReportHistoryView(ApiView):
    """`/api/kpis/reports/<pk>/history`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="What became of a report's deliveries",
        description="The newest first. `skipped`: nothing had changed. `unsure`: the connection broke while the mail server took it, so it is not"
        " sent again by itself.",
        data=record({"deliveries": array(DELIVERY), "next": nullable(STRING)}),
        parameters=[CURSOR, limit("Deliveries at most.")],
        errors=(400, 401, 403, 404),
    )  # fmt: skip
    def get(self, request: ApiRequest, pk: int) -> Response:
        """Return a page of the history."""
        page = queries.history(_one(request, pk), limit=limit_of(request), cursor=cursor_of(request))
        return ok({"deliveries": [delivered(one) for one in page.rows], "next": page.next})


def _visible(request: ApiRequest) -> QuerySet[Report]:
    return queries.with_recipients(queries.visible_reports(request.access.tenant, request.access.user))


def _one(request: ApiRequest, pk: int) -> Report:
    return get_object_or_404(_visible(request), pk=pk)


def _add(request: ApiRequest, report: Report, recipients: list[dict[str, str]]) -> None:
    for one in recipients:
        dimension, _colon, key = one["scope"].partition(":")
        services.add_recipient(
            access=request.access, report=report, email=one["email"], dimension=dimension, key=key
        )


def _list(request: ApiRequest, report: Report, recipients: list[dict[str, str]]) -> None:
    """Make the list what was sent: who stays as they were is left alone. The report is held, so that of two lists the later one is whole."""
    wanted = [(one["email"].strip().lower(), one["scope"]) for one in recipients]
    kept = set()
    for row in ReportRecipient.objects.filter(report=report).select_related("user", "report__tenant"):
        told = _recipient(row)
        known = (told["email"].lower(), told["scope"])
        if row.unsubscribed_at is not None or known in wanted:
            kept.add(known)
        else:
            services.remove_recipient(access=request.access, recipient=row)
    _add(request, report, [one for one, key in zip(recipients, wanted, strict=True) if key not in kept])


def _checked(data: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the body, each value of its kind. Raises BadParameter."""
    if not isinstance(data, dict):
        raise BadParameter({"body": _("Send a JSON object.")})
    problems = {
        str(name)[:40]: _("There is no such field.") for name in set(data) - set(schema["properties"])
    }
    for name in schema.get("required", ()):
        if not isinstance(data.get(name), str):
            problems[name] = _("This field is needed, as text.")
    kinds = {**dict.fromkeys(_TEXTS, str), **dict.fromkeys(_WHOLE, int), **dict.fromkeys(_FLAGS, bool)}
    for name, kind in kinds.items():
        # A bool is an int in Python and in no other language.
        if name in data and type(data[name]) is not kind:
            problems.setdefault(name, _("This value is of the wrong kind."))
        elif isinstance(data.get(name), str) and "\x00" in data[name]:
            problems[name] = _("This value is of the wrong kind.")
    if problems:
        raise BadParameter(problems)
    return {**data, "recipients": _recipients(data["recipients"])} if "recipients" in data else dict(data)


def _recipients(found: Any) -> list[dict[str, str]]:
    wrong = BadParameter({"recipients": _("Send a list of objects with `email` and, if wanted, `scope`.")})
    if not isinstance(found, list) or len(found) > services.MOST_RECIPIENTS:
        raise wrong
    rows = []
    for one in found:
        if not isinstance(one, dict) or set(one) - {"email", "scope"}:
            raise wrong
        row = {"email": one.get("email", ""), "scope": one.get("scope", "")}
        if not all(isinstance(text, str) and "\x00" not in text for text in row.values()):
            raise wrong
        rows.append(row)
    return rows


def _said(error: ValidationError) -> dict[str, str]:
    if hasattr(error, "error_dict"):
        return {name: " ".join(messages) for name, messages in error.message_dict.items()}
    return {"report": " ".join(error.messages)}


def shown(one: Report) -> dict[str, Any]:
    """Return a report as the API writes it."""
    return {
        "id": one.pk, "name": one.name, "board": str(one.board.key), "frequency": one.frequency, "weekday": one.weekday,
        "month_day": one.month_day, "hour": one.hour, "period": one.period, "as_pdf": one.as_pdf, "as_xlsx": one.as_xlsx,
        "is_active": one.is_active, "next_at": one.next_at, "recipients": [_recipient(row) for row in one.recipients.all()],
    }  # fmt: skip


def _recipient(row: ReportRecipient) -> dict[str, Any]:
    return {
        "id": row.pk, "email": row.user.email if row.user else row.email, "member": row.user_id is not None,
        "scope": f"{row.dimension}:{row.key}" if row.dimension else "", "scope_name": row.scope_name, "unsubscribed_at": row.unsubscribed_at,
    }  # fmt: skip


def delivered(one: ReportDelivery) -> dict[str, Any]:
    """Return a delivery as the API writes it; its reason in the asker's language."""
    return {
        "id": one.pk, "planned_for": one.planned_for, "recipient": one.user.email if one.user else one.email, "scope_name": one.scope_name,
        "status": one.status, "reason": one.reason_words, "attempts": one.attempts, "size": one.size, "sent_at": one.sent_at,
    }  # fmt: skip
