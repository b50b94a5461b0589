"""gzip for whoever accepts it, at the configured level; for the API also when the query string asks for it."""

import gzip
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers


class CompressionMiddleware(GZipMiddleware):
    """Django's gzip with a level and a switch. `?compress=true` on the API compresses whatever `Accept-Encoding` says."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the answer, compressed where that is wanted and worth it."""
        if not settings.ENABLE_COMPRESSION:
            return response
        forced = request.path.startswith("/api/") and request.GET.get("compress") == "true"
        if not isinstance(response, HttpResponse):
            return super().process_response(request, response)
        if response.has_header("Content-Encoding") or not response.content:
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        accepted = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
        if not forced and (not accepted or len(response.content) < 200):
            return response
        packed = _packed(response.content, most_random=self.max_random_bytes)
        if not forced and len(packed) >= len(response.content):
            return response
        response.content = packed
        response["Content-Length"] = str(len(packed))
        response["Content-Encoding"] = "gzip"
        tag = response.get("ETag", "")
        if tag.startswith('"'):  # the bytes are others now
            response["ETag"] = f"W/{tag}"
        return response


def _packed(content: bytes, *, most_random: int) -> bytes:
    """Return the gzip of the content with a comment of random length, so that its length does not tell secrets in it (BREACH)."""
    plain = gzip.compress(content, compresslevel=settings.COMPRESSION_LEVEL, mtime=0)
    comment = secrets.token_hex(secrets.randbelow(most_random // 2) + 1).encode()
    # RFC 1952: FCOMMENT is bit 4 of the fourth byte; the comment stands after the ten bytes of the header and ends with a zero.
    return plain[:3] + bytes([plain[3] | 0x10]) + plain[4:10] + comment + b"\x00" + plain[10:]
