"""The config app: management commands, template tags and the style guide of the whole product."""

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings

if TYPE_CHECKING:
    from sync.hints import Hint


class ConfigConfig(AppConfig):
    """Installed for its commands and template tags; it has no models."""

    name = "config"

    def ready(self) -> None:
        """In the demo, let the form of a new connection offer what the simulated upstreams take."""
        from sync import hints

        if settings.DEMO:
            hints.register(_offer)


def _offer(kind: str, slug: str) -> "Hint | None":
    """Return what a new connection of the demo may be made with. Imported when asked: no other process needs the demo."""
    from config import embedded
    from config.demo import hints

    return hints.offer(kind, slug, home=embedded.home())
