"""Public links of a company: made, listed, taken back. The address is shown once, when it is made."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from kpi.boards import queries, sharing
from kpi.boards.catalog import OptionsError
from kpi.boards.services import TooMany
from kpi.models import BoardLink
from lib import clock
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
    boards = forms.MultipleChoiceField(label=gettext_lazy("Boards"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(label=gettext_lazy("Ends in"), choices=DAYS, coerce=int, initial=30)
    period = forms.CharField(required=False, max_length=24)

    def __init__(self, *args: Any, boards: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["boards"].choices = boards  # type: ignore[attr-defined]


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


@require_POST
@member_required(Capability.WRITE)
def revoke(request: TenantRequest, pk: int) -> HttpResponse:
    """Shut a link."""
    link = owned(BoardLink.objects.all(), tenant=request.tenant, pk=pk)
    sharing.revoke_link(link=link, actor=request.access)
    messages.success(request, _("The link “%(name)s” opens nothing any more.") % {"name": link.name})
    return HttpResponseRedirect(reverse("kpi:board_links", kwargs={"slug": request.tenant.slug}))
