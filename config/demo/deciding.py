"""What Ana decided before the visitor came: the weeks before the last one are settled, through the same services that pages use."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.db.models import Max

from config.demo import companies
from ledger.models import OpenItem
from lib import http
from reconciliation import queries, runner, services
from reconciliation.models import Decision, Match, MatchLine, OpenLine, Rule
from reconciliation.rules import running
from reconciliation.rules import services as rules
from tenants import access as doors
from tenants.access import Access
from tenants.models import Tenant, User

LEFT_DAYS: Final = 9  # of lines are left to the visitor
REFUSED: Final = 12  # wrong suggestions that Ana refused, in a company
AT_ONCE: Final = 500
FEES: Final = "Tarifas bancárias"
_WITHOUT_ITEMS: Final = frozenset({"transfer", "refund", "refunded"})


def decide_older(tenants: Mapping[str, Tenant], upstreams: str) -> None:
    """Settle what is older than a few days in companies where nobody has decided anything yet: first what is clear, then what Ana knew."""
    fresh = {key: row for key, row in tenants.items() if not Decision.objects.filter(tenant=row).exists()}
    ana = User.objects.get(email=companies.PEOPLE[0].email)
    with http.Client(upstreams, allow_private=True) as sandbox:
        for key, tenant in fresh.items():
            access = doors.enter(user=ana, slug=tenant.slug)
            _confirm_clear(access)
            runner.run(tenant.pk, sweep=True)
            _decide_doubtful(access, _truth(sandbox, key))
            runner.run(tenant.pk, sweep=True)
            _book_fees(access)


def _book_fees(access: Access) -> None:
    """Make the rule that most companies begin with: bank fees need no open item."""
    out = {"field": "direction", "op": "is", "value": "out"}
    says = {"field": "text", "op": "contains", "value": "tarifa bancaria"}
    fields = {"name": FEES, "conditions": {"all": [says, out]}, "action": Rule.Action.BOOK, "category": FEES}
    rule = rules.create(access=access, fields=fields)
    running.work(rules.dry_run(access=access, rule=rule).pk)
    running.work(rules.run(access=access, rule=rule).pk)


def _older(access: Access) -> Any:
    rows = OpenLine.objects.filter(tenant=access.tenant)
    last = rows.aggregate(last=Max("date"))["last"]
    return rows.filter(date__lt=last - timedelta(days=LEFT_DAYS)) if last else rows.none()


def _confirm_clear(access: Access) -> None:
    """Confirm the clear suggestions, the lines of a week at once as a person does who looks at them once a week."""
    lines = _older(access).filter(verdict="clear").values_list("transaction", "date")
    weeks = dict(lines)
    held = MatchLine.objects.filter(
        tenant=access.tenant, transaction__in=weeks, match__status=Match.Status.PROPOSED
    )
    by_week: dict[tuple[int, int], set[int]] = defaultdict(set)
    settled_by: dict[int, set[int]] = defaultdict(set)
    for match, line in held.values_list("match_id", "transaction_id"):
        settled_by[match].add(line)
    for match, of in settled_by.items():
        year, week, _day = max(weeks[line] for line in of).isocalendar()
        by_week[year, week].add(match)
    for _week, matches in sorted(by_week.items()):
        _confirm(access, sorted(matches))


def _confirm(access: Access, matches: list[int]) -> None:
    for start in range(0, len(matches), AT_ONCE):
        services.confirm(access=access, matches=matches[start : start + AT_ONCE])


def _truth(sandbox: http.Client, key: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return what lines really paid, by the bank's id: the kind of payment, and the ids of the ERP's items."""
    rows = sandbox.get(f"/control/truth?company={key}").data["lines"]
    return {
        row["line_id"]: (
            row["kind"],
            frozenset(map(str, row["refs"].get("receivables") or row["refs"].get("payables") or ())),
        )
        for row in rows
    }


def _decide_doubtful(access: Access, truth: Mapping[str, tuple[str, frozenset[str]]]) -> None:
    """Confirm what is right among the suggestions for doubtful lines; refuse a few first ones where none is."""
    lines = list(
        _older(access).filter(verdict="ambiguous").values_list("transaction", "transaction__external_id")
    )
    proposals = queries.proposals_of(access.tenant.pk, [pk for pk, _ in lines])
    names = _item_names(access.tenant, proposals.values())
    right: set[int] = set()
    wrong: list[int] = []
    for pk, external_id in lines:
        kind, items = truth.get(external_id, ("", frozenset()))
        fitting = [one["id"] for one in proposals.get(pk, ()) if _is_right(one, kind, items, names)]
        if fitting:
            right.add(fitting[0])
        elif proposals.get(pk):
            wrong.append(proposals[pk][0]["id"])
    wrong = sorted(set(wrong) - right)[:REFUSED]
    if right:
        _confirm(access, sorted(right))
    live = Match.objects.filter(tenant=access.tenant, pk__in=wrong, status=Match.Status.PROPOSED)
    if found := sorted(live.values_list("pk", flat=True)):
        services.reject(access=access, matches=found)


def _is_right(proposal: queries.Row, kind: str, items: frozenset[str], names: Mapping[int, str]) -> bool:
    if not proposal["items"]:
        return kind in _WITHOUT_ITEMS
    return {names[item["id"]] for item in proposal["items"]} == items


def _item_names(tenant: Tenant, proposals: Iterable[list[queries.Row]]) -> dict[int, str]:
    """Return the number in the ERP of each item that is proposed."""
    ids = {item["id"] for rows in proposals for row in rows for item in row["items"]}
    rows = OpenItem.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", "external_id")
    return {pk: external_id.rpartition(":")[2] for pk, external_id in rows}
