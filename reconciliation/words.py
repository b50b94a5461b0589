"""What the matcher's codes say to people. A code without words here is shown as it is, never left out."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

REASONS: Final[dict[str, str | Promise]] = {
    "document_equal": gettext_lazy("Same CPF/CNPJ"),
    "document_same_company": gettext_lazy("CNPJ of the same company"),
    "document_masked_fits": gettext_lazy("The visible digits of the CPF/CNPJ fit"),
    "reference_equal": gettext_lazy("Same reference"),
    "payer_mapped": gettext_lazy("This payer is known to pay for this customer"),
    "name_equal": gettext_lazy("Same name"),
    "name_alike": gettext_lazy("Name %(percent)s %% alike"),
    "name_only": gettext_lazy("Only the name speaks for it"),
    "contact_equal": gettext_lazy("Phone or e-mail in the text"),
    "amount_exact": gettext_lazy("Same amount"),
    "amount_rounding": gettext_lazy("Amount within the tolerance"),
    "amount_differs": gettext_lazy("Another amount"),
    "amount_less_fee": gettext_lazy("Amount less a fee"),
    "amount_late_by_rule": gettext_lazy("Late: fine and interest at the usual rates"),
    "amount_late": gettext_lazy("Late: more than was due"),
    "amount_discount": gettext_lazy("Paid early, with a discount"),
    "amount_partial": gettext_lazy("A part of what was due"),
    "amount_of_several_items": gettext_lazy("Sum of several open items"),
    "amount_of_several_lines": gettext_lazy("Several payments add up to it"),
    "amount_of_all": gettext_lazy("Sum of all items with this reference"),
    "amount_of_collection": gettext_lazy("Sum of the bank's return file"),
    "amount_mirrored": gettext_lazy("Same amount the other way round"),
    "amount_less_fee_of_payout": gettext_lazy("Card sales less a fee of %(percent)s %%"),
    "boleto_split": gettext_lazy("The bank says how the boleto was made up"),
    "return_file": gettext_lazy("Stands in the bank's return file"),
    "acquirer": gettext_lazy("Card company in the text"),
    "own_account": gettext_lazy("Between your own accounts"),
    "refund_of_same_payer": gettext_lazy("Money given back to who had paid"),
    "withholding_irrf": gettext_lazy("Net of IRRF (1.5 %%)"),
    "withholding_pcc": gettext_lazy("Net of PIS/COFINS/CSLL (4.65 %%)"),
    "withholding_irrf_pcc": gettext_lazy("Net of IRRF and PIS/COFINS/CSLL (6.15 %%)"),
    "withholding_inss": gettext_lazy("Net of INSS (11 %%)"),
    "withholding_iss": gettext_lazy("Net of ISS"),
    "booked_as": gettext_lazy("Booked as %(category)s"),
    "booked_without": gettext_lazy("Needs no open item"),
    "same_day": gettext_lazy("On the due date"),
}
# The same where no single case is meant: reasons that name a number or a day.
_IN_GENERAL: Final[dict[str, str | Promise]] = {
    "name_alike": gettext_lazy("Similar name"),
    "amount_less_fee_of_payout": gettext_lazy("Card sales less a fee"),
    "days_late": gettext_lazy("After the due date"),
    "days_early": gettext_lazy("Before the due date"),
}
VERDICTS: Final[dict[str, tuple[str, str | Promise]]] = {
    "clear": ("good", gettext_lazy("clear")),
    "ambiguous": ("warn", gettext_lazy("needs your choice")),
    "none": ("", gettext_lazy("nothing found")),
    "": ("info", gettext_lazy("being looked at")),
}


def reason(code: str, detail: Mapping[str, Any]) -> str:
    """Return a reason as a person reads it."""
    if code in {"days_late", "days_early"}:
        return _days_apart(code, detail)
    words = REASONS.get(code)
    if words is None:
        return code.replace("_", " ")
    return str(words) % defaultdict(
        lambda: "?", {name: _written(name, value) for name, value in detail.items()}
    )


def kind_of_reason(code: str) -> str:
    """Return what a reason is called where no single case is meant."""
    return str(_IN_GENERAL[code]) if code in _IN_GENERAL else reason(code, {})


def _written(name: str, value: Any) -> str:
    """Return a detail as it is written here: the matcher says "3.00"."""
    return (
        str(value).replace(".", formats.get_format("DECIMAL_SEPARATOR")) if name == "percent" else str(value)
    )


def _days_apart(code: str, detail: Mapping[str, Any]) -> str:
    text = str(detail.get("days", ""))
    days = int(text) if text.isascii() and text.isdigit() else 0
    if code == "days_late":
        return ngettext("%(n)d day after the due date", "%(n)d days after the due date", days) % {"n": days}
    return ngettext("%(n)d day before the due date", "%(n)d days before the due date", days) % {"n": days}


def chips(reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the reasons of a match as chips: `text`, `points`, and a `tone` for evidence that speaks for it or against."""
    return [
        {
            "text": reason(one["name"], one.get("detail") or {}),
            "points": one["points"],
            "tone": "good" if one["points"] > 0 else "warn" if one["name"] == "amount_differs" else "",
        }
        for one in reasons
    ]


def age(day: date, today: date) -> str:
    """Return how long ago a day was."""
    days = (today - day).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if days < 0:
        return ngettext("in %(n)d day", "in %(n)d days", -days) % {"n": -days}
    return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}


def percent_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return how many per cent of a sum a difference is, to two places; None of nothing."""
    return (100 * abs(part) / abs(whole)).quantize(Decimal("0.01")).normalize() if whole else None
