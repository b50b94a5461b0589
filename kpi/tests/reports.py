"""What the tests of reports share: a board that has something to say, Ana's report of it, and the next morning."""

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from kpi import dimensions
from kpi.models import Board, Report, ReportRecipient, Tile
from kpi.reports import delivering, services
from live import cache, events
from tenants.models import Tenant, User
from tests.cast import Cast
from tests.factories import access_of, make_customer, make_sale

TILES = (
    ("number", {"kpi": "revenue"}),
    ("by_day", {"measure": "revenue"}),
    ("by_dimension", {"measure": "revenue", "by": "store"}),
)


def sells(tenant: Tenant, total: str, store: str) -> None:
    """Let a store sell something on 10 March, and tell this process."""
    make_sale(tenant, total, customer=make_customer(tenant, "Maria"), store=store)
    dimensions.bring(tenant.pk)
    events.publish("facts_changed", tenant_id=tenant.pk)
    cache.forget_generations()


def board_of(tenant: Tenant, owner: User | None = None, *, shared: bool = True) -> Board:
    """Return a board of one tile of each kind that is needed here."""
    board = Board.objects.create(tenant=tenant, name="Visão", owner=owner, shared=shared)
    for n, (kind, options) in enumerate(TILES):
        Tile.objects.create(
            tenant=tenant, board=board, kind=kind, options=options, position=n, width=6, height=2
        )
    return board


def planned(cast: Cast, board: Board | None = None, **fields: Any) -> Report:
    """Return Ana's report of every morning at seven, Ana on its list."""
    board = board or board_of(cast.aurora)
    return services.create(
        access=access_of(cast.ana, cast.aurora), board=board, fields={"name": "Manhã", "frequency": "daily", "hour": 7, **fields}
    )  # fmt: skip


def add(cast: Cast, report: Report, **who: Any) -> ReportRecipient:
    return services.add_recipient(access=access_of(cast.ana, cast.aurora), report=report, **who)


def next_morning(moment: Any) -> int:
    """Go to the next seven o'clock, and do what Beat does; return how many messages went out."""
    day = moment.now.date() + timedelta(days=1)
    moment.now = datetime.fromisoformat(f"{day}T10:00:00+00:00")
    delivering.plan_due()
    return delivering.deliver_due()


def states(report: Report) -> list[tuple[str, str]]:
    return list(report.deliveries.order_by("pk").values_list("who", "status"))


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Return what a person reads in the message."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\xa0", " ")
