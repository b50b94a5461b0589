"""Settings of a company: the company itself, matching, people, API keys, what was done. Under /t/<slug>/settings/."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lib import documents
from lib.keyset import page_at, paginate
from tenants import history, invitations, services, zones
from tenants.access import TenantRequest, member_required, owned
from tenants.models import ApiKey, AuditLog, Capability, Membership, Role, Tenant, TenantSettings
from tenants.models.membership import OFFERED_ROLES, ROLE_HELP

KEY_SCOPES = (Capability.READ, Capability.WRITE, Capability.SYNC, Capability.DECIDE)


class CompanyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Name, document and clock of the company."""

    # Longer than the column: people write points, bars and hyphens.
    document = forms.CharField(
        label="CNPJ/CPF",
        required=False,
        max_length=24,
        help_text=gettext_lazy("With or without punctuation."),
    )

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zones.choices,
        help_text=gettext_lazy("When a business day begins and ends."),
    )

    class Meta:
        model = Tenant
        fields = ("name", "document", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone: Any = self.fields["time_zone"]
        zone.choices = zones.choices(self.instance.time_zone)
        self.initial["document"] = documents.pretty(self.instance.document)

    def clean_document(self) -> str:
        """Return the document without punctuation; one with wrong check digits is refused, so that a typing error is not kept."""
        text = self.cleaned_data["document"]
        document = documents.valid_or_blank(text)
        if text.strip() and not document:
            raise ValidationError(
                _("These are not the digits of a CPF or CNPJ. Nothing was changed; check the number.")
            )
        return document


class MatchingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What counts how much when a payment is matched."""

    class Meta:
        model = TenantSettings
        fields = (
            "weight_document", "weight_name", "weight_amount", "weight_date", "weight_contact",
            "amount_tolerance", "date_tolerance_days", "reconcile_from",
        )  # fmt: skip
        localized_fields = ("amount_tolerance",)
        widgets = {"reconcile_from": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}


class InviteForm(forms.Form):
    """A person and what they are to be."""

    email = forms.EmailField(label=gettext_lazy("E-mail"))
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), widget=forms.RadioSelect, initial=Role.VIEWER,
        choices=[(role, format_lazy("{}: {}", label, ROLE_HELP[role])) for role, label in OFFERED_ROLES],
    )  # fmt: skip


class KeyForm(forms.Form):
    """A key's name and what it may do."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("What will use it.")
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"), choices=[(scope.value, scope.label) for scope in KEY_SCOPES],
        widget=forms.CheckboxSelectMultiple, initial=[Capability.READ.value],
    )  # fmt: skip


def tabs(request: TenantRequest, here: str) -> list[dict[str, Any]]:
    """Return the tabs that this person may open."""
    places = [("settings", _("Company"), Capability.READ), ("people", _("People"), Capability.READ)]
    places += [("notifications:settings", _("Notifications"), Capability.READ)]
    places += [("keys", _("API keys"), Capability.OWN), ("audit", _("What was done"), Capability.WRITE)]
    return [
        {
            "label": label,
            "url": reverse(name if ":" in name else f"tenants:{name}", kwargs={"slug": request.tenant.slug}),
            "active": name == here,
        }
        for name, label, capability in places
        if request.access.may(capability)
    ]


def _to(request: TenantRequest, name: str) -> HttpResponseBase:
    return redirect(f"tenants:{name}", slug=request.tenant.slug)


@require_http_methods(["GET", "POST"])
@member_required()
def company(request: TenantRequest) -> HttpResponseBase:
    """The company and its matching; who may not change them sees them."""
    forms_ = {
        "company": CompanyForm(
            request.POST if "company" in request.POST else None,
            instance=Tenant.objects.get(pk=request.tenant.pk),
        ),
        "matching": MatchingForm(
            request.POST if "matching" in request.POST else None,
            instance=TenantSettings.objects.get(tenant=request.tenant),
        ),
    }
    if request.method == "POST":
        request.access.require(Capability.WRITE)
        which = "matching" if "matching" in request.POST else "company"
        form: Any = forms_[which]
        save = services.save_settings if which == "matching" else services.save_company
        if form.is_valid():
            save(tenant=request.tenant, changes=form.cleaned_data, actor=request.access)
            messages.success(request, _("Saved."))
            return _to(request, "settings")
    if not request.access.may(Capability.WRITE):
        for form in forms_.values():
            for field in form.fields.values():
                field.disabled = True
    return render(request, "tenants/settings.html", {"tabs": tabs(request, "settings"), **forms_})


