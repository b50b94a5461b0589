"""Lists, single records and edits. Rows go from the database to JSON without a serializer a row, which is what a list costs."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from rest_framework import serializers
from rest_framework.response import Response

from ledger import edits, lists, refresh
from ledger.api import parameters, rows
from ledger.lists import LISTS, ListSpec
from lib import clock
from live import freshness
from live.api import delta
from live.api.cached import cached
from live.delta import Feed
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.schema import BOOLEAN, STRING, array, documented, query
from tenants.models import Capability


def list_view(name: str, resource: str = "list") -> type[ApiView]:
    """Return the view of the list `name`, cached as `resource`, of which clients may keep a copy (`live.api.delta`)."""
    spec = LISTS[name]

    class View(ApiView):
        """One page of rows, by keyset, or of what changed."""

        requires = {"GET": Capability.READ}

        @documented(
            summary=f"List of {name.replace('_', ' ')}",
            data=array(delta.row_schema(rows.list_schema(name))),
            meta=rows.LIST_META,
            top=delta.TOP,
            parameters=[*parameters.documented_parameters(name), *delta.PARAMETERS],
            errors=(400, 401, 403, 404),
        )
        def get(self, request: ApiRequest) -> HttpResponse:
            """Return one page."""
            return delta.answer(request, _question(request, spec, resource))

    return View


def _question(request: ApiRequest, spec: ListSpec, resource: str) -> delta.View:
    """Return what the query string asks of a list. Raises BadParameter."""
    tenant = request.access.tenant
    filters, limit = parameters.filters_of(request, spec, tenant), parameters.limit_of(request)

    def page(cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        found = lists.listing(spec, tenant, filters, limit=limit, cursor=cursor)
        return [rows.outside(spec.name, row) for row in found.rows], found.next

    def meta() -> dict[str, Any]:
        span = filters.period
        period = {"from": span.start, "to": span.last} if span else None
        return {"as_of": freshness.as_of(tenant), "period": period}

    return delta.View(
        feed=Feed(spec.name, spec.model),
        resource=resource,
        columns=rows.list_columns(spec.name),
        key={"list": spec.name, **filters.key, "day": clock.today(tenant.zone)},
        limit=limit,
        page=page,
        meta=meta,
        rows=lambda ids: rows.among(spec, tenant.pk, filters, ids),
        holds=lambda since: parameters.means_the_same(request, spec, tenant, filters, since),
    )


class EditForm(serializers.Serializer[Any]):
    """What a person may say about a record."""

    category_override = serializers.CharField(max_length=120, required=False, allow_blank=True)
    name_override = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(max_length=edits.NOTE_LIMIT, required=False, allow_blank=True)
    ignored = serializers.BooleanField(required=False)


def detail_view(name: str) -> type[ApiView]:
    """Return the view of one record of the list `name`."""
    spec = LISTS[name]
    own = {column: BOOLEAN if column == "ignored" else STRING for column in edits.EDITABLE[name]}

    class View(ApiView):
        """One record."""

        requires = {"GET": Capability.READ, "PATCH": Capability.WRITE}

        @documented(
            summary=f"One of the {name.replace('_', ' ')}",
            description="With `max_age` the ERP is asked when what is stored is older and its budget allows; otherwise the stored record "
            "answers, and `meta.as_of` says how old it is.",
            data=rows.detail_schema(name),
            parameters=[query("max_age", "Seconds.")],
            errors=(400, 401, 403, 404),
        )
        def get(self, request: ApiRequest, pk: int) -> HttpResponseBase:
            """Return the record."""
            tenant, max_age = request.access.tenant, parameters.max_age_of(request)
            if max_age is not None:
                row = rows.stored(spec, tenant, pk)
                known_at = refresh.at_most(row, tenant=tenant, max_age=max_age)
                return ok(rows.detail(spec, tenant.pk, pk), as_of=known_at or freshness.as_of(tenant))

            def one() -> tuple[Any, dict[str, Any]]:
                found = rows.detail(spec, tenant.pk, pk)
                if found is None:
                    raise Http404
                return found, {"as_of": freshness.as_of(tenant)}

            return cached(request, "details", compute=one, params={"list": name, "id": str(pk)})

        @documented(
            summary=f"Edit one of the {name.replace('_', ' ')}",
            description="Only what belongs to people; no synchronisation overwrites it.",
            data=rows.detail_schema(name),
            body={"type": "object", "properties": own, "additionalProperties": False},
            errors=(400, 401, 403, 404),
        )
        def patch(self, request: ApiRequest, pk: int) -> Response:
            """Save a person's columns and return the record."""
            tenant = request.access.tenant
            form = EditForm(data=request.data)
            form.is_valid(raise_exception=True)
            sent: dict[str, Any] = request.data  # type: ignore[assignment]  # a valid form was an object
            unknown = {field: value for field, value in sent.items() if field not in form.fields}
            row = rows.stored(spec, tenant, pk)
            edits.edit(access=request.access, row=row, fields={**form.validated_data, **unknown})
            return ok(rows.detail(spec, tenant.pk, pk), as_of=freshness.as_of(tenant))

    return View


class AccountsView(ApiView):
    """`/api/pluggy/accounts`."""

    requires = {"GET": Capability.READ}

    @documented(
        summary="Bank accounts and cards",
        description="Balances are as the bank last told (`balance_at`); null when it did not. Debt on a card is negative.",
        data=array(rows.account_schema()),
        errors=(401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return every account."""
        tenant = request.access.tenant
        return cached(
            request,
            "accounts",
            compute=lambda: (rows.account_rows(tenant.pk), {"as_of": freshness.as_of(tenant)}),
        )
