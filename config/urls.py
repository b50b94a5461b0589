"""Addresses: one include per app, nothing else."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/", include("config.api_urls")),
    path("", include("live.urls")),
    path("", include("tenants.urls")),
    path("t/<slug:slug>/", include("ledger.urls")),
    path("t/<slug:slug>/", include("sync.urls")),
    path("t/<slug:slug>/", include("kpi.urls")),
]
