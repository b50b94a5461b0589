"""The envelope of a successful answer."""

from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework.response import Response

from lib import clock


def ok(data: Any, *, status: int = 200, as_of: datetime | None = None, **meta: Any) -> Response:
    """Return `{"success": true, "data", "meta"}`. `as_of` is the time at which the data was true; None: it is true now or unknown."""
    return Response({"success": True, "data": data, "meta": meta_of(as_of=as_of, **meta)}, status=status)


def meta_of(*, as_of: datetime | None = None, **more: Any) -> dict[str, Any]:
    """Return what every answer says about itself."""
    return {"version": settings.VERSION, "as_of": as_of, **more, "timestamp": clock.now()}
