"""A row of each kind."""

import pytest

from tests import factories
from tests.cast import Cast


@pytest.fixture
def facts(cast: Cast) -> dict[str, object]:
    account = factories.make_account(cast.aurora)
    customer = factories.make_customer(cast.aurora, "Maria Souza", document="11144477735")
    product = factories.make_product(cast.aurora, "Consulta")
    sale = factories.make_sale(
        cast.aurora, "250.00", customer=customer, items=[(product, "250.00")], number="1042"
    )
    return {
        "transactions": factories.make_transaction(account, "-1234.56", description="ALUGUEL MARÇO"),
        "sales": sale,
        "customers": customer,
        "products": product,
        "open_items": factories.make_open_item(cast.aurora, "90.00", customer=customer),
    }
