"""Everything that a machine can say about the tree without running it. `make check` calls it; each step says what it is."""

import base64
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# As in production: what `check --deploy` reads must be what a careful operator would set.
PRODUCTION = {
    "DATABASE_URL": "postgresql://painel@db.invalid/painel",
    "REDIS_URL": "redis://cache.invalid/0",
    "SECRET_KEY": secrets.token_urlsafe(64),
    "JWT_SECRET": secrets.token_urlsafe(64),
    "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "ALLOWED_HOSTS": "painel.example.com",
    "DEBUG": "false",
    # Nothing listens there; without a pool the attempt fails at once instead of after ten seconds.
    "DB_POOL": "false",
}
STEPS = (
    ("types", [str(BIN / "mypy"), "."]),
    ("boundaries", [str(BIN / "lint-imports")]),
    (
        "migrations",
        [
            sys.executable,
            "-W",
            "ignore::RuntimeWarning",
            "manage.py",
            "makemigrations",
            "--check",
            "--dry-run",
        ],
    ),
    ("deployment", [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]),
    ("translations", [sys.executable, "scripts/messages.py", "check"]),
)


def main(only: list[str]) -> int:
    """Run the steps (those named, or all); return how many failed."""
    failed = 0
    for name, argv in STEPS:
        if only and name not in only:
            continue
        begun = time.monotonic()
        done = subprocess.run(  # noqa: S603 - our own commands
            argv, cwd=ROOT, env={**os.environ, **PRODUCTION}, capture_output=True, text=True, check=False
        )
        print(
            f"{name}: {'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - begun:.0f} s)",
            file=sys.stderr,
        )
        if done.returncode:
            failed += 1
            print(done.stdout + done.stderr, file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
