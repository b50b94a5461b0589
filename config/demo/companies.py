"""Who is in the demo: three companies, four people, and a connection for every upstream that a company uses."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import transaction

from sync.sandbox.companies import Company, make_companies
from tenants import services
from tenants.models import ApiKey, Membership, Role, Tenant, User

PASSWORD: Final = "painel-demo"  # noqa: S105 - printed at every start; the demo listens on this machine only
KEY_NAME: Final = "demo"
TOLERANCE: Final = Decimal("0.05")  # some customers of the demo are a few cents off
SLUGS: Final = {"clinic": "quatro-patas", "law": "lima-prado", "shop": "serra-verde"}


@dataclass(frozen=True, slots=True)
class Person:
    """A login of the demo. `roles`: company key to role; staff also enters the admin."""

    email: str
    name: str
    roles: dict[str, str]
    staff: bool = False


PEOPLE: Final = (
    Person("ana@example.com", "Ana Prado", dict.fromkeys(SLUGS, Role.OWNER)),
    Person("bruno@example.com", "Bruno Lima", {"shop": Role.ANALYST}),
    Person("carla@example.com", "Carla Nunes", {"clinic": Role.VIEWER}),
    Person("admin@example.com", "Equipe Painel", {}, staff=True),
)


@transaction.atomic
def ensure(seed: int) -> dict[str, Tenant]:
    """Make what is missing of companies and people. Returns the companies by their key in the sandbox. Safe to repeat."""
    tenants = {key: _tenant(company) for key, company in make_companies(seed).items()}
    for person in PEOPLE:
        _person(person, tenants)
    return tenants


def _tenant(company: Company) -> Tenant:
    found = Tenant.objects.filter(slug=SLUGS[company.key]).first()
    return found or _made(company)


def _made(company: Company) -> Tenant:
    row = services.create_tenant(
        name=company.name, slug=SLUGS[company.key], document=company.document, is_demo=True
    )
    services.save_settings(tenant=row, changes={"amount_tolerance": TOLERANCE}, actor=None)
    return row


def _person(person: Person, tenants: dict[str, Tenant]) -> None:
    if not User.objects.filter(email=person.email).exists():
        services.create_user(
            email=person.email,
            name=person.name,
            password=PASSWORD,
            is_staff=person.staff,
            is_superuser=person.staff,
        )
    for key, role in person.roles.items():
        if not Membership.objects.filter(tenant=tenants[key], user__email=person.email).exists():
            services.add_member(tenant=tenants[key], email=person.email, role=role, actor=None)


def describe(person: Person) -> list[str]:
    """Return what the person is, one text for each company: "owner of quatro-patas"."""
    return [f"{Role(role).value} of {SLUGS[key]}" for key, role in person.roles.items()]


@transaction.atomic
def fresh_key(tenant: Tenant) -> str:
    """Return the text of a new key that may do all that keys may; the last start's is revoked, so that they do not pile up."""
    for old in ApiKey.objects.filter(tenant=tenant, name=KEY_NAME, revoked_at=None):
        services.revoke_api_key(key=old, actor=None)
    return services.create_api_key(
        tenant=tenant, name=KEY_NAME, scopes=sorted(services.KEY_SCOPES), actor=None
    )[1]
