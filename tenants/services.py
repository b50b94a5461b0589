"""What is done to companies, their people and their keys. Each verb writes its audit entry in its own transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from lib import clock, documents
from tenants import audit, keys
from tenants.access import Access
from tenants.models import ApiKey, Capability, Membership, Role, Tenant, TenantSettings, User
from tenants.models.tenant import RESERVED_SLUGS

Actor = User | Access | None  # None is the system
KEY_SCOPES_IN_ORDER: Final = (Capability.READ, Capability.WRITE, Capability.SYNC, Capability.DECIDE)
KEY_SCOPES: Final = frozenset(KEY_SCOPES_IN_ORDER)
TOUCH_EVERY: Final = timedelta(minutes=1)
COMPANY_FIELDS: Final = ("name", "document", "time_zone", "currency")
SETTINGS_FIELDS: Final = (
    "weight_document",
    "weight_name",
    "weight_amount",
    "weight_date",
    "weight_contact",
    "amount_tolerance",
    "date_tolerance_days",
    "auto_confirm_above",
    "reconcile_from",
    "preferences",
)
PERSONAL_FIELDS: Final = ("name", "language", "theme")
STANDING_FIELDS: Final = ("is_active", "is_staff", "is_superuser")
Row = TypeVar("Row", bound=models.Model)


class LastOwner(Exception):
    """A company must keep an owner: the only one cannot leave or become something less."""


class AlreadyMember(Exception):
    """This person has a role in the company already; change it instead."""


class ScopeTooWide(Exception):
    """A key may not do more than the person who makes it, and never manages people."""


# --- companies -------------------------------------------------------------------------------------------------------
@transaction.atomic
def create_tenant(*, name: str, slug: str = "", actor: Actor = None, **fields: Any) -> Tenant:
    """Return a new company. Its settings and generations are made by the database. Raises ValidationError, also when the slug is taken."""
    tenant = Tenant(name=name.strip(), slug=slug or slugify(name)[:40].strip("-"), **fields)
    tenant.document = documents.normalize(tenant.document)
    if tenant.slug in RESERVED_SLUGS:
        raise ValidationError({"slug": _("This name is taken by the panel itself.")})
    tenant.full_clean()
    tenant.save()
    audit.record(
        tenant=tenant,
        action="create",
        row=tenant,
        actor=actor,
        after={"name": tenant.name, "slug": tenant.slug},
    )
    return tenant


def save_company(*, tenant: Tenant, changes: Mapping[str, Any], actor: Actor) -> Tenant:
    """Return the company with name, document, time zone or currency changed. Raises ValidationError."""
    rows = Tenant.objects.filter(pk=tenant.pk)
    return _save(rows, changes, allowed=COMPANY_FIELDS, tenant=tenant, actor=actor)


def save_settings(*, tenant: Tenant, changes: Mapping[str, Any], actor: Actor) -> TenantSettings:
    """Return the company's settings with `changes` applied. Raises ValidationError.

    What nobody changed is neither written nor audited. The event `settings_changed` and the generation move by a trigger of `live`.
    """
    rows = TenantSettings.objects.filter(tenant=tenant)
    return _save(rows, changes, allowed=SETTINGS_FIELDS, tenant=tenant, actor=actor)


@transaction.atomic
def set_active(*, tenant: Tenant, active: bool, actor: Actor) -> None:
    """Open or close a company. A closed one keeps its data and answers 404 to everybody."""
    found = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if found.is_active != active:
        found.is_active = active
        found.save(update_fields=["is_active"])
        audit.record(tenant=found, action="open" if active else "close", row=found, actor=actor)


# --- people ----------------------------------------------------------------------------------------------------------
@transaction.atomic
def add_member(*, tenant: Tenant, email: str, role: str, actor: Actor, name: str = "") -> Membership:
    """Return a new membership, making the person's account when nobody has this address yet. Raises AlreadyMember, ValidationError.

    A new account has no password: its owner sets one through the link of the invitation (`tenants.invitations.send`), which also
    proves the address.
    """
    user = User.objects.filter(email__iexact=email.strip()).first() or create_user(
        email=email, name=name, actor=actor
    )
    if Membership.objects.filter(tenant=tenant, user=user).exists():
        raise AlreadyMember(_("%(person)s is in this company already.") % {"person": user})
    membership = Membership(tenant=tenant, user=user, role=role)
    membership.full_clean()
    membership.save()
    audit.record(
        tenant=tenant,
        action="add",
        row=membership,
        actor=actor,
        after={"user": user.email, "role": membership.role},
    )
    return membership


@transaction.atomic
def create_user(
    *, email: str, name: str = "", password: str | None = None, actor: Actor = None, **fields: Any
) -> User:
    """Return a new account with a confirmed address. Without a password nobody can sign in until one is set. Raises ValidationError."""
    user = User(email=email.strip().lower(), name=name, **fields)
    user.full_clean(exclude=["password"])
    user.set_password(password)
    user.save()
    # Confirmed: the account came by invitation, and only whoever reads that mailbox can set its password.
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    audit.record(tenant=None, action="create", row=user, actor=actor, after={"email": user.email})
    return user


@transaction.atomic
def change_role(*, membership: Membership, role: str, actor: Actor) -> Membership:
    """Return the membership with its new role. Raises LastOwner, ValidationError."""
    found = _locked(membership)
    if found.role == role:
        return found
    require_another_owner(found)
    before, found.role = found.role, role
    found.full_clean()
    found.save(update_fields=["role"])
    audit.record(
        tenant=found.tenant,
        action="change_role",
        row=found,
        actor=actor,
        before={"role": before},
        after={"role": role},
    )
    return found


@transaction.atomic
def revoke_member(*, membership: Membership, actor: Actor) -> None:
    """End a person's membership; the account and what it did stay. Raises LastOwner."""
    found = _locked(membership)
    require_another_owner(found)
    audit.record(
        tenant=found.tenant,
        action="revoke",
        row=found,
        actor=actor,
        before={"user": found.user.email, "role": found.role},
    )
    found.delete()


