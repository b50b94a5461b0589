"""Who may still get what was planned for them."""

from django.utils.translation import gettext_noop

from kpi.boards.queries import visible
from kpi.models import ReportDelivery
from tenants.models import Membership


def address(delivery: ReportDelivery) -> str:
    """Return where the message goes."""
    return delivery.user.email if delivery.user else delivery.email


def refusal(delivery: ReportDelivery) -> str:
    """Return why it must not go out any more, as a message id; "" when it may.

    A member needs to be one still, and to be let see the board. An address without an account gets what a member of the company, the one who
    planned the report, may see.
    """
    if not delivery.tenant.is_active or (_planned(delivery) and not delivery.report.is_active):
        return gettext_noop("The report was paused.")
    if delivery.user_id:
        if not _is_member(delivery, delivery.user_id):
            return gettext_noop("This person left the company.")
        if not visible(delivery.tenant, delivery.user).filter(pk=delivery.report.board_id).exists():
            return gettext_noop("The board is private now.")
        return (
            gettext_noop("Taken off the list.") if _planned(delivery) and delivery.recipient is None else ""
        )
    return _refusal_of_address(delivery)


def _refusal_of_address(delivery: ReportDelivery) -> str:
    if delivery.recipient is None:
        return gettext_noop("Taken off the list.")
    if delivery.recipient.unsubscribed_at is not None:
        return gettext_noop("Unsubscribed.")
    board, planner = delivery.report.board, delivery.report.created_by_id
    if board.shared or (planner and board.owner_id == planner and _is_member(delivery, planner)):
        return ""
    return gettext_noop("The board is private now.")


def _planned(delivery: ReportDelivery) -> bool:
    return not delivery.occasion.startswith("now:")


def _is_member(delivery: ReportDelivery, user_id: int) -> bool:
    return Membership.objects.filter(tenant=delivery.tenant_id, user=user_id, user__is_active=True).exists()
