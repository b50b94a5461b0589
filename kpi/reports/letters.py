"""The e-mail around a report: its numbers as text and as simple HTML, its first picture, its files as far as they fit."""

from email.mime.image import MIMEImage
from email.utils import parseaddr
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from kpi.boards.records import Content
from kpi.exports import document, pictures
from kpi.exports.gathering import Gathered
from kpi.models import ReportDelivery, ReportRecipient
from kpi.reports import news
from kpi.reports.rendering import File
from live.notifications.mail import root

MOST_ATTACHED: Final = 8 * 1024 * 1024  # bytes; many servers take no message above 10 MB once it is encoded
MOST_NUMBERS: Final = 12
_PICTURE: Final = (640, 280)
_INLINE: Final = "chart@painel"
SALT: Final = "kpi.reports.unsubscribe"


def letter(
    delivery: ReportDelivery, found: Gathered, attached: list[File], *, to: str
) -> EmailMultiAlternatives:
    """Return the message in the active language. Files that are too large together stay behind, and the message says so."""
    fits = sum(len(one.content) for one in attached) <= MOST_ATTACHED
    chart = next((one for one in found.contents if _has_picture(one)), None)
    context = _context(delivery, found, attached, fits=fits, chart=chart)
    mail = EmailMultiAlternatives(
        subject=_subject(delivery, found),
        body=render_to_string("kpi/report_email.txt", context),
        to=[to],
        headers=_headers(delivery),
    )
    mail.attach_alternative(render_to_string("kpi/report_email.html", context), "text/html")
    if chart is not None:
        mail.attach(_image(chart))
    for one in attached if fits else ():
        mail.attach(one.name, one.content, one.type)
    return mail


def _context(
    delivery: ReportDelivery, found: Gathered, attached: list[File], *, fits: bool, chart: Content | None
) -> dict[str, Any]:
    report, about = delivery.report, found.about
    numbers = [one for one in found.contents if one.card is not None and not one.problem][:MOST_NUMBERS]
    path = reverse("kpi:board", args=[report.tenant.slug, report.board.key])
    recipient = delivery.recipient
    return {
        "report": report,
        "about": about,
        "numbers": [document.number(one, about) for one in numbers],
        "news": news.of(delivery),
        "chart": chart,
        "inline": _INLINE,
        "width": _PICTURE[0],
        "files": attached,
        "fits": fits,
        # An address without an account could not open it.
        "link": f"{root()}{path}" if root() and delivery.user_id else "",
        "unsubscribe": _way_out(recipient) if recipient else "",
    }


def _has_picture(content: Content) -> bool:
    return (
        content.chart is not None and content.card is None and not content.chart.empty and not content.problem
    )


def _image(content: Content) -> MIMEImage:
    assert content.chart is not None, "chosen for its picture"
    width, height = _PICTURE
    image = MIMEImage(pictures.png(content.chart, width=width, height=height), "png")
    image.add_header("Content-ID", f"<{_INLINE}>")
    image.add_header("Content-Disposition", "inline", filename="chart.png")
    return image


def _subject(delivery: ReportDelivery, found: Gathered) -> str:
    told = {"name": delivery.report.name, "span": found.about.span, "company": found.about.company}
    # A line break in a name must not end the header.
    return " ".join((_("%(name)s: %(span)s · %(company)s") % told).split())


def _headers(delivery: ReportDelivery) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        "Message-ID": f"<painel.report.{delivery.pk}.{delivery.attempts}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }
    if delivery.recipient and (way := _way_out(delivery.recipient)):
        # RFC 8058: a mail program may post there without asking anybody.
        headers |= {"List-Unsubscribe": f"<{way}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers


def _way_out(recipient: ReportRecipient) -> str:
    return f"{root()}{reverse('reports:unsubscribe', args=[token(recipient)])}" if root() else ""


def token(recipient: ReportRecipient) -> str:
    """Return the text by which the holder of a message ends this report for this recipient, and can do nothing else."""
    return signing.dumps(recipient.pk, salt=SALT)


def holder(text: str) -> ReportRecipient | None:
    """Return the recipient that an unsubscribing link is about; None for a link that is not ours, or one who is off the list."""
    try:
        pk = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return ReportRecipient.objects.select_related("report", "tenant", "user").filter(pk=pk).first()
