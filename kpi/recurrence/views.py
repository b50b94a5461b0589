"""The answer of a person: this is a recurring line, or it is none."""

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kpi.models import RecurringLine
from kpi.recurrence import services
from tenants.access import TenantRequest, member_required, owned
from tenants.models import Capability


@require_POST
@member_required(Capability.DECIDE)
def say(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Keep what a person says of a line: `recurring` "yes" takes back that it is none; anything else says that it is none."""
    line = owned(RecurringLine.objects.all(), tenant=request.tenant, pk=pk)
    recurring = request.POST.get("recurring") == "yes"
    services.say(access=request.access, line=line, recurring=recurring)
    said = {"name": line.name}
    if recurring:
        messages.success(request, _("%(name)s counts as recurring again.") % said)
    else:
        messages.success(request, _("%(name)s does not count as recurring any more.") % said)
    return HttpResponseRedirect(f"{reverse('kpi:analysis', kwargs={'slug': request.tenant.slug})}#recurring")
