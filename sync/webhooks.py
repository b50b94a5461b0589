"""Where upstreams deliver: POST /api/webhooks/pluggy/<token>."""

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from lib.http_length import stated_length
from sync import inbox
from tenants.doors import Door

# A bank's first reading announces its lines in many deliveries.
DOOR = Door("sync.webhooks.pluggy", "600/m")


@csrf_exempt
@require_POST
def pluggy(request: HttpRequest, token: str) -> HttpResponse:
    """Store one delivery and answer at once; what it means is found out from the row.

    200 also for a repeated delivery. 404 unknown token, 401 wrong secret, 400 no JSON, 413 too large. Too many from one address get 429 before (DOOR).
    """
    if stated_length(request) > inbox.LARGEST:
        return _refusal(413)
    secret = request.headers.get(inbox.SECRET_HEADER, "")
    try:
        inbox.receive(source="pluggy", token=token, secret=secret, body=request.read(inbox.LARGEST + 1))
    except inbox.Refused as error:
        return _refusal(error.status)
    except UnreadablePostError:  # upstream hung up in the middle; it delivers again
        return _refusal(400)
    return JsonResponse({"received": True})


def _refusal(status: int) -> HttpResponse:
    return HttpResponse(status=status)
