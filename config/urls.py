"""Addresses: one include per app, nothing else."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config.styleguide import styleguide
from tenants.views import set_language

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("language", set_language, name="set_language"),
    path("api/", include("config.api_urls")),
    path("", include("live.urls")),
    path("", include("tenants.urls")),
    path("", include("live.notifications.urls")),
    path("b/", include("kpi.boards.public_urls")),
    path("t/<slug:slug>/", include("ledger.urls")),
    path("t/<slug:slug>/", include("sync.urls")),
    path("t/<slug:slug>/", include("reconciliation.urls")),
    path("", include("kpi.reports.urls")),
    path("t/<slug:slug>/", include("kpi.urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("styleguide", styleguide, name="styleguide"))

# The API answers its envelope also where no view of it was reached.
handler400 = "tenants.api.errors.bad_request"
handler403 = "tenants.api.errors.forbidden"
handler404 = "tenants.api.errors.not_found"
handler500 = "tenants.api.errors.server_error"
