"""What stands in the database after the demo did its work."""

from typing import Final

from django.db.models import Count, Model, Q

from config import dispatch
from kpi import checks
from ledger.models import Customer, OpenItem, Product, Sale, Transaction
from reconciliation.models import Match, MatchAdjustment, MatchLine, OpenLine
from sync.models import SyncRun
from tenants.models import Tenant

SHOWN_DIFFERENCES: Final = 5
COUNTED: Final[dict[str, type[Model]]] = {
    "tenants": Tenant,
    "transactions": Transaction,
    "sales": Sale,
    "customers": Customer,
    "products": Product,
    "open_items": OpenItem,
    "runs": SyncRun,
}


def counts() -> dict[str, int]:
    """Return how many rows there are of what people ask for first."""
    return {name: model._default_manager.count() for name, model in COUNTED.items()}


def matches() -> dict[str, int]:
    """Return how many bank lines are settled, and how many others have a clear, an ambiguous or no proposal."""
    waiting = dict(OpenLine.objects.values_list("verdict").annotate(Count("pk")))
    verdicts = {verdict: waiting.get(verdict, 0) for verdict in OpenLine.Verdict.values if verdict}
    return {"settled": MatchLine.objects.filter(confirmed=True).count(), **verdicts}


def kinds() -> dict[str, int]:
    """Return how many matches there are of each kind, those that are settled and those that are proposed as clear."""
    known = Q(status=Match.Status.CONFIRMED) | Q(status=Match.Status.PROPOSED, verdict=Match.Verdict.CLEAR)
    rows = Match.objects.filter(known).values_list("kind").annotate(n=Count("pk")).order_by("-n", "kind")
    parts = MatchAdjustment.objects.filter(match__in=Match.objects.filter(known))
    differences = parts.values_list("kind").annotate(n=Count("pk")).order_by("-n", "kind")
    return dict(rows) | {
        kind: n for kind, n in differences if kind.startswith(("withholding", "interest", "discount"))
    }


def check_kpis() -> str:
    """Return "ok" when every stored number agrees with the facts, else the first differences."""
    late = checks.behind()
    if late:  # another process was refreshing when we asked it to
        dispatch.run()
        late = checks.behind()
    wrong = [str(difference) for difference in checks.compare()]
    wrong += [f"{slug}: mv_tenant_kpis is behind its facts" for slug in late]
    if len(wrong) > SHOWN_DIFFERENCES:
        wrong[SHOWN_DIFFERENCES:] = [f"and {len(wrong) - SHOWN_DIFFERENCES} more"]
    return "; ".join(wrong) or "ok"
