"""Cached answers: ready-made bytes out of the tenant cache, with their headers, and 304 for who has them already."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseNotModified
from rest_framework.request import Request

from lib import clock
from live import cache
from tenants.access import Access
from tenants.api.validators import holds


def cached(
    request: Request,
    resource: str,
    *,
    compute: Callable[[], tuple[Any, Mapping[str, Any]]],
    params: Mapping[str, Any] | None = None,
    part: str = "",
) -> HttpResponse:
    """Return the cached answer to this question of this company, or compute it. 304 when `If-None-Match` or `?etag=` names it.

    `compute` returns the data and what `meta` says about it (`as_of` among it). Everything that the data depends on must be in `params`
    or `part`; the company and its generation are always in the key.
    """
    access: Access = request.access  # type: ignore[attr-defined]

    def body() -> dict[str, Any]:
        data, meta = compute()
        # meta stands last and is never empty: the time of the answer is written into the stored bytes there.
        return {"success": True, "data": data, "meta": {"version": settings.VERSION, **meta}}

    found = cache.remember(resource, tenant_id=access.tenant.pk, compute=body, params=params, part=part)
    # Weak, because the time of the answer is no part of what is compared.
    tag = f"W/{found.etag}"
    headers = {**cache.headers(found), "ETag": tag}
    if holds(request, tag):
        return _with(HttpResponseNotModified(), headers)
    return _with(HttpResponse(_stamped(found.body, clock.now()), content_type="application/json"), headers)


def _stamped(body: bytes, moment: datetime) -> bytes:
    assert body.endswith(b"}}"), "an answer ends with its meta"
    return body[:-2] + b',"timestamp":"' + moment.isoformat().encode() + b'"}}'


def _with(response: HttpResponse, headers: Mapping[str, str]) -> HttpResponse:
    for name, value in headers.items():
        response[name] = value
    return response
