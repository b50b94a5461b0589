"""The filling: connections to the simulated upstreams, their runs and how far they are, the older year from files."""

from collections.abc import Mapping
from typing import Any, Final

from django.core.management import CommandError
from django.db.models import Sum

from config import dispatch
from config.demo import companies
from config.demo.console import Progress, say
from config.demo.servers import SANDBOX_SEED
from config.supervise import Supervisor
from lib import http
from sync import imports, services
from sync.models import Connection, FileImport, SyncRun
from sync.sandbox.companies import BY_KEY, Company, make_companies
from tenants.models import Tenant, User

LOOK_EVERY: Final = 1.0  # seconds
EVERY: Final = 60  # seconds: the demo lives, so banks are read each minute too
BUDGET: Final = "100000/second"  # the sandbox counts nothing either; the real limits would make the first filling take hours


def connect(tenants: Mapping[str, Tenant], upstreams: str) -> None:
    """Make the connections that are missing, each of which asks for its first run, and tell the others where the sandbox is now."""
    # The largest first: it takes the longest, and the others fit beside it.
    for company in sorted(make_companies(SANDBOX_SEED).values(), key=lambda each: -BY_KEY[each.key].sales):
        for kind, credentials, extra in accesses(company):
            config = leads_to(kind, upstreams, extra)
            found = Connection.objects.filter(tenant=tenants[company.key], kind=kind).first()
            if found is None:
                name = Connection.Kind(kind).label
                services.connect(
                    tenant=tenants[company.key],
                    kind=kind,
                    name=str(name),
                    credentials=credentials,
                    config=config,
                    interval_seconds=EVERY,
                )
            elif found.config.get("base_url") != config["base_url"]:
                services.update_credentials(connection=found, credentials=credentials, config=config)


def leads_to(kind: str, upstreams: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a connection that leads to the simulated upstreams at this address."""
    config = {"base_url": f"{upstreams}/{kind}", "budget": BUDGET, **extra}
    if kind == Connection.Kind.PLUGGY:
        config["connect_url"] = f"{upstreams}/pluggy/connect"
    return config


def accesses(company: Company) -> list[tuple[str, dict[str, str], dict[str, Any]]]:
    """Return kind, credentials and further configuration of every upstream of a company."""
    found: list[tuple[str, dict[str, str], dict[str, Any]]] = []
    if company.gestaoclick:
        tokens = company.gestaoclick
        credentials = {
            "access_token": tokens.access_token,
            "secret_access_token": tokens.secret_access_token,
        }
        found.append(("gestaoclick", credentials, {}))
    if company.advbox:
        found.append(("advbox", {"token": company.advbox.token}, {}))
    bank = company.pluggy
    credentials = {"client_id": bank.client_id, "client_secret": bank.client_secret}
    found.append(("pluggy", credentials, {"item_ids": bank.item_ids, "client_user_id": bank.client_user_id}))
    return found


def ask_all() -> None:
    """Ask every connection for a run; one that waits or runs already is enough."""
    for connection in Connection.objects.filter(state=Connection.State.ACTIVE):
        services.request_sync(connection=connection, reason=SyncRun.Reason.SCHEDULE)


def is_new() -> bool:
    """Return whether some connection has never been read to its end."""
    return Connection.objects.filter(last_good_at=None).exists()


def fill(upstreams: str, supervisor: Supervisor) -> None:
    """Wait for the runs that were asked for, showing how far they are.

    Raises CommandError when a run failed, ChildFailed when a child died, with the reason.
    """
    asked = list(SyncRun.objects.filter(status__in=SyncRun.OPEN).values_list("pk", flat=True))
    if asked:
        say("Reading the companies' data from the simulated ERP and banks:")
        total = _size(upstreams) if is_new() else None
        progress = Progress()
        while _unfinished(asked, progress, total):
            died = supervisor.wait(LOOK_EVERY)
            if died:
                raise supervisor.failure(died)
        progress.end()
    failed = SyncRun.objects.filter(pk__in=asked).exclude(status=SyncRun.Status.DONE).first()
    if failed:
        raise CommandError(f"{failed.connection} of {failed.tenant} could not be read: {failed.error}")


def import_older_year(tenants: Mapping[str, Tenant], upstreams: str) -> None:
    """Store the bank files of the time before the banks' own 365 days, and the last weeks' return files, as a person would."""
    with http.Client(upstreams, allow_private=True) as sandbox:
        listed = sandbox.get("/control/statements").data["statements"]
        listed += sandbox.get("/control/returns").data["returns"]
        stored = set(
            FileImport.objects.filter(status=FileImport.Status.STORED).values_list("name", flat=True)
        )
        missing = [each for each in listed if each["name"] not in stored]
        for each in missing:
            data = sandbox.send("GET", each["path"], parse=False).body
            row = imports.preview(
                tenant=tenants[each["company"]],
                user=User.objects.get(email=companies.PEOPLE[0].email),
                name=each["name"],
                data=data,
            )
            imports.store_import(file_import=row, account=row.account)
    if missing:
        dispatch.run()


def _size(upstreams: str) -> int:
    with http.Client(upstreams, allow_private=True) as sandbox:
        return int(sandbox.get("/control/size").data["records"])


def _unfinished(asked: list[int], progress: Progress, total: int | None) -> bool:
    """Show how far the runs are; return whether any is still open."""
    runs = SyncRun.objects.filter(pk__in=asked)
    read = runs.aggregate(read=Sum("fetched"))["read"] or 0
    still_open = runs.filter(status__in=SyncRun.OPEN).exists()
    # A few records are read that nobody counted (banks, accounts): full only at the end.
    progress.show(read if total is None or not still_open else min(read, total - 1), total, "records")
    return still_open
