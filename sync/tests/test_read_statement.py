"""`manage.py read_statement`: one answer a file, nothing stored, no database asked."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from sync.statements import summarize
from sync.tests.bankfiles import FIXTURES, fixture, ofx, row

KEYS = ["file", "rows", "sum", "skipped", "credits", "debits", "accounts", "warnings"]


def answers(*paths: Path | str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("read_statement", *map(str, paths), "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_file_gets_one_object_with_exactly_these_keys():
    (answer,) = answers(FIXTURES / "itau.ofx")
    assert list(answer) == KEYS
    assert answer == {
        "file": str(FIXTURES / "itau.ofx"),
        "rows": 5,
        "sum": "49474.78",
        "skipped": 2,
        "credits": "50085.29",
        "debits": "-610.51",
        "accounts": [
            {
                "key": "341-123-123123456",
                "bank_code": "341",
                "branch": "0123",
                "number": "0123123456",
                "kind": "checking",
                "currency": "BRL",
                "ledger_balance": None,
                "balance_date": None,
            }
        ],
        "warnings": answer["warnings"],
    }
    assert len(answer["warnings"]) == 3


def test_repeats_are_counted_in_the_sum_of_the_file_and_skipped():
    answer = summarize("x.ofx", ofx(row(), row(), row(fitid="A1-2", memo="COMPRA B")))
    assert (answer["rows"], answer["sum"], answer["skipped"]) == (3, "-30.00", 1)


def test_files_that_fail_are_answered_among_those_that_do_not(tmp_path):
    (tmp_path / "b.ofx").write_bytes(b"%PDF-1.7")
    paths = [
        FIXTURES / "caixa.ofx",
        tmp_path / "missing.ofx",
        tmp_path,
        tmp_path / "b.ofx",
        FIXTURES / "inter.csv",
    ]
    found = answers(*paths)
    assert [answer["file"] for answer in found] == [str(path) for path in paths]
    assert [list(answer) for answer in found] == [
        KEYS,
        ["file", "error"],
        ["file", "error"],
        ["file", "error"],
        KEYS,
    ]
    assert found[1]["error"] == "The file cannot be opened: No such file or directory."
    assert found[3]["error"].startswith("“b.ofx” is a document (PDF)")


def test_no_more_of_an_endless_file_is_read_than_refuses_it():
    assert "is larger than 50 MB" in answers("/dev/zero")[0]["error"]


def test_a_table_for_people_shows_sums_accounts_and_warnings():
    out = StringIO()
    call_command("read_statement", str(FIXTURES / "caixa.ofx"), str(FIXTURES / "nowhere.ofx"), stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].split() == ["rows", "sum", "credits", "debits", "skipped", "file"]
    assert lines[1].split() == ["3", "-15.00", "0.00", "-15.00", "1", str(FIXTURES / "caixa.ofx")]
    assert lines[2].strip() == "104-777-savings (BRL)"
    assert lines[3].strip().startswith("! Row 3 is a balance without a readable amount")
    assert lines[5].strip() == "The file cannot be opened: No such file or directory."


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir()))
def test_sums_are_strings_that_add_up(name):
    answer = summarize(name, fixture(name))
    assert {type(answer[key]) for key in ("sum", "credits", "debits")} == {str}
    json.dumps(answer)


def test_no_database_and_no_redis_are_needed(tmp_path):
    """A process whose database and Redis do not exist, with a file name that is no valid UTF-8."""
    odd = os.fsencode(tmp_path) + b"/extrato-\xe7.ofx"
    with open(odd, "wb") as file:
        file.write(ofx(row()))
    environment = os.environ | {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "read_statement", "--json", odd, "nowhere.ofx"],
        cwd=settings.BASE_DIR, env=environment, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert (first["rows"], first["sum"], os.fsencode(first["file"])) == (1, "-10.00", odd)
    assert second == {"file": "nowhere.ofx", "error": "The file cannot be opened: No such file or directory."}
