"""Addresses of the API: one include per app, then what describes it."""

from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from tenants.api.document import DocumentView

urlpatterns = [
    path("", include("tenants.api.urls")),
    path("", include("live.api.urls")),
    path("", include("ledger.api.urls")),
    path("", include("sync.api.urls")),
    path("", include("reconciliation.api.urls")),
    path("", include("kpi.api.urls")),
    path("schema", DocumentView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="schema", metadata_class=None), name="docs"),
]
