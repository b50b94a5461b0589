"""Public links of a company: made, listed, renamed, prolonged, taken back. The address is shown once, when it is made."""

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from kpi.boards import queries, sharing
from kpi.boards.catalog import OptionsError
from kpi.boards.services import LONGEST_NAME, TooMany
from kpi.models import BoardLink
from kpi.occasions.forms import Day
from lib import clock
from lib.forms import offer
from lib.periods import CALENDAR
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

DAYS: Final = (
    (7, gettext_lazy("7 days")),
    (30, gettext_lazy("30 days")),
    (90, gettext_lazy("90 days")),
    (365, gettext_lazy("1 year")),
)


class LinkForm(forms.Form):
    """Which boards, for how long, and whether the period is fixed."""

    name = forms.CharField(
        label=gettext_lazy("What for"),
        max_length=80,
        help_text=gettext_lazy("Only you see this: “screen in the shop”, “accountant”."),
    )
    boards = forms.MultipleChoiceField(
        label=gettext_lazy("Boards"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one board.")},
    )  # fmt: skip
    days = forms.TypedChoiceField(label=gettext_lazy("Ends in"), choices=DAYS, coerce=int, initial=30)
    period = forms.CharField(required=False, max_length=24)

    def __init__(self, *args: Any, boards: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, boards=boards)


class ChangeForm(forms.Form):
    """What a link is for, and its last day."""

    name = forms.CharField(label=gettext_lazy("What for"), max_length=LONGEST_NAME)
    last_day = forms.DateField(label=gettext_lazy("Open until"), widget=Day())


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def links(request: TenantRequest) -> HttpResponse:
    """The company's public links, and the form for a new one."""
    found = queries.listed(request.tenant, request.user)
    by_key = {str(board.key): board for board in found}
    form = LinkForm(
        request.POST or None, boards=[(key, board.name) for key, board in by_key.items()], initial={"boards": request.GET.getlist("board")},
    )  # fmt: skip
    token = _made(request, form, by_key) if request.method == "POST" and form.is_valid() else ""
    context: dict[str, Any] = {
        "links": [{"link": link, "open": queries.is_open(link)} for link in queries.links(request.tenant)],
        "form": LinkForm(boards=[(key, board.name) for key, board in by_key.items()]) if token else form,
        "new": request.build_absolute_uri(reverse("board_links:public", args=[token])) if token else "",
        "boards": found,
    }
    response = render(request, "kpi/boards/links.html", context)
    if token:
        response["Cache-Control"] = "no-store"  # the address is shown once and kept nowhere
    return response


def _made(request: TenantRequest, form: LinkForm, by_key: dict[str, Any]) -> str:
    """Make the link of a valid form; return its token, "" when there was a reason against it, which is said."""
    data = form.cleaned_data
    try:
        _link, token = sharing.create_link(
            tenant=request.tenant, boards=[by_key[key] for key in data["boards"]], name=data["name"],
            expires_at=clock.now() + timedelta(days=data["days"]), period=data["period"], actor=request.access,
        )  # fmt: skip
    except (OptionsError, TooMany) as error:
        form.add_error(None, str(error))
        return ""
    return token


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def link(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Rename a link, or let it end on another day."""
    row = owned(BoardLink.objects.filter(revoked_at=None), tenant=request.tenant, pk=pk)
    ends_on = clock.business_day(row.expires_at, request.tenant.zone)
    form = ChangeForm(request.POST or None, initial={"name": row.name, "last_day": ends_on})
    if request.method == "POST" and form.is_valid() and _changed(request, form, row, ends_on):
        messages.success(request, _("Saved."))
        return HttpResponseRedirect(reverse("kpi:board_links", kwargs={"slug": request.tenant.slug}))
    latest = clock.business_day(row.created_at + sharing.LONGEST, request.tenant.zone)
    context = {"link": row, "form": form, "latest": latest - timedelta(days=1)}
    return render(request, "kpi/boards/link.html", context)


def _changed(request: TenantRequest, form: ChangeForm, row: BoardLink, ends_on: date) -> bool:
    """Keep what a valid form says; return whether it could be kept, with the reason against it in the form."""
    day = min(form.cleaned_data["last_day"], CALENDAR[1])  # Python's calendar ends with the year 9999
    end = row.expires_at
    if day != ends_on:
        end = clock.start_of_day(day + timedelta(days=1), request.tenant.zone) - timedelta(seconds=1)
    try:
        sharing.change_link(link=row, name=form.cleaned_data["name"], expires_at=end, actor=request.access)
    except OptionsError as error:
        form.add_error("last_day" if error.field == "expires_at" else "name", str(error))
    except TooMany as error:
        form.add_error(None, str(error))
    return form.is_valid()


@require_POST
@member_required(Capability.WRITE)
def revoke(request: TenantRequest, pk: int) -> HttpResponse:
    """Shut a link."""
    link = owned(BoardLink.objects.all(), tenant=request.tenant, pk=pk)
    sharing.revoke_link(link=link, actor=request.access)
    messages.success(request, _("The link “%(name)s” opens nothing any more.") % {"name": link.name})
    return HttpResponseRedirect(reverse("kpi:board_links", kwargs={"slug": request.tenant.slug}))
