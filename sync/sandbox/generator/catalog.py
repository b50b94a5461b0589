"""What a company sells, to whom it owes, and the small tables of its ERP."""

from dataclasses import dataclass
from random import Random

from sync.sandbox.generator.documents import make_cnpj
from sync.sandbox.generator.people import person_name

_SHOP_GROUPS: dict[str, tuple[tuple[str, ...], int, int]] = {
    "Queijos": (
        (
            "Queijo Minas Curado",
            "Queijo Colonial",
            "Parmesão Maturado",
            "Requeijão de Corte",
            "Queijo da Serra",
            "Gorgonzola",
        ),
        2200,
        9800,
    ),
    "Vinhos": (
        (
            "Vinho Tinto Merlot",
            "Vinho Cabernet",
            "Espumante Brut",
            "Vinho Branco Riesling",
            "Suco de Uva Integral",
        ),
        2800,
        14900,
    ),
    "Geleias e doces": (
        ("Geleia de Morango", "Geleia de Pimenta", "Doce de Leite", "Goiabada Cascão", "Compota de Figo"),
        1490,
        4290,
    ),
    "Cafés": (
        ("Café Especial em Grãos", "Café Moído", "Café Bourbon Amarelo", "Cápsulas de Café"),
        1990,
        6890,
    ),
    "Cervejas": (("Cerveja IPA", "Cerveja Pilsen Puro Malte", "Cerveja Weiss", "Cerveja Stout"), 1190, 3990),
    "Mel e própolis": (("Mel Silvestre", "Mel de Laranjeira", "Própolis Verde"), 1890, 5490),
    "Embutidos": (("Linguiça Artesanal", "Salame Italiano", "Copa Fatiada", "Presunto Cru"), 2390, 8990),
    "Chocolates": (("Chocolate 70%", "Bombom Sortido", "Barra ao Leite", "Trufa"), 990, 5990),
    "Cestas": (("Cesta Café da Manhã", "Cesta Serra", "Cesta Natalina", "Cesta Vinhos"), 8990, 32900),
    "Artesanato": (
        ("Tábua de Madeira", "Caneca de Cerâmica", "Pano de Prato Bordado", "Vela Aromática"),
        1990,
        11900,
    ),
}
_CLINIC_GROUPS: dict[str, tuple[tuple[str, ...], int, int]] = {
    "Rações": (("Ração Cães Adultos", "Ração Filhotes", "Ração Gatos Castrados", "Ração Renal"), 4990, 38900),
    "Medicamentos": (("Antipulgas", "Vermífugo", "Anti-inflamatório", "Antibiótico", "Colírio"), 2490, 18900),
    "Higiene": (("Xampu Neutro", "Areia Sanitária", "Tapete Higiênico", "Escova"), 1690, 9900),
    "Acessórios": (("Coleira", "Guia Retrátil", "Caminha", "Caixa de Transporte", "Arranhador"), 2290, 24900),
    "Petiscos": (("Bifinho", "Osso Defumado", "Sachê Gatos", "Biscoito Integral"), 390, 3990),
}
_SHOP_SERVICES = (
    ("Entrega local", 1200),
    ("Montagem de cesta", 2500),
    ("Degustação guiada", 9000),
    ("Embalagem para presente", 800),
)
_CLINIC_SERVICES = (
    ("Consulta clínica", 16000),
    ("Consulta de retorno", 8000),
    ("Vacina V10", 11000),
    ("Vacina antirrábica", 7500),
    ("Banho porte pequeno", 6500),
    ("Banho e tosa", 11500),
    ("Hemograma completo", 9000),
    ("Ultrassonografia", 22000),
    ("Raio X", 18000),
    ("Castração felina", 45000),
    ("Castração canina", 68000),
    ("Internação diária", 26000),
    ("Limpeza dentária", 52000),
    ("Microchipagem", 14000),
    ("Fisioterapia", 12000),
    ("Hotel diária", 9500),
    ("Eletrocardiograma", 15000),
    ("Consulta especializada", 28000),
)
_SIZES = (
    "250 g",
    "500 g",
    "1 kg",
    "P",
    "M",
    "G",
    "Tradicional",
    "Reserva",
    "Edição Especial",
    "3 kg",
    "10 kg",
    "750 ml",
)
_SUPPLIERS = {
    "shop": ("Laticínios Serra Alta", "Vinícola Vale dos Pinhais", "Cafés do Planalto", "Doces da Tia Zica", "Embutidos Colônia", "Apiário Flor do Campo",
             "Cervejaria Pedra Azul", "Chocolates Mantiqueira", "Embalagens Petrópolis", "Distribuidora Imperial", "Artesãos Reunidos", "Gráfica Boa Cor"),
    "clinic": ("Distribuidora Vet Sul", "PetFood Paraná", "Laboratório Animalis", "MedVet Insumos", "Higiene & Pet Atacado", "Acessórios Bicho Bom",
               "Oxigênio Curitiba", "Resíduos Hospitalares Ambientar", "Lavanderia Brilho", "Vacinas do Brasil Distribuição"),
    "law": ("Papelaria Jurídica", "Sistemas Forense", "Correspondentes Unidos", "Motoboy Expresso", "Cartório Central", "Perícias Técnicas Associadas"),
}  # fmt: skip
PAYMENT_FORMS = (
    ("cash", "Dinheiro", "DI"), ("pix", "PIX", "PI"), ("debit", "Cartão de Débito", "CD"), ("credit", "Cartão de Crédito", "CC"),
    ("boleto", "Boleto Bancário", "BB"), ("ted", "Transferência Bancária", "TB"), ("credit_note", "Crédito do Cliente", "CL"), ("other", "Outros", "OU"),
)  # fmt: skip
SITUATIONS = (
    ("open", "Em aberto"),
    ("doing", "Em andamento"),
    ("done", "Concretizada"),
    ("cancelled", "Cancelada"),
)
PLANS = (
    ("sales", "Vendas de produtos", "R"), ("services", "Prestação de serviços", "R"), ("purchases", "Compra de mercadorias", "D"),
    ("rent", "Aluguel", "D"), ("salaries", "Salários e encargos", "D"), ("taxes", "Impostos", "D"), ("utilities", "Água, luz e telefone", "D"),
    ("marketing", "Marketing", "D"), ("card", "Fatura do cartão", "D"), ("profit", "Distribuição de lucros", "D"), ("software", "Sistemas", "D"),
)  # fmt: skip
SERVICE_GROUP_ID = 40
CHANNELS = ("Presencial", "WhatsApp", "Instagram", "Loja virtual", "Telefone")


