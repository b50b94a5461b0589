"""`python scripts/expand.py [--since REF]`: may these migrations run while the old code still does? Exit status 1 when one may not.

Looks at migrations that were added since a commit (the newest tag unless said). What takes away or renames needs a release in between:
first the code stops using it, then a later release removes it. Such a later migration says so in its docstring: "Contract: <what no
longer uses it, since which version>".
"""

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from django.db.migrations import operations as known
from django.db.models import NOT_PROVIDED

ROOT = Path(__file__).resolve().parent.parent
TAKING_AWAY = (
    known.RemoveField,
    known.RenameField,
    known.RenameModel,
    known.DeleteModel,
    known.AlterModelTable,
)
IN_SQL = re.compile(
    r"\b(drop\s+(table|column|view|materialized\s+view)|rename\s+(to|column))\b", re.IGNORECASE
)
PROMISE = re.compile(r"^Contract: \S.+", re.MULTILINE)


def main() -> int:
    """Print what may not run beside old code; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--since", default="", help="a commit or tag; the newest tag unless said")
    since = parser.parse_args().since or _git("describe", "--tags", "--abbrev=0")
    if not since:
        print("No release was tagged yet: no older code runs anywhere.")
        return 0
    found = [told for path in added(since) for told in objections(load(path))]
    for told in found:
        print(told, file=sys.stderr)
    return 1 if found else 0


def added(since: str) -> list[Path]:
    """Return the migrations that the tree has and the commit had not, sorted."""
    names = _git("diff", "--name-only", "--diff-filter=A", since, "--", "*/migrations/*.py").splitlines()
    return sorted(ROOT / name for name in names if not name.endswith("__init__.py"))


def load(path: Path) -> ModuleType:
    """Return the migration as a module."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.parent.name}.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def objections(module: ModuleType) -> list[str]:
    """Return a sentence for each operation that old code would stumble over; none when the migration promises that it would not."""
    if PROMISE.search(module.__doc__ or ""):
        return []
    return [
        f"{module.__name__}: {told}" for one in _flat(module.Migration.operations) for told in _against(one)
    ]


def _flat(operations: list[known.base.Operation]) -> Iterator[known.base.Operation]:
    for one in operations:
        yield one
        if isinstance(one, known.SeparateDatabaseAndState):
            yield from _flat(list(one.database_operations))


def _against(one: known.base.Operation) -> Iterator[str]:
    if isinstance(one, TAKING_AWAY):
        yield f"{one.describe()}; the old code still uses it. Remove it in the release after the one that stopped using it."
    elif (
        isinstance(one, known.AddField)
        and not (one.field.null or one.field.many_to_many)
        and not _filled(one)
    ):
        yield f"{one.describe()}: the old code inserts rows without it. Give it db_default, or null=True."
    elif isinstance(one, known.RunSQL) and IN_SQL.search(str(one.sql)):
        yield "SQL that drops or renames; the old code may still use it."


def _filled(one: known.AddField) -> bool:
    """Return whether the database itself fills the new column; Django's `default` is gone again after the migration."""
    return one.field.db_default is not NOT_PROVIDED or bool(getattr(one.field, "generated", False))


def _git(*argv: str) -> str:
    done = subprocess.run(["git", *argv], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stdout.strip()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
