"""What is done to rules. A change of what a rule would do makes a new version, which must be tried before it may act."""

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from ledger.models import Account
from lib import pg
from live import delta, events, wake
from reconciliation.models import Rule, RuleRun
from reconciliation.rules import conditions, reading, words
from reconciliation.rules.conditions import Unusable
from reconciliation.services import desk
from tenants import audit
from tenants.access import Access
from tenants.models import Capability

MOST: Final = 200  # rules of a company
_DOES: Final = ("conditions", "action", "category")  # what makes a new version
_SAYS: Final = (*_DOES, "name", "is_active")
_EDITS: Final = frozenset({Rule.Action.CATEGORISE, Rule.Action.IGNORE})
_WITH_CATEGORY: Final = frozenset({Rule.Action.CATEGORISE, Rule.Action.BOOK})
Status = RuleRun.Status


class MayNotAct(Exception):
    """The rule may not act now; the message says why and what to do."""


@transaction.atomic
def create(*, access: Access, fields: Mapping[str, Any]) -> Rule:
    """Return a new rule behind all others, not tried yet. Raises ValidationError, and PermissionDenied when its action needs more."""
    pg.lock(pg.Lock.RULES, access.tenant.pk)
    rows = Rule.objects.filter(tenant=access.tenant, removed_at=None)
    if rows.count() >= MOST:
        raise ValidationError(_("A company can have %(n)d rules at most.") % {"n": MOST})
    last = rows.aggregate(last=Max("position"))["last"] or 0
    rule = Rule(tenant=access.tenant, position=last + 1, created_by_name=access.actor_name[:160])
    _set(access, rule, {"category": "", "is_active": True, "version": 1, **fields})
    rule.save()
    rule.refresh_from_db()
    _tell(access, rule, "rule.create", {}, {name: getattr(rule, name) for name in _SAYS})
    return rule


@transaction.atomic
def change(*, access: Access, rule: Rule, fields: Mapping[str, Any]) -> Rule:
    """Return the rule with these fields changed; a `position` moves it there. Raises ValidationError, PermissionDenied.

    What it would do makes a new version. So does a new place for every rule that another set of rules comes before now. An open run of an
    older version stops.
    """
    pg.lock(pg.Lock.RULES, access.tenant.pk)
    row = _locked(rule)
    before = {name: getattr(row, name) for name in _SAYS}
    _set(access, row, {name: value for name, value in fields.items() if name in _SAYS})
    after = {name: getattr(row, name) for name in _SAYS}
    changed = [name for name in _SAYS if before[name] != after[name]]
    if changed:
        row.version += any(name in _DOES for name in changed)
        row.updated_at = pg.started()
        row.save(update_fields=[*changed, "version", "updated_at"])
        said = ({name: before[name] for name in changed}, {name: after[name] for name in changed})
        _tell(access, row, "rule.change", *said)
    if fields.get("position") is not None:
        _move(access, row, int(fields["position"]))
    row.refresh_from_db()
    return row


def _move(access: Access, rule: Rule, position: int) -> None:
    """Put the rule at this place, from 1. Rules that have others before them than they had get a new version."""
    rows = list(
        Rule.objects.select_for_update(no_key=True)
        .filter(tenant=access.tenant, removed_at=None)
        .order_by("position", "pk")
    )
    old = [row.pk for row in rows]
    new = [pk for pk in old if pk != rule.pk]
    new.insert(max(position, 1) - 1, rule.pk)
    if new == old:
        return
    for row in rows:
        row.position = new.index(row.pk) + 1
        row.version += set(old[: old.index(row.pk)]) != set(new[: row.position - 1])
        row.updated_at = pg.started()
    Rule.objects.bulk_update(rows, ["position", "version", "updated_at"])
    _tell(
        access, rule, "rule.move", {"position": old.index(rule.pk) + 1}, {"position": new.index(rule.pk) + 1}
    )


@transaction.atomic
def remove(*, access: Access, rule: Rule) -> Rule:
    """Return the rule, which is no longer one. What its runs did stays, and can be taken back."""
    pg.lock(pg.Lock.RULES, access.tenant.pk)
    row = _locked(rule)
    row.removed_at = row.updated_at = pg.started()
    row.save(update_fields=["removed_at", "updated_at"])
    _tell(access, row, "rule.remove", {"name": row.name}, {})
    return row


def _locked(rule: Rule) -> Rule:
    """Return the rule as it is now, held until the transaction ends. Raises Rule.DoesNotExist when it was removed."""
    return Rule.objects.select_for_update(no_key=True).get(
        tenant_id=rule.tenant_id, pk=rule.pk, removed_at=None
    )


