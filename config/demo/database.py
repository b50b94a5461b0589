"""The demo writes into an empty database or into its own, never into anybody else's."""

from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

MARK = "painel_demo"  # a table: made before everything else, so that even a start that was killed at once is known again


def claim() -> None:
    """Mark an empty database as the demo's. Raises CommandError when it holds what the demo did not make, or cannot be reached."""
    try:
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
            if MARK in tables:
                return
            if tables:
                raise CommandError(_refusal(len(tables)))
            cursor.execute(f"create table {MARK} (made_at timestamptz not null default now())")
    except OperationalError as error:
        raise CommandError(f"The database that DATABASE_URL names cannot be reached: {error}") from error


def _refusal(count: int) -> str:
    name = connection.settings_dict["NAME"]
    return (
        f"The database {name} holds {count} tables that the demo did not make, so the demo leaves it alone. "
        "Name an empty database in DATABASE_URL, or set none: the demo then runs a PostgreSQL of its own."
    )


def prepare() -> None:
    """Bring the demo's database up to date: migrations, views, triggers, schedules."""
    call_command("setup_db", verbosity=0)
