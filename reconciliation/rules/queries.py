"""What is known about rules and their runs, for pages and the API."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ledger.models import Transaction
from reconciliation.models import Rule, RuleRun
from tenants.models import Tenant

RUNS: Final = 30  # of a history
Row = dict[str, Any]


def ordered(tenant: Tenant) -> list[Rule]:
    """Return the company's rules in the order in which they are asked."""
    return list(Rule.objects.filter(tenant=tenant, removed_at=None).order_by("position", "pk"))


def latest(rules: Sequence[Rule]) -> dict[int, list[RuleRun]]:
    """Return the latest run and the latest dry run of each rule, by rule. One statement."""
    found: dict[int, list[RuleRun]] = {}
    rows = RuleRun.objects.filter(tenant__in={rule.tenant_id for rule in rules}, rule__in=rules)
    for run in rows.order_by("rule", "dry", "-pk").distinct("rule", "dry"):
        found.setdefault(run.rule_id, []).append(run)
    return found


def may_act(rule: Rule) -> bool:
    """Return whether the rule is on and was tried as it is now."""
    return rule.is_active and rule.removed_at is None and rule.dry_run_version == rule.version


def runs(tenant: Tenant, rule: Rule | None = None) -> list[RuleRun]:
    """Return the latest runs that were no dry runs, of one rule or of all (removed ones too), the newest first."""
    rows = RuleRun.objects.filter(tenant=tenant, dry=False)
    if rule is not None:
        rows = rows.filter(rule=rule)
    return list(rows.select_related("rule").order_by("-pk")[:RUNS])


def lines(tenant: Tenant, ids: Iterable[int]) -> dict[int, Row]:
    """Return these bank lines by id, as an example shows them."""
    rows = Transaction.objects.filter(tenant=tenant, pk__in=set(ids))
    return {
        row.pk: {
            "id": row.pk, "date": row.date, "amount": row.amount, "currency": row.currency,
            "name": row.name_override or row.counterparty_name or row.description, "description": row.description,
        }
        for row in rows
    }  # fmt: skip
