"""Boletos and utility bills by their numbers: barcode (44 digits) and typed line (47 or 48), check digits, amount, due date, nosso número.

Sources: FEBRABAN, barcode of the "boleto de pagamento" (technical specification, due factor restarted on 2025-02-22) and "Layout padrão
de arrecadação/recebimento com utilização do código de barras"; the free fields from each bank's own barcode specification.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

_FIRST_BASE = date(1997, 10, 7)  # factor 1000 was 2000-07-03, 9999 was 2025-02-21
_CYCLE = 9_000  # days: after 9999 the factor goes on with 1000
_BACK, _AHEAD = 3_000, 5_500  # days around the reading in which a factor is read; the rest is a safety gap
_RUN = re.compile(r"(?<![0-9])[0-9](?:[ .\-]{0,2}[0-9]){43,47}(?![0-9])")


class BoletoError(ValueError):
    """The text is no barcode and no typed line, or a check digit is wrong. The message says which."""


@dataclass(frozen=True, slots=True)
class Boleto:
    """One bank boleto. `amount` is None when it is left open; `free_field` are the bank's own 25 digits."""

    barcode: str
    line: str
    bank: str
    amount: Decimal | None
    due_factor: int
    free_field: str

    def due_date(self, on: date) -> date | None:
        """Return the due date as read on that day; None when the boleto has none or its factor could be of either cycle."""
        return due_date(self.due_factor, on)

    @property
    def nosso_numero(self) -> str:
        """Return the bank's number without its check digit, "" when this bank's free field is unknown. Compare without leading zeros."""
        read = _NOSSO_NUMERO.get(self.bank)
        return read(self.free_field) if read else ""


@dataclass(frozen=True, slots=True)
class Bill:
    """One bill of a utility, a tax or a fine ("arrecadação"). `amount` is None when the field holds a reference and no money.

    `segment`: 1 city hall, 2 water, 3 power and gas, 4 telephone, 5 government, 6 others (by CNPJ), 7 traffic fines, 9 the bank's own.
    `company` is FEBRABAN's four-digit code, or the first eight places of the CNPJ in segment 6.
    """

    barcode: str
    line: str
    segment: str
    amount: Decimal | None
    company: str
    free_field: str


def parse(text: str) -> Boleto | Bill:
    """Return what a barcode or typed line says; dots, dashes and blanks between digits do not matter. Raises BoletoError."""
    digits = re.sub(r"[\s.\-]", "", text)
    if not re.fullmatch(r"[0-9]+", digits):
        raise BoletoError("only digits, dots, dashes and blanks are expected")
    if digits.startswith("8"):
        return _bill(digits)
    return _boleto(digits)


def find(text: str) -> list[Boleto | Bill]:
    """Return the boletos and bills whose numbers stand in a text, in order, each once; what has a wrong check digit is not one."""
    found: dict[str, Boleto | Bill] = {}
    for run in _RUN.finditer(text):
        try:
            document = parse(run[0])
        except BoletoError:
            continue
        found.setdefault(document.barcode, document)
    return list(found.values())


def due_date(factor: int, on: date) -> date | None:
    """Return the day that a due factor means when it is read on `on`; None for no date (0) and for the gap between the cycles.

    A factor stands for a day every 9,000 days; FEBRABAN reads it as the one from 3,000 days before to 5,500 days after the reading.
    Factors below 1000 were used once only, before 2000-07-03.
    """
    if factor == 0:
        return None
    day = _FIRST_BASE + timedelta(days=factor)
    if factor >= 1_000:
        rounds = ((on - day).days + _AHEAD) // _CYCLE
        day += timedelta(days=_CYCLE * max(rounds, 0))
    return day if -_BACK <= (day - on).days <= _AHEAD else None


def modulo_10(digits: str) -> int:
    """Return the check digit by weights 2, 1, 2, 1 … from the right, digits of each product summed."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = int(digit) * (2 - place % 2)
        total += product // 10 + product % 10
    return -total % 10


def modulo_11(digits: str, highest: int = 9) -> int:
    """Return 11 − (Σ weights 2, 3 … `highest`, 2 … from the right) mod 11: 1 to 11. What 10 and 11 become is the caller's rule."""
    weights = highest - 1
    total = sum(int(digit) * (2 + place % weights) for place, digit in enumerate(reversed(digits)))
    return 11 - total % 11


