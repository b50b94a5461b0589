"""Where upstreams deliver: POST /api/webhooks/pluggy/<token>."""

from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django_ratelimit.core import is_ratelimited

from sync import inbox

RATE = "600/m"  # of one address: a bank's first reading announces its lines in many deliveries


@csrf_exempt
@require_POST
def pluggy(request: HttpRequest, token: str) -> HttpResponse:
    """Store one delivery and answer at once; what it means is found out from the row.

    200 also for a repeated delivery. 404 unknown token, 401 wrong secret, 400 no JSON, 413 too large, 429 too many from one address.
    """
    if is_ratelimited(request, group="sync.webhooks.pluggy", key="ip", rate=RATE, increment=True):
        return _refusal(429)
    if int(request.META.get("CONTENT_LENGTH") or 0) > inbox.LARGEST:
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
    return HttpResponse(status=status, headers={"Retry-After": "60"} if status == 429 else {})
