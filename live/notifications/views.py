"""The bell, the list behind it, and a person's wishes. Every address shows and changes only what belongs to who asks."""

import json
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lib import clock
from lib.htmx import wants_fragment
from lib.keyset import page_at
from live.models import Notification
from live.notifications import mail, queries, services
from live.notifications.due import is_quiet
from live.notifications.forms import PreferencesForm, initial_of
from live.notifications.words import shown
from tenants.access import TenantRequest, member_required
from tenants.settings_views import tabs

ROWS: Final = 30


@require_GET
@never_cache
@member_required()
def listing(request: TenantRequest) -> HttpResponse:
    """What the person was told, newest first: a page, what the drawer shows (?drawer=1), or the list alone (?part=list)."""
    return _drawn(request)


def _drawn(request: TenantRequest) -> HttpResponse:
    only_unread = request.GET.get("unread") == "1"
    tenant, user = request.tenant, request.user
    page = page_at(
        request.GET.get("cursor"),
        lambda cursor: queries.listing(
            tenant=tenant, user=user, limit=ROWS, unread=only_unread, cursor=cursor
        ),
    )
    part, drawer = request.GET.get("part") == "list", request.GET.get("drawer") == "1"
    context = {
        "items": [shown(row, tenant) for row in page.rows],
        "page": page,
        "only_unread": only_unread,
        "drawer": drawer,
        "bell": queries.bell(tenant=tenant, user=user),
        # The bells come along with what a person did. After an event they read themselves again, and bring toast and tone.
        "again": part and request.method == "POST",
        "choices": [
            {"label": _("All"), "url": "?", "active": not only_unread},
            {"label": _("Unread"), "url": "?unread=1", "active": only_unread},
        ],
    }
    if part:
        return render(request, "notifications/_items.html", context)
    fragment = drawer and wants_fragment(request)
    return render(request, f"notifications/{'_drawer' if fragment else 'list'}.html", context)


@require_GET
@never_cache
@member_required()
def bell(request: TenantRequest) -> HttpResponse:
    """The bell anew. What came after the id `after` is also a toast, and a tone where the person wants one and it is no quiet hour."""
    found = queries.bell(tenant=request.tenant, user=request.user)
    response = render(request, "notifications/_bell.html", {"bell": found, "again": True})
    after = request.GET.get("after", "")
    if after.isascii() and after.isdigit() and len(after) < 19:
        arrived = queries.newer(tenant=request.tenant, user=request.user, than=int(after))
        if arrived:
            response["HX-Trigger"] = json.dumps(_signals(request, arrived))
    return response


def _signals(request: TenantRequest, arrived: list[Notification]) -> dict[str, Any]:
    """Return the browser's events for what arrived: the newest as a toast, and how many more there are."""
    first = shown(arrived[0], request.tenant)
    more = len(arrived) - 1
    text = first.title + (" " + _("(and %(n)d more)") % {"n": more} if more else "")
    way = reverse("notifications:follow", args=[request.tenant.slug, first.id])
    signals: dict[str, Any] = {
        "toast": {"text": text, "tone": first.tone, "link": {"url": way, "label": pgettext("button", "Open")}}
    }
    wishes = queries.wishes(tenant=request.tenant, user=request.user)
    if wishes.sound and not is_quiet(clock.now(), quiet=wishes.quiet, zone=request.tenant.zone):
        signals["chime"] = {"id": first.id}
    return signals


@require_GET
@never_cache
@member_required()
def follow(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Mark one as read and go where it leads; to the list when it leads nowhere."""
    row = shown(_marked(request, pk), request.tenant)
    return redirect(row.path) if row.path else redirect("notifications:list", slug=request.tenant.slug)


@require_POST
@member_required()
def read(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Mark one as read."""
    row = _marked(request, pk)
    if not wants_fragment(request):
        return redirect("notifications:list", slug=request.tenant.slug)
    found = queries.bell(tenant=request.tenant, user=request.user)
    context = {"item": shown(row, request.tenant), "again": True, "bell": found}
    return render(request, "notifications/_read.html", context)


def _marked(request: TenantRequest, pk: int) -> Notification:
    try:
        return services.mark_read(tenant=request.tenant, user=request.user, pk=pk)
    except Notification.DoesNotExist as error:
        raise Http404 from error


@require_POST
@member_required()
def read_all(request: TenantRequest) -> HttpResponseBase:
    """Mark all as read that the person could see: what came since the list was drawn stays unread."""
    up_to = request.POST.get("up_to", "")
    known = int(up_to) if up_to.isascii() and up_to.isdigit() and len(up_to) < 19 else None
    services.mark_all_read(tenant=request.tenant, user=request.user, up_to=known)
    if not wants_fragment(request):
        return redirect("notifications:list", slug=request.tenant.slug)
    return _drawn(request)


@require_http_methods(["GET", "POST"])
@member_required()
def preferences(request: TenantRequest) -> HttpResponseBase:
    """How this person wants to hear of this company."""
    kinds = queries.kinds_for(tenant=request.tenant, user=request.user)
    wishes = queries.wishes(tenant=request.tenant, user=request.user)
    form = PreferencesForm(request.POST or None, initial=initial_of(wishes), kinds=kinds)
    if request.method == "POST" and form.is_valid():
        offered = [kind.event for kind in kinds]
        services.save_wishes(tenant=request.tenant, user=request.user, wishes=form.wishes(), offered=offered)
        messages.success(request, _("Saved."))
        return redirect("notifications:settings", slug=request.tenant.slug)
    context = {"tabs": tabs(request, "notifications:settings"), "form": form}
    return render(request, "notifications/settings.html", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The way out of e-mail for who holds a message: a page with one button, or at once when a mail program posts (RFC 8058).

    The signed link is the credential; it can do nothing but this, so no CSRF token is asked for.
    """
    membership = mail.holder(token)
    if membership is None:
        raise Http404
    done = request.method == "POST"
    if done:
        services.stop_email(tenant=membership.tenant, user=membership.user)
    context = {"company": membership.tenant, "person": membership.user, "done": done}
    with translation.override(membership.user.language):
        return render(request, "notifications/unsubscribe.html", context)
