"""What became of a decision, and the words in which one is refused."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Code = Literal[
    "not_found", "decided", "replaced", "line_settled", "line_twice", "line_gone", "line_changed", "item_gone", "item_settled", "period_closed", "busy", "invalid",
]  # fmt: skip
WORDS: Final[dict[Code, Promise]] = {
    "not_found": _("There is no such match here."),
    "decided": _("This was decided before: %(status)s, %(who)s, %(when)s."),
    "replaced": _("A newer suggestion has taken the place of this one. Look again."),
    "line_settled": _("This bank line was settled meanwhile: %(who)s, %(when)s."),
    "line_twice": _("Another match of this selection settles the same bank line."),
    "line_gone": _("This bank line no longer counts: the bank took it back, or somebody set it aside."),
    "line_changed": _("This bank line has changed since. Look again."),
    "item_gone": _("This open item was cancelled, or is no longer there."),
    "item_settled": _("This open item has %(open)s left to settle, less than is meant to be settled here."),
    "period_closed": _("The books are closed through %(day)s. Open the period first."),
    "invalid": _("It does not add up, or cannot be linked like this."),
    "busy": _("Somebody else, or a synchronisation, is changing this at the moment. Try again."),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one match was not decided: a code for programs and a sentence for people.

    `match` is None for lines that have none yet: `line` is then the one, where it is one.
    """

    match: int | None
    code: Code
    message: str
    line: int | None = None


def refusal(match: int | None, code: Code, **values: object) -> Refusal:
    """Return the refusal in the language of the request."""
    return Refusal(match, code, str(WORDS[code]) % values)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The matches that were decided, those that were not and why, and the run that holds a bulk together. `again`: answered before."""

    decided: tuple[int, ...] = ()
    refused: tuple[Refusal, ...] = ()
    run: int | None = None
    again: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as it is kept and sent."""
        return {
            "decided": list(self.decided),
            "refused": [asdict(one) for one in self.refused],
            "run": self.run,
        }

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "Outcome":
        """Return the outcome that was kept."""
        refused = tuple(Refusal(**one) for one in kept["refused"])
        return cls(tuple(kept["decided"]), refused, kept["run"], again=True)


class Refused(Exception):
    """Nothing was decided. `refusals` say why."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(" ".join(dict.fromkeys(one.message for one in self.refusals)))


class KeyReused(Exception):
    """The same idempotency key was sent with another question."""
