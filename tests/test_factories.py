"""The factories make what they say."""

from decimal import Decimal

from ledger.models import SaleItem
from tests.cast import Cast
from tests.factories import (
    access_of,
    make_account,
    make_customer,
    make_open_item,
    make_product,
    make_sale,
    make_transaction,
)


def test_rows_obey_the_ledgers_constraints(cast: Cast) -> None:
    """Signs decide types and directions; a sale has its lines."""
    account = make_account(cast.aurora)
    assert make_transaction(account, "-12.50").type == "DEBIT"
    assert make_open_item(cast.aurora, "-3").direction == "payable"
    customer = make_customer(cast.aurora)
    sale = make_sale(
        cast.aurora, "30", customer=customer, items=[(make_product(cast.aurora), "10"), (None, "20")]
    )
    assert list(SaleItem.objects.filter(sale=sale).order_by("position").values_list("total", flat=True)) == [
        Decimal(10),
        Decimal(20),
    ]


def test_the_cast_may_what_it_says(cast: Cast) -> None:
    """Ana may write in Aurora, Bruno may only read."""
    assert access_of(cast.ana, cast.aurora).may("write")
    assert not access_of(cast.bruno, cast.aurora).may("write")
