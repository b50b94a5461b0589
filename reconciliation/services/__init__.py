"""What is done to matches: one verb a function, each with its log of decisions, its audit entries and its event in one transaction."""

from reconciliation.services.automatic import History, confirm_clear, histories, history
from reconciliation.services.booking import book
from reconciliation.services.closing import close_through
from reconciliation.services.deciding import AT_ONCE, confirm, reject, undo
from reconciliation.services.learning import change_payer, forget_payer, map_payer
from reconciliation.services.linking import link
from reconciliation.services.once import prune as prune_keys
from reconciliation.services.outcome import KeyReused, Outcome, Refusal, Refused
from reconciliation.services.proposing import Proposed, propose
from reconciliation.services.queueing import refresh
from reconciliation.services.reopening import Reopened, reopen_affected
from reconciliation.services.sifting import sift

__all__ = [
    "AT_ONCE",
    "History",
    "KeyReused",
    "Outcome",
    "Proposed",
    "Refusal",
    "Refused",
    "Reopened",
    "book",
    "change_payer",
    "close_through",
    "confirm",
    "confirm_clear",
    "forget_payer",
    "histories",
    "history",
    "link",
    "map_payer",
    "propose",
    "prune_keys",
    "refresh",
    "reject",
    "reopen_affected",
    "sift",
    "undo",
]
