"""`manage.py read_return`: one answer a file, nothing stored, no database asked."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from reconciliation.tests.cnab_files import caixa, itau
from reconciliation.tests.cnab_files.writer import changed, joined


def answers(*paths: Path) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("read_return", *map(str, paths), "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_object_a_file(tmp_path: Path) -> None:
    whole, odd, bad, missing = (
        tmp_path / name for name in ("whole.ret", "odd.RET", "bad.txt", "missing.ret")
    )
    whole.write_bytes(joined(itau.cnab400()[0]))
    odd.write_bytes(joined(changed(caixa.cnab240()[0], 8, 24, "000009")))
    bad.write_bytes(b"%PDF-1.4")
    assert answers(whole, odd, bad, missing) == [
        {
            "file": str(whole),
            "bank": "341",
            "layout": "cnab400",
            "entries": 3,
            "settled": 2,
            "sum": "1492.34",
            "warnings": [],
        },
        {
            "file": str(odd),
            "bank": "104",
            "layout": "cnab240",
            "entries": 2,
            "settled": 1,
            "sum": "82.70",
            "warnings": ["Line 8: the trailer counts 9 records, the file has 8."],
        },
        {
            "file": str(bad),
            "error": "This is no return file: the first line is neither a CNAB 240 nor a CNAB 400 header.",
        },
        {"file": str(missing), "error": "The file cannot be opened: No such file or directory."},
    ]


def test_nothing_settled_sums_to_zero_with_two_decimals(tmp_path: Path) -> None:
    path = tmp_path / "rejected.ret"
    lines = caixa.cnab400()[0]
    path.write_bytes(joined([lines[0], lines[3][:394] + "000002", lines[4][:394] + "000003"]))
    assert [(one["entries"], one["settled"], one["sum"]) for one in answers(path)] == [(1, 0, "0.00")]


def test_for_a_person(tmp_path: Path) -> None:
    whole, bad = tmp_path / "whole.ret", tmp_path / "bad.ret"
    whole.write_bytes(joined(changed(itau.cnab240()[0], 6, 24, "000009")))
    bad.write_bytes(b"")
    out = io.StringIO()
    call_command("read_return", str(whole), str(bad), stdout=out)
    assert out.getvalue().splitlines() == [
        "  bank   layout  entries  settled             sum  file",
        f"   341  cnab240        1        1          987.34  {whole}",
        "    ! Line 6: the trailer counts 9 records, the file has 6.",
        f"                                                –  {bad}",
        "    The file is empty.",
    ]


def test_no_database_and_no_redis_are_needed(tmp_path: Path) -> None:
    """A process whose database and Redis do not exist, with a file name that is no valid UTF-8."""
    odd = os.fsencode(tmp_path) + b"/cobran\xe7a.ret"
    with open(odd, "wb") as file:
        file.write(joined(itau.cnab400()[0]))
    environment = os.environ | {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "read-return", "--json", odd, "nowhere.ret"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    assert (os.fsencode(first["file"]), first["settled"], first["sum"]) == (odd, 2, "1492.34")
    assert second == {"file": "nowhere.ret", "error": "The file cannot be opened: No such file or directory."}
