"""The company that a command's `--tenant` names."""

from django.core.management.base import CommandError

from tenants.models import Tenant


def company_of(slug: str | None) -> Tenant | None:
    """Return the company of the slug, None where the option was not given. Raises CommandError for one that does not exist."""
    if slug is None:
        return None
    company = Tenant.objects.filter(slug=slug).first()
    if company is None:
        raise CommandError(f"There is no company with the slug {slug!r}.")
    return company


def companies(slug: str | None) -> list[Tenant]:
    """Return the company of the slug, or all of them."""
    company = company_of(slug)
    return [company] if company else list(Tenant.objects.order_by("slug"))
