"""The FEBRABAN standard, version 10.6, as a bank without a table of its own here would send it."""

from datetime import date

from reconciliation.cnab import ReturnFile
from reconciliation.tests.cnab_files.parts import entry, zeros
from reconciliation.tests.cnab_files.writer import Piece, a, file_240, lot_240, m, n

HEADER = (
    n(18, 18, 2),
    n(19, 32, "11222333000181"),
    a(33, 52, "0032948600014"),
    n(53, 57, 328),
    a(58, 58, "6"),
    n(59, 70, 7536),
    a(71, 71, "X"),
    a(73, 102, "EMPRESA EXEMPLO LTDA"),
    n(144, 151, "21082026"),
    n(152, 157, 24750),
    n(158, 163, 257),
    n(164, 166, 103),
)
LOT = (
    n(14, 16, 60),
    n(18, 18, 2),
    n(19, 33, "11222333000181"),
    n(184, 191, 257),
    n(192, 199, "21082026"),
    n(200, 207, "24082026"),
)


def title(occurrence: str, nosso_numero: Piece, *pieces: Piece) -> tuple[str, tuple[Piece, ...]]:
    """A segment T in the standard's positions."""
    account = (n(18, 22, 328), n(23, 23, 6), n(24, 35, 7536))
    return "T", (n(16, 17, occurrence), *account, nosso_numero, n(58, 58, 1), n(131, 132, 9), *pieces)


def paid(
    occurrence: str, amounts: tuple[str, str, str, str, str, str, str, str], occurred: str, credited: str
) -> tuple[str, tuple[Piece, ...]]:
    """A segment U: interest, discount, rebate, IOF, paid, net, other costs, other credits; days DDMMYYYY."""
    parts = [m(start, start + 14, amount) for start, amount in zip(range(18, 138, 15), amounts, strict=True)]
    return "U", (n(16, 17, occurrence), *parts, n(138, 145, occurred), n(146, 153, credited))


def cnab240() -> tuple[list[str], ReturnFile]:
    details = [
        title(
            "06",
            a(38, 57, "00000000123456789"),
            a(59, 73, "NF 4711"),
            n(74, 81, "15082026"),
            m(82, 96, "1000.00"),
            n(97, 99, 237),
            a(106, 130, "PEDIDO 4711"),
            n(133, 133, 1),
            n(134, 148, "11144477735"),
            a(149, 188, "JOSÉ DA CONCEIÇÃO"),
            m(199, 213, "2.10"),
            a(214, 223, "0400000000"),
        ),
        paid(
            "06",
            ("12.34", "10.00", "20.00", "0.05", "982.34", "980.24", "1.00", "0.50"),
            "20082026",
            "21082026",
        ),
        ("Y", (n(16, 17, 6), n(18, 19, 4))),  # the cheque it was paid with
        title(
            "17",
            a(38, 57, "0000000000000000043"),
            n(74, 81, 0),
            m(82, 96, "50.00"),
            n(133, 133, 2),
            n(134, 148, "11222333000181"),
        ),
        paid("17", ("0", "0", "0", "0", "50.00", "50.00", "0", "0"), "20082026", "00000000"),
        title(
            "28",
            a(38, 57, "00000000123456789"),
            n(74, 81, "15082026"),
            m(82, 96, "1000.00"),
            m(199, 213, "7.00"),
            a(214, 223, "08"),
        ),
        paid("28", ("0", "0", "0", "0", "0", "0", "0", "0"), "20082026", "00000000"),
    ]
    one = entry(
        nosso_numero="00000000123456789",
        document_number="NF 4711",
        company_use="PEDIDO 4711",
        payer_name="JOSÉ DA CONCEIÇÃO",
        payer_document="11144477735",
        occurrence="06",
        meaning="settled",
        reasons=("04",),
        due_date=date(2026, 8, 15),
        occurred_on=date(2026, 8, 20),
        paid_on=date(2026, 8, 20),
        credited_on=date(2026, 8, 21),
        face="1000.00",
        paid="982.34",
        net="980.24",
        interest="12.34",
        discount="10.00",
        rebate="20.00",
        iof="0.05",
        fee="2.10",
        other_costs="1.00",
        other_credits="0.50",
        line_number=3,
    )
    two = entry(
        nosso_numero="0000000000000000043",
        payer_document="11222333000181",
        occurrence="17",
        meaning="settled",
        occurred_on=date(2026, 8, 20),
        paid_on=date(2026, 8, 20),
        credited_on=date(2026, 8, 24),  # the lot's day of credit
        face="50.00",
        paid="50.00",
        net="50.00",
        line_number=6,
        **zeros("interest discount rebate iof other_costs other_credits"),
    )
    three = entry(
        nosso_numero="00000000123456789",
        occurrence="28",
        meaning="fee",
        reasons=("08",),
        due_date=date(2026, 8, 15),
        occurred_on=date(2026, 8, 20),
        face="1000.00",
        paid="0.00",
        net="0.00",
        fee="7.00",
        line_number=8,
        **zeros("interest discount rebate iof other_costs other_credits"),
    )
    return file_240("748", HEADER, lot_240("748", LOT, details)), ReturnFile(
        bank="748",
        layout="cnab240",
        company="EMPRESA EXEMPLO LTDA",
        company_document="11222333000181",
        branch="00328-6",
        account="000000007536-X",
        agreement="0032948600014",
        generated_on=date(2026, 8, 21),
        sequence=257,
        records=(one, two, three),
        warnings=("Bank 748 has no table of its own here; the file is read by the FEBRABAN standard.",),
    )
