"""What happens to people becomes notifications. `tenants` stands below and cannot tell anybody, so its signals are heard here.

They come in the transaction of the change: a change that is rolled back tells nobody.
"""

from typing import Any

from allauth.account.signals import password_reset
from django.db.models import Q
from django.db.models.signals import post_save, pre_save

from live.notifications import queries
from live.notifications.catalog import get
from live.notifications.services import notify
from tenants.models import Membership, User


def listen() -> None:
    """Hear of changed roles and accepted invitations. Called from `AppConfig.ready()`."""
    pre_save.connect(_remember_role, sender=Membership, dispatch_uid="notifications.role_before")
    post_save.connect(_role_changed, sender=Membership, dispatch_uid="notifications.role")
    password_reset.connect(_password_set, dispatch_uid="notifications.invitation")


def _remember_role(instance: Membership, **_: Any) -> None:
    if instance.pk:
        rows = Membership.objects.filter(pk=instance.pk)
        instance._role_before = rows.values_list("role", flat=True).first()  # type: ignore[attr-defined]


def _role_changed(instance: Membership, created: bool, **_: Any) -> None:
    before = getattr(instance, "_role_before", None)
    if created or before is None or before == instance.role:
        return
    kind, tenant = get("role_changed"), instance.tenant
    params = {"person": str(instance.user), "role": instance.role, "before": before}
    owners = queries.hearers(kind, tenant=tenant, params=params, severity=kind.severity)
    # The person concerned is told too, whatever the new role allows.
    told = User.objects.filter(Q(pk__in=[hearer.user_id for hearer in owners]) | Q(pk=instance.user_id))
    notify("role_changed", tenant=tenant, params=params, users=list(told))


def _password_set(user: User, **_: Any) -> None:
    """Tell owners of an invited person who set the first password. Who has signed in before only renewed it."""
    if user.last_login is not None:
        return
    for membership in Membership.objects.filter(user=user).select_related("tenant"):
        notify(
            "invitation_accepted",
            tenant=membership.tenant,
            params={"person": str(user), "role": membership.role},
            once_key=f"accepted:{membership.pk}",
        )
