"""A rule while it is written: texts as a form has them, from the page, from an address, from a stored rule."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from kpi.alerts import asking, words
from kpi.alerts.conditions import Kind, Window
from kpi.analysis import sums
from kpi.catalog import BY_CODE, CATALOG, Unit
from kpi.models import AlertRule
from lib import clock, formats, money
from lib.periods import Period
from tenants.models import Tenant

RECENT: Final = timedelta(days=180)  # whose stores, products … are offered
OFFERED: Final = 60
Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of the form, as text. A choice that does not fit the others any more is the first that does."""

    kpi: str = "revenue"
    dimension: str = ""
    key: str = ""
    kind: str = Kind.ABSOLUTE
    way: str = ""
    limit: str = ""
    window: str = ""
    compare: str = AlertRule.Compare.PREVIOUS
    repeat: str = AlertRule.Repeat.EACH

    def settled(self) -> "Draft":
        """Return the draft with every choice among those that fit."""
        kpi = self.kpi if self.kpi in BY_CODE else "revenue"
        kind = _fit(self.kind, asking.kinds_for(kpi))
        window = "" if BY_CODE[kpi].now else _fit(self.window, asking.WINDOWS[kind])
        dimension = self.dimension if self.dimension in asking.splits_for(kpi, kind) else ""
        return replace(
            self, kpi=kpi, kind=kind, way=_fit(self.way, asking.WAYS[kind]), window=window,
            dimension=dimension, key=self.key if dimension else "", compare=_fit(self.compare, AlertRule.Compare.values),
            repeat=_fit(self.repeat, (AlertRule.Repeat.EACH, AlertRule.Repeat.ONCE)),
        )  # fmt: skip

    def fields(self) -> dict[str, Any]:
        """Return what `services.create` takes. Raises ValidationError for a limit that is no number."""
        found: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        return found | {"limit": self._limit()}

    def _limit(self) -> Decimal | None:
        if self.kind == Kind.FORECAST or not self.limit.strip():
            return None
        try:
            value = money.parse(self.limit.replace("%", ""))
        except money.MoneyError as error:
            raise ValidationError(
                {"limit": _("“%(text)s” is no number.") % {"text": self.limit.strip()[:30]}}
            ) from error
        return value / 100 if self.is_share else value

    @property
    def is_share(self) -> bool:
        """Return whether the limit is written in per cent."""
        absolute = self.kind == Kind.ABSOLUTE and BY_CODE[self.kpi].unit == Unit.PERCENT
        return absolute or self.kind in {Kind.CHANGE, Kind.TARGET}

    @property
    def unit(self) -> str:
        """Return what stands behind the limit: a currency sign is money's, hours, days or weeks those of a span."""
        if self.is_share:
            return "%"
        if self.kind in {Kind.STREAK, Kind.MISSING}:
            return str(
                {Window.HOUR: _("hours"), Window.DAY: _("days"), Window.WEEK: _("weeks")}[Window(self.window)]
            )
        return "R$" if BY_CODE[self.kpi].unit == Unit.MONEY else ""


def _fit(value: str, choices: Any) -> str:
    known = list(choices)
    return value if value in known else str(known[0])


def of_data(data: Mapping[str, str]) -> Draft:
    """Return the draft that a form or an address holds."""
    own = {one.name: str(data[one.name]).replace("\0", "")[:120] for one in fields(Draft) if one.name in data}
    return Draft(**own).settled()


def of_rule(rule: AlertRule) -> Draft:
    """Return the draft of a stored rule."""
    draft = Draft(rule.kpi, rule.dimension, rule.key, rule.kind, rule.way, "", rule.window, rule.compare or AlertRule.Compare.PREVIOUS, rule.repeat)  # fmt: skip
    if rule.limit is None:
        return draft
    value = rule.limit * 100 if draft.is_share else rule.limit
    whole = value.to_integral_value()
    return replace(
        draft,
        limit=formats.number(whole if whole == value else value.quantize(Decimal("0.01")), words.locale()),
    )


def choices(tenant: Tenant, draft: Draft) -> dict[str, Choices]:
    """Return what each choice of the form offers, by its name."""
    way_words = {
        "above": _("more than"), "below": _("less than"), "outside": _("more or less than"),
        "rising": _("rising"), "falling": _("falling"), "zero": _("at zero"), "": "",
    }  # fmt: skip
    if draft.kind == Kind.CHANGE:
        way_words |= {
            "above": _("up by more than"),
            "below": _("down by more than"),
            "outside": _("up or down by more than"),
        }
    if draft.kind == Kind.FORECAST:
        way_words |= {"above": _("above it"), "below": _("below it"), "outside": _("above or below it")}
    return {
        "kpi": [(kpi.code, str(kpi.label)) for kpi in CATALOG],
        "kind": [(kind, str(Kind(kind).label)) for kind in asking.kinds_for(draft.kpi)],
        "way": [(way, str(way_words[way])) for way in asking.WAYS[draft.kind]],
        "window": [] if BY_CODE[draft.kpi].now else [(w, str(AlertRule.Window(w).label)) for w in asking.WINDOWS[draft.kind]],
        "compare": [(value, str(label)) for value, label in AlertRule.Compare.choices],
        "repeat": [(value, str(label)) for value, label in reversed(AlertRule.Repeat.choices)],
        "dimension": [(name, str(words.DIMENSIONS[name])) for name in asking.splits_for(draft.kpi, draft.kind)],
        "key": _keys(tenant, draft),
    }  # fmt: skip


def with_key(tenant: Tenant, draft: Draft) -> Draft:
    """Return the draft with the largest store, product … chosen where none is."""
    if not draft.dimension or draft.key:
        return draft
    offered = _keys(tenant, draft)
    return replace(draft, key=offered[0][0]) if offered else draft


def _keys(tenant: Tenant, draft: Draft) -> Choices:
    """Return the stores, products … of late, the largest first; the chosen one is always among them."""
    if not draft.dimension:
        return []
    today = clock.today(tenant.zone)
    kind = {"inflow": "CREDIT", "expenses": "DEBIT", "net": "CREDIT"}.get(draft.kpi, "SALE")
    span = Period("range", today - RECENT, today + timedelta(days=1))
    found = sums.by_key(tenant, kind=kind, dimension=draft.dimension, span=span)
    keys = sorted((key for key in found if key), key=lambda key: -abs(found[key].total))[:OFFERED]
    if draft.key and draft.key not in keys:
        keys.append(draft.key)
    names = sums.names(tenant, draft.dimension, keys)
    return [(key, names.get(key, key)) for key in keys]
