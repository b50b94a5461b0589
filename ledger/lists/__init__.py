"""The lists of the ledger, declared: what a row shows, how it may be sorted and filtered. Pages, exports and the API read the same ones."""

from ledger.lists.catalog import LISTS
from ledger.lists.filters import Choice, FilterProblem, Filters, ListSpec, parse
from ledger.lists.read import Totals, add_rest, kinds, listing, owed, ready_totals, rows, totals
from ledger.lists.rests import Rest, register_rest

__all__ = [
    "LISTS",
    "Choice",
    "FilterProblem",
    "Filters",
    "ListSpec",
    "Rest",
    "Totals",
    "add_rest",
    "kinds",
    "listing",
    "owed",
    "parse",
    "ready_totals",
    "register_rest",
    "rows",
    "totals",
]
