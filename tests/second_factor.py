"""A second factor in tests: an authenticator app whose clock may tick over between reading a code and typing it."""

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time

from tenants.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def patient_codes(settings: Any) -> None:
    """The code of the half minute before counts too, so that a test that meets the tick does not fail."""
    settings.MFA_TOTP_TOLERANCE = 1


def add_to(user: User) -> Any:
    """Give the person an authenticator app; return its row."""
    return TOTP.activate(user, SECRET).instance


def code() -> str:
    """Return the code that the app shows now."""
    counters = list(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(SECRET, counters[len(counters) // 2]))
