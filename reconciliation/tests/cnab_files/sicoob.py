"""sicoob: written from the manual's positions."""

from datetime import date

from reconciliation.cnab import ReturnFile
from reconciliation.tests.cnab_files import febraban
from reconciliation.tests.cnab_files.parts import entry, header, zeros
from reconciliation.tests.cnab_files.writer import a, file_240, lot_240, m, n, numbered_400


def cnab400() -> tuple[list[str], ReturnFile]:
    lines = numbered_400(
        header(
            "756",
            n(27, 30, 3039),
            n(31, 31, 0),
            n(32, 39, 48981),
            a(40, 40, "6"),
            n(41, 46, 48981),
            a(47, 76, "EMPRESA EXEMPLO LTDA"),
            a(80, 94, "BANCOOB"),
            n(95, 100, "110826"),
            n(101, 107, 108),
        ),
        (
            n(1, 1, 1),
            n(2, 3, 2),
            n(4, 17, "11222333000181"),
            n(18, 21, 3039),
            n(22, 22, 0),
            n(23, 30, 48981),
            a(31, 31, "6"),
            n(32, 37, 0),
            a(38, 62, "CTRL 7"),
            n(63, 73, 83),
            n(74, 74, 1),
            n(75, 76, 1),
            n(107, 108, 1),
            n(109, 110, 6),
            n(111, 116, "100826"),
            a(117, 126, "NF7"),
            n(147, 152, "090826"),
            m(153, 165, "300.00"),
            n(166, 168, 756),
            n(176, 181, "110826"),
            m(182, 188, "1.70"),
            m(189, 201, "0"),
            m(202, 214, "0"),
            m(215, 227, "0"),
            m(228, 240, "0"),
            m(241, 253, "0"),
            m(254, 266, "303.00"),
            m(267, 279, "3.00"),
            m(280, 292, "0"),
            m(306, 318, "301.30"),
            n(319, 319, 2),
            n(343, 357, "11144477735"),
        ),
        (n(1, 1, 9), n(2, 3, 2), n(4, 6, 756), n(156, 163, "11082026"), n(164, 171, 1), n(172, 182, 83)),
    )
    one = entry(
        nosso_numero="00000000083",
        document_number="NF7",
        company_use="CTRL 7",
        payer_document="11144477735",
        occurrence="06",
        meaning="settled",
        due_date=date(2026, 8, 9),
        occurred_on=date(2026, 8, 10),
        paid_on=date(2026, 8, 10),
        credited_on=date(2026, 8, 11),
        face="300.00",
        paid="303.00",
        net="301.30",
        interest="3.00",
        fee="1.70",
        line_number=2,
        **zeros("discount rebate iof other_costs other_credits"),
    )
    return lines, ReturnFile(
        bank="756",
        layout="cnab400",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="3039",
        account="00048981-6",
        agreement="00048981",
        generated_on=date(2026, 8, 11),
        sequence=108,
        records=(one,),
        warnings=(),
    )


def cnab240() -> tuple[list[str], ReturnFile]:
    """The nosso número's twenty places: ten with its digit, two of the instalment, two of the kind, one of the form."""
    details = [
        febraban.title(
            "06",
            a(38, 57, "0000000830" + "01" + "01" + "1"),
            n(59, 73, 1),
            n(74, 81, "13082026"),
            m(82, 96, "200.00"),
            n(97, 99, 756),
            n(106, 130, 0),
            n(133, 133, 2),
            n(134, 148, "11222333000181"),
            a(149, 188, "CLIENTE EXEMPLO"),
            m(199, 213, "1.70"),
            a(214, 223, "0000000003"),
        ),
        febraban.paid("06", ("0", "0", "0", "0", "200.00", "200.00", "0", "0"), "10082026", "11082026"),
    ]
    one = entry(
        nosso_numero="000000083",
        document_number="000000000000001",
        payer_name="CLIENTE EXEMPLO",
        payer_document="11222333000181",
        occurrence="06",
        meaning="settled",
        reasons=("03",),
        due_date=date(2026, 8, 13),
        occurred_on=date(2026, 8, 10),
        paid_on=date(2026, 8, 10),
        credited_on=date(2026, 8, 11),
        face="200.00",
        paid="200.00",
        net="200.00",
        fee="1.70",
        line_number=3,
        **zeros("interest discount rebate iof other_costs other_credits"),
    )
    return file_240("756", febraban.HEADER, lot_240("756", febraban.LOT, details)), ReturnFile(
        bank="756",
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
