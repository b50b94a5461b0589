"""Public links: made, used, taken back. Who has the address may read; nothing else is asked of them."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import models, transaction
from django.utils.translation import gettext as _

from kpi.boards.catalog import OptionsError, is_clean
from kpi.boards.queries import MOST_ON_A_SCREEN, hash_of
from kpi.boards.services import LONGEST_NAME, TooMany
from kpi.models import Board, BoardLink, LinkedBoard
from lib import clock, periods
from lib.periods import Period
from tenants import audit
from tenants.access import Access
from tenants.models import Tenant

LONGEST: Final = timedelta(days=366)
MOST_OPEN: Final = 50
TOUCH_EVERY: Final = timedelta(minutes=1)


@transaction.atomic
def create_link(
    *,
    tenant: Tenant,
    boards: Sequence[Board],
    name: str,
    expires_at: datetime,
    period: str = "",
    actor: Access,
) -> tuple[BoardLink, str]:
    """Return a new link and its token, which is not kept anywhere. Raises OptionsError, TooMany."""
    now = clock.now()
    _check_end(expires_at, now=now, made_at=now)
    if not boards or len(boards) > MOST_ON_A_SCREEN or any(board.tenant_id != tenant.pk for board in boards):
        raise OptionsError("boards", _("Choose one to %(most)d boards.") % {"most": MOST_ON_A_SCREEN})
    text = _named(name)
    _check_room(tenant, now)
    fixed_period(period, clock.today(tenant.zone))
    keys = {board.pk for board in boards}
    if len(Board.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")) < len(keys):
        raise OptionsError("boards", _("There is no such board."))
    token = secrets.token_urlsafe(32)
    link = BoardLink.objects.create(
        tenant=tenant,
        name=text,
        token_hash=hash_of(token),
        period=period,
        created_by=actor.user,
        expires_at=expires_at,
    )
    LinkedBoard.objects.bulk_create(
        LinkedBoard(tenant=tenant, link=link, board=board, position=place)
        for place, board in enumerate(dict.fromkeys(boards))
    )
    after = {
        "name": link.name,
        "boards": [board.name for board in boards],
        "expires_at": link.expires_at.isoformat(),
    }
    audit.record(tenant=tenant, action="create", row=link, actor=actor, after=after)
    return link, token


@transaction.atomic
def change_link(*, link: BoardLink, name: str, expires_at: datetime, actor: Access) -> BoardLink:
    """Give a link another name and end; its address stays. One that has ended opens again. Raises OptionsError, TooMany."""
    now, text = clock.now(), _named(name)
    kept = BoardLink.objects.select_for_update(no_key=True).get(pk=link.pk)
    if kept.revoked_at:
        raise OptionsError("name", _("This link was revoked. Make a new one."))
    _check_end(expires_at, now=now, made_at=kept.created_at)
    if kept.expires_at <= now:
        _check_room(kept.tenant, now)
    before, after = (
        {"name": kept.name, "expires_at": kept.expires_at.isoformat()},
        {"name": text, "expires_at": expires_at.isoformat()},
    )
    if before != after:
        kept.name, kept.expires_at = text, expires_at
        kept.save(update_fields=["name", "expires_at"])
        audit.record(tenant=kept.tenant, action="update", row=kept, actor=actor, before=before, after=after)
    return kept


def _named(name: str) -> str:
    text = name.strip()
    if not text or len(text) > LONGEST_NAME or not is_clean(text):
        raise OptionsError("name", _("Write a name of up to %(most)d characters.") % {"most": LONGEST_NAME})
    return text


def _check_end(expires_at: datetime, *, now: datetime, made_at: datetime) -> None:
    if not now < expires_at <= made_at + LONGEST:
        raise OptionsError("expires_at", _("A public link ends within a year, and not before today is over."))


def _check_room(tenant: Tenant, now: datetime) -> None:
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)  # so that none is one too many
    if BoardLink.objects.filter(tenant=tenant, revoked_at=None, expires_at__gt=now).count() >= MOST_OPEN:
        raise TooMany(_("There are %(n)d open links. Revoke one that nobody uses.") % {"n": MOST_OPEN})


@transaction.atomic
def revoke_link(*, link: BoardLink, actor: Access) -> None:
    """Shut a link for good. Revoking again changes nothing."""
    if BoardLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=clock.now()):
        audit.record(tenant=link.tenant, action="revoke", row=link, actor=actor, before={"name": link.name})


def touch_link(*, link: BoardLink) -> None:
    """Remember that the link was used, at most once a minute: reading must not become writing."""
    now = clock.now()
    if link.last_used_at and now - link.last_used_at < TOUCH_EVERY:
        return
    stale = models.Q(last_used_at=None) | models.Q(last_used_at__lte=now - TOUCH_EVERY)
    BoardLink.objects.filter(stale, pk=link.pk).update(last_used_at=now)


def fixed_period(text: str, today: date) -> Period | None:
    """Return the period that a link is fixed to, a preset or "2026-01-01..2026-03-31"; None where the reader chooses. Raises OptionsError."""
    if not text:
        return None
    first, dots, last = text.partition("..")
    asked = {"from": first, "to": last} if dots else {"period": text}
    try:
        return periods.from_query(asked, today=today)
    except periods.PeriodError as error:
        raise OptionsError("period", _("We did not understand this period.")) from error
