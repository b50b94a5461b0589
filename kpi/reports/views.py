"""The pages of reports: which there are, one with its recipients and history, and the way out of it."""

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kpi.boards.queries import visible
from kpi.models import Report, ReportDelivery, ReportRecipient
from kpi.reports import letters, queries, services
from kpi.reports.forms import RecipientForm, ReportForm, initial_of
from lib.keyset import page_at
from live import limits
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability, User

ROWS: Final = 30
AN_HOUR: Final = 10  # copies that one person may ask for


@require_GET
@member_required()
def reports(request: TenantRequest) -> HttpResponse:
    """The reports of boards that the person may read."""
    context = {
        "reports": queries.listed(request.tenant, request.user),
        "may_change": request.access.may(Capability.WRITE),
    }
    return render(request, "kpi/reports.html", context)


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def report_new(request: TenantRequest) -> HttpResponseBase:
    """Plan a report; `?board=<key>` chooses its board."""
    boards = list(visible(request.tenant, request.user).order_by("name", "pk"))
    form = ReportForm(
        request.POST if request.method == "POST" else None,
        boards=boards,
        initial={"board": request.GET.get("board", "")},
    )
    if request.method == "POST" and form.is_valid():
        board = form.boards[form.cleaned_data["board"]]
        try:
            row = services.create(access=request.access, board=board, fields=form.fields_of_report())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Planned. You are on its list; add whoever else is to get it."))
            return redirect("reports:report", slug=request.tenant.slug, pk=row.pk)
    return render(request, "kpi/report_form.html", {"form": form, "boards": boards})


@require_GET
@member_required()
def report(request: TenantRequest, pk: int) -> HttpResponse:
    """One report: when it goes out next, to whom, and what became of every delivery."""
    return _page(request, _own(request, pk), None)


def _page(request: TenantRequest, row: Report, form: RecipientForm | None) -> HttpResponse:
    page = page_at(request.GET.get("cursor"), lambda cursor: queries.history(row, limit=ROWS, cursor=cursor))
    may_change = request.access.may(Capability.WRITE)
    context: dict[str, Any] = {
        "report": row,
        "recipients": row.recipients.select_related("user"),
        "page": page,
        "may_change": may_change,
        "form": form or (_recipient_form(request) if may_change else None),
        "on_its_way": any(one.status in {"queued", "making", "sending"} for one in page.rows),
    }
    return render(request, "kpi/report.html", context)


def _recipient_form(request: TenantRequest, data: Any = None) -> RecipientForm:
    people = list(User.objects.filter(memberships__tenant=request.tenant, is_active=True).order_by("email"))
    return RecipientForm(data, people=people, scopes=queries.scope_choices(request.tenant))


@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def report_edit(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Change when and as what a report goes out. Its board stays."""
    row = _own(request, pk)
    form = ReportForm(
        request.POST if request.method == "POST" else None, boards=[row.board], initial=initial_of(row)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change(access=request.access, report=row, fields=form.fields_of_report())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("reports:report", slug=request.tenant.slug, pk=row.pk)
    return render(request, "kpi/report_form.html", {"form": form, "report": row, "boards": [row.board]})


@require_POST
@member_required(Capability.WRITE)
def report_pause(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Pause a report, or let it go on."""
    row = _own(request, pk)
    services.change(access=request.access, report=row, fields={"is_active": not row.is_active})
    messages.success(
        request,
        _("It goes out again.") if not row.is_active else _("Paused. Nothing goes out until you resume it."),
    )
    return redirect("reports:report", slug=request.tenant.slug, pk=row.pk)


@require_POST
@member_required(Capability.WRITE)
def report_delete(request: TenantRequest, pk: int) -> HttpResponseBase:
    """End a report."""
    services.remove(access=request.access, report=_own(request, pk))
    messages.success(request, _("Deleted."))
    return redirect("reports:list", slug=request.tenant.slug)


@require_POST
@member_required(Capability.WRITE)
def recipient_add(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Put somebody on the list."""
    row = _own(request, pk)
    form = _recipient_form(request, request.POST)
    if form.is_valid():
        try:
            added = services.add_recipient(access=request.access, report=row, **form.chosen())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(who)s gets it from the next time on.") % {"who": added})
            return redirect("reports:report", slug=request.tenant.slug, pk=row.pk)
    return _page(request, row, form)


@require_POST
@member_required(Capability.WRITE)
def recipient_remove(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Take somebody off the list."""
    rows = ReportRecipient.objects.filter(
        report__in=queries.visible_reports(request.tenant, request.user)
    ).select_related("report__tenant", "user")
    one = owned(rows, tenant=request.tenant, pk=pk)
    try:
        services.remove_recipient(access=request.access, recipient=one)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("Taken off the list."))
    return redirect("reports:report", slug=request.tenant.slug, pk=one.report_id)


@require_POST
@member_required()
def report_send(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Send one copy to the person who asks."""
    row = _own(request, pk)
    verdict = limits.hit("reports", str(request.user.pk), limit=AN_HOUR, seconds=3600)
    if not verdict.allowed:
        sentence = _("You had %(n)d copies within an hour. Wait a while, then ask again.") % {"n": AN_HOUR}
        response = render(request, "429.html", {"sentence": sentence}, status=429)
        response["Retry-After"] = str(verdict.retry_after)
        return response
    services.send_me(report=row, user=request.user)
    messages.success(request, _("A copy is on its way to %(email)s.") % {"email": request.user.email})
    return redirect("reports:report", slug=request.tenant.slug, pk=row.pk)


@require_POST
@member_required(Capability.WRITE)
def delivery_again(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Try a delivery once more that failed, or of which nobody knows."""
    rows = ReportDelivery.objects.filter(
        report__in=queries.visible_reports(request.tenant, request.user)
    ).select_related("tenant")
    one = owned(rows, tenant=request.tenant, pk=pk)
    if services.send_again(access=request.access, delivery=one):
        messages.success(request, _("It is tried once more."))
    return redirect("reports:report", slug=request.tenant.slug, pk=one.report_id)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The way out of a report for who holds a message: a page with one button, or at once when a mail program posts (RFC 8058).

    The signed link is the credential; it can do nothing but this, so no CSRF token is asked for.
    """
    recipient = letters.holder(token)
    if recipient is None:
        raise Http404
    done = request.method == "POST" or recipient.unsubscribed_at is not None
    context = {
        "report": recipient.report,
        "company": recipient.tenant,
        "who": recipient.user.email if recipient.user else recipient.email,
        "done": done,
    }
    with translation.override(recipient.user.language if recipient.user else recipient.language):
        page = render(request, "kpi/report_unsubscribe.html", context)
    if request.method == "POST":
        services.unsubscribe(recipient=recipient)
    return page


def _own(request: TenantRequest, pk: int) -> Report:
    return owned(queries.visible_reports(request.tenant, request.user), tenant=request.tenant, pk=pk)
