"""How people come in: by invitation, from their true address, and with their second factor sealed at rest."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from lib import crypto
from tenants.middleware import client_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Closes the sign-up page; accounts are made by an owner's invitation or by staff."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: nobody makes an account without being invited."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that attempts are counted for: the one that TRUSTED_PROXIES vouch for."""
        return client_address(request)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Seals the secrets of second factors with FIELD_ENCRYPTION_KEYS."""

    def encrypt(self, text: str) -> str:
        """Return the secret as it is stored."""
        return crypto.seal({"secret": text})

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret in the clear. Raises lib.crypto.SecretUnreadable."""
        return crypto.unseal(encrypted_text)["secret"]
