"""config: wiring only. Settings, URLs, processes and the order in which news travels."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
