"""caixa: written from the manual's positions."""

from datetime import date

from reconciliation.cnab import ReturnFile
from reconciliation.tests.cnab_files import febraban
from reconciliation.tests.cnab_files.parts import entry, header, trailer, zeros
from reconciliation.tests.cnab_files.writer import Piece, a, file_240, lot_240, m, n, numbered_400


def cnab400() -> tuple[list[str], ReturnFile]:
    def title(*pieces: Piece) -> tuple[Piece, ...]:
        return (n(1, 1, 1), n(2, 3, 2), n(4, 17, "11222333000181"), n(18, 20, 0), n(21, 27, 5507), *pieces)

    def amounts(face: str, discount: str, principal: str, interest: str, fine: str) -> tuple[Piece, ...]:
        parts = (
            m(153, 165, face),
            m(176, 188, "1.25"),
            m(215, 227, "0"),
            m(228, 240, "0"),
            m(241, 253, discount),
        )
        return (*parts, m(254, 266, principal), m(267, 279, interest), m(280, 292, fine))

    lines = numbered_400(
        header(
            "104",
            n(27, 30, 1234),
            n(31, 37, 5507),
            a(47, 76, "EMPRESA EXEMPLO LTDA"),
            n(95, 100, "060126"),
            n(390, 394, 162),
        ),
        title(  # interest and fine beside the principal
            a(32, 56, "PEDIDO 5"),
            n(57, 58, 14),
            n(59, 73, 19),
            n(107, 108, 1),
            n(109, 110, 21),
            n(111, 116, "050126"),
            a(117, 126, "NF5"),
            n(147, 152, "020126"),
            *amounts("80.00", "0", "80.00", "1.10", "1.60"),
            n(189, 191, 4),
            n(294, 299, "070126"),
        ),
        title(  # a principal that holds them already: 80.00 − 5.00 + 1.10 + 1.60
            n(57, 73, "14000000000000020"),
            n(109, 110, 22),
            n(111, 116, "050126"),
            n(147, 152, "020126"),
            *amounts("80.00", "5.00", "77.70", "1.10", "1.60"),
            n(294, 299, "070126"),
        ),
        title(
            n(57, 73, "14000000000000021"),
            n(80, 82, 83),
            n(109, 110, 99),
            n(111, 116, "050126"),
            n(147, 152, 0),
            *amounts("80.00", "0", "0", "0", "0"),
            n(294, 299, 0),
        ),
        trailer("104"),
    )
    common = {"fee": "1.25", "face": "80.00", "occurred_on": date(2026, 1, 5), **zeros("rebate iof")}
    paid = {
        "due_date": date(2026, 1, 2),
        "paid_on": date(2026, 1, 5),
        "credited_on": date(2026, 1, 7),
        "meaning": "settled",
    }
    one = entry(
        nosso_numero="14000000000000019",
        document_number="NF5",
        company_use="PEDIDO 5",
        occurrence="21",
        paid="82.70",
        interest="1.10",
        fine="1.60",
        discount="0.00",
        line_number=2,
        **common,
        **paid,
    )
    two = entry(
        nosso_numero="14000000000000020",
        occurrence="22",
        paid="77.70",
        interest="1.10",
        fine="1.60",
        discount="5.00",
        line_number=3,
        **common,
        **paid,
    )
    three = entry(
        nosso_numero="14000000000000021",
        occurrence="99",
        meaning="rejected",
        reasons=("083",),
        paid="0.00",
        line_number=4,
        **common,
        **zeros("interest fine discount"),
    )
    return lines, ReturnFile(
        bank="104",
        layout="cnab400",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="1234",
        account="",
        agreement="0005507",
        generated_on=date(2026, 1, 6),
        sequence=162,
        records=(one, two, three),
        warnings=(),
    )


def cnab240() -> tuple[list[str], ReturnFile]:
    """The agreement stands where the standard has the account; the nosso número has seventeen places, or eighteen with an old 9."""
    head = (
        n(18, 18, 2),
        n(19, 32, "11222333000181"),
        n(33, 52, 0),
        n(53, 57, 1234),
        a(58, 58, "2"),
        n(59, 64, 5507),
        n(65, 72, 0),
        a(73, 102, "EMPRESA EXEMPLO LTDA"),
        a(103, 132, "C ECON FEDERAL"),
        n(144, 151, "06012026"),
        n(152, 157, 55511),
        n(158, 163, 1622),
        n(164, 166, 40),
    )
    lot = (
        n(14, 16, 30),
        n(18, 18, 2),
        n(19, 33, "11222333000181"),
        n(184, 191, 1622),
        n(192, 199, "06012026"),
        n(200, 207, 0),
    )

    def title(
        occurrence: str, sinco: int, number: str, digit: int, *pieces: Piece
    ) -> tuple[str, tuple[Piece, ...]]:
        agreement = (
            n(18, 23, 0),
            n(24, 29, 5507),
            n(30, 36, 0),
            n(39, 39, sinco),
            n(40, 56, number),
            n(57, 57, digit),
        )
        return "T", (n(16, 17, occurrence), *agreement, n(58, 58, 1), n(131, 132, 9), n(133, 148, 0), *pieces)

    details = [
        title(
            "06",
            0,
            "14000000000000019",
            7,  # the digit of the manual's own example
            a(59, 69, "NF5"),
            n(74, 81, "02012026"),
            m(82, 96, "80.00"),
            n(97, 99, 1),
            a(106, 130, "NF5"),
            a(149, 188, "CLIENTE EXEMPLO"),
            m(199, 213, "1.25"),
            a(214, 223, "04"),
        ),
        febraban.paid("06", ("2.70", "0", "0", "0", "82.70", "82.70", "0", "0"), "05012026", "07012026"),
        title("46", 9, "00000000000000019", 1, n(74, 81, 0), m(82, 96, "80.00"), m(199, 213, "0")),
        febraban.paid("46", ("0", "0", "0", "0", "80.00", "80.00", "0", "0"), "06012026", "00000000"),
    ]
    one = entry(
        nosso_numero="14000000000000019",
        document_number="NF5",
        company_use="NF5",
        payer_name="CLIENTE EXEMPLO",
        occurrence="06",
        meaning="settled",
        reasons=("04",),
        due_date=date(2026, 1, 2),
        occurred_on=date(2026, 1, 5),
        paid_on=date(2026, 1, 5),
        credited_on=date(2026, 1, 7),
        face="80.00",
        paid="82.70",
        net="82.70",
        interest="2.70",
        fee="1.25",
        line_number=3,
        **zeros("discount rebate iof other_costs other_credits"),
    )
    two = entry(
        nosso_numero="900000000000000019",
        occurrence="46",
        meaning="pending",
        occurred_on=date(2026, 1, 6),
        face="80.00",
        paid="80.00",
        net="80.00",
        line_number=5,
        **zeros("interest discount rebate iof fee other_costs other_credits"),
    )
    return file_240("104", head, lot_240("104", lot, details)), ReturnFile(
        bank="104",
        layout="cnab240",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="01234-2",
        account="",
        agreement="005507",
        generated_on=date(2026, 1, 6),
        sequence=1622,
        records=(one, two),
        warnings=(),
    )
