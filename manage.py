#!/usr/bin/env python
"""Django's command line, with two comforts.

Hyphens stand for underscores (`manage.py setup-db` is `manage.py setup_db`), and where no database is named in the environment the
commands use the embedded servers of this checkout, the ones that `make demo` runs.
"""

import os
import sys

from config import laptop


def main() -> None:
    """Run one management command."""
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        sys.argv[1] = sys.argv[1].replace("-", "_")
    laptop.adopt(os.environ, command=sys.argv[1] if len(sys.argv) > 1 else "")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
