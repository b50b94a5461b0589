"""The OpenAPI document, written once a process for each language and format: it takes a second or two, and its door is open to everybody."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

_written: dict[tuple[str, str], tuple[str | bytes, str]] = {}


class DocumentView(SpectacularAPIView):
    """`/api/schema`."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the document in the language asked for (`?lang=`, else the reader's) and the format that `Accept` or `?format=` names."""
        asked = request.GET.get("lang", "")
        language = asked if asked in dict(settings.LANGUAGES) else str(get_language())
        renderer = request.accepted_renderer
        key = language, renderer.media_type
        if key not in _written:
            answer = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
            body = renderer.render(
                answer.data, request.accepted_media_type, {"view": self, "request": request}
            )
            _written[key] = body, answer["Content-Disposition"]
        body, disposition = _written[key]
        return HttpResponse(
            body, content_type=renderer.media_type, headers={"Content-Disposition": disposition}
        )
