"""The commands of the three processes. The demo runs them, the image and docker-compose.yml repeat them, a test compares."""

import sys

WEB_GRACE = 10  # seconds in which a stopping web process lets its requests end; open streams are cut then


def web(*, host: str, port: int | str) -> list[str]:
    """Return the one door's command. Forwarding headers are left to TrustedProxyMiddleware, which knows TRUSTED_PROXIES.

    WebSocket messages are short: a longer one is not even read, and compressing them would cost each connection more than they hold.
    """
    return [
        *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", host, "--port", str(port)),
        *("--no-proxy-headers", "--no-server-header", "--no-access-log"),
        *("--ws-max-size", "65536", "--ws-per-message-deflate", "false"),
        *("--timeout-graceful-shutdown", str(WEB_GRACE)),
    ]


def worker() -> list[str]:
    """Return the worker's command: two processes, so that one slow company does not stop the others."""
    return [
        *_celery(),
        "worker",
        "--queues",
        "celery,forecast",
        "--concurrency",
        "2",
        "--without-gossip",
        "--without-mingle",
        "--loglevel",
        "info",
    ]


def beat() -> list[str]:
    """Return the command of the one process that asks what is due. Its schedule is in the database, so it keeps no file."""
    return [*_celery(), "beat", "--pidfile=", "--loglevel", "info"]


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "--app", "config"]