def _set(access: Access, rule: Rule, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(rule, name, value)
    rule.name = str(rule.name).strip()
    if not rule.name:
        raise ValidationError({"name": _("Give the rule a name.")})
    _require(access, rule.action)
    if rule.action not in _WITH_CATEGORY:
        rule.category = ""
    rule.category = str(rule.category).strip()
    if rule.action in _WITH_CATEGORY and not rule.category:
        raise ValidationError({"category": _("Say which category the rule gives.")})
    try:
        node = conditions.parse(rule.conditions)
    except Unusable as error:
        raise ValidationError({"conditions": words.sentence(error)}) from error
    _accounts_are_ours(access, node)
    rule.conditions = node.as_json()


def _accounts_are_ours(access: Access, node: conditions.Node) -> None:
    named = {pk for leaf in conditions.leaves(node) if leaf.field == "account" for pk in leaf.value}
    if named and Account.objects.filter(tenant=access.tenant, pk__in=named).count() < len(named):
        raise ValidationError({"conditions": _("There is no such account here.")})


def needs(action: str) -> Capability:
    """Return what one must be allowed by hand to have it done by a rule."""
    return Capability.WRITE if action in _EDITS else Capability.DECIDE


def _require(access: Access, action: str) -> None:
    """Raise PermissionDenied unless this access may do by hand what the rule does."""
    access.require(needs(action))


def _tell(access: Access, rule: Rule, action: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    audit.record(tenant=access.tenant, action=action, row=rule, actor=access, before=before, after=after)
    events.publish("reconciliation_changed", tenant_id=access.tenant.pk, action="rule", rules=[rule.pk])


# --- runs ----------------------------------------------------------------------------------------------------------------
def dry_run(*, access: Access, rule: Rule) -> RuleRun:
    """Return an open dry run of the rule's present version: the one that is under way, or a new one. `running.work` does it."""
    return _begin(access, rule, dry=True)


def run(*, access: Access, rule: Rule) -> RuleRun:
    """Return an open run of the rule: the one that is under way, or a new one. Raises MayNotAct, and PermissionDenied."""
    return _begin(access, rule, dry=False)


@transaction.atomic
def _begin(access: Access, rule: Rule, *, dry: bool) -> RuleRun:
    row = _locked(rule)
    _require(access, row.action)
    if not dry and not row.is_active:
        raise MayNotAct(_("This rule is turned off. Turn it on first."))
    if not dry and row.dry_run_version != row.version:
        raise MayNotAct(_("Try this rule first: it is new, or has changed since it was tried."))
    known = RuleRun.objects.filter(tenant=access.tenant, rule=row, dry=dry, status=Status.OPEN)
    open_ = known.select_for_update(no_key=True).first()
    if open_ and open_.version == row.version:
        return open_
    known.update(status=Status.STOPPED, finished_at=pg.now())
    closed, last = desk.closed_through(access.tenant.pk), reading.last_line(access.tenant.pk)
    begun = RuleRun.objects.create(
        tenant=access.tenant,
        rule=row,
        version=row.version,
        action=row.action,
        dry=dry,
        last_id=last,
        seen_until=delta.clock().settled,
        total=reading.count(access.tenant.pk, last=last, closed=closed),
        actor=access.user,
        api_key=access.api_key,
        actor_name=access.actor_name[:160],
    )
    begun.refresh_from_db()
    if not dry:
        audit.record(tenant=access.tenant, action="rule.run", row=begun, actor=access, after={"rule": row.pk})
    wake.on_commit("reconciliation.rule_run", run_id=begun.pk)
    return begun


@transaction.atomic
def undo(*, access: Access, run: RuleRun) -> RuleRun:
    """Begin to take back everything that a run did, or go on with it; return the run. `running.work` does the rest.

    A run that is under way stops. Raises MayNotAct for a dry run and for one that was taken back, PermissionDenied.
    """
    _require(access, run.action)
    row = RuleRun.objects.select_for_update(no_key=True).get(tenant=access.tenant, pk=run.pk)
    if row.dry:
        raise MayNotAct(_("A dry run did nothing that could be taken back."))
    if row.status == Status.UNDONE:
        raise MayNotAct(_("This run was taken back before."))
    if row.status != Status.UNDOING:
        audit.record(
            tenant=access.tenant, action="rule.undo", row=row, actor=access, after={"rule": row.rule_id}
        )
    row.status, row.finished_at = Status.UNDOING, row.finished_at or pg.now()
    row.undone_by, row.undone_by_key = access.user, access.api_key
    row.undone_by_name = access.actor_name[:160]
    row.save(update_fields=["status", "finished_at", "undone_by", "undone_by_key", "undone_by_name"])
    wake.on_commit("reconciliation.rule_run", run_id=row.pk)
    return row


def tried(run: RuleRun) -> None:
    """Let the rule act, if it is still the version of this finished dry run."""
    Rule.objects.filter(pk=run.rule_id, version=run.version).update(dry_run_version=F("version"))
