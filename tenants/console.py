"""What every screen of the operations console shares: nothing is changed but through services, and no large table is ever counted."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.paginator import InfinitePaginator

BY_COMPANY = ("tenant", AutocompleteSelectFilter)


def pretty_json(value: Any) -> SafeString:
    """Return JSON for people to read."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html('<pre class="whitespace-pre-wrap text-xs">{}</pre>', text)


def link(address: str, text: object) -> SafeString:
    """Return a link that looks like one."""
    return format_html(
        '<a class="text-primary-600 underline dark:text-primary-500" href="{}">{}</a>', address, text
    )


def tell(request: HttpRequest, done: int, refused: Sequence[str]) -> None:
    """Say what an action did: how many rows, and each refusal in its own sentence."""
    if done:
        messages.success(request, _("Done: %(n)d") % {"n": done})
    for sentence in refused[:10]:
        messages.warning(request, sentence)


class ServiceAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A small table. Rows are not deleted here; a subclass opens what its services can do."""

    show_full_result_count = False
    list_per_page = 50
    compressed_fields = True

    @admin.display(description=_("company"))
    def company(self, row: Any) -> Any:
        """Return whose row it is."""
        return row.tenant

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is staff: that, with a second factor, is what the console asks for."""
        return _is_staff(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person is staff."""
        return _is_staff(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is staff."""
        return _is_staff(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the person is staff."""
        return _is_staff(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: rows end through a service, not through the trash."""
        return False


def _is_staff(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_staff", False))


class ReadOnlyAdmin(ServiceAdmin):
    """A table that is looked at. What can be done to its rows are actions."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: these rows are made by the panel."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: these rows are changed by the panel."""
        return False


class BigTableAdmin(ReadOnlyAdmin):
    """A table of millions: pages without a count, an order that an index serves, a search that hits an index.

    `company_order` is the order inside one company (its index begins with the tenant); without a company rows come by newest id.
    """

    paginator = InfinitePaginator
    sortable_by: ClassVar[tuple[str, ...]] = ()
    company_order: ClassVar[tuple[str, ...]] = ("-id",)
    search_fields: ClassVar[tuple[str, ...]] = ("id",)
    search_help_text = _("Number of the row, or upstream's id, exactly.")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the order whose index fits the company filter."""
        return self.company_order if "tenant__id__exact" in request.GET else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows that the term names exactly; a search inside texts would read the whole table."""
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted: set[int] = set(self.found(term))
        if term.isascii() and term.isdigit() and len(term) < 19:
            wanted.add(int(term))
        return queryset.filter(pk__in=wanted), False

    def found(self, term: str) -> Iterable[int]:
        """Return the ids of rows that upstream names so. None unless a subclass knows an index for it."""
        return ()
