"""What the page frame and the components need: icons, navigation, addresses with changed queries, form controls."""

import re
from functools import lru_cache
from itertools import count
from typing import Any, Final

from django import template
from django.forms import BoundField
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from lucide.templatetags.lucide import lucide

from config import navigation
from kpi import comparing
from lib import periods
from tenants.access import Access
from tenants.models import Membership, Tenant

register = template.Library()

_HEADS: Final = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_TAGS: Final = re.compile(r"<[^>]*>|\s+")
_CELLS: Final = re.compile(r"<(tr|td|th)\b([^>]*)>")

PERIOD_NAMES = {
    "today": _("Today"),
    "7d": _("Last 7 days"),
    "30d": _("Last 30 days"),
    "90d": _("Last 90 days"),
    "month": _("This month"),
    "last_month": _("Last month"),
    "year": _("This year"),
    "12m": _("Last 12 months"),
}


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Return a lucide icon as inline SVG, silent for screen readers; css `large` makes it 20 px instead of 16."""
    return _icon(str(name), str(css))


@lru_cache(maxsize=512)
def _icon(name: str, css: str) -> SafeString:
    attributes = {"class": f"icon {css}".strip(), "aria-hidden": "true"}
    # Drawn by the library; name and classes come from our own templates.
    return mark_safe(lucide(name, size=20 if "large" in css.split() else 16, **attributes))  # noqa: S308


@register.simple_tag(takes_context=True)
def navigation_groups(context: Context) -> list[tuple[str, list[navigation.Link]]]:
    """Return the navigation of the company of this page; empty on pages outside a company."""
    access: Access | None = context.get("access")
    return navigation.groups(context["request"], access) if access else []


@register.filter
def palette_items(groups: list[tuple[str, list[navigation.Link]]]) -> list[dict[str, str]]:
    """Return the pages of the navigation as the command palette reads them."""
    return [
        {"label": link.label, "url": link.url, "group": link.group}
        for _title, links in groups
        for link in links
    ]


@register.simple_tag(takes_context=True)
def companies(context: Context) -> list[Tenant]:
    """Return the active companies of the person who is looking, by name."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.is_authenticated:
        return []
    mine = (
        Membership.objects.filter(user=user, tenant__is_active=True)
        .select_related("tenant")
        .order_by("tenant__name")
    )
    return [membership.tenant for membership in mine]


@register.simple_tag(takes_context=True)
def query(context: Context, *pairs: Any) -> str:
    """Return this page's query string with some names changed: `{% query "sort" "-date" "cursor" None %}`.

    A value that is None or empty removes its name. An empty result is `?`, which leads to the page without a query.
    """
    request: HttpRequest | None = context.get("request")
    values: QueryDict = request.GET.copy() if request else QueryDict(mutable=True)
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        values.pop(name, None)
        if value not in (None, ""):
            values[name] = str(value)
    return f"?{values.urlencode()}"


@register.simple_tag(takes_context=True)
def query_fields(context: Context, *without: str) -> SafeString:
    """Return hidden fields that keep this page's query string through a GET form, all names but those given."""
    request: HttpRequest | None = context.get("request")
    pairs = [(name, value) for name, values in (request.GET.lists() if request else ()) for value in values]
    return format_html_join(
        "", '<input type="hidden" name="{}" value="{}">', (p for p in pairs if p[0] not in without)
    )


@register.simple_tag
def period_choices() -> dict[str, list[tuple[str, str]]]:
    """Return the named periods and comparisons, as (key in the address, name) in the order of the picker."""
    presets = [(key, str(PERIOD_NAMES[key])) for key in periods.PRESETS]
    return {
        "presets": presets,
        "comparisons": [(key, str(comparing.LABELS[key])) for key in comparing.COMPARISONS],
    }


@register.simple_tag(takes_context=True)
def asked(context: Context, name: str) -> str:
    """Return one value of this page's query string, empty when it is not there."""
    request: HttpRequest | None = context.get("request")
    return request.GET.get(name, "") if request else ""


@register.filter
def control(field: BoundField) -> SafeString:
    """Return a form control with the product's class; Django adds the links to its help and error texts.

    A placeholder that only repeats the label (allauth's forms have them) is left out: it looks like a filled field.
    """
    widget = field.field.widget
    attributes: dict[str, str | bool] = {"class": f"input {widget.attrs.get('class', '')}".strip()}
    if field.form.__module__.startswith("allauth."):
        widget.attrs.pop("placeholder", None)
    return field.as_widget(attrs=attributes)


@register.filter
def widget_type(field: BoundField) -> str:
    """Return the type of a field's control: `checkbox`, `text`, `select`, `textarea`, …"""
    name = type(field.field.widget).__name__.lower()
    return str(getattr(field.field.widget, "input_type", name) or name)


@register.filter
def share_of(value: Any, whole: Any) -> str:
    """Return `value` as per cent of `whole` for an SVG width: `42.5%`; 0% when either is unknown or zero."""
    if not value or not whole:
        return "0%"
    return f"{min(100.0, abs(float(value) / float(whole)) * 100):.1f}%"


@register.filter
def labelled(rows: str, head: str) -> SafeString:
    """Return the rows of a table with the text of its column's head on every cell (`data-label`), for phones, where rows are cards.

    A cell that has a `data-label` keeps it: an empty one says that the value speaks for itself.
    """
    labels = [_TAGS.sub(" ", text).strip().replace('"', "&quot;") for text in _HEADS.findall(head)]
    numbers = count()

    def named(cell: re.Match[str]) -> str:
        nonlocal numbers
        if cell[1] == "tr":
            numbers = count()
            return cell[0]
        n = next(numbers)
        if cell[1] == "th" or "data-label" in cell[2] or n >= len(labels) or not labels[n]:
            return cell[0]
        return f'<td{cell[2]} data-label="{labels[n]}">'

    # Both are what templates drew and escaped; nothing but those heads is added.
    return mark_safe(_CELLS.sub(named, rows))  # noqa: S308


@register.simple_tag
def initials(name: str) -> SafeString:
    """Return the first letters of the first and last word of a name, for a round mark."""
    words = str(name).split() or ["?"]
    return format_html("{}", (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper())