@require_http_methods(["GET", "POST"])
@member_required()
def people(request: TenantRequest) -> HttpResponseBase:
    """Who is in the company; an owner invites, changes roles and revokes."""
    form = InviteForm(request.POST or None)
    if request.method == "POST":
        request.access.require(Capability.OWN)
        if form.is_valid() and _invited(request, form):
            return _to(request, "people")
    context = {
        "tabs": tabs(request, "people"),
        "form": form,
        "members": Membership.objects.filter(tenant=request.tenant)
        .select_related("user")
        .order_by("user__email"),
        "roles": OFFERED_ROLES,
        "help": [(label, ROLE_HELP[role]) for role, label in OFFERED_ROLES],
    }
    return render(request, "tenants/people.html", context)


def _invited(request: TenantRequest, form: InviteForm) -> bool:
    try:
        membership = services.add_member(
            tenant=request.tenant,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            actor=request.access,
        )
    except (services.AlreadyMember, ValidationError) as error:
        form.add_error("email", error if isinstance(error, ValidationError) else str(error))
        return False
    invitations.send(user=membership.user, tenant=request.tenant, root=request.build_absolute_uri("/"))
    messages.success(request, _("Added. A message with the way in is on its way to this address."))
    return True


@require_POST
@member_required(Capability.OWN)
def change_member(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Change a person's role, or revoke it."""
    membership = owned(Membership.objects.select_related("tenant", "user"), tenant=request.tenant, pk=pk)
    try:
        if "revoke" in request.POST:
            services.revoke_member(membership=membership, actor=request.access)
            messages.success(request, _("%(person)s no longer has access.") % {"person": membership.user})
        else:
            services.change_role(
                membership=membership, role=request.POST.get("role", ""), actor=request.access
            )
            messages.success(request, _("Saved."))
    except services.LastOwner as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _to(request, "people")


@require_http_methods(["GET", "POST"])
@member_required(Capability.OWN)
def api_keys(request: TenantRequest) -> HttpResponseBase:
    """The company's keys; a new one is shown once, on the page that made it."""
    form, shown = KeyForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _key, shown = services.create_api_key(
                tenant=request.tenant,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                actor=request.access,
            )
            form = KeyForm()
        except (services.ScopeTooWide, ValidationError) as error:
            form.add_error(None, str(error))
    context = {
        "tabs": tabs(request, "keys"),
        "form": form,
        "shown": shown,
        "keys": ApiKey.objects.filter(tenant=request.tenant).select_related("created_by"),
    }
    response = render(request, "tenants/keys.html", context)
    if shown:
        response["Cache-Control"] = "no-store"
    return response


@require_POST
@member_required(Capability.OWN)
def revoke_key(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Shut a key for good."""
    key = owned(ApiKey.objects.select_related("tenant"), tenant=request.tenant, pk=pk)
    services.revoke_api_key(key=key, actor=request.access)
    messages.success(request, _("The key is revoked. What used it gets no answer any more."))
    return _to(request, "keys")


@require_GET
@member_required(Capability.WRITE)
def audit_log(request: TenantRequest) -> HttpResponse:
    """What people and the system did here, newest first."""
    rows = AuditLog.objects.filter(tenant=request.tenant)
    page = page_at(
        request.GET.get("cursor"),
        lambda cursor: paginate(rows, order=("-created_at", "-id"), limit=50, cursor=cursor),
    )
    entries = history.tell(request.tenant, page.rows)
    context = {"tabs": tabs(request, "audit"), "page": page, "entries": entries}
    return render(request, "tenants/audit.html", context)
