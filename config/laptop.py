"""The environment of a laptop: what is set when nobody set anything.

In production every value comes from the environment and a missing secret stops the start. On a laptop the secrets are made once and
kept beside the embedded database, so that a second start can read what the first one encrypted.
"""

import base64
import json
import os
import secrets
from collections.abc import MutableMapping
from pathlib import Path
from urllib.parse import quote

from config import embedded

SECRETS = ("SECRET_KEY", "JWT_SECRET", "FIELD_ENCRYPTION_KEYS")


def adopt(environ: MutableMapping[str, str], *, command: str) -> None:
    """Fill in what a laptop needs, only where no database is named or the demo itself was asked for.

    Never overrides what is set: a value in the environment always wins.
    """
    if command != "demo" and ("DATABASE_URL" in environ or "DB_HOST" in environ):
        return
    for name, value in environment(embedded.home()).items():
        if f"{name}_FILE" in environ or (name == "DATABASE_URL" and "DB_HOST" in environ):
            continue
        if name == "REDIS_URL" and "REDIS_HOST" in environ:
            continue
        environ.setdefault(name, value)


def environment(home: Path) -> dict[str, str]:
    """Return the variables of a laptop whose embedded servers live in `home`."""
    return {
        "DATABASE_URL": embedded.postgres_url(home / "postgres"),
        "REDIS_URL": embedded.valkey_url(home / "valkey"),
        "SQLITE_PATH": str(home / "cache.sqlite3"),
        "DEMO": "true",
        "HTTPS_ONLY": "false",
        "ADMIN_SECOND_FACTOR": "false",
        "ALLOW_PRIVATE_UPSTREAMS": "true",  # the simulated ones
        "PUBLIC_URL": f"http://localhost:{os.environ.get('DEMO_PORT', '8000')}",  # they deliver here, and mail links here
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "BACKUP_URL": f"file://{quote(str(home / 'backups'))}",
        "STATIC_HASHED": "false",  # hashing and compressing all files takes half a minute
        **kept_secrets(home / "secrets.json"),
    }


def kept_secrets(path: Path) -> dict[str, str]:
    """Return this laptop's secrets, making them at the first call. The file is readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = {name: secrets.token_urlsafe(48) for name in SECRETS}
        fresh["FIELD_ENCRYPTION_KEYS"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
        # A file of its own, then a link that fails when somebody was faster: two first starts must agree on one set.
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(fresh, file)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return dict(json.loads(path.read_text()))
