"""inter: written from the manual's positions."""

from datetime import date

from reconciliation.cnab import ReturnFile
from reconciliation.tests.cnab_files.parts import entry, header, trailer
from reconciliation.tests.cnab_files.writer import Piece, a, m, n, numbered_400


def cnab400() -> tuple[list[str], ReturnFile]:
    def title(*pieces: Piece) -> tuple[Piece, ...]:
        company = (
            n(1, 1, 1),
            n(2, 3, 2),
            n(4, 17, "11222333000181"),
            n(18, 20, 0),
            n(21, 23, 112),
            n(24, 27, 1),
            n(28, 37, 7654321),
        )
        return (*company, n(87, 89, 112), n(138, 140, 77), *pieces)

    lines = numbered_400(
        header("077", a(47, 76, "EMPRESA EXEMPLO LTDA"), a(80, 94, "INTER"), n(95, 100, "061226")),
        title(
            a(38, 62, "PEDIDO 1"),
            n(71, 81, "00000000123"),
            n(90, 91, 6),
            n(92, 97, "051226"),
            a(98, 107, "NF1"),
            n(119, 124, "041226"),
            m(125, 137, "10.00"),
            m(160, 172, "10.30"),
            n(173, 178, "061226"),
            a(182, 221, "MARIA DE SOUZA"),
            n(227, 240, "11144477735"),
        ),
        title(
            n(71, 81, "00000000131"),
            n(90, 91, 3),
            n(92, 97, "061226"),
            n(119, 124, "310199"),  # two digits of a year: 99 is the last century
            m(125, 137, "20.00"),
            n(227, 240, "11222333000181"),
            a(241, 380, "CEP inválido"),
        ),
        trailer(
            "077",
            n(18, 25, 2),
            n(58, 62, 0),
            m(63, 74, "0"),
            n(87, 91, 1),
            n(116, 120, 1),
            m(121, 132, "10.30"),
        ),
    )
    one = entry(
        nosso_numero="0000000012",
        document_number="NF1",
        company_use="PEDIDO 1",
        payer_name="MARIA DE SOUZA",
        payer_document="11144477735",
        occurrence="06",
        meaning="settled",
        due_date=date(2026, 12, 4),
        occurred_on=date(2026, 12, 5),
        paid_on=date(2026, 12, 5),
        credited_on=date(2026, 12, 6),
        face="10.00",
        paid="10.30",
        line_number=2,
    )
    two = entry(
        nosso_numero="0000000013",
        payer_document="11222333000181",
        occurrence="03",
        meaning="rejected",
        reasons=("CEP inválido",),
        due_date=date(1999, 1, 31),
        occurred_on=date(2026, 12, 6),
        face="20.00",
        line_number=3,
    )
    return lines, ReturnFile(
        bank="077",
        layout="cnab400",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="0001",
        account="0007654321",
        agreement="",
        generated_on=date(2026, 12, 6),
        sequence=None,
        records=(one, two),
        warnings=(),
    )
