"""The institutions that can be connected, and the tree of categories. Ids of business banks are invented; Open Finance ones start at 600."""

from typing import Any, Final

_PRODUCTS = ["ACCOUNTS", "CREDIT_CARDS", "TRANSACTIONS", "PAYMENT_DATA", "IDENTITY"]
_STAMP = "2023-09-01T18:05:09.145Z"
_USER = {
    "label": "Usuário",
    "name": "user",
    "type": "text",
    "placeholder": "",
    "validation": "^user-.{2,50}$",
    "validationMessage": "O usuário começa com user-.",
}
_PASSWORD = {
    "label": "Senha",
    "name": "password",
    "type": "password",
    "placeholder": "",
    "validation": "^.{6,40}$",
    "validationMessage": "A senha tem 6 letras ou mais.",
}
TOKEN: Final[dict[str, Any]] = {
    "label": "Código",
    "name": "token",
    "type": "number",
    "placeholder": "",
    "validation": "^\\d{6}$",
    "validationMessage": "O código tem 6 números.",
    "mfa": True,
}


def _connector(
    number: int,
    name: str,
    *,
    bank: str,
    kind: str = "BUSINESS_BANK",
    color: str,
    open_finance: bool,
    mfa: bool = False,
    sandbox: bool = False,
) -> dict[str, Any]:
    return {
        "bank": bank,
        "id": number, "name": name, "primaryColor": color, "institutionUrl": f"https://banco{number}.exemplo.com.br", "country": "BR", "type": kind,
        "credentials": [_USER, _PASSWORD], "imageUrl": f"https://cdn.exemplo.com.br/{number}.svg", "hasMFA": mfa, "oauth": open_finance,
        "health": {"status": "ONLINE"}, "products": _PRODUCTS, "createdAt": _STAMP, "isSandbox": sandbox, "isOpenFinance": open_finance,
        "updatedAt": _STAMP, "supportsPaymentInitiation": open_finance, "supportsScheduledPayments": False, "supportsSmartTransfers": False,
        "supportsBoletoManagement": False, "supportsAutomaticPix": False,
    }  # fmt: skip


_ALL: Final = (
    _connector(
        0, "Pluggy Bank", bank="999", kind="PERSONAL_BANK", color="EF294B", open_finance=False, sandbox=True
    ),
    _connector(
        1,
        "Pluggy Bank MFA",
        bank="998",
        kind="PERSONAL_BANK",
        color="EF294B",
        open_finance=False,
        mfa=True,
        sandbox=True,
    ),
    _connector(223, "Inter Empresas", bank="077", color="FF7A00", open_finance=False),
    _connector(627, "Itaú Empresas", bank="341", color="EC7000", open_finance=True),
    _connector(628, "Bradesco Empresas", bank="237", color="CC092F", open_finance=True),
    _connector(629, "Banco do Brasil Empresas", bank="001", color="FFEF38", open_finance=True),
    _connector(612, "Nubank Empresas", bank="260", color="820AD1", open_finance=True),
)
BANK_OF: Final[dict[int, str]] = {connector["id"]: connector["bank"] for connector in _ALL}
BY_ID: Final[dict[int, dict[str, Any]]] = {
    connector["id"]: {key: value for key, value in connector.items() if key != "bank"} for connector in _ALL
}
ID_OF_BANK: Final[dict[str, int]] = {bank: number for number, bank in BANK_OF.items()}

_TREE = (
    ("01000000", "Income", "Renda"), ("01010000", "Salary/pro-labore", "Salário"), ("01050000", "Non-recurring income", "Renda não recorrente"),
    ("02000000", "Loans and financing", "Empréstimos e financiamento"), ("03000000", "Investments", "Investimentos"),
    ("03060000", "Interest and dividends", "Proventos e juros"), ("04000000", "Same person transfer", "Transferência mesma titularidade"),
    ("05000000", "Transfers", "Transferências"), ("05010000", "Transfer - Bank slip", "Transferência - Boleto"),
    ("05020000", "Transfer - Cash", "Transferência - Dinheiro"), ("05070000", "Transfer - PIX", "Transferência - PIX"),
    ("05080000", "Transfer - TED", "Transferência - TED"), ("05100000", "Credit card payment", "Pagamento de cartão de crédito"),
    ("07000000", "Services", "Serviços"), ("08000000", "Shopping", "Compras"), ("08040000", "Office supplies", "Artigos de escritório"),
    ("09000000", "Digital services", "Serviços digitais"), ("11000000", "Food and drinks", "Alimentos e bebidas"), ("11020000", "Food delivery", "Delivery de comida"),
    ("15000000", "Taxes", "Impostos"), ("16000000", "Bank fees", "Taxas bancárias"), ("17000000", "Housing", "Moradia"), ("17030000", "Utilities", "Serviços públicos"),
    ("19000000", "Transportation", "Transporte"), ("19010000", "Taxi and ride-hailing", "Táxi e aplicativos"), ("19050000", "Gas stations", "Postos de gasolina"),
    ("99999999", "Others", "Outros"),
)  # fmt: skip
_NAMES = {number: name for number, name, _ in _TREE}
CATEGORIES: Final[tuple[dict[str, str], ...]] = tuple(
    {"id": number, "description": name, "descriptionTranslated": translated}
    | ({} if number.endswith("000000") or number == "99999999" else {"parentId": f"{number[:2]}000000", "parentDescription": _NAMES[f"{number[:2]}000000"]})
    for number, name, translated in _TREE
)  # fmt: skip
CATEGORY_NAMES: Final[dict[str, str]] = _NAMES
