"""`manage.py match_files`: spreadsheets in, a spreadsheet out, no database."""

import csv
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from reconciliation.matching.files import FileError, read_items, read_lines

ROOT = Path(__file__).resolve().parents[2]
LINES = """id,date,amount,name,document,description,reference
t1,2026-07-15,100.00,MARIA APARECIDA SOUZA,11144477735,PIX RECEBIDO,
t2,2026-07-15,-80.00,PADARIA PAO QUENTE,,PAGAMENTO,
t3,2026-07-16,208.49,JOAO GALVAO,52998224725,PIX,
t4,2026-07-16,55.00,NINGUEM,,,
t5,2026-07-16,300.00,CLARA NUNES LIMA,,,
t6,2026-07-17,-41.00,LOJA UM,,ESTORNO,
t7,2026-07-16,41.00,LOJA UM,,,
"""
ITEMS = """id,due_date,amount,name,document,reference,phone,email
a,2026-07-14,100.00,Maria Aparecida de Souza,111.444.777-35,1042,,
b,2026-07-15,-80.00,Padaria Pão Quente Ltda,,,,
c,2026-07-10,120.37,João Galvão,52998224725,,,
d,2026-07-20,88.12,João Galvão,52998224725,,,
e,2026-07-16,300.00,Clara Nunes Lima,,,,
f,2026-07-16,300.00,Clara Nunes Lima,,,,
"""


@pytest.fixture
def run(tmp_path):
    def run_(lines: str | bytes = LINES, items: str | bytes = ITEMS) -> list[dict[str, str]]:
        for name, content in (("lines.csv", lines), ("items.csv", items)):
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        call_command(
            "match_files",
            str(tmp_path / "lines.csv"),
            str(tmp_path / "items.csv"),
            out=tmp_path / "out.csv",
            stderr=StringIO(),
        )
        with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as out:
            return list(csv.DictReader(out))

    return run_


def test_every_verdict_has_its_rows(run):
    rows = run()
    assert [(r["transaction_id"], r["open_item_id"], r["amount"], r["verdict"]) for r in rows] == [
        ("t1", "a", "100.00", "clear"),
        ("t2", "b", "-80.00", "clear"),
        ("t3", "c", "120.37", "clear"),
        ("t3", "d", "88.12", "clear"),
        ("t4", "", "55.00", "none"),
        ("t5", "e", "300.00", "ambiguous"),
        ("t5", "f", "300.00", "ambiguous"),
        ("t6", "", "-41.00", "none"),  # settles no item, but another line
        ("t7", "", "41.00", "none"),
    ]
    assert list(rows[0]) == ["transaction_id", "open_item_id", "amount", "score", "verdict", "reasons"]
    assert rows[0]["reasons"] == "document_equal;name_equal 100;amount_exact;days_late 1"
    assert all(0 <= int(row["score"]) <= 100 for row in rows)
    assert rows[7]["reasons"].endswith("with t6;with t7")


def test_excel_s_habits_are_read_the_same(run):
    def excel(text: str, *columns: int) -> str:
        rows = list(csv.reader(StringIO(text)))
        for row in rows[1:]:
            row[1] = "/".join(reversed(row[1].split("-")))
            row[2] = row[2].replace(".", ",")
        return "\r\n".join(";".join(row) for row in rows)

    plain = run()
    assert run(excel(LINES).encode("cp1252"), excel(ITEMS).encode("cp1252")) == plain
    assert run(excel(LINES).encode("utf-8-sig"), excel(ITEMS).encode("utf-16")) == plain


