"""The limit of the API: so many requests a minute for each user or key, whichever way they come in, and a larger sum for each company."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from live import limits
from live.limits import Budget, Verdict
from tenants.tokens import Credential

Handler = Callable[[HttpRequest], HttpResponse]


def budgets_of(credential: Credential, tenant_id: int | None) -> list[Budget]:
    """Return what this caller may ask a minute: as themselves, and together with everybody else of the company that is asked about.

    Session and token of a person share one budget; so do an API key and the tokens that were made with it.
    """
    each = settings.RATE_LIMIT_REQUESTS_PER_MINUTE
    owner = f"key:{credential.api_key.pk}" if credential.api_key else f"user:{_user(credential)}"
    found = [Budget(f"api:{owner}", each)]
    if tenant_id is not None:
        found.append(Budget(f"api:company:{tenant_id}", each * limits.COMPANY_SHARE))
    return found


def _user(credential: Credential) -> int:
    assert credential.user is not None, "a credential has an owner"
    return credential.user.pk


class PerMinute(BaseThrottle):
    """Counts every request that says who is asking; the others are counted by address at their doors."""

    _verdict: Verdict | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Return whether the request may go on, and leave the verdict for the answer's headers."""
        credential = request.auth
        if not isinstance(credential, Credential):
            return True
        access = getattr(request, "access", None)
        verdict = limits.hit_all(budgets_of(credential, access.tenant.pk if access else None))
        self._verdict = request._request.limit_verdict = verdict  # type: ignore[attr-defined]
        return verdict.allowed

    def wait(self) -> float | None:
        """Return the seconds until the next request would be let in."""
        return self._verdict.retry_after if self._verdict else None


class LimitHeadersMiddleware:
    """Says on every answer, cached, unchanged and refused ones too, what is left of the caller's budget."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        verdict: Verdict | None = getattr(request, "limit_verdict", None)
        if verdict:
            for name, value in verdict.headers().items():
                response[name] = value
        return response
