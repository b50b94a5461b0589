"""Limits of the doors that anybody may knock at: counted by address."""

from typing import Final

from django.http import HttpRequest
from django_ratelimit.core import get_usage
from rest_framework.exceptions import Throttled

from tenants.middleware import client_address

LOGIN_RATE: Final = "20/m"


def knock(request: HttpRequest, *, group: str, rate: str) -> None:
    """Count one knock at the door `group` from this address. Raises Throttled (429 with Retry-After) when there were too many."""
    usage = get_usage(request, group=group, key=_address, rate=rate, increment=True)
    if usage and usage["should_limit"]:
        raise Throttled(wait=max(1, int(usage["time_left"])))


def _address(group: str, request: HttpRequest) -> str:
    return client_address(request)
