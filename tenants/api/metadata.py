"""What an address answers to OPTIONS."""

from typing import Any

from rest_framework.metadata import BaseMetadata
from rest_framework.request import Request

from tenants.api.answers import meta_of


class Methods(BaseMetadata):
    """Says which methods an address has (the header Allow says so, too); what they take is in the schema."""

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:
        """Return the envelope with the names of the methods."""
        return {"success": True, "data": {"methods": view.allowed_methods}, "meta": meta_of()}
