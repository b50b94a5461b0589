"""Which account of the company a file or an upstream means: by bank code, branch and number, in the spellings that banks use."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.models import Account
from tenants.models import Tenant

BANKS: Final = {
    "001": "Banco do Brasil", "033": "Santander", "041": "Banrisul", "077": "Inter", "104": "Caixa", "197": "Stone", "208": "BTG Pactual",
    "212": "Original", "237": "Bradesco", "260": "Nubank", "290": "PagBank", "323": "Mercado Pago", "336": "C6 Bank", "341": "Itaú",
    "380": "PicPay", "403": "Cora", "422": "Safra", "748": "Sicredi", "756": "Sicoob",
}  # fmt: skip
_LEAST_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Named:
    """How somebody names an account. Empty parts are unknown."""

    bank_code: str
    branch: str
    number: str
    kind: str

    @property
    def is_known(self) -> bool:
        """Return whether there is a number to tell accounts apart by."""
        return len(digits(self.number)) >= _LEAST_DIGITS


def named(account: Account) -> Named:
    """Return how a stored account is named."""
    return Named(account.bank_code, account.branch, account.number, account.kind)


def digits(number: str) -> str:
    """Return what counts of an account number: digits and the check letter X, without zeros at the left."""
    return "".join(c for c in number.upper() if c.isdigit() or c == "X").lstrip("0")


def same(one: Named, other: Named) -> bool:
    """Return whether two names mean one account.

    Banks write the branch into the number or beside it, with zeros or without; of a card upstreams give the last four digits only.
    """
    if (one.kind == "card") != (other.kind == "card") or not (one.is_known and other.is_known):
        return False
    if one.bank_code and other.bank_code and one.bank_code != other.bank_code:
        return False
    first, second = digits(one.number), digits(other.number)
    if one.kind == "card":
        return first[-4:] == second[-4:]
    return _same_number(first, second, digits(other.branch)) or _same_number(
        second, first, digits(one.branch)
    )


def _same_number(long: str, short: str, branch: str) -> bool:
    """Return whether the long number is the short one, alone or behind its branch."""
    if long == short:
        return True
    before = long.removesuffix(short)
    return before != long and bool(branch) and before.rstrip("0") == branch.rstrip("0")


def find(tenant: Tenant, wanted: Named) -> Account | None:
    """Return the company's account that is meant, or None when there is none or more than one. API accounts win over those of files."""
    candidates = Account.objects.filter(tenant=tenant, void_at=None).select_related("source")
    return best(candidates.order_by("pk"), wanted)


def best(candidates: Iterable[Account], wanted: Named) -> Account | None:
    """Return the one of the accounts that is certainly meant, or None when there is none or more than one."""
    found = [account for account in candidates if same(named(account), wanted)]
    of_apis = [account for account in found if account.source.kind != FILES]
    better = of_apis or found
    return better[0] if len(better) == 1 else None


FILES: Final = "file"


def could_be(account: Account, wanted: Named) -> bool:
    """Return whether a file that names `wanted` could be of this account: nothing that both say differs."""
    if wanted.is_known and (account.kind == Account.Kind.CARD) != (wanted.kind == "card"):
        return False
    return not contradicts(account, wanted)


def contradicts(account: Account, wanted: Named) -> bool:
    """Return whether a file that names `wanted` certainly belongs to another account than this one."""
    mine = named(account)
    if wanted.bank_code and mine.bank_code and wanted.bank_code != mine.bank_code:
        return True
    return mine.is_known and wanted.is_known and not same(mine, wanted)


def title(wanted: Named) -> str:
    """Return how people would call the account: its bank and number."""
    bank = BANKS.get(wanted.bank_code, wanted.bank_code)
    return " ".join(part for part in (bank, wanted.number) if part)
