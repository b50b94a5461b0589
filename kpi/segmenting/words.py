"""What each segment is called, who is in it, and what to do next.

Scores compare customers with each other: somebody with four purchases can have the lowest score where the others have more. So no sentence says a number.
"""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Words:
    """A segment in words, and whether it is good news, bad news or neither to be in it."""

    name: str | Promise
    who: str | Promise
    action: str | Promise
    tone: str


WORDS: Final[dict[str, Words]] = {
    "champions": Words(
        pgettext_lazy("segment", "Champions"), _("Bought lately, more often and for more than most"),
        _("Thank them, show news first, ask them to recommend you"), "good",
    ),
    "loyal": Words(
        pgettext_lazy("segment", "Loyal"), _("Buy more often than most, and not long ago"), _("Offer something better or complementary; ask for an opinion"), "good",
    ),
    "potential_loyal": Words(
        pgettext_lazy("segment", "May become loyal"), _("Bought lately; neither many nor few purchases"),
        _("Suggest the next purchase, invite to a loyalty programme"), "good",
    ),
    "new": Words(
        pgettext_lazy("segment", "New"), _("Bought very lately, few purchases compared with others: new, or back after a pause"),
        _("Thank them, help where they need it, invite to the next purchase"), "info",
    ),
    "promising": Words(
        pgettext_lazy("segment", "Promising"), _("Bought lately, few purchases compared with others"), _("Remind them of you with a small reason to come back"), "info",
    ),
    "need_attention": Words(
        pgettext_lazy("segment", "Need attention"), _("In the middle: neither lately nor long ago, neither many nor few purchases"),
        _("Make an offer with an end, based on what they bought"), "warn",
    ),
    "about_to_sleep": Words(
        pgettext_lazy("segment", "Falling asleep"), _("Few purchases compared with others, and none lately"), _("Recall them now: it is cheaper than later"), "warn",
    ),
    "at_risk": Words(
        pgettext_lazy("segment", "At risk"), _("As many purchases as most or more, but long ago"), _("Write personally, ask what was missing, make it easy to return"), "bad",
    ),
    "cannot_lose": Words(
        pgettext_lazy("segment", "Not to be lost"), _("Bought more often and for more than most, but long ago"), _("Call them. Today."), "bad",
    ),
    "hibernating": Words(
        pgettext_lazy("segment", "Hibernating"), _("Few purchases compared with others, and long ago"), _("Try once with the best offer, then leave them in peace"), "bad",
    ),
    "lost": Words(
        pgettext_lazy("segment", "Lost"), _("Longest without buying, and among those with the fewest purchases"), _("A simple reminder is enough; look after the others first"), "",
    ),
}  # fmt: skip
