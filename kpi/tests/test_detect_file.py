"""`manage.py detect_file`: a series in, the same rows with what was expected out."""

import csv
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

HEADER = ["timestamp", "value", "expected", "lo", "hi", "score", "anomaly"]


def run(tmp_path, text, **options):
    """Return (rows, what was said)."""
    path, out, said = tmp_path / "series.csv", tmp_path / "out.csv", StringIO()
    path.write_text(text, encoding="utf-8")
    call_command("detect_file", str(path), out=out, stderr=said, **options)
    with out.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == HEADER
    return rows, said.getvalue()


def hourly(count, write="{:%Y-%m-%d %H:%M:%S}"):
    """Return rows of a calm series: 10 and 12 by turns."""
    start = datetime(2026, 1, 12)  # noqa: DTZ001 - a file's own clock
    return [f"{write.format(start + timedelta(hours=n))},{10 + n % 2 * 2}" for n in range(count)]


def test_every_row_comes_back_in_its_place(tmp_path):
    rows = hourly(120)
    rows[100] = rows[100].replace(",10", ",99")
    rows[90], rows[30] = rows[30], rows[90]  # not in the order of time
    rows[110] = rows[110].split(",")[0] + ","
    found, said = run(tmp_path, "timestamp,value\n" + "\n".join(rows) + "\n")
    assert [",".join(row[:2]) for row in found] == rows
    assert [n for n, row in enumerate(found) if row[6] == "1"] == [100]
    assert found[0][2:] == ["", "", "", "", "0"]
    assert found[110][5:] == ["", "0"]
    lo, expected, hi = (float(found[100][place]) for place in (3, 2, 4))
    assert lo < expected < hi < 99
    assert float(found[100][5]) > 1
    assert "120 points, 1 incidents too high, 0 too low, 1 without a value" in said


@pytest.mark.parametrize(
    "write",
    ["{:%d/%m/%Y %H:%M}", "{:%m/%d/%Y %H:%M}", "{:%Y-%m-%dT%H:%M:%SZ}", "{:%s}"],
    ids=["brazilian", "american", "iso", "unix"],
)  # fmt: skip
def test_moments_of_all_habits_are_read(tmp_path, write):
    rows = hourly(60, write)
    rows[50] = rows[50].replace(",10", ",99")
    found, _said = run(tmp_path, "timestamp,value\n" + "\n".join(rows))
    assert [n for n, row in enumerate(found) if row[6] == "1"] == [50]


@pytest.mark.parametrize(
    "name",
    [
        lambda n: f"{2024 + n // 52}-W{n % 52 + 1:02d}",
        lambda n: f"{2010 + n // 4}Q{n % 4 + 1}",
        lambda n: 1960 + n,
        lambda n: f"{2020 + n // 12}{n % 12 + 1:02d}",
        lambda n: f"{n % 12 + 1:02d}/{2020 + n // 12}",
        lambda n: 99_970 + n,
    ],
    ids=["weeks", "quarters", "years", "months", "months_first", "numbers"],
)
def test_periods_without_a_day_are_read(tmp_path, name):
    rows = [f"{name(n)},{99 if n == 50 else 10 + n % 2 * 2}" for n in range(60)]
    found, _said = run(tmp_path, "timestamp,value\n" + "\n".join(rows))
    assert [n for n, row in enumerate(found) if row[6] == "1"] == [50]
    assert [",".join(row[:2]) for row in found] == rows


def test_decimal_commas_and_words_for_nothing(tmp_path):
    found, said = run(tmp_path, "value;timestamp\n1,5;2026-01-01\nNaN;2026-01-02\n1.000,5;2026-02\n")
    assert [row[:2] for row in found] == [
        ["2026-01-01", "1,5"],
        ["2026-01-02", "NaN"],
        ["2026-02", "1.000,5"],
    ]
    assert "too few points to expect anything" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the file is empty"),
        ("time,value\n", "line 1: column timestamp is missing"),
        (
            "timestamp,value\n2026-01-01 25:00,1\n",
            "line 2, column timestamp: '2026-01-01 25:00' is no time of day",
        ),
        ("timestamp,value\n2026-01-01 noon,1\n", "line 2, column timestamp: '2026-01-01 noon' is not a date"),
        ("timestamp,value\n1,5\n2,5\nx,5\n", "line 4, column timestamp: 'x' is not written like '1'"),
        ("timestamp,value\n2026-01-01,1\n2026-01-02,much\n", "line 3, column value: 'much' is not a number"),
    ],
)
def test_bad_files_are_told_in_a_sentence_and_write_nothing(tmp_path, text, said):
    with pytest.raises(CommandError, match=r"series\.csv: line") as raised:
        run(tmp_path, text)
    assert said in str(raised.value)
    assert not (tmp_path / "out.csv").exists()
