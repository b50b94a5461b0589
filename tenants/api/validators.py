"""Validators: whether the caller holds an answer already, and the 304 for answers that are read at every request."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.renderers import dumps

DIGEST_BYTES: Final = 12


def bare(tag: str) -> str:
    """Return a validator as `?etag=` may name it: without `W/` and quotes."""
    return tag.removeprefix("W/").replace('"', "")


def holds(request: Request, tag: str) -> bool:
    """Return whether `If-None-Match` or `?etag=` names this validator (RFC 9110, weak comparison)."""
    named = f"{request.headers.get('If-None-Match', '')},{request.query_params.get('etag', '')}"
    return bare(tag) in {bare(each.strip()) for each in named.split(",")}


def validated(request: Request, response: Response) -> HttpResponse:
    """Return the answer with its validator, or the 304 for who holds it. The time of the answer is no part of what is compared."""
    response["ETag"] = f'W/"{_digest(response.data)}"'
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ("Authorization", "Cookie", "X-Tenant"))
    if not holds(request, response["ETag"]):
        return response
    unchanged = HttpResponseNotModified()
    for name in ("ETag", "Cache-Control", "Vary"):
        unchanged[name] = response[name]
    return unchanged


def _digest(answer: Mapping[str, Any]) -> str:
    meta = {name: value for name, value in answer["meta"].items() if name != "timestamp"}
    return hashlib.blake2b(dumps({**answer, "meta": meta}), digest_size=DIGEST_BYTES).hexdigest()
