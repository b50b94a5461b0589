"""The form of an occasion."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.models import Occasion


class Day(forms.DateInput):
    """The browser's own control for a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class OccasionForm(forms.Form):
    """What happened, and on which days. Without a last day it is one day."""

    label = forms.CharField(label=_("What"), max_length=80, help_text=_("Price change, strike, stocktaking"))
    kind = forms.ChoiceField(
        label=_("Were you open?"), choices=[(Occasion.Kind.EVENT, pgettext_lazy("shop", "open")), (Occasion.Kind.FREE, pgettext_lazy("shop", "closed"))],
    )  # fmt: skip
    first_day = forms.DateField(label=_("From"), widget=Day())
    last_day = forms.DateField(label=_("To"), widget=Day(), required=False)

    def clean(self) -> dict[str, Any]:
        """Let a missing last day be the first."""
        data = super().clean() or {}
        data["last_day"] = data.get("last_day") or data.get("first_day")
        return data


def initial_of(row: Occasion) -> dict[str, Any]:
    """Return what the form shows of an occasion."""
    return {
        "label": row.label,
        "kind": row.kind,
        "first_day": row.first_day,
        "last_day": row.last_day,
    }
