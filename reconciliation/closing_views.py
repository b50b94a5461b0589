"""The page of closed books: up to which day nothing moves any more, what would be left behind, and whether bank statements are whole."""

from datetime import date, timedelta
from typing import Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lib import clock
from reconciliation import queries, services, statements
from reconciliation.services.desk import closed_through
from reconciliation.tabs import tabs
from tenants.access import TenantRequest, member_required
from tenants.models import Capability

SHOWN: Final = 60  # statements, the latest first
MONTHS: Final = 6  # whose ends are offered


@require_GET
@member_required()
def page(request: TenantRequest) -> HttpResponse:
    """What is closed, the ends of the last months with what is still open before them, and every imported statement with its sum."""
    today, closed = clock.today(request.tenant.zone), closed_through(request.tenant.pk)
    checks = statements.check_statements(request.tenant)
    context = {
        "closed": closed,
        "months": queries.open_until(request.tenant, _month_ends(today, closed)),
        "statements": sorted(checks, key=lambda one: one.through, reverse=True)[:SHOWN],
        "wrong": sum(bool(one.difference) for one in checks),
        "may_close": request.access.may(Capability.WRITE),
        "first": clock.add_months(today, -120),
        "yesterday": today - timedelta(days=1),
        "tabs": tabs(request, "closing"),
    }  # fmt: skip
    return render(request, "reconciliation/closing.html", context)


def _month_ends(today: date, closed: date | None) -> list[date]:
    """Return the ends of the last whole months that are not closed, the latest first."""
    ends = [clock.month_end(clock.add_months(today, -n)) for n in range(1, MONTHS + 1)]
    return [day for day in ends if closed is None or day > closed]


@require_POST
@member_required(Capability.WRITE)
def close(request: TenantRequest) -> HttpResponseBase:
    """Close the books through a day; without one, open all of them."""
    text = request.POST.get("day", "").strip()
    try:
        day = date.fromisoformat(text) if text else None
        services.close_through(access=request.access, day=day)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    except ValueError:
        messages.warning(request, _("“%(value)s” is not a day.") % {"value": text[:40]})
    else:
        said = formats.date_format(day, "SHORT_DATE_FORMAT") if day else ""
        messages.success(
            request,
            _("The books are closed through %(day)s.") % {"day": said} if day else _("All books are open."),
        )
    return redirect("reconciliation:closing", slug=request.tenant.slug)
