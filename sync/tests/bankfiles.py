"""Bank files for the tests: the stored ones, and OFX texts written on the spot."""

from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"

HEADER = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
ACCOUNT = "<BANKACCTFROM><BANKID>341<ACCTID>1-1<ACCTTYPE>CHECKING</BANKACCTFROM>"


def fixture(name: str) -> bytes:
    """Return a stored file."""
    return (FIXTURES / name).read_bytes()


def row(
    day: str = "20260702", amount: str = "-10.00", fitid: str = "A1", memo: str = "COMPRA", more: str = ""
) -> str:
    """Return one row in SGML without closing tags for its leaves."""
    return (
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{fitid}<MEMO>{memo}{more}</STMTTRN>\n"
    )


def ofx(*rows: str, account: str = ACCOUNT, end: str = "", header: str = HEADER) -> bytes:
    """Return a whole file with these rows; `end` stands behind the list of rows (balances)."""
    return (
        f"{header}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>BRL{account}<BANKTRANLIST>{''.join(rows)}</BANKTRANLIST>{end}"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    ).encode()