@dataclass(frozen=True, slots=True)
class Product:
    """A product or a service. Prices in cents."""

    id: int
    name: str
    group: str
    group_id: int
    price: int
    cost: int
    barcode: str = ""
    unit: str = "UN"

    @property
    def is_service(self) -> bool:
        """Return whether this is a service: they share one group."""
        return self.group_id == SERVICE_GROUP_ID


@dataclass(slots=True)
class Supplier:
    """Somebody who is paid."""

    id: int
    name: str
    document: str
    bank: int
    account: str


def make_products(rng: Random, company: str) -> list[Product]:
    """Return the products of a company: each name in a few sizes."""
    groups = _SHOP_GROUPS if company == "shop" else _CLINIC_GROUPS
    products: list[Product] = []
    for group_index, (group, (names, low, high)) in enumerate(groups.items()):
        for name in names:
            for size in rng.sample(_SIZES, 6):
                price = rng.randrange(low, high) // 100 * 100 + 90
                products.append(
                    Product(
                        id=501 + len(products) * 2,
                        name=f"{name} {size}",
                        group=group,
                        group_id=41 + group_index,
                        price=price,
                        cost=int(price * rng.uniform(0.44, 0.66)),
                        barcode=f"789{rng.randrange(10**9, 10**10)}",
                    )
                )
    rng.shuffle(products)
    return products


def make_services(company: str) -> list[Product]:
    """Return the services of a company."""
    catalogue = _SHOP_SERVICES if company == "shop" else _CLINIC_SERVICES
    return [
        Product(
            id=61 + index,
            name=name,
            group="Serviços",
            group_id=SERVICE_GROUP_ID,
            price=price,
            cost=price * 3 // 10,
        )
        for index, (name, price) in enumerate(catalogue)
    ]


def make_suppliers(rng: Random, company: str) -> list[Supplier]:
    """Return the suppliers of a company, each with its own CNPJ and bank account."""
    return [
        Supplier(
            id=901 + index,
            name=f"{name} Ltda",
            document=make_cnpj(rng, letters=index == 5),
            bank=rng.randrange(9),
            account=f"{rng.randrange(1000, 99999)}-{rng.randrange(10)}",
        )
        for index, name in enumerate(_SUPPLIERS[company])
    ]


def make_staff(rng: Random, count: int) -> list[tuple[int, str]]:
    """Return (id, name) of employees; the first ones also sell."""
    return [(71 + index, person_name(rng)) for index in range(count)]
