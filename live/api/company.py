"""A company's settings."""

import json
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lib import jsontext
from live.api.cached import cached
from live.cache import forget_generations
from tenants import services
from tenants.api.answers import ok
from tenants.api.base import ApiRequest, ApiView
from tenants.api.schema import MOMENT, STRING, columns, documented, record
from tenants.models import Capability, Tenant, TenantSettings

COLUMNS = services.SETTINGS_FIELDS
PREFERENCES_LIMIT: Final = 16 * 1024  # bytes; it is read with every answer of the settings
COMPANY = {"slug": STRING, "name": STRING, "document": STRING, "time_zone": STRING, "currency": STRING}
SETTINGS = columns(TenantSettings, COLUMNS, updated_at=MOMENT, company=record(COMPANY))


class SettingsForm(serializers.ModelSerializer[TenantSettings]):
    """What may be changed; what is not sent stays."""

    class Meta:
        model = TenantSettings
        fields = COLUMNS
        extra_kwargs = {name: {"required": False} for name in COLUMNS}

    def validate_preferences(self, value: Any) -> dict[str, Any]:
        """Return the preferences as jsonb can hold them. Raises ValidationError for anything but a small object."""
        text = jsontext.canonical(value)
        if not isinstance(value, dict) or len(text) > PREFERENCES_LIMIT:
            raise serializers.ValidationError(_("Some of what was sent cannot be used."))
        kept: dict[str, Any] = json.loads(text)
        return kept


def read(tenant: Tenant) -> dict[str, Any]:
    """Return the company and its settings as the API shows them."""
    row: dict[str, Any] = TenantSettings.objects.values(*COLUMNS, "updated_at").get(tenant=tenant)
    fresh = Tenant.objects.values(*COMPANY).get(pk=tenant.pk)
    return {**row, "company": fresh}


class SettingsView(ApiView):
    """`/api/settings`."""

    requires = {"GET": Capability.READ, "POST": Capability.WRITE}

    @documented(
        summary="Settings of the company",
        data=SETTINGS,
        errors=(401, 403, 404),
    )
    def get(self, request: ApiRequest) -> HttpResponse:
        """Return the settings."""
        tenant = request.access.tenant
        return cached(request, "settings", compute=lambda: (read(tenant), {"as_of": None}))

    @documented(
        summary="Change settings",
        description="Send what changes; the rest stays. Weights are points of 100.",
        data=SETTINGS,
        body={**columns(TenantSettings, COLUMNS), "required": []},
        errors=(400, 401, 403, 404),
    )
    def post(self, request: Request) -> Response:
        """Save and return the settings."""
        form = SettingsForm(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        access = request.access  # type: ignore[attr-defined]
        services.save_settings(tenant=access.tenant, changes=form.validated_data, actor=access)
        forget_generations(access.tenant.pk)
        return ok(read(access.tenant))