def _boleto(digits: str) -> Boleto:
    if len(digits) == 47:
        barcode = _barcode_of_boleto(digits)
    elif len(digits) == 44:
        barcode = digits
    else:
        raise BoletoError(f"a boleto has 44 or 47 digits, not {len(digits)}")
    general = modulo_11(barcode[:4] + barcode[5:])
    if int(barcode[4]) != (1 if general > 9 else general):
        raise BoletoError("the general check digit is wrong")
    return Boleto(
        barcode=barcode,
        line=_line_of_boleto(barcode),
        bank=barcode[:3],
        amount=_amount(barcode[9:19]),
        due_factor=int(barcode[5:9]),
        free_field=barcode[19:],
    )


def _barcode_of_boleto(line: str) -> str:
    for number, (start, end) in enumerate(((0, 9), (10, 20), (21, 31)), 1):
        if modulo_10(line[start:end]) != int(line[end]):
            raise BoletoError(f"the check digit of field {number} is wrong")
    return line[:4] + line[32] + line[33:] + line[4:9] + line[10:20] + line[21:31]


def _line_of_boleto(barcode: str) -> str:
    free = barcode[19:]
    fields = (barcode[:4] + free[:5], free[5:15], free[15:])
    return "".join(f"{field}{modulo_10(field)}" for field in fields) + barcode[4] + barcode[5:19]


def _bill(digits: str) -> Bill:
    if len(digits) == 48:
        blocks = [(digits[start : start + 11], int(digits[start + 11])) for start in range(0, 48, 12)]
    elif len(digits) == 44:
        blocks = []
    else:
        raise BoletoError(f"a bill has 44 or 48 digits, not {len(digits)}")
    barcode = "".join(block for block, _ in blocks) or digits
    check = _bill_check(barcode[2])
    for number, (block, digit) in enumerate(blocks, 1):
        if check(block) != digit:
            raise BoletoError(f"the check digit of block {number} is wrong")
    if check(barcode[:3] + barcode[4:]) != int(barcode[3]):
        raise BoletoError("the general check digit is wrong")
    return _described(barcode, check)


def _bill_check(kind: str) -> Callable[[str], int]:
    if kind in "67":
        return modulo_10
    if kind in "89":
        return lambda digits: modulo_11(digits) % 11 % 10  # 10 and 11 become 0
    raise BoletoError(f"a bill's third digit is 6, 7, 8 or 9, not {kind}")


def _described(barcode: str, check: Callable[[str], int]) -> Bill:
    company = 8 if barcode[1] == "6" else 4
    parts = [barcode[start : start + 11] for start in range(0, 44, 11)]
    return Bill(
        barcode=barcode,
        line="".join(f"{part}{check(part)}" for part in parts),
        segment=barcode[1],
        amount=_amount(barcode[4:15]) if barcode[2] in "68" else None,
        company=barcode[15 : 15 + company],
        free_field=barcode[15 + company :],
    )


def _amount(digits: str) -> Decimal | None:
    """Return cents as money; None for zeros, which leave the amount open."""
    return Decimal(digits).scaleb(-2) if digits.strip("0") else None


def _banco_do_brasil(free: str) -> str:
    if free.startswith("000000") or free.endswith("21"):
        return free[6:23]  # agreements of seven digits, or of six with a number of the company's own
    return free[:11]


def _caixa(free: str) -> str:
    digit = modulo_11(free[:24])
    if int(free[24]) != (0 if digit > 9 else digit):
        return ""  # not the SIGCB field
    return free[10] + free[14] + free[7:10] + free[11:14] + free[15:24]


_NOSSO_NUMERO: dict[str, Callable[[str], str]] = {
    "001": _banco_do_brasil,
    "033": lambda free: free[8:20] if free[0] == "9" else "",
    "077": lambda free: free[14:24],
    "104": _caixa,
    "237": lambda free: free[6:17],
    "341": lambda free: free[3:11],
    "756": lambda free: free[14:21],
}
