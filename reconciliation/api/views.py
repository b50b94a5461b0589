"""The queue and the decisions on it. Views only translate: what is decided is decided in `reconciliation.services`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.response import Response

from ledger.api import parameters
from ledger.lists import Filters
from live import cache, freshness
from live.api.cached import cached
from reconciliation import queries, services
from reconciliation.api import forms, shapes
from reconciliation.lists import DECIDED, QUEUE
from reconciliation.services import KeyReused, Outcome, Refusal, Refused
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.errors import BadParameter, Conflict
from tenants.api.forms import checked
from tenants.api.schema import array, documented
from tenants.models import Capability, Tenant

STATUSES = ("open", "confirmed", "rejected", "undone")
DECIDES = {"POST": Capability.DECIDE}
DECIDE_ERRORS = (400, 401, 403, 404, 409)


class QueueView(ApiView):
    """`/api/reconciliation`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Open bank lines with what they may have paid, or what was decided",
        description="Answered from stored proposals, which are computed after each synchronisation (event `reconciliation_ready`). "
        "`meta.queue` counts what is open, by currency.",
        data=array(shapes.ROW),
        meta=shapes.META,
        parameters=[*shapes.PARAMETERS],
        errors=(400, 401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return one page."""
        tenant, status = request.access.tenant, request.query_params.get("status") or "open"
        if status not in STATUSES:
            said = _("“%(value)s” is not a choice of this filter.") % {"value": status[:40]}
            raise BadParameter({"status": said})
        filters = parameters.filters_of(request, QUEUE if status == "open" else DECIDED, tenant)
        limit, cursor = parameters.limit_of(request), request.query_params.get("cursor") or ""
        read = _open if status == "open" else _decided

        def page() -> tuple[Any, dict[str, Any]]:
            rows, after = read(tenant, filters, limit, cursor or None)
            meta = {"next": after, "limit": limit, "queue": _queue(tenant)}
            return rows, meta | {"as_of": freshness.as_of(tenant)}

        key = {**filters.key, "status": status, "limit": limit, "cursor": cursor}
        return cached(request, "recon", compute=page, params=key)


def _open(tenant: Tenant, filters: Filters, limit: int, cursor: str | None) -> tuple[list[Any], str | None]:
    page = queries.open_lines(tenant, filters, limit=limit, cursor=cursor)
    rows = [
        {
            "lines": [{"id": row["transaction_id"]} | {name: row[name] for name in _OWN}],
            "verdict": row["verdict"],
            "waiting": row["waits_since"] is not None,
            "matches": row["matches"],
        }
        for row in page.rows
    ]
    return rows, page.next


_OWN = tuple(name for name in shapes.LINE["properties"] if name != "id")


def _decided(
    tenant: Tenant, filters: Filters, limit: int, cursor: str | None
) -> tuple[list[Any], str | None]:
    page = queries.decided(tenant, filters, limit=limit, cursor=cursor)
    rows = [
        {"lines": row["lines"], "verdict": row["verdict"], "waiting": False, "matches": [row]}
        for row in page.rows
    ]
    return rows, page.next


def _queue(tenant: Tenant) -> Any:
    """Return the counts of the queue, kept until something is decided or comes in."""

    def count() -> list[dict[str, Any]]:
        return [
            {
                "currency": one.currency,
                "lines": one.lines,
                **{verdict: one.by_verdict.get(verdict, 0) for verdict in ("clear", "ambiguous", "none")},
                "unjudged": one.by_verdict.get("", 0),
                "waiting": one.waiting,
                "inflow": one.inflow,
                "outflow": one.outflow,
            }
            for one in queries.summary(tenant.pk)
        ]

    return orjson.loads(cache.remember("recon", tenant_id=tenant.pk, compute=count, part="summary").body)


def _answer(act: Callable[[], Outcome]) -> Response:
    """Return what was decided. Raises Http404 when nothing that was named exists, Conflict when nothing could be decided."""
    try:
        outcome = act()
    except Refused as error:
        if {one.code for one in error.refusals} == {"not_found"}:
            raise Http404 from error
        refused = Outcome(refused=error.refusals).as_json()["refused"]
        raise Conflict(str(error), {"refused": refused}) from error
    except KeyReused as error:
        raise Conflict(_("This Idempotency-Key was used for another request. Use a new one.")) from error
    except IntegrityError as error:
        # The database's own guard: facts moved between our check and the commit.
        raise Conflict(_("This has just changed. Look again.")) from error
    return ok(outcome.as_json())


class ConfirmView(ApiView):
    """`/api/reconciliation/confirm`."""

    requires = DECIDES

    @documented(
        summary="Confirm proposals",
        description="Several at once are one run. Those that can no longer be confirmed are in `refused`, each with the reason.",
        data=shapes.OUTCOME,
        body=shapes.SEVERAL,
        parameters=[shapes.KEY],
        errors=DECIDE_ERRORS,
    )
    def post(self, request: ApiRequest) -> Response:
        """Confirm and return what was."""
        ids, key = forms.ids_of(checked(forms.MatchesForm(data=request.data))), forms.key_of(request)
        return _answer(lambda: services.confirm(access=request.access, matches=ids, key=key))


class RejectView(ApiView):
    """`/api/reconciliation/reject`."""

    requires = DECIDES

    @documented(
        summary="Reject proposals for good",
        description="They are remembered and never proposed again, until `undo` takes the rejection back.",
        data=shapes.OUTCOME,
        body=shapes.SEVERAL,
        parameters=[shapes.KEY],
        errors=DECIDE_ERRORS,
    )
    def post(self, request: ApiRequest) -> Response:
        """Reject and return what was."""
        ids, key = forms.ids_of(checked(forms.MatchesForm(data=request.data))), forms.key_of(request)
        return _answer(lambda: services.reject(access=request.access, matches=ids, key=key))


class UndoView(ApiView):
    """`/api/reconciliation/undo`."""

    requires = DECIDES

    @documented(
        summary="Take back confirmations and rejections",
        description="However old, unless the period is closed. `run` takes back all that a bulk, an automatic run or a rule confirmed.",
        data=shapes.OUTCOME,
        body=shapes.UNDO,
        parameters=[shapes.KEY],
        errors=DECIDE_ERRORS,
    )
    def post(self, request: ApiRequest) -> Response:
        """Take back and return what was."""
        values, key = checked(forms.UndoForm(data=request.data)), forms.key_of(request)
        ids, run = forms.ids_of(values), values.get("run")
        return _answer(lambda: services.undo(access=request.access, matches=ids, run=run, key=key))


class LinkView(ApiView):
    """`/api/reconciliation/link`."""

    requires = DECIDES

    @documented(
        summary="Settle bank lines by hand",
        description="Lines = items + differences, to the cent. One link, or several as `links`: each stands for itself then.",
        data=shapes.OUTCOME,
        body=shapes.LINK,
        parameters=[shapes.KEY],
        errors=DECIDE_ERRORS,
    )
    def post(self, request: ApiRequest) -> Response:
        """Link and return the matches."""
        data: Any = request.data
        key = forms.key_of(request)
        if isinstance(data, dict) and "links" in data:
            drafts = [forms.link_of(one) for one in checked(forms.LinksForm(data=request.data))["links"]]
            return _answer(lambda: _links(request, drafts, key))
        draft = forms.link_of(checked(forms.LinkForm(data=request.data)))
        return _answer(lambda: services.link(access=request.access, key=key, **draft))


class BookView(ApiView):
    """`/api/reconciliation/book`."""

    requires = DECIDES

    @documented(
        summary="Settle bank lines that need no open item",
        description="Each line is a match of its own; several at once are one run. `undo` takes the category back as well.",
        data=shapes.OUTCOME,
        body=shapes.BOOK,
        parameters=[shapes.KEY],
        errors=DECIDE_ERRORS,
    )
    def post(self, request: ApiRequest) -> Response:
        """Settle and return the matches."""
        values, key = checked(forms.BookForm(data=request.data)), forms.key_of(request)
        return _answer(lambda: services.book(access=request.access, key=key, **values))


def _links(request: ApiRequest, drafts: list[dict[str, Any]], key: str) -> Outcome:
    """Return what became of several links, each in a transaction of its own. Raises Refused when none could be made."""
    total = Outcome()
    for number, draft in enumerate(drafts):
        own = f"{key}/{number}" if key else ""
        try:
            done = services.link(access=request.access, key=own, **draft)
        except Refused as error:
            done = Outcome(refused=error.refusals)
        except ValidationError as error:
            done = Outcome(refused=(Refusal(None, "invalid", " ".join(error.messages)),))
        total = replace(total, decided=total.decided + done.decided, refused=total.refused + done.refused)
    if not total.decided:
        raise Refused(total.refused)
    return total
