"""What each segment is called, who is in it, and what to do next."""

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
        pgettext_lazy("segment", "Champions"), _("Bought lately, often, and for much"),
        _("Thank them, show news first, ask them to recommend you"), "good",
    ),
    "loyal": Words(
        pgettext_lazy("segment", "Loyal"), _("Buy often"), _("Offer something better or complementary; ask for an opinion"), "good",
    ),
    "potential_loyal": Words(
        pgettext_lazy("segment", "May become loyal"), _("Bought lately, and more than once"),
        _("Suggest the next purchase, invite to a loyalty programme"), "good",
    ),
    "new": Words(
        pgettext_lazy("segment", "New"), _("Bought very lately, for the first time or rarely"),
        _("Welcome them, help with the first steps, invite to a second purchase"), "info",
    ),
    "promising": Words(
        pgettext_lazy("segment", "Promising"), _("Bought lately, rarely so far"), _("Remind them of you with a small reason to come back"), "info",
    ),
    "need_attention": Words(
        pgettext_lazy("segment", "Need attention"), _("In the middle in everything, and growing distant"),
        _("Make an offer with an end, based on what they bought"), "warn",
    ),
    "about_to_sleep": Words(
        pgettext_lazy("segment", "Falling asleep"), _("Bought rarely, and not lately"), _("Recall them now: it is cheaper than later"), "warn",
    ),
    "at_risk": Words(
        pgettext_lazy("segment", "At risk"), _("Bought often, but long ago"), _("Write personally, ask what was missing, make it easy to return"), "bad",
    ),
    "cannot_lose": Words(
        pgettext_lazy("segment", "Not to be lost"), _("Were among the best and stopped buying"), _("Call them. Today."), "bad",
    ),
    "hibernating": Words(
        pgettext_lazy("segment", "Hibernating"), _("Bought rarely, long ago, or a little"), _("Try once with the best offer, then leave them in peace"), "bad",
    ),
    "lost": Words(
        pgettext_lazy("segment", "Lost"), _("Bought once, very long ago"), _("Spend nothing here before the others are looked after"), "",
    ),
}  # fmt: skip
