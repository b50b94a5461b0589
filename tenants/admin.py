"""Console of companies, people and keys."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from tenants import invitations, services
from tenants.console import BY_COMPANY, BigTableAdmin, ServiceAdmin, link, pretty_json, tell
from tenants.models import ApiKey, AuditLog, Membership, Role, Tenant, TenantSettings, User


@admin.register(Tenant)
class TenantAdmin(ServiceAdmin):
    """Companies: opened, renamed, closed. None is deleted here: a closed one keeps its history."""

    list_display = ("name", "slug", "document", "is_active", "people", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "slug", "document")
    ordering = ("name",)
    fields = ("name", "slug", "document", "time_zone", "currency", "page")
    actions = ("close", "open_again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        """Return companies with their number of people."""
        return super().get_queryset(request).annotate(n_people=Count("memberships"))  # type: ignore[no-any-return]

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> tuple[str, ...]:
        """Return what stays: addresses that people keep must not change."""
        return ("slug", "page") if obj else ("page",)

    def save_model(self, request: Any, obj: Tenant, form: Any, change: bool) -> None:
        """Save through the services, so that it is audited."""
        values = {name: form.cleaned_data[name] for name in services.COMPANY_FIELDS}
        if change:
            services.save_company(tenant=obj, changes=values, actor=request.user)
            return
        made = services.create_tenant(slug=form.cleaned_data["slug"], actor=request.user, **values)
        obj.pk = made.pk

    @admin.display(description=_("people"))
    def people(self, row: Any) -> int:
        """Return how many people belong to it."""
        return int(row.n_people)

    @admin.display(description=_("page"))
    def page(self, row: Tenant) -> SafeString | str:
        """Return the way to its pages, for those who belong to it."""
        return link(f"/t/{row.slug}/", f"/t/{row.slug}/") if row.pk else "–"

    @admin.action(description=_("Close"))
    def close(self, request: Any, queryset: QuerySet[Tenant]) -> None:
        """Close companies; everybody gets 404, nothing is lost."""
        for tenant in queryset:
            services.set_active(tenant=tenant, active=False, actor=request.user)
        tell(request, len(queryset), ())

    @admin.action(description=_("Open again"))
    def open_again(self, request: Any, queryset: QuerySet[Tenant]) -> None:
        """Open closed companies."""
        for tenant in queryset:
            services.set_active(tenant=tenant, active=True, actor=request.user)
        tell(request, len(queryset), ())


@admin.register(TenantSettings)
class TenantSettingsAdmin(ServiceAdmin):
    """What companies decided for themselves."""

    list_display = ("company", "amount_tolerance", "date_tolerance_days", "auto_confirm_above", "updated_at")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    fields = ("tenant", *services.SETTINGS_FIELDS, "updated_at")
    readonly_fields = ("tenant", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: the database makes the row with the company."""
        return False

    def save_model(self, request: Any, obj: TenantSettings, form: Any, change: bool) -> None:
        """Save through the service."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        services.save_settings(tenant=obj.tenant, changes=changes, actor=request.user)


@admin.register(User)
class UserAdmin(ServiceAdmin):
    """People. Passwords are set by their owners: a link goes out by e-mail."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login", "companies")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", *services.PERSONAL_FIELDS, *services.STANDING_FIELDS, "last_login", "date_joined")
    actions = ("send_link",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return people with their number of companies."""
        return super().get_queryset(request).annotate(n_companies=Count("memberships"))  # type: ignore[no-any-return]

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Return whether the person may be changed: superusers only by superusers."""
        if obj and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: Any, obj: User | None = None) -> tuple[str, ...]:
        """Return what stays: the address is the login, its owner changes it; who is staff, only superusers say."""
        fixed = ("email", "last_login", "date_joined") if obj else ("last_login", "date_joined")
        return fixed if request.user.is_superuser else (*fixed, "is_staff", "is_superuser")

    def save_model(self, request: Any, obj: User, form: Any, change: bool) -> None:
        """Save through the services; a new person gets a link to set a password."""
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            services.save_account(user=obj, changes=changes, actor=request.user)
            return
        made = services.create_user(**form.cleaned_data, actor=request.user)
        obj.pk = made.pk
        invitations.send(user=made, root=request.build_absolute_uri("/"))

    @admin.display(description=_("companies"))
    def companies(self, row: Any) -> int:
        """Return in how many companies the person is."""
        return int(row.n_companies)

    @admin.action(description=_("Send a link to set the password"))
    def send_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Send each active person a link."""
        people = list(queryset.filter(is_active=True))
        for user in people:
            invitations.send(user=user, root=request.build_absolute_uri("/"))
        tell(request, len(people), ())


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A role in a company; the last owner keeps theirs."""

    class Meta:
        model = Membership
        fields = ("tenant", "user", "role")
        labels = {"tenant": _("Company")}

    def clean(self) -> dict[str, Any]:
        """Refuse to leave a company without an owner."""
        values: dict[str, Any] = super().clean() or {}
        if self.instance.pk and values.get("role") != Role.OWNER:
            try:
                services.require_another_owner(Membership.objects.get(pk=self.instance.pk))
            except services.LastOwner as error:
                raise ValidationError({"role": str(error)}) from error
        return values


