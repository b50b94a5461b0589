"""banco_do_brasil: written from the manual's positions."""

from datetime import date

from reconciliation.cnab import ReturnFile
from reconciliation.tests.cnab_files import febraban
from reconciliation.tests.cnab_files.parts import entry, header, trailer, zeros
from reconciliation.tests.cnab_files.writer import Piece, a, file_240, lot_240, m, n, numbered_400


def cnab400() -> tuple[list[str], ReturnFile]:
    def title(*pieces: Piece) -> tuple[Piece, ...]:
        return (
            n(1, 1, 7),
            n(2, 17, 0),
            n(18, 21, 3344),
            a(22, 22, "8"),
            n(23, 30, 1111),
            a(31, 31, "X"),
            n(32, 38, 1112245),
            *pieces,
        )

    lines = numbered_400(
        header(
            "001",
            n(27, 30, 3344),
            a(31, 31, "8"),
            n(32, 39, 1111),
            a(40, 40, "X"),
            n(41, 46, 0),
            a(47, 76, "EMPRESA EXEMPLO LTDA"),
            a(80, 94, "BANCO DO BRASIL"),
            n(95, 100, "080926"),
            n(101, 107, 17),
            n(150, 156, 1112245),
        ),
        title(  # 25.00 paid, 9.00 fee kept back, 16.00 credited
            a(39, 63, "LOJA 2"),
            n(64, 80, "11122450000000290"),
            n(87, 88, 1),
            n(107, 108, 18),
            n(109, 110, 6),
            n(111, 116, "080926"),
            a(117, 126, "4711"),
            n(147, 152, "010926"),
            m(153, 165, "24.00"),
            n(176, 181, "100926"),
            m(182, 188, "9.00"),
            m(189, 201, "0"),
            m(202, 214, "0"),
            m(215, 227, "0"),
            m(228, 240, "0"),
            m(241, 253, "0"),
            m(254, 266, "25.00"),
            m(267, 279, "1.00"),
            m(280, 292, "0"),
            m(293, 305, "0"),
            m(306, 318, "16.00"),
            n(319, 319, 2),
        ),
        (n(1, 1, 5), n(2, 3, 6), n(4, 5, 0), a(6, 20, "4711-PARCELA-01")),
        title(  # costs of a protest are a debit
            n(64, 80, "11122450000000291"),
            n(109, 110, 96),
            n(111, 116, "080926"),
            n(147, 152, 0),
            m(153, 165, "70.00"),
            n(176, 181, 0),
            m(182, 188, "0"),
            m(189, 201, "12.00"),
            m(215, 227, "0"),
            m(228, 240, "0"),
            m(241, 253, "0"),
            m(254, 266, "0"),
            m(267, 279, "0"),
            m(280, 292, "0"),
            m(306, 318, "12.00"),
            n(319, 319, 1),
        ),
        trailer("001"),
    )
    one = entry(
        nosso_numero="11122450000000290",
        document_number="4711",
        company_use="LOJA 2",
        occurrence="06",
        meaning="settled",
        reasons=("01",),
        due_date=date(2026, 9, 1),
        occurred_on=date(2026, 9, 8),
        paid_on=date(2026, 9, 8),
        credited_on=date(2026, 9, 10),
        face="24.00",
        paid="25.00",
        net="16.00",
        interest="1.00",
        fee="9.00",
        line_number=2,
        **zeros("discount rebate iof other_costs other_credits"),
    )
    two = entry(
        nosso_numero="11122450000000291",
        occurrence="96",
        meaning="fee",
        occurred_on=date(2026, 9, 8),
        face="70.00",
        paid="0.00",
        net="-12.00",
        other_costs="12.00",
        line_number=4,
        **zeros("interest discount rebate iof fee other_credits"),
    )
    return lines, ReturnFile(
        bank="001",
        layout="cnab400",
        company="EMPRESA EXEMPLO LTDA",
        company_document="",
        branch="3344-8",
        account="00001111-X",
        agreement="1112245",
        generated_on=date(2026, 9, 8),
        sequence=17,
        records=(one, two),
        warnings=(),
    )


def cnab240() -> tuple[list[str], ReturnFile]:
    """The standard's segments; what is credited is what was paid less the fee."""
    details = [
        febraban.title(
            "06",
            a(38, 57, "32948600000000196"),
            n(74, 81, "23082026"),
            m(82, 96, "40.00"),
            m(199, 213, "5.00"),
            n(133, 188, 0),
        ),
        febraban.paid("06", ("0", "0", "0", "0", "40.00", "35.00", "0", "0"), "21082026", "23082026"),
        # an agreement of six digits: eleven digits and a check digit
        febraban.title(
            "02",
            a(38, 57, "123456000012"),
            n(74, 81, "23082026"),
            m(82, 96, "15.00"),
            m(199, 213, "0"),
            a(214, 223, "A4"),
        ),
        febraban.paid("02", ("0", "0", "0", "0", "0", "0", "0", "0"), "21082026", "00000000"),
    ]
    one = entry(
        nosso_numero="32948600000000196",
        occurrence="06",
        meaning="settled",
        due_date=date(2026, 8, 23),
        occurred_on=date(2026, 8, 21),
        paid_on=date(2026, 8, 21),
        credited_on=date(2026, 8, 23),
        face="40.00",
        paid="40.00",
        net="35.00",
        fee="5.00",
        line_number=3,
        **zeros("interest discount rebate iof other_costs other_credits"),
    )
    two = entry(
        nosso_numero="12345600001",
        occurrence="02",
        meaning="registered",
        reasons=("A4",),
        due_date=date(2026, 8, 23),
        occurred_on=date(2026, 8, 21),
        face="15.00",
        paid="0.00",
        net="0.00",
        line_number=5,
        **zeros("interest discount rebate iof fee other_costs other_credits"),
    )
    return file_240("001", febraban.HEADER, lot_240("001", febraban.LOT, details)), ReturnFile(
        bank="001",
        layout="cnab240",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="00328-6",
        account="000000007536-X",
        agreement="0032948600014",
        generated_on=date(2026, 8, 21),
        sequence=257,
        records=(one, two),
        warnings=(),
    )
