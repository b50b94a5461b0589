"""The config app: management commands, template tags and the style guide of the whole product."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Installed for its commands and template tags; it has no models."""

    name = "config"
