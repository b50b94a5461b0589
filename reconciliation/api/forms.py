"""Reading what is sent. What cannot be used is an error that says which field."""

import re
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request

from reconciliation.api.shapes import LINKS, MOST
from reconciliation.services.booking import AT_ONCE, LONGEST
from reconciliation.services.linking import BY_HAND, DIFFERENCES
from tenants.api.errors import BadParameter
from tenants.api.forms import LARGEST, StrictForm


def _id(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=LARGEST, **more)


def _amount(**more: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **more)


class MatchesForm(StrictForm):
    """One match or several."""

    match = _id(required=False)
    matches = serializers.ListField(child=_id(), required=False, min_length=1, max_length=MOST)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the form when it names exactly one thing. Raises ValidationError."""
        if len(attrs) != 1:
            raise serializers.ValidationError(
                _("Name exactly one of: %(fields)s.") % {"fields": ", ".join(self.fields)}
            )
        return attrs


class UndoForm(MatchesForm):
    """One match, several, or all that a run confirmed."""

    run = _id(required=False)


class ShareForm(StrictForm):
    """A share of an open item."""

    id = _id()
    amount = _amount(required=False, allow_null=True, default=None)


class AdjustmentForm(StrictForm):
    """A difference that explains what lines and items lack."""

    kind = serializers.ChoiceField(DIFFERENCES)
    amount = _amount()


class LinkForm(StrictForm):
    """Lines, items and differences of one match."""

    lines = serializers.ListField(child=_id(), min_length=1, max_length=500)
    items = serializers.ListField(child=ShareForm(), required=False, default=list, max_length=500)
    adjustments = serializers.ListField(child=AdjustmentForm(), required=False, default=list, max_length=20)
    kind = serializers.ChoiceField(BY_HAND, required=False, default="")


class BookForm(StrictForm):
    """Lines that need no open item, and the category that they are to have."""

    lines = serializers.ListField(child=_id(), min_length=1, max_length=AT_ONCE)
    category = serializers.CharField(max_length=LONGEST, allow_blank=True, required=False, default="")


class LinksForm(StrictForm):
    """Several links."""

    links = serializers.ListField(child=LinkForm(), min_length=1, max_length=LINKS)


def ids_of(values: dict[str, Any]) -> list[int]:
    """Return the matches that the form names."""
    return values["matches"] if "matches" in values else [values["match"]] if "match" in values else []


def link_of(values: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `services.link`. Raises ValidationError when an item or a kind is named twice."""
    items: dict[int, Decimal | None] = {}
    for share in values["items"]:
        if share["id"] in items:
            raise serializers.ValidationError({"items": [_("An item is named twice.")]})
        items[share["id"]] = share["amount"]
    adjustments: dict[str, Decimal] = {}
    for one in values["adjustments"]:
        if one["kind"] in adjustments:
            raise serializers.ValidationError({"adjustments": [_("A difference is named twice.")]})
        adjustments[one["kind"]] = one["amount"]
    return {
        "lines": values["lines"],
        "items": items,
        "adjustments": adjustments,
        "kind": str(values["kind"]),
    }


def key_of(request: Request) -> str:
    """Return the caller's idempotency key, "" without one. Raises BadParameter."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not re.fullmatch(r"[\x21-\x7e]{1,150}", key):
        raise BadParameter({"Idempotency-Key": _("Use 1 to 150 printable characters without blanks.")})
    return key
