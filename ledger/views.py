"""Pages of the ledger: lists, one record, a person's edits, files. Views translate; they decide nothing."""

import json
from typing import Any, Final, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ledger import details, edits, exports, lists, saved, search
from ledger.lists.columns import HIDEABLE
from ledger.lists.filters import labels
from ledger.models import Export
from lib import clock
from lib.htmx import wants_fragment
from lib.keyset import CursorError, Page
from live import wake
from tenants import audit
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability

PAGE_SIZES: Final = (50, 100, 200)
# What the bulk bar may ask for, by the name of its button, and the column of a person that it sets.
BULK: Final = {"categorise": "category_override", "ignore": "ignored", "count": "ignored"}


def spec_of(name: str) -> lists.ListSpec:
    """Return the list that a URL names. Raises Http404."""
    if name not in lists.LISTS:
        raise Http404
    return lists.LISTS[name]


@require_GET
@member_required()
def listing(request: TenantRequest, name: str) -> HttpResponse:
    """One page of a list, as a whole page or as its rows alone."""
    spec = spec_of(name)
    today = clock.today(request.tenant.zone)
    filters = lists.owed(spec, lists.parse(spec, request.GET, today=today))
    for problem in filters.problems:
        messages.warning(request, problem.message)
    page = _page(request, spec, filters)
    lists.add_rest(spec, request.tenant, page.rows)
    context = {
        "spec": spec,
        "filters": filters,
        "page": page,
        "choices": [
            (choice, labels(choice), request.GET.get(choice.name, "") or choice.default)
            for choice in spec.choices
        ],
        "query": request.GET.urlencode(),
        "narrowed": bool(filters.active),
        "never": name not in lists.kinds(request.tenant),
        "today": today,
        "columns": HIDEABLE[name],
        "bulk": [do for do, column in BULK.items() if column in edits.EDITABLE[name]]
        if request.access.may(Capability.WRITE)
        else [],
        "saved": _saved(request, name),
        **details.filter_options(request.tenant, name, filters.active),
    }
    template = f"ledger/{name}.html"
    response = render(request, f"{template}#rows" if wants_fragment(request) else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _saved(request: TenantRequest, name: str) -> dict[str, Any]:
    """Return the views that may be opened here, each with whether it is the one that is open and whether it may be deleted."""
    now = saved.clean_query(request.GET.urlencode())
    found = [
        {
            "view": view,
            "is_open": view.query == now,
            "deletable": view.user_id == request.user.pk or request.access.may(Capability.WRITE),
        }
        for view in saved.views_of(request.access, request.user, name)
    ]
    return {"views": found, "open": next((one["view"] for one in found if one["is_open"]), None)}


def _back(request: TenantRequest, name: str) -> HttpResponseBase:
    """Return to the list as it was: its query string is that of the form's address."""
    query = request.GET.urlencode()
    url = reverse(f"ledger:{name}", kwargs={"slug": request.tenant.slug})
    return redirect(f"{url}?{query}" if query else url)


def _page(request: TenantRequest, spec: lists.ListSpec, filters: lists.Filters) -> Page[dict[str, Any]]:
    asked = request.GET.get("limit", "")
    limit = next((size for size in PAGE_SIZES if str(size) == asked), PAGE_SIZES[0])
    try:
        return lists.listing(
            spec, request.tenant, filters, limit=limit, cursor=request.GET.get("cursor") or None
        )
    except CursorError:
        messages.warning(request, _("That page link is from another list, so here is the first page."))
        return lists.listing(spec, request.tenant, filters, limit=limit, cursor=None)


@require_GET
@member_required()
def totals(request: TenantRequest, name: str) -> HttpResponse:
    """The sums of what is filtered; asked for after the page, so that the page never waits for them."""
    spec, today = spec_of(name), clock.today(request.tenant.zone)
    filters = lists.owed(spec, lists.parse(spec, request.GET, today=today))
    found = lists.ready_totals(spec, request.tenant, filters, today=today)
    return render(request, "ledger/_totals.html", {"spec": spec, "totals": found})


def _record(request: TenantRequest, name: str, pk: int) -> dict[str, Any]:
    return {
        "name": name,
        "spec": spec_of(name),
        "today": clock.today(request.tenant.zone),
        "editable": edits.EDITABLE[name],
        **details.read(request.tenant, name, pk, before=request.GET.get("before", "")),
    }


@require_GET
@member_required()
def detail(request: TenantRequest, name: str, pk: int) -> HttpResponse:
    """One record, in the drawer or as a page of its own."""
    context = _record(request, name, pk)
    template = f"ledger/details/{name}.html"
    response = render(request, f"{template}#body" if wants_fragment(request) else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@member_required(Capability.WRITE)
def edit(request: TenantRequest, name: str, pk: int) -> HttpResponseBase:
    """Save a person's own columns of a record."""
    row = owned(spec_of(name).model._default_manager.all(), tenant=request.tenant, pk=pk)
    said, tone = _("Saved. No synchronisation will overwrite it."), "good"
    try:
        fields = _changed(request, row, name)
        edits.edit(access=request.access, row=cast("edits.Editable", row), fields=fields)
    except ValidationError as error:
        said, tone = " ".join(error.messages), "bad"
    if wants_fragment(request):
        # In the drawer: the record again, a toast, and the list behind it re-reads itself.
        response = render(request, f"ledger/details/{name}.html#body", _record(request, name, pk))
        response["HX-Trigger"] = json.dumps({"toast": {"text": said, "tone": tone}, "record-saved": {}})
        return response
    (messages.success if tone == "good" else messages.error)(request, said)
    return redirect("ledger:detail", slug=request.tenant.slug, name=name, pk=pk)


def _changed(request: TenantRequest, row: Model, name: str) -> dict[str, Any]:
    """Return what a person changed in the form: what differs from what it had shown (`shown_…`), so that old forms undo nobody's work.

    Raises ValidationError when somebody else has changed the same column meanwhile.
    """
    posted: dict[str, Any] = {key: _text(str(value)) for key, value in request.POST.items()}
    if "shown_ignored" in posted:
        posted |= {"ignored": "ignored" in posted, "shown_ignored": posted["shown_ignored"] == "true"}
    fields = {}
    for key in set(edits.EDITABLE[name]) & posted.keys():
        shown = posted.get(f"shown_{key}")
        if posted[key] == shown:
            continue
        now = getattr(row, key)
        if shown is not None and (_text(now) if isinstance(now, str) else now) not in (shown, posted[key]):
            raise ValidationError(
                _("Somebody changed this meanwhile. Yours was not saved: look at it, then save again.")
            )
        fields[key] = posted[key]
    return fields


def _text(value: str) -> str:
    """Return the text as the database has it: forms send their own line ends."""
    return value.replace("\r\n", "\n")


@require_POST
@member_required(Capability.WRITE)
def bulk(request: TenantRequest, name: str) -> HttpResponseBase:
    """Do one thing with the rows that were selected."""
    spec_of(name)
    do = request.POST.get("do", "")
    ids = [int(pk) for pk in request.POST.getlist("ids") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    if do not in BULK or not ids:
        messages.warning(request, _("Select rows first, then say what to do with them."))
        return _back(request, name)
    value: Any = request.POST.get("category", "") if do == "categorise" else do == "ignore"
    try:
        changed = edits.edit_many(access=request.access, name=name, ids=ids, fields={BULK[do]: value})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        _tell_changed(request, name, changed)
    return _back(request, name)


def _tell_changed(request: TenantRequest, name: str, changed: int) -> None:
    """Say how many rows changed, with the way back: the audit entries of this request."""
    if not changed:
        messages.success(request, _("Nothing to change: the rows were so already."))
        return
    text = ngettext("%(n)d row changed.", "%(n)d rows changed.", changed) % {"n": changed}
    try:
        url = reverse(
            "ledger:undo_bulk",
            kwargs={"slug": request.tenant.slug, "name": name, "done": audit.request_id()},
        )
    except NoReverseMatch:  # the caller named its request as no address can
        messages.success(request, text)
    else:
        messages.success(request, text, extra_tags=f"{url}?{request.GET.urlencode()}")


@require_POST
@member_required(Capability.WRITE)
def undo_bulk(request: TenantRequest, name: str, done: str) -> HttpResponseBase:
    """Take back what one request of this person did to many rows."""
    spec_of(name)
    restored = edits.undo_many(access=request.access, name=name, request_id=done)
    said, tone = _("Nothing to take back: the rows have been changed since."), "warn"
    if restored:
        said = ngettext("%(n)d row is as it was.", "%(n)d rows are as they were.", restored) % {"n": restored}
        tone = "good"
    if wants_fragment(request):
        response = HttpResponse(status=204)
        response["HX-Trigger"] = json.dumps({"toast": {"text": said, "tone": tone}, "record-saved": {}})
        return response
    (messages.success if restored else messages.warning)(request, said)
    return _back(request, name)


@require_POST
@member_required()
def save_view(request: TenantRequest, name: str) -> HttpResponseBase:
    """Keep the list as it is under a name."""
    spec_of(name)
    try:
        view = saved.save(
            access=request.access,
            user=request.user,
            list_name=name,
            name=request.POST.get("name", ""),
            query=request.GET.urlencode(),
            shared="shared" in request.POST,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("View “%(name)s” saved.") % {"name": view.name})
    return _back(request, name)


@require_POST
@member_required()
def delete_view(request: TenantRequest, name: str, pk: int) -> HttpResponseBase:
    """Forget a view; the list stays as it is."""
    spec_of(name)
    view = owned(
        saved.deletable(request.access, request.user).filter(list=name), tenant=request.tenant, pk=pk
    )
    saved.delete(access=request.access, view=view)
    messages.success(request, _("View “%(name)s” deleted.") % {"name": view.name})
    return _back(request, name)


@require_GET
@member_required()
def export_csv(request: TenantRequest, name: str) -> StreamingHttpResponse:
    """What is filtered, as a CSV that streams."""
    spec = spec_of(name)
    today = clock.today(request.tenant.zone)
    filters = lists.parse(spec, request.GET, today=today)
    response = StreamingHttpResponse(
        exports.csv_lines(spec, request.tenant, filters), content_type="text/csv; charset=utf-8"
    )
    called = exports.file_name(spec, request.tenant, filters, today=today, ending="csv")
    response["Content-Disposition"] = f'attachment; filename="{called}"'
    return response


@require_POST
@member_required()
def export_xlsx(request: TenantRequest, name: str) -> HttpResponseBase:
    """Ask for what is filtered as XLSX; the answer is the job's page."""
    spec_of(name)
    asked = request.GET.items()
    # NUL has no place in jsonb.
    query = {
        key: str(value).replace("\x00", "")
        for key, value in asked
        if key not in {"cursor", "limit"} and "\x00" not in key
    }
    try:
        export = exports.request(
            access=request.access,
            user=request.user,
            resource=name,
            query=query,
            language=get_language() or "pt-br",
        )
    except exports.TooManyExports as error:
        return render(request, "429.html", {"sentence": str(error)}, status=429)
    wake.on_commit("ledger.export", export_id=export.pk)
    return redirect("ledger:export", slug=request.tenant.slug, pk=export.pk)


@require_GET
@member_required()
def export(request: TenantRequest, pk: int) -> HttpResponse:
    """The progress of a file, and its link when it is ready. Only for the person who asked."""
    job = owned(Export.objects.defer("content").filter(user=request.user), tenant=request.tenant, pk=pk)
    share = round(100 * job.rows_done / job.rows_total) if job.rows_total else None
    template = "ledger/export.html#progress" if wants_fragment(request) else "ledger/export.html"
    back = reverse("ledger:list", kwargs={"slug": request.tenant.slug, "name": job.resource})
    return render(
        request, template, {"job": job, "share": share, "back": back, "spec": lists.LISTS[job.resource]}
    )


@require_GET
@member_required()
def export_download(request: TenantRequest, pk: int) -> HttpResponse:
    """The file itself. Only for the person who asked, for a day."""
    job = owned(
        Export.objects.filter(user=request.user, status=Export.Status.DONE), tenant=request.tenant, pk=pk
    )
    response = HttpResponse(
        bytes(job.content or b""),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    day = clock.business_day(job.created_at, request.tenant.zone)
    spec = lists.LISTS[job.resource]
    filters = lists.parse(spec, job.query, today=day)
    called = exports.file_name(spec, request.tenant, filters, today=day, ending="xlsx")
    response["Content-Disposition"] = f'attachment; filename="{called}"'
    return response


@require_GET
@member_required()
def find(request: TenantRequest) -> JsonResponse:
    """Records by a word, for the command palette."""
    return JsonResponse({"results": search.search(request.tenant, request.GET.get("q", ""))})
