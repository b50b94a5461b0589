"""The state of the panel for people."""

from django.http import HttpResponse

from tenants.access import TenantRequest, member_required


@member_required()
def page(request: TenantRequest) -> HttpResponse:
    """Show what is fresh, late and broken."""
    return HttpResponse("")
