"""Who may not listen any more: asked for all clients of a process at once, not one by one."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from live.streams.seat import Seat
from tenants import keys
from tenants.models import Capability, Membership

_CHUNK: Final = 1_000


def among(seats: Mapping[UUID, Seat]) -> list[UUID]:
    """Return those whose membership, account, company, key, password or session no longer lets them in. Raises django.db.Error."""
    ids = list(seats)
    gone: list[UUID] = []
    for start in range(0, len(ids), _CHUNK):
        some = {one: seats[one] for one in ids[start : start + _CHUNK]}
        stamps, usable, sessions = _members(some), _keys(some), _sessions(some)
        for one, seat in some.items():
            if seat.key_id is not None:
                stays = seat.key_id in usable
            else:
                stays = stamps.get((seat.user_id, seat.tenant_id)) == seat.stamp
                stays = stays and (not seat.session or seat.session in sessions)
            if not stays:
                gone.append(one)
    return gone


def _members(seats: Mapping[UUID, Seat]) -> dict[tuple[int | None, int], str]:
    """Return what changes with the password, by active (person, company)."""
    people = {seat.user_id for seat in seats.values() if seat.user_id is not None}
    if not people:
        return {}
    found = Membership.objects.select_related("user").filter(
        user_id__in=people, user__is_active=True, tenant__is_active=True
    )
    return {(row.user_id, row.tenant_id): row.user.get_session_auth_hash() for row in found}


def _keys(seats: Mapping[UUID, Seat]) -> set[int]:
    wanted = {seat.key_id for seat in seats.values() if seat.key_id is not None}
    return (
        set(
            keys.usable()
            .filter(pk__in=wanted, scopes__contains=[Capability.READ])
            .values_list("pk", flat=True)
        )
        if wanted
        else set()
    )


def _sessions(seats: Mapping[UUID, Seat]) -> set[str]:
    """Return the sessions that still live. They always stand in the table; Redis only saves reading it."""
    wanted = {seat.session for seat in seats.values() if seat.session}
    if not wanted:
        return set()
    found = Session.objects.filter(session_key__in=wanted, expire_date__gt=Now())
    return set(found.values_list("session_key", flat=True))
