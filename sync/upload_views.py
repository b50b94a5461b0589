"""Bringing bank files: choose or drop. Each becomes a row that is looked at before anything is stored."""

from collections.abc import Iterable
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import TooManyFilesSent
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from lib.http_length import stated_length
from sync import imports
from sync.models import FileImport
from sync.providers.statement import MAX_BYTES, StatementError
from sync.words import tell
from tenants.access import TenantRequest, member_required
from tenants.models import Capability

MAX_FILES: Final = 20  # of one request
MAX_TOTAL: Final = 100 * 1024 * 1024  # bytes of all its files
MAX_REQUEST: Final = MAX_TOTAL + 50 * 1024 * 1024  # beyond it nothing of the request is read at all
LISTED: Final = 20


# Checking the token reads the whole request, files included. So its size is looked at first; the view behind checks the token.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@member_required(Capability.WRITE)
def import_files(request: TenantRequest) -> HttpResponseBase:
    """The drop zone and what was imported before. Each file that comes becomes a preview; nothing is stored yet."""
    if stated_length(request) > MAX_REQUEST:
        return _too_much(request)
    try:
        return _import_files(request)
    except TooManyFilesSent:
        return _too_much(request)


@csrf_protect
def _import_files(request: TenantRequest) -> HttpResponseBase:
    if request.method == "POST":
        taken, left = _within_limits(request.FILES.getlist("files"))
        made = [found for file in taken if (found := _receive(request, file))]
        if not request.FILES:
            messages.warning(request, _("Choose a file first."))
        if left:
            messages.warning(request, _left_out(left))
        if len(made) == 1 and not left:
            return redirect("sync:import_preview", slug=request.tenant.slug, pk=made[0].pk)
        return redirect("sync:import", slug=request.tenant.slug)
    recent = FileImport.objects.filter(tenant=request.tenant).defer("content", "seen")
    context = {
        "recent": recent.select_related("account", "user")[:LISTED],
        "max_bytes": MAX_BYTES,
        "max_total": MAX_TOTAL,
        "max_files": MAX_FILES,
    }
    return render(request, "sync/import.html", context)


def _too_much(request: TenantRequest) -> HttpResponseBase:
    text = _(
        "That was too much at once, so nothing was taken. Bring at most %(files)d files and %(mb)d MB in one go."
    )
    messages.error(request, text % {"files": MAX_FILES, "mb": MAX_TOTAL >> 20})
    answer = redirect("sync:import", slug=request.tenant.slug)
    answer["Connection"] = "close"  # what still travels is not read
    return answer


def _within_limits(files: Iterable[Any]) -> tuple[list[Any], list[str]]:
    """Return the files that one request may bring, in their order, and the names of the others."""
    taken: list[Any] = []
    left: list[str] = []
    total = 0
    for file in files:
        if len(taken) < MAX_FILES and total + (file.size or 0) <= MAX_TOTAL:
            taken.append(file)
            total += file.size or 0
        else:
            left.append((file.name or "?")[:80])
    return taken, left


def _left_out(names: list[str]) -> str:
    text = _(
        "One go takes %(files)d files and %(mb)d MB. These were not taken; bring them once more: %(names)s."
    )
    shown = ", ".join(names[:LISTED]) + (" …" if len(names) > LISTED else "")
    return text % {"files": MAX_FILES, "mb": MAX_TOTAL >> 20, "names": shown}


def _receive(request: TenantRequest, file: Any) -> FileImport | None:
    """Return the row of one file, or say in a message why there is none."""
    name = (file.name or "")[:200]
    if file.size and file.size > MAX_BYTES:
        messages.error(request, _("%(name)s is larger than 50 MB. Export a shorter period.") % {"name": name})
        return None
    try:
        return imports.receive(tenant=request.tenant, user=request.user, name=name, file=file)
    except StatementError as error:
        messages.error(request, f"{name}: {tell(error)}")
        return None
