"""How matches look outside: once for answers and for their documentation."""

from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter

from ledger.models import OpenItem, Transaction
from reconciliation.models import Match, MatchAdjustment
from reconciliation.services.booking import AT_ONCE, LONGEST
from reconciliation.services.linking import BY_HAND, DIFFERENCES
from tenants.api.schema import (
    BOOLEAN,
    DAY,
    INTEGER,
    MOMENT,
    MONEY,
    STRING,
    Schema,
    array,
    nullable,
    query,
    record,
)

ID: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
MOST: Final = 1_000  # ids of one request
LINKS: Final = 100


def _words(values: list[Any]) -> Schema:
    return {"type": "string", "enum": values}


LINE: Final = record(
    {
        "id": INTEGER,
        "date": DAY,
        "amount": MONEY,
        "currency": STRING,
        "account_id": INTEGER,
        "name": STRING,
        "document": STRING,
        "description": STRING,
        "reference": STRING,
        "operation": STRING,
        "status": _words(Transaction.Status.values),
    }
)
ITEM: Final = record(
    {
        "id": INTEGER,
        "amount": {**MONEY, "description": "How much of it is settled."},
        "face": MONEY,
        "open_amount": {**MONEY, "description": "What the ERP shows open."},
        "due_date": DAY,
        "number": STRING,
        "description": STRING,
        "name": STRING,
        "customer_id": nullable(INTEGER),
        "status": _words(OpenItem.Status.values),
    }
)
REASON: Final = record({"name": STRING, "points": INTEGER, "detail": {"type": "object"}}, open_ended=True)
ADJUSTMENT: Final = record({"kind": _words(MatchAdjustment.Kind.values), "amount": MONEY})
MATCH: Final = record(
    {
        "id": INTEGER,
        "status": _words(Match.Status.values),
        "kind": _words(Match.Kind.values),
        "verdict": _words(Match.Verdict.values),
        "origin": _words(Match.Origin.values),
        "score": INTEGER,
        "reasons": array(REASON),
        "amount": MONEY,
        "currency": STRING,
        "run_id": nullable(INTEGER),
        "created_at": MOMENT,
        "decided_at": nullable(MOMENT),
        "decided_by_name": STRING,
        "lines": array(LINE),
        "items": array(ITEM),
        "adjustments": array(ADJUSTMENT),
    }
)
ROW: Final = record(
    {
        "lines": array(LINE),
        "verdict": {
            "enum": ["", *Match.Verdict.values, "none"],
            "description": "Empty: not looked at yet.",
        },
        "waiting": {**BOOLEAN, "description": "Whether something changed since it was looked at."},
        "matches": array(MATCH),
    }
)
OPEN: Final = record(
    {
        "currency": STRING,
        "lines": INTEGER,
        "clear": INTEGER,
        "ambiguous": INTEGER,
        "none": INTEGER,
        "unjudged": INTEGER,
        "waiting": INTEGER,
        "inflow": MONEY,
        "outflow": MONEY,
    }
)
OUTCOME: Final = record(
    {
        "decided": array(INTEGER),
        "refused": array(
            record({"match": nullable(INTEGER), "code": STRING, "message": STRING, "line": nullable(INTEGER)})
        ),
        "run": {**nullable(INTEGER), "description": "Holds several together: `undo` takes it back whole."},
    }
)
SEVERAL: Final[Schema] = {
    "type": "object",
    "properties": {"match": ID, "matches": {"type": "array", "items": ID, "minItems": 1, "maxItems": MOST}},
    "additionalProperties": False,
}
UNDO: Final[Schema] = {**SEVERAL, "properties": {**SEVERAL["properties"], "run": ID}}
AMOUNT: Final[Schema] = {"type": "string", "pattern": r"^-?\d{1,16}(\.\d{1,2})?$"}
LINK_PROPERTIES: Final[dict[str, Schema]] = {
    "kind": {
        "type": "string",
        "enum": [kind.value for kind in BY_HAND],
        "description": "What lines without items are, which cancel each other out; a transfer between own accounts unless said.",
    },
    "lines": {
        "type": "array",
        "items": ID,
        "minItems": 1,
        "maxItems": 500,
        "description": "Bank lines, settled whole.",
    },
    "items": {
        "type": "array",
        "maxItems": 500,
        "items": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": ID,
                "amount": {**nullable(AMOUNT), "description": "All that is left when it is not said."},
            },
            "additionalProperties": False,
        },
    },
    "adjustments": {
        "type": "array",
        "maxItems": 20,
        "items": {
            "type": "object",
            "required": ["kind", "amount"],
            "properties": {"kind": _words([kind.value for kind in DIFFERENCES]), "amount": AMOUNT},
            "additionalProperties": False,
        },
    },
}
BOOK: Final[Schema] = {
    "type": "object",
    "required": ["lines"],
    "properties": {
        "lines": {
            "type": "array",
            "items": ID,
            "minItems": 1,
            "maxItems": AT_ONCE,
            "description": "Bank lines: bank fees, taxes, card purchases.",
        },
        "category": {
            "type": "string",
            "maxLength": LONGEST,
            "description": "The company's own category that the lines are to have; empty leaves theirs.",
        },
    },
    "additionalProperties": False,
}
LINK: Final[Schema] = {
    "type": "object",
    "properties": {
        **LINK_PROPERTIES,
        "links": {
            "type": "array",
            "minItems": 1,
            "maxItems": LINKS,
            "items": {
                "type": "object",
                "required": ["lines"],
                "properties": LINK_PROPERTIES,
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 150, "pattern": r"^[\x21-\x7e]+$"},
    OpenApiParameter.HEADER,
    description="The same key again gets the same answer and does nothing more, for a week.",
)
PARAMETERS: Final = (
    query("status", "`open` (the queue, unless said otherwise) or what was decided.", {"enum": ["open", "confirmed", "rejected", "undone"], "default": "open"}),
    query("cursor", "`meta.next` of the page before."),
    query("limit", "Rows a page, at most 200.", {**INTEGER, "minimum": 1, "default": 50}),
    query("sort", "Order of the queue; decided ones come latest decision first.", {"enum": ["-date", "date", "-amount", "amount"], "default": "-date"}),
    query("verdict", "Only open lines of this verdict.", {"enum": ["clear", "ambiguous", "none", "unjudged"]}),
    query("direction", "Only open lines of money that came in or left.", {"enum": ["in", "out"]}),
    query("account", "Only open lines of this account.", INTEGER),
    query("kind", "Only decided matches of this kind.", {"enum": Match.Kind.values}),
    query("origin", "Only decided matches made by a suggestion, a rule or a person.", {"enum": Match.Origin.values}),
    query("run", "Only matches that this run confirmed.", INTEGER),
    query("period", "Named period of the line's day, or `all`."),
    query("from", "First day of open lines.", DAY),
    query("to", "Last day of open lines, included.", DAY),
    query("min", "Least amount, without its sign."),
    query("max", "Largest amount, without its sign."),
    query("q", "Words to look for in open lines."),
)  # fmt: skip
META: Final[dict[str, Schema]] = {"next": nullable(STRING), "limit": INTEGER, "queue": array(OPEN)}