def save_preferences(*, user: User, changes: Mapping[str, Any]) -> User:
    """Return the person with name, language or theme changed. Raises ValidationError."""
    return _save(User.objects.filter(pk=user.pk), changes, allowed=PERSONAL_FIELDS, tenant=None, actor=user)


def save_account(*, user: User, changes: Mapping[str, Any], actor: Actor) -> User:
    """Return the person with their standing changed by staff. Who is not active any more is out at once. Raises ValidationError."""
    rows = User.objects.filter(pk=user.pk)
    return _save(rows, changes, allowed=(*PERSONAL_FIELDS, *STANDING_FIELDS), tenant=None, actor=actor)


def _locked(membership: Membership) -> Membership:
    # The company's row orders two owners who remove each other at the same moment.
    Tenant.objects.select_for_update(no_key=True).get(pk=membership.tenant_id)
    return Membership.objects.select_related("tenant", "user").get(pk=membership.pk)


def require_another_owner(membership: Membership) -> None:
    """Raise LastOwner when this is the company's only owner who may still sign in."""
    if membership.role != Role.OWNER:
        return
    others = Membership.objects.filter(
        tenant=membership.tenant_id, role=Role.OWNER, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise LastOwner(_("A company needs an owner. Make somebody else owner first."))


# --- API keys --------------------------------------------------------------------------------------------------------
@transaction.atomic
def create_api_key(
    *, tenant: Tenant, name: str, scopes: list[str], actor: Actor, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Return the new key and its text, which is not kept anywhere. Raises ScopeTooWide, ValidationError."""
    allowed = actor.capabilities & KEY_SCOPES if isinstance(actor, Access) else KEY_SCOPES
    if not set(scopes) <= allowed:
        raise ScopeTooWide(_("A key cannot do more than you can."))
    made = keys.fresh()
    row = ApiKey(
        tenant=tenant,
        name=name.strip(),
        prefix=made.prefix,
        secret_hash=made.secret_hash,
        scopes=sorted(set(scopes)),
        created_by=actor.user if isinstance(actor, Access) else actor,
        expires_at=expires_at,
    )
    row.full_clean(exclude=["created_by"])  # empty for keys that no person made
    row.save()
    audit.record(
        tenant=tenant,
        action="create",
        row=row,
        actor=actor,
        after={"name": row.name, "prefix": row.prefix, "scopes": row.scopes},
    )
    return row, made.text


@transaction.atomic
def revoke_api_key(*, key: ApiKey, actor: Actor) -> None:
    """Shut a key for good; tokens that it issued stop at once. Revoking again changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=clock.now()):
        audit.record(tenant=key.tenant, action="revoke", row=key, actor=actor, before={"prefix": key.prefix})


def touch_api_key(*, key: ApiKey) -> None:
    """Remember that the key was used, at most once a minute: reading must not become writing."""
    moment = clock.now()
    if key.last_used_at and moment - key.last_used_at < TOUCH_EVERY:
        return
    stale = models.Q(last_used_at=None) | models.Q(last_used_at__lte=moment - TOUCH_EVERY)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=moment)


# --- shared ----------------------------------------------------------------------------------------------------------
@transaction.atomic
def _save(
    rows: models.QuerySet[Row],
    changes: Mapping[str, Any],
    *,
    allowed: tuple[str, ...],
    tenant: Tenant | None,
    actor: Actor,
) -> Row:
    """Return the one row of `rows` with `changes` saved, validated and audited; an unknown name is a ValidationError."""
    unknown = sorted(set(changes) - set(allowed))
    if unknown:
        raise ValidationError({name: _("This cannot be changed here.") for name in unknown})
    row = rows.select_for_update(no_key=True).get()
    before = {name: getattr(row, name) for name in changes}
    for name, value in changes.items():
        setattr(row, name, documents.normalize(value) if name == "document" else value)
    row.full_clean()
    changed = [name for name in changes if getattr(row, name) != before[name]]
    if changed:
        row.save(update_fields=[*changed, *(["updated_at"] if hasattr(row, "updated_at") else [])])
        audit.record(
            tenant=tenant,
            action="change",
            row=row,
            actor=actor,
            before={name: before[name] for name in changed},
            after={name: getattr(row, name) for name in changed},
        )
    return row
