"""Records as Advbox answers them, with invented people. Each function takes what a test wants to be different."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sync.providers.base import Context

CONTEXT = Context(zone=ZoneInfo("America/Sao_Paulo"))


def customer(**changes: Any) -> dict[str, Any]:
    return {
        "id": 48211, "name": "Maria Souza", "identification": "111.444.777-35", "document": "", "email": "maria@exemplo.com.br", "phone": "",
        "cellphone": "(41) 99999-0000", "origin": "INDICAÇÃO", "lawsuits": [{"lawsuit_id": 90133, "process_number": "5001234-56.2026.4.04.7000"}], **changes,
    }  # fmt: skip


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "id": 771903, "entry_type": "income", "amount": Decimal("1250.00"), "date_due": "2026-07-14", "date_payment": None, "competence": "07/2026",
        "description": "HONORÁRIOS PARCELA 2/6", "category": "HONORÁRIOS", "cost_center": "ESCRITÓRIO", "debit_bank": "ITAÚ", "credit_bank": None,
        "responsible": "ANA LIMA", "name": "Maria Souza", "identification": "111.444.777-35", "lawsuit_id": 90133,
        "process_number": "5001234-56.2026.4.04.7000", "protocol_number": None, **changes,
    }  # fmt: skip


def envelope(rows: list[dict[str, Any]], *, total: int, limit: int, offset: int) -> dict[str, Any]:
    return {"data": rows, "totalCount": total, "limit": limit, "offset": offset}