def test_columns_may_come_in_any_order_be_missing_or_be_more():
    (line,) = read_lines(b"Amount,ID, Date ,balance\n\n1.5,x,2026-01-02,7\n\n")
    assert (line.id, str(line.date), str(line.amount), line.name) == ("x", "2026-01-02", "1.50", "")
    (item,) = read_items(b"id;due date;amount\nx;2/1/26;R$ 1.234,56\n")
    assert (str(item.due_date), str(item.amount)) == ("2026-01-02", "1234.56")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1: the file is empty"),
        (b"id,amount\n", "line 1: column date is missing"),
        (b"id,date,amount,id\n", "line 1: column id stands twice"),
        (b"id,date,amount\nx,2026-01-02,1\nx,2026-01-03,2\n", "line 3, column id: 'x' stands in line 2 too"),
        (b"id,date,amount\n,2026-01-02,1\n", "line 2, column id: is empty"),
        (b"id,date,amount\nx,2026-02-30,1\n", "line 2, column date: '2026-02-30' is no day of the calendar"),
        (b"id,date,amount\nx,tomorrow,1\n", "line 2, column date: 'tomorrow' is not a date"),
        (b"id,date,amount\nx,2026-01-02,much\n", "line 2, column amount: 'much' is not an amount"),
        (b"id,date,amount\nx,2026-01-02,1,50\n", "line 2, column 4: 4 values for 3 columns"),
        (b'id,date,amount,name\n"a\nb",2026-01-02,1,\nc,2026-01-02,?,\n', "line 4, column amount"),
        (
            b"id,date,amount\nx,2026-01-02,1\n\x81,2026-01-02,2\n",
            "line 3: the text is neither UTF-8 nor Windows-1252",
        ),
        (b"id,date,amount\nx\x00,2026-01-02,1\n", "line 2: this is not a text file"),
        (b"id,date,amount\n" + b"x" * 200_000 + b",2026-01-02,1\n", "line 2: field larger than field limit"),
    ],
)
def test_what_cannot_be_read_names_line_and_column(data, said):
    with pytest.raises(FileError) as found:
        read_lines(data)
    assert str(found.value).startswith(said)


def test_all_problems_are_told_at_once_up_to_ten():
    with pytest.raises(FileError) as found:
        read_lines(b"id,date,amount\n" + b"x,?,1\n" * 30)
    assert len(str(found.value).splitlines()) == 11


def test_a_missing_file_and_an_unwritable_one_are_told(tmp_path):
    (tmp_path / "lines.csv").write_text(LINES)
    with pytest.raises(CommandError, match="No such file"):
        call_command(
            "match_files", str(tmp_path / "lines.csv"), str(tmp_path / "none.csv"), out=tmp_path / "out.csv"
        )
    (tmp_path / "items.csv").write_text(ITEMS)
    with pytest.raises(CommandError, match="No such file"):
        call_command(
            "match_files",
            str(tmp_path / "lines.csv"),
            str(tmp_path / "items.csv"),
            out=tmp_path / "no" / "out.csv",
            stderr=StringIO(),
        )


def test_a_file_that_is_read_is_never_written_over(tmp_path):
    lines, items = tmp_path / "lines.csv", tmp_path / "items.csv"
    lines.write_text(LINES)
    items.write_text(ITEMS)
    for name in ("lines.csv", "../" + tmp_path.name + "/items.csv"):
        with pytest.raises(CommandError, match="one of the files to read"):
            call_command("match_files", str(lines), str(items), out=tmp_path / name)
    assert (lines.read_text(), items.read_text()) == (LINES, ITEMS)


def test_it_asks_no_database_and_draws_no_bar_into_a_pipe(tmp_path):
    (tmp_path / "lines.csv").write_text(LINES)
    (tmp_path / "items.csv").write_text(ITEMS)
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@nowhere.invalid/none",
        "REDIS_URL": "redis://nowhere.invalid",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "match_files", tmp_path / "lines.csv", tmp_path / "items.csv", "--out", tmp_path / "out.csv"],
        cwd=ROOT, env=os.environ | nowhere, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("7 lines, 6 open items: 5 clear, 1 ambiguous, 1 none, in ")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "out.csv").read_text().count("\n") == 10


def test_a_terminal_shows_a_bar(tmp_path):
    class Terminal(StringIO):
        def isatty(self):
            return True

    (tmp_path / "lines.csv").write_text(LINES)
    (tmp_path / "items.csv").write_text(ITEMS)
    said = Terminal()
    call_command("match_files", str(tmp_path / "lines.csv"), str(tmp_path / "items.csv"), out=tmp_path / "out.csv", stderr=said)  # fmt: skip
    assert f"\r[{'.' * 30}]   0%" in said.getvalue()
    assert f"\r[{'#' * 30}] 100% done" in said.getvalue()
