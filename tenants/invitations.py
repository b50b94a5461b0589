"""The link by which a person sets a password: the invitation of a new account, and staff's help for a lost one."""

import structlog
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from tenants.models import Tenant, User

log = structlog.get_logger(__name__)


def link(*, user: User, root: str) -> str:
    """Return the address under `root` (the site's own, ending with a slash) where this person sets a password. Good for three days."""
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
    return root.rstrip("/") + path


def send(*, user: User, root: str, tenant: Tenant | None = None) -> None:
    """Send the way in, in the person's language, when the current transaction commits.

    With `tenant` it is an invitation, and who has a password already gets the company's address only. A mail that cannot be sent is
    logged; the person can still ask for a new password, and staff can send the link again.
    """
    transaction.on_commit(lambda: _send(user, root, tenant))


def _send(user: User, root: str, tenant: Tenant | None) -> None:
    known = tenant is not None and user.has_usable_password()
    with translation.override(user.language):
        way = f"{root.rstrip('/')}/t/{tenant.slug}/" if known and tenant else link(user=user, root=root)
        context = {"tenant": tenant, "known": known, "way": way}
        subject = _("Your access to %(name)s") % {"name": tenant.name if tenant else "Painel"}
        subject = " ".join(subject.split())  # a line break in a company's name must not end the header
        body = render_to_string("tenants/email/invitation.txt", context)
    try:
        EmailMessage(subject, body, to=[user.email]).send()
    except OSError as error:  # smtplib's errors are among them
        log.error("invitation_not_sent", user=user.pk, error=type(error).__name__)
