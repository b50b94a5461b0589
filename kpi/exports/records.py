"""What an exported board says of itself."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils.translation import gettext as _

from lib import formats
from lib.periods import Period


@dataclass(frozen=True, slots=True)
class About:
    """The heading of an exported board. `as_of` is when its facts were true (aware; None before the first), `scope` what it is limited to
    ("Store: Centro"; "" is everything), `locale` Babel's name of the reader's country.
    """

    company: str
    board: str
    period: Period
    compared: Period | None
    currency: str
    locale: str
    zone: tzinfo
    as_of: datetime | None
    scope: str = ""

    @property
    def span(self) -> str:
        """Return the period in words: `01/11/2026 a 22/11/2026`."""
        return _span(self.period, self.locale)

    @property
    def comparison(self) -> str:
        """Return what the numbers are compared with; "" where with nothing."""
        return (
            _("compared with %(span)s") % {"span": _span(self.compared, self.locale)} if self.compared else ""
        )

    @property
    def truth(self) -> str:
        """Return as of when the numbers are true."""
        if self.as_of is None:
            return _("No data has arrived yet.")
        return _("Numbers as of %(moment)s") % {"moment": formats.moment(self.as_of, self.zone, self.locale)}


def _span(period: Period, locale: str) -> str:
    first, last = formats.day(period.start, locale), formats.day(period.last, locale)
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}
