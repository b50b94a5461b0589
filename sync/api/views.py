"""How connections are doing, and asking for a synchronisation."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from sync import health, queries, services
from sync.models import Connection, SyncRun
from tenants.access import owned
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView, tenant_of
from tenants.api.errors import BadParameter, Conflict
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

RUN: Schema = record(
    {
        "id": INTEGER,
        "status": {"enum": list(SyncRun.Status.values)},
        "reason": {"enum": list(SyncRun.Reason.values)},
        "resource": STRING,
        "created_at": MOMENT,
        "started_at": nullable(MOMENT),
        "finished_at": nullable(MOMENT),
        "fetched": INTEGER,
        "expected": nullable(INTEGER),
        "changed": INTEGER,
        "gone": INTEGER,
        "unreadable": INTEGER,
        "error": STRING,
        "decision": STRING,
        "retry_at": nullable(MOMENT),
    }
)
BUDGET: Schema = record(
    {
        "limit": STRING,
        "amount": INTEGER,
        "seconds": INTEGER,
        "endpoint": {**STRING, "description": "Where the limit counts; empty for all of the upstream."},
        "remaining": INTEGER,
        "resets_at": MOMENT,
    }
)
CONNECTION: dict[str, Schema] = {
    "id": INTEGER,
    "name": STRING,
    "kind": {"enum": list(Connection.Kind.values)},
    "state": {"enum": list(Connection.State.values)},
    "needs_person": BOOLEAN,
    "late": BOOLEAN,
    "message": {**STRING, "description": "What is wrong and the way out; empty when all is well."},
    "last_good_at": nullable(MOMENT),
    "next_due_at": MOMENT,
    "run": {**RUN, "type": ["object", "null"]},
    "budgets": {
        **array(BUDGET),
        "description": "Requests that the upstream still takes. Empty without credentials, and in the answer over all companies.",
    },
}
SKIPPED: Schema = record({"connection": INTEGER, "name": STRING, "message": STRING})
ASKED: Schema = record(
    {"runs": array(record({"connection": INTEGER, **RUN["properties"]})), "skipped": array(SKIPPED)}
)


class SyncStatusView(ApiView):
    """`/api/system/sync/status`."""

    requires = {"GET": Capability.SYNC}
    staff_sees_all = True

    @documented(
        summary="How every connection is doing",
        description="Staff that names no company gets the connections of all companies, those in trouble first, 200 at most.",
        data=record({"running": INTEGER, "connections": array(record(CONNECTION, open_ended=True))}),
    )
    def get(self, request: Request) -> Response:
        """Return the connections with their newest run."""
        tenant = tenant_of(request)
        return ok(queries.status(tenant) if tenant else health.status_of_all())


class TriggerForm(serializers.Serializer[Any]):
    """Which connection; none named is all of them."""

    connection = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


class SyncTriggerView(ApiView):
    """`/api/system/sync/trigger`."""

    requires = {"POST": Capability.SYNC}
    staff_sees_all = True

    @documented(
        summary="Ask for a synchronisation",
        description="Answers at once; the run goes on by itself. While one is open its row is returned. A connection that needs a person or "
        "is paused is listed in `skipped`; 409 when no other is left.",
        data=ASKED,
        body={"type": "object", "properties": {"connection": INTEGER}},
        status=202,
        errors=(400, 401, 403, 404, 409),
    )
    def post(self, request: Request) -> Response:
        """Queue runs."""
        form = TriggerForm(data=request.data)
        form.is_valid(raise_exception=True)
        tenant = tenant_of(request)
        if tenant is None:
            raise BadParameter({"X-Tenant": _("Name the company in the header X-Tenant.")})
        connections = Connection.objects.filter(tenant=tenant, removed_at=None)
        if "connection" in form.validated_data:
            found = [owned(connections, tenant=tenant, pk=form.validated_data["connection"])]
            return _ask(request, found)
        return _ask(request, connections.exclude(state=Connection.State.PAUSED))


class PluggySyncView(ApiView):
    """`/api/pluggy/sync`."""

    requires = {"POST": Capability.SYNC}

    @documented(
        summary="Ask the banks for what is new",
        description="Safe to repeat: while a run is open, that run is returned.",
        data=ASKED,
        status=202,
        errors=(401, 403, 404, 409),
    )
    def post(self, request: ApiRequest) -> Response:
        """Queue a run for every Open Finance connection."""
        connections = Connection.objects.filter(
            tenant=request.access.tenant, kind=Connection.Kind.PLUGGY, removed_at=None
        )
        if not connections.exists():
            raise Conflict(_("No bank is connected yet. Connect one on the page “Connections”."))
        return _ask(request, connections)


def _ask(request: Request, connections: Iterable[Connection]) -> Response:
    """Queue a run for each; those that cannot be asked are told, and are a conflict when they are all there is."""
    runs: list[dict[str, Any]] = []
    skipped: list[dict[str, Any]] = []
    for connection in connections:
        try:
            run = services.request_sync(
                connection=connection,
                reason=SyncRun.Reason.PERSON,
                access=request.access,  # type: ignore[attr-defined]
            )
        except services.NotReady as error:
            skipped.append({"connection": connection.pk, "name": connection.name, "message": str(error)})
        else:
            runs.append({"connection": connection.pk, **queries.run_json(run)})
    if skipped and not runs:
        raise Conflict(" ".join(one["message"] for one in skipped), {"connections": skipped})
    return ok({"runs": runs, "skipped": skipped}, status=202)
