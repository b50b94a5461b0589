"""santander: written from the manual's positions."""

from datetime import date

from reconciliation.cnab import ReturnFile
from reconciliation.tests.cnab_files import febraban
from reconciliation.tests.cnab_files.parts import entry, header, trailer, zeros
from reconciliation.tests.cnab_files.writer import Piece, a, file_240, lot_240, m, n, numbered_400


def cnab400() -> tuple[list[str], ReturnFile]:
    def title(*pieces: Piece) -> tuple[Piece, ...]:
        return (
            n(1, 1, 1),
            n(2, 3, 2),
            n(4, 17, "11222333000181"),
            n(18, 21, 1234),
            n(22, 29, 13001234),
            n(30, 37, 13001234),
            *pieces,
        )

    lines = numbered_400(
        header(
            "353",  # the old code of the same bank
            n(27, 30, 1234),
            n(31, 38, 13001234),
            n(39, 46, 13001234),
            a(47, 76, "EMPRESA EXEMPLO LTDA"),
            a(80, 94, "SANTANDER"),
            n(95, 100, "040626"),
        ),
        title(
            a(38, 62, "CTRL"),
            n(63, 70, 31475787),  # number and digit of the manual's example
            n(108, 108, 5),
            n(109, 110, 6),
            n(111, 116, "030626"),
            a(117, 126, "NF9"),
            n(127, 134, 31475787),
            n(147, 152, "010626"),
            m(153, 165, "200.00"),
            m(176, 188, "3.24"),
            m(189, 201, "0"),
            m(202, 214, "0"),
            m(215, 227, "0"),
            m(228, 240, "1.00"),
            m(241, 253, "2.00"),
            m(254, 266, "201.50"),
            m(267, 279, "4.50"),
            m(280, 292, "0"),
            n(296, 301, "050626"),
            a(302, 337, "ANA LÚCIA"),
            m(367, 379, "198.26"),
            a(380, 380, "C"),
        ),
        (n(1, 1, 2), n(2, 2, 5), a(3, 79, "chave"), a(80, 114, "txid")),
        title(
            n(63, 70, 48701840),
            n(109, 110, 93),
            n(111, 116, "040626"),
            a(137, 145, "092   001"),
            n(147, 152, "050626"),
            m(153, 165, "60.00"),
            m(254, 266, "60.00"),
            n(296, 301, 0),
        ),
        trailer("353"),
    )
    one = entry(
        nosso_numero="3147578",
        document_number="NF9",
        company_use="CTRL",
        payer_name="ANA LÚCIA",
        occurrence="06",
        meaning="settled",
        due_date=date(2026, 6, 1),
        occurred_on=date(2026, 6, 3),
        paid_on=date(2026, 6, 3),
        credited_on=date(2026, 6, 5),
        face="200.00",
        paid="201.50",
        net="198.26",
        interest="4.50",
        discount="2.00",
        rebate="1.00",
        fee="3.24",
        line_number=2,
        **zeros("iof other_costs other_credits"),
    )
    two = entry(
        nosso_numero="4870184",
        occurrence="93",
        meaning="pending",
        reasons=("092", "001"),
        due_date=date(2026, 6, 5),
        occurred_on=date(2026, 6, 4),
        face="60.00",
        paid="60.00",
        line_number=4,
    )
    return lines, ReturnFile(
        bank="033",
        layout="cnab400",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="1234",
        account="13001234",
        agreement="",
        generated_on=date(2026, 6, 4),
        sequence=None,
        records=(one, two),
        warnings=(),
    )


def cnab240() -> tuple[list[str], ReturnFile]:
    """Segment T is shifted by four places against the standard."""
    head = (
        n(17, 17, 2),
        n(18, 32, "11222333000181"),
        n(33, 36, 1234),
        n(37, 37, 5),
        n(38, 46, 130012345),
        n(47, 47, 6),
        n(53, 61, 7401949),
        a(73, 102, "EMPRESA EXEMPLO LTDA"),
        a(103, 132, "BANCO SANTANDER"),
        n(144, 151, "04062026"),
        n(158, 163, 34),
        n(164, 166, 40),
    )
    lot = (n(14, 16, 40), n(18, 18, 2), n(19, 33, "11222333000181"), n(184, 191, 34), n(192, 199, "04062026"))

    def title(occurrence: str, number: str, *pieces: Piece) -> tuple[str, tuple[Piece, ...]]:
        account = (n(18, 21, 1234), n(22, 22, 5), n(23, 31, 130012345), n(32, 32, 6))
        return "T", (
            a(16, 17, occurrence),
            *account,
            n(41, 53, number),
            a(54, 54, "2"),
            n(126, 127, 9),
            *pieces,
        )

    details = [
        title(
            "17",
            "31475787",
            a(55, 69, "NF 9"),
            n(70, 77, "01062026"),
            m(78, 92, "200.00"),
            n(93, 95, 33),
            n(96, 99, 3530),
            a(101, 125, "CTRL"),
            n(128, 128, 1),
            n(129, 143, "11144477735"),
            a(144, 183, "ANA LÚCIA"),
            n(184, 193, 130012345),
            m(194, 208, "3.24"),
            a(209, 218, "0300000000"),
        ),
        febraban.paid("17", ("1.00", "0", "0", "0", "201.00", "197.76", "0", "0"), "04062026", "05062026"),
        title("A4", "48701840", n(70, 77, 0), m(78, 92, "0"), m(194, 208, "0")),
        febraban.paid("A4", ("0", "0", "0", "0", "0", "0", "0", "0"), "04062026", "00000000"),
    ]
    one = entry(
        nosso_numero="000003147578",
        document_number="NF 9",
        company_use="CTRL",
        payer_name="ANA LÚCIA",
        payer_document="11144477735",
        occurrence="17",
        meaning="settled",
        reasons=("03",),
        due_date=date(2026, 6, 1),
        occurred_on=date(2026, 6, 4),
        paid_on=date(2026, 6, 4),
        credited_on=date(2026, 6, 5),
        face="200.00",
        paid="201.00",
        net="197.76",
        interest="1.00",
        fee="3.24",
        line_number=3,
        **zeros("discount rebate iof other_costs other_credits"),
    )
    two = entry(
        nosso_numero="000004870184",
        occurrence="A4",
        meaning="information",
        occurred_on=date(2026, 6, 4),
        face="0.00",
        paid="0.00",
        net="0.00",
        line_number=5,
        **zeros("interest discount rebate iof fee other_costs other_credits"),
    )
    return file_240("033", head, lot_240("033", lot, details)), ReturnFile(
        bank="033",
        layout="cnab240",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="1234-5",
        account="130012345-6",
        agreement="007401949",
        generated_on=date(2026, 6, 4),
        sequence=34,
        records=(one, two),
        warnings=(),
    )
