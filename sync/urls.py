"""Addresses of synchronisation, under /t/<slug>/."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from sync import views

app_name = "sync"


def soon(request: HttpRequest, slug: str) -> HttpResponse:
    """Hold the place of a page until the reader of files is in."""
    return HttpResponse(status=404)


urlpatterns = [
    path("import/", soon, name="import"),
    path("connections/", views.connections, name="connections"),
    path("connections/new/<slug:kind>/", views.connect, name="connect"),
    path("connections/<int:pk>/", views.connection, name="connection"),
    path("connections/<int:pk>/sync/", views.sync_now, name="sync_now"),
    path("connections/<int:pk>/test/", views.test, name="test"),
    path("connections/<int:pk>/state/", views.change_state, name="change_state"),
    path("connections/<int:pk>/credentials/", views.credentials, name="credentials"),
    path("connections/<int:pk>/bank/", views.bank, name="bank"),
    path("connections/<int:pk>/bank/done/", views.bank_done, name="bank_done"),
    path("runs/", views.runs, name="runs"),
    path("runs/<int:pk>/", views.run, name="run"),
]
