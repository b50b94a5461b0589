"""Addresses of synchronisation, under /t/<slug>/. (For a moment: names only, until the services behind the views are in.)"""

from django.http import HttpRequest, HttpResponse
from django.urls import path

app_name = "sync"


def soon(request: HttpRequest, slug: str) -> HttpResponse:
    """Hold the place of a page."""
    return HttpResponse(status=404)


urlpatterns = [
    path("connections/", soon, name="connections"),
    path("runs/", soon, name="runs"),
    path("import/", soon, name="import"),
]
