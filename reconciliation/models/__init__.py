"""Judgements. Decisions are never deleted or rewritten: taking one back is a new fact, and the database holds everybody to it (sql/)."""

from reconciliation.models.closing import Closing
from reconciliation.models.decision import Decision, IdempotencyKey, Rejection
from reconciliation.models.mapping import ClientMapping
from reconciliation.models.match import Match, MatchAdjustment, MatchItem, MatchLine
from reconciliation.models.queue import OpenLine, Progress
from reconciliation.models.returned import ReturnEntry
from reconciliation.models.rule import Rule, RuleEffect, RuleRun
from reconciliation.models.run import Run

__all__ = [
    "ClientMapping",
    "Closing",
    "Decision",
    "IdempotencyKey",
    "Match",
    "MatchAdjustment",
    "MatchItem",
    "MatchLine",
    "OpenLine",
    "Progress",
    "Rejection",
    "ReturnEntry",
    "Rule",
    "RuleEffect",
    "RuleRun",
    "Run",
]
