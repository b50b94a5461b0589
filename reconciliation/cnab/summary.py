"""A return file in short, ready for JSON."""

from decimal import Decimal
from typing import Any

from reconciliation.cnab.reader import read
from reconciliation.cnab.records import CnabError


def summarize(name: str, data: bytes) -> dict[str, Any]:
    """Return `file bank layout entries settled sum warnings`, or `file` and `error`.

    `entries` and `settled` are counts; `sum` is what the payers of the settled entries paid (string, two decimals), before the bank's fees.
    """
    try:
        found = read(data)
    except CnabError as error:
        return {"file": name, "error": str(error)}
    return {
        "file": name,
        "bank": found.bank,
        "layout": found.layout,
        "entries": len(found.records),
        "settled": len(found.settled),
        "sum": str(sum((entry.paid or Decimal(0) for entry in found.settled), Decimal("0.00"))),
        "warnings": [str(warning) for warning in found.warnings],
    }
