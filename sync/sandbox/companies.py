"""The three demonstration companies: who they are, which upstreams they use, and their credentials, drawn from the seed."""

from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, Literal

from sync.sandbox.generator.documents import make_cnpj, make_uuid

Key = Literal["clinic", "law", "shop"]


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """One bank account or card. `bank` is the COMPE code; a card belongs to the item of its bank."""

    key: str
    bank: str
    kind: Literal["checking", "card"]
    number: str
    branch: str
    name: str
    opening_cents: int


@dataclass(frozen=True, slots=True)
class CompanySpec:
    """What is fixed about a company, whatever the seed."""

    key: Key
    name: str
    legal_name: str
    city: str
    state: str
    sales: int
    customers: int
    accounts: tuple[AccountSpec, ...]
    erp: Literal["gestaoclick", "advbox"]
    stores: tuple[str, ...] = ()


COMPANIES: tuple[CompanySpec, ...] = (
    CompanySpec(
        key="clinic",
        name="Clínica Veterinária Quatro Patas",
        legal_name="QUATRO PATAS SERVICOS VETERINARIOS LTDA",
        city="Curitiba",
        state="PR",
        sales=40_000,
        customers=3_200,
        erp="gestaoclick",
        stores=("Matriz",),
        accounts=(
            AccountSpec("itau", "341", "checking", "45871-3", "0814", "Conta Corrente", 4_200_000),
            AccountSpec("itau-card", "341", "card", "7312", "", "Itaú Empresas Visa", 0),
        ),
    ),
    CompanySpec(
        key="law",
        name="Lima & Prado Advogados",
        legal_name="LIMA E PRADO SOCIEDADE DE ADVOGADOS",
        city="São Paulo",
        state="SP",
        sales=0,
        customers=1_500,
        erp="advbox",
        accounts=(
            AccountSpec("bradesco", "237", "checking", "120394-5", "2871", "Conta Corrente PJ", 6_500_000),
        ),
    ),
    CompanySpec(
        key="shop",
        name="Empório Serra Verde",
        legal_name="SERRA VERDE COMERCIO DE ALIMENTOS LTDA",
        city="Petrópolis",
        state="RJ",
        sales=80_000,
        customers=3_800,
        erp="gestaoclick",
        stores=("Centro", "Itaipava"),
        accounts=(
            AccountSpec("bb", "001", "checking", "31977-8", "3519", "Conta Corrente PJ", 5_800_000),
            AccountSpec("inter", "077", "checking", "1820467-2", "0001", "Conta Digital PJ", 900_000),
            AccountSpec("bb-card", "001", "card", "4420", "", "Ourocard Empresarial Visa", 0),
        ),
    ),
)

BY_KEY: dict[str, CompanySpec] = {company.key: company for company in COMPANIES}


@dataclass(frozen=True, slots=True)
class GestaoClickAccess:
    """The two tokens that belong to one company."""

    access_token: str
    secret_access_token: str


@dataclass(frozen=True, slots=True)
class PluggyAccess:
    """Client credentials and the bank connections that exist from the start: bank code to item id."""

    client_id: str
    client_secret: str
    items: dict[str, str]
    client_user_id: str

    @property
    def item_ids(self) -> list[str]:
        """Return the ids of the items, in the order of the company's banks."""
        return list(self.items.values())


@dataclass(frozen=True, slots=True)
class AdvboxAccess:
    """The bearer token of one office."""

    token: str


@dataclass(frozen=True, slots=True)
class Company:
    """A company with everything that a client needs. An upstream that the company does not use is None."""

    key: str
    name: str
    legal_name: str
    document: str
    pluggy: PluggyAccess
    gestaoclick: GestaoClickAccess | None = None
    advbox: AdvboxAccess | None = None
    accounts: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what `/control/companies` answers."""
        return asdict(self) | {"pluggy": asdict(self.pluggy) | {"item_ids": self.pluggy.item_ids}}


def _token(rng: Random, length: int) -> str:
    return f"{rng.getrandbits(length * 4):0{length}x}"


def make_company(spec: CompanySpec, seed: int) -> Company:
    """Return the company of this seed: the same seed always gives the same credentials and ids."""
    rng = Random(f"{seed}:{spec.key}:access")
    items = {bank: make_uuid(rng) for bank in dict.fromkeys(account.bank for account in spec.accounts)}
    return Company(
        key=spec.key,
        name=spec.name,
        legal_name=spec.legal_name,
        document=make_cnpj(rng),
        pluggy=PluggyAccess(make_uuid(rng), make_uuid(rng), items, f"{spec.key}-demo"),
        accounts={account.key: make_uuid(rng) for account in spec.accounts},
        gestaoclick=GestaoClickAccess(_token(rng, 40), _token(rng, 40))
        if spec.erp == "gestaoclick"
        else None,
        advbox=AdvboxAccess("adv_" + _token(rng, 48)) if spec.erp == "advbox" else None,
    )


def make_companies(seed: int) -> dict[str, Company]:
    """Return all companies of a seed by key."""
    return {spec.key: make_company(spec, seed) for spec in COMPANIES}
