"""Days on which a shop may be closed."""

from collections.abc import Iterable
from datetime import date

# National ones by law, and the two that nearly every town and bank keeps though the law calls them optional. Names as the library writes them.
_KEPT = ("Carnaval", "Corpus Christi")


def brazilian(years: Iterable[int]) -> frozenset[date]:
    """Return Brazil's national holidays of these years, Carnival (Monday and Tuesday) and Corpus Christi among them."""
    import holidays

    wanted = sorted(set(years))
    public = holidays.country_holidays("BR", years=wanted, categories=("public",), language="pt_BR")
    other = holidays.country_holidays("BR", years=wanted, categories=("optional",), language="pt_BR")
    return frozenset(public) | {day for day, name in other.items() if name.startswith(_KEPT)}
