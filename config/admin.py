"""Console of what third parties bring: schedules, addresses, second factors. And the frame: side bar and first screen."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants import audit
from tenants.console import ReadOnlyAdmin, tell

for model in (
    Group,  # what people may do comes from memberships, and staff is staff
    EmailAddress,
    Authenticator,
    PeriodicTask,
    IntervalSchedule,
    CrontabSchedule,
    SolarSchedule,  # nothing here follows the sun
    ClockedSchedule,
):
    admin.site.unregister(model)


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):  # type: ignore[misc]  # unfold has no types
    """The list of known tasks in the console's clothes."""


class TaskForm(beat.PeriodicTaskForm):  # type: ignore[misc]  # no types
    """A schedule; its task is chosen or typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ModelAdmin):  # type: ignore[misc]  # no types
    """What beat asks for, and when. `setup-db` creates these once and keeps what is edited here."""

    form = TaskForm
    change_form_template = (
        "admin/change_form.html"  # beat's own has an inline script, which the policy forbids
    )
    date_hierarchy = None
    list_filter = ("enabled", "one_off")


@admin.register(IntervalSchedule, CrontabSchedule, ClockedSchedule)
class ScheduleAdmin(ModelAdmin):  # type: ignore[misc]  # no types
    """Rhythms that schedules use."""


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """Addresses of people."""

    list_display = ("email", "user", "verified", "primary")
    list_select_related = ("user",)
    list_filter = ("verified", "primary")
    search_fields = ("email", "user__name")
    ordering = ("email",)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Second factors: of which kind, since when. Their secrets are on no screen; a lost one is removed."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    search_fields = ("user__email",)
    fields = list_display
    ordering = ("-id",)
    actions = ("remove",)

    def has_remove_permission(self, request: Any) -> bool:
        """Return whether the person is a superuser: without a second factor an account is weaker."""
        return bool(request.user.is_superuser)

    @admin.action(description=_("Remove (the person lost it)"), permissions=["remove"])
    def remove(self, request: Any, queryset: QuerySet[Authenticator]) -> None:
        """Remove second factors, with an entry in the audit log."""
        rows = list(queryset.select_related("user"))
        for row in rows:
            audit.record(
                tenant=None,
                action="remove",
                row=row,
                actor=request.user,
                before={"user": row.user.email, "type": row.type},
            )
            row.delete()
        tell(request, len(rows), ())
