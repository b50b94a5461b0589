"""Instalments in free text: said, in brackets, or at the end; never a date."""

import pytest

from sync.providers.instalments import instalment_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HONORÁRIOS PARCELA 2/6", (2, 6)), ("Parcela nº 3 de 12", (3, 12)), ("parc. 1/2 mensalidade", (1, 2)), ("Prestação 4/10", (4, 10)),
        ("Venda de nº 1042 (2/3)", (2, 3)), ("Compra NF 20728 [01/02]", (1, 2)), ("Mensalidade 2/6", (2, 6)), ("Seguro 11/48", (11, 48)),
        ("Aluguel 07/2026", None), ("Recebido em 05/07/2026", None), ("Aluguel 05/07", None), ("Parcela 7/6", None), ("Parcela 0/6", None),
        ("Venda de nº 1042", None), ("2 de julho", None), ("Parcela 1/9999", None), ("", None),
    ],
)  # fmt: skip
def test_instalments(text: str, expected: tuple[int, int] | None) -> None:
    assert instalment_in(text) == expected