@admin.register(Membership)
class MembershipAdmin(ServiceAdmin):
    """Who may do what in which company."""

    form = MembershipForm
    list_display = ("user", "company", "role", "created_at")
    list_select_related = ("user", "tenant")
    list_filter = (BY_COMPANY, ("user", AutocompleteSelectFilter), "role")
    search_fields = ("user__email", "user__name", "tenant__name")
    autocomplete_fields = ("tenant", "user")
    actions = ("revoke",)

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """Return what stays: another person or company is another membership."""
        return ("tenant", "user") if obj else ()

    def save_model(self, request: Any, obj: Membership, form: Any, change: bool) -> None:
        """Save through the services."""
        role = form.cleaned_data["role"]
        if change:
            services.change_role(membership=obj, role=role, actor=request.user)
            return
        made = services.add_member(tenant=obj.tenant, email=obj.user.email, role=role, actor=request.user)
        obj.pk = made.pk

    @admin.action(description=_("Revoke"))
    def revoke(self, request: Any, queryset: QuerySet[Membership]) -> None:
        """End memberships, except a company's last owner's."""
        done, refused = 0, []
        for membership in queryset:
            try:
                services.revoke_member(membership=membership, actor=request.user)
                done += 1
            except services.LastOwner as error:
                refused.append(f"{membership}: {error}")
        tell(request, done, refused)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A new key."""

    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=[(scope.value, scope.label) for scope in services.KEY_SCOPES_IN_ORDER],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = ApiKey
        fields = ("tenant", "name", "scopes", "expires_at")
        labels = {"tenant": _("Company")}


@admin.register(ApiKey)
class ApiKeyAdmin(ServiceAdmin):
    """Keys of integrators: made, shown once, revoked. The secret is stored nowhere."""

    form = ApiKeyForm
    list_display = (
        "name",
        "prefix",
        "company",
        "scopes",
        "created_by",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_select_related = ("tenant", "created_by")
    list_filter = (BY_COMPANY, ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "prefix", "tenant__name")
    autocomplete_fields = ("tenant",)
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: a key that should be another is another key."""
        return False

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        """Return what is asked for a new key, and what is shown of one: never its hash."""
        new = ("tenant", "name", "scopes", "expires_at")
        return (*new, "prefix", "created_by", "created_at", "last_used_at", "revoked_at") if obj else new

    def save_model(self, request: Any, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key through the service and hold its text for the one page that shows it."""
        made, text = services.create_api_key(
            tenant=obj.tenant,
            name=obj.name,
            scopes=form.cleaned_data["scopes"],
            expires_at=obj.expires_at,
            actor=request.user,
        )
        obj.pk, request.fresh_key = made.pk, text

    def response_add(
        self, request: Any, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponseBase:
        """Show the key on this very page: nothing carries it further."""
        context = {
            **self.admin_site.each_context(request),
            "title": obj.name,
            "key": request.fresh_key,
            "opts": self.opts,
        }
        response: HttpResponse = TemplateResponse(request, "admin/tenants/key.html", context)
        response["Cache-Control"] = "no-store"
        return response

    @admin.action(description=_("Revoke"))
    def revoke(self, request: Any, queryset: QuerySet[ApiKey]) -> None:
        """Shut keys for good."""
        for key in queryset.select_related("tenant"):
            services.revoke_api_key(key=key, actor=request.user)
        tell(request, len(queryset), ())


@admin.register(AuditLog)
class AuditLogAdmin(BigTableAdmin):
    """What was done, by whom. Never changed."""

    list_display = ("created_at", "company", "actor_name", "action", "table", "row_id", "request_id")
    list_select_related = ("tenant",)
    list_filter = (BY_COMPANY,)
    company_order: ClassVar[tuple[str, ...]] = ("-created_at", "-id")
    search_help_text = _("Number of the entry.")
    fields = (
        "created_at",
        "tenant",
        "actor_name",
        "action",
        "table",
        "row_id",
        "request_id",
        "was",
        "became",
    )
    readonly_fields = fields

    @admin.display(description=_("before"))
    def was(self, row: AuditLog) -> SafeString:
        """Return the columns as they were."""
        return pretty_json(row.before)

    @admin.display(description=_("after"))
    def became(self, row: AuditLog) -> SafeString:
        """Return the columns as they became."""
        return pretty_json(row.after)
