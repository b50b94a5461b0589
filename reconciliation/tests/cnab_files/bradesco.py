"""bradesco: written from the manual's positions."""

from datetime import date

from reconciliation.cnab import ReturnFile
from reconciliation.tests.cnab_files import febraban
from reconciliation.tests.cnab_files.parts import entry, header, trailer, zeros
from reconciliation.tests.cnab_files.writer import Piece, a, file_240, lot_240, m, n, numbered_400


def cnab400() -> tuple[list[str], ReturnFile]:
    def title(*pieces: Piece) -> tuple[Piece, ...]:
        account = (n(21, 21, 0), n(22, 24, 19), n(25, 29, 1234), n(30, 36, 55667), n(37, 37, 8))
        return (n(1, 1, 1), n(2, 3, 2), n(4, 17, "11222333000181"), n(18, 20, 0), *account, *pieces)

    lines = numbered_400(
        header(
            "237",
            n(27, 46, 4466911),
            a(47, 76, "EMPRESA EXEMPLO LTDA"),
            n(95, 100, "110426"),
            n(109, 113, 42),
            n(380, 385, "130426"),
        ),
        title(
            a(38, 62, "CONTROLE 9"),
            n(71, 81, 2),
            a(82, 82, "8"),  # the digit of the manual's own example, wallet 19
            n(109, 110, 6),
            n(111, 116, "110426"),
            a(117, 126, "15"),
            n(127, 146, 2),
            n(147, 152, "100426"),
            m(153, 165, "500.00"),
            m(176, 188, "0"),
            m(189, 201, "0"),
            m(202, 214, "0"),
            m(215, 227, "1.00"),
            m(228, 240, "0"),
            m(241, 253, "10.00"),
            m(254, 266, "497.50"),
            m(267, 279, "7.50"),
            m(280, 292, "0"),
            n(296, 301, "130426"),
            n(319, 328, 0),
        ),
        title(
            n(71, 81, 3),
            a(82, 82, "6"),
            n(109, 110, 2),
            n(111, 116, "110426"),
            n(147, 152, "120526"),
            m(153, 165, "100.00"),
            m(176, 188, "2.52"),
            m(189, 201, "0"),
            m(215, 227, "0"),
            m(228, 240, "0"),
            m(241, 253, "0"),
            m(254, 266, "0"),
            m(267, 279, "0"),
            m(280, 292, "0"),
            n(296, 301, 0),
            a(319, 328, "7600000000"),
        ),
        trailer(
            "237",
            n(18, 25, 1),
            m(26, 39, "100.00"),
            n(58, 62, 1),
            m(63, 74, "100.00"),
            m(75, 86, "497.50"),
            n(87, 91, 1),
            m(92, 103, "497.50"),
            n(104, 188, 0),
        ),
    )
    one = entry(
        nosso_numero="00000000002",
        document_number="15",
        company_use="CONTROLE 9",
        occurrence="06",
        meaning="settled",
        due_date=date(2026, 4, 10),
        occurred_on=date(2026, 4, 11),
        paid_on=date(2026, 4, 11),
        credited_on=date(2026, 4, 13),
        face="500.00",
        paid="497.50",
        interest="7.50",
        discount="10.00",
        iof="1.00",
        line_number=2,
        **zeros("rebate fee other_costs other_credits"),
    )
    two = entry(
        nosso_numero="00000000003",
        occurrence="02",
        meaning="registered",
        reasons=("76",),
        due_date=date(2026, 5, 12),
        occurred_on=date(2026, 4, 11),
        face="100.00",
        paid="0.00",
        fee="2.52",
        line_number=3,
        **zeros("interest discount rebate iof other_costs other_credits"),
    )
    return lines, ReturnFile(
        bank="237",
        layout="cnab400",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="01234",
        account="0055667-8",
        agreement="00000000000004466911",
        generated_on=date(2026, 4, 11),
        sequence=42,
        records=(one, two),
        warnings=(),
    )


def cnab240() -> tuple[list[str], ReturnFile]:
    """The standard's segments; wallet, zeros, number and digit share the twenty places of the nosso número."""
    details = [
        febraban.title(
            "06",
            a(38, 57, "019" + "00000" + "00000000002" + "8"),
            a(59, 73, "NF 1"),
            n(74, 81, "10042026"),
            m(82, 96, "500.00"),
            n(133, 133, 2),
            n(134, 148, "11222333000181"),
            a(149, 188, "CLIENTE EXEMPLO"),
            m(199, 213, "0"),
        ),
        febraban.paid("06", ("0", "0", "0", "0", "500.00", "500.00", "0", "0"), "11042026", "13042026"),
    ]
    one = entry(
        nosso_numero="00000000002",
        document_number="NF 1",
        payer_name="CLIENTE EXEMPLO",
        payer_document="11222333000181",
        occurrence="06",
        meaning="settled",
        due_date=date(2026, 4, 10),
        occurred_on=date(2026, 4, 11),
        paid_on=date(2026, 4, 11),
        credited_on=date(2026, 4, 13),
        face="500.00",
        paid="500.00",
        net="500.00",
        line_number=3,
        **zeros("interest discount rebate iof fee other_costs other_credits"),
    )
    return file_240("237", febraban.HEADER, lot_240("237", febraban.LOT, details)), ReturnFile(
        bank="237",
        layout="cnab240",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="00328-6",
        account="000000007536-X",
        agreement="0032948600014",
        generated_on=date(2026, 8, 21),
        sequence=257,
        records=(one,),
        warnings=(),
    )
