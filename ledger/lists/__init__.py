"""The lists of the ledger, declared: what a row shows, how it may be sorted and filtered. Pages, exports and the API read the same ones."""

from ledger.lists.catalog import LISTS
from ledger.lists.filters import Choice, FilterProblem, Filters, ListSpec, parse
from ledger.lists.read import Totals, kinds, listing, ready_totals, rows, totals

__all__ = [
    "LISTS",
    "Choice",
    "FilterProblem",
    "Filters",
    "ListSpec",
    "Totals",
    "kinds",
    "listing",
    "parse",
    "ready_totals",
    "rows",
    "totals",
]
