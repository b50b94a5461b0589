"""How people come in: by invitation. There is no open sign-up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes the sign-up page; accounts are made by an owner's invitation or by staff."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: nobody makes an account without being invited."""
        return False
