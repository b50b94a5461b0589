"""Console of connections: tried, synchronised, paused, given new credentials."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget

from sync import services
from sync.models import Connection, SyncRun
from sync.providers.base import UpstreamError
from sync.providers.registry import FIELDS
from sync.words import say
from tenants.console import BY_COMPANY, ReadOnlyAdmin, link, pretty_json, tell


class SecretsForm(forms.Form):
    """The credentials of one kind of connection. They go in and never come out."""

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in FIELDS[kind]:
            self.fields[field.name] = forms.CharField(
                label=_(field.label),
                help_text=_(field.help),
                max_length=400,
                widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
            )


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    """Accesses to upstreams. The secret is on no screen."""

    list_display = (
        "name",
        "company",
        "kind",
        "state",
        "failures",
        "last_good_at",
        "next_due_at",
        "last_words",
    )
    list_select_related = ("tenant",)
    list_filter = ("state", "kind", ("removed_at", admin.EmptyFieldListFilter), BY_COMPANY)
    search_fields = ("name", "tenant__name", "tenant__slug")
    ordering = ("-failures", "last_good_at", "id")
    actions = ("test", "sync_now", "read_all_again", "pause", "resume")
    fields = (
        "tenant", "name", "kind", "credentials", "state", "state_reason", "interval_seconds", "next_due_at", "last_good_at",
        "last_full_at", "removed_at", "failures", "last_error", "settings", "cursors", "created_at", "newest_runs",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        """Return connections without their sealed secret."""
        return super().get_queryset(request).defer("secret")  # type: ignore[no-any-return]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return everything: nothing is typed into this screen."""
        return self.fields

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses with that of the credentials form."""
        view = self.admin_site.admin_view(self.credentials_view)
        own = path("<int:pk>/credentials/", view, name="sync_connection_credentials")
        return [own, *super().get_urls()]

    def credentials_view(self, request: Any, pk: int) -> HttpResponseBase:
        """Replace the credentials after upstream took them."""
        row = get_object_or_404(Connection.objects.select_related("tenant"), pk=pk)
        form = SecretsForm(row.kind, request.POST or None)
        if request.method == "POST" and form.is_valid():
            services.update_credentials(connection=row, credentials=form.cleaned_data, actor=request.user)
            messages.success(request, _("Sealed. A run tries them now; its row says how it went."))
            return redirect("admin:sync_connection_change", row.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Credentials of %(name)s") % {"name": row},
            "form": form,
            "opts": self.opts,
            "back": reverse("admin:sync_connection_change", args=[row.pk]),
        }
        return TemplateResponse(request, "admin/sync/credentials.html", context)

    @admin.display(description=gettext_lazy("last error"))
    def last_words(self, row: Connection) -> str:
        """Return the first line of what is wrong."""
        return (row.state_reason or row.last_error).partition("\n")[0][:90]

    @admin.display(description=gettext_lazy("credentials"))
    def credentials(self, row: Connection) -> SafeString:
        """Return the way to the form that replaces them."""
        address = reverse("admin:sync_connection_credentials", args=[row.pk])
        return link(address, _("Replace (they are never shown)"))

    @admin.display(description=gettext_lazy("configuration"))
    def settings(self, row: Connection) -> SafeString:
        """Return what is not secret."""
        return pretty_json(row.config)

    @admin.display(description=gettext_lazy("cursors"))
    def cursors(self, row: Connection) -> SafeString:
        """Return how far each resource has been read."""
        return pretty_json(row.cursor)

    @admin.display(description=gettext_lazy("runs"))
    def newest_runs(self, row: Connection) -> SafeString:
        """Return the way to its runs."""
        address = reverse("admin:sync_syncrun_changelist")
        return link(f"{address}?connection__id__exact={row.pk}", _("Runs"))

    def _each(self, request: Any, rows: QuerySet[Connection], verb: Callable[[Connection], object]) -> None:
        """Do one thing to each connection; a refusal of one does not stop the others."""
        done, refused = 0, []
        for row in rows.select_related("tenant").defer(None):
            try:
                verb(row)
                done += 1
            except (UpstreamError, services.NotReady) as error:
                refused.append(f"{row.tenant} · {row}: {say(error)}")
        tell(request, done, refused)

    @admin.action(description=gettext_lazy("Test"))
    def test(self, request: Any, queryset: QuerySet[Connection]) -> None:
        """Ask each upstream whether the credentials work."""
        self._each(
            request, queryset, lambda row: services.test_connection(connection=row, actor=request.user)
        )

    @admin.action(description=gettext_lazy("Synchronise now"))
    def sync_now(self, request: Any, queryset: QuerySet[Connection]) -> None:
        """Ask for a run of each."""
        reason = SyncRun.Reason.PERSON
        self._each(request, queryset, lambda row: services.request_sync(connection=row, reason=reason))

    @admin.action(description=gettext_lazy("Read everything again"))
    def read_all_again(self, request: Any, queryset: QuerySet[Connection]) -> None:
        """Ask for a complete listing of each."""
        reason = SyncRun.Reason.PERSON
        self._each(
            request, queryset, lambda row: services.request_sync(connection=row, reason=reason, full=True)
        )

    @admin.action(description=gettext_lazy("Pause"))
    def pause(self, request: Any, queryset: QuerySet[Connection]) -> None:
        """Stop asking upstream."""
        self._each(request, queryset, lambda row: services.pause(connection=row, actor=request.user))

    @admin.action(description=gettext_lazy("Resume"))
    def resume(self, request: Any, queryset: QuerySet[Connection]) -> None:
        """Ask upstream again."""
        self._each(request, queryset, lambda row: services.resume(connection=row, actor=request.user))
