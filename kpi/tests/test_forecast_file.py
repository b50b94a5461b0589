"""`manage.py forecast_file`: series in, forecasts out, whatever wrote the file."""

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

SHORT = "series,period,value\nb,2024-01,1\na,1,5\nb,2024-02,3\na,2,5\n"


def run(tmp_path, text, horizon=1, **options):
    """Return (rows as dictionaries, what was said)."""
    path = tmp_path / "series.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    said = StringIO()
    call_command(
        "forecast_file", str(path), horizon=horizon, out=tmp_path / "out.csv", stderr=said, **options
    )
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), said.getvalue()


def refused(tmp_path, text, **options):
    """Return the sentence with which a file is refused; nothing was written."""
    with pytest.raises(CommandError) as caught:
        run(tmp_path, text, **options)
    assert {path.name for path in tmp_path.iterdir()} <= {"series.csv"}
    return str(caught.value).removeprefix(f"{tmp_path / 'series.csv'}: ")


def test_every_series_has_its_rows_in_the_order_of_the_file(tmp_path):
    rows, said = run(tmp_path, SHORT, 2)
    assert (tmp_path / "out.csv").read_text().splitlines()[
        0
    ] == "series,period,mean,lo80,hi80,lo95,hi95,model"
    assert [(row["series"], row["period"], row["mean"], row["model"]) for row in rows] == [
        ("b", "2024-03", "3", "naive"),
        ("b", "2024-04", "3", "naive"),
        ("a", "3", "5", "naive"),
        ("a", "4", "5", "naive"),
    ]
    assert rows[0]["hi80"] == "5.563103131"
    assert "2 series in" in said
    assert "2 naive" in said


def test_a_series_without_any_value_has_its_periods_and_no_numbers(tmp_path):
    rows, said = run(tmp_path, f"{SHORT}c,2024-01-30,\nc,2024-01-31,n/a\n", 2)
    assert [tuple(row.values()) for row in rows[4:]] == [
        ("c", day, "", "", "", "", "", "naive (no value)") for day in ("2024-02-01", "2024-02-02")
    ]
    assert "1 naive (no value)" in said


def test_excel_is_read(tmp_path):
    text = "Series;Period;Value\r\nAção;31/01/2024;1.234,5\r\nAção;29/02/2024;1.234,5\r\n\r\nAção;31/03/2024;\r\n"
    for encoded in (text.encode("cp1252"), text.encode("utf-8-sig"), text.encode("utf-16")):
        rows, _said = run(tmp_path, encoded)
        assert [(row["series"], row["period"], row["mean"]) for row in rows] == [
            ("Ação", "30/04/2024", "1234.5")
        ]


def test_points_of_excel_without_cents_part_thousands(tmp_path):
    text = "series;period;value\nLoja;2024-01;50\nLoja;2024-02;1.300\nLoja;2024-03;1.234\n"
    assert run(tmp_path, text, 1)[0][0]["mean"] == "1234"
    assert run(tmp_path, text.replace(";", ","), 1)[0][0]["mean"] == "1.234"


def test_a_single_row_takes_its_frequency_from_the_others(tmp_path):
    rows, _said = run(
        tmp_path, "series,period,value\na,2024-01-31,1\na,2024-02-29,2\na,2024-03-31,3\nb,2024-03-31,8\n"
    )
    assert [(row["series"], row["period"]) for row in rows] == [("a", "2024-04-30"), ("b", "2024-04-30")]


@pytest.mark.parametrize(("other", "ahead"), [("01/31/2026", "01/01/2027"), ("31/01/2026", "13/01/2026")])
def test_the_month_comes_first_where_another_series_says_so(tmp_path, other, ahead):
    months = "".join(f"a,{n}/01/2026,{n}\n" for n in (10, 11, 12))
    rows, _said = run(tmp_path, f"series,period,value\n{months}b,{other},5\n")
    assert rows[0]["period"] == ahead


def test_many_series_go_through_two_processes_in_their_order(tmp_path):
    names = [f"s{n}" for n in range(40)]
    text = "series,period,value\n" + "".join(
        f"{name},{p},{n * p}\n" for n, name in enumerate(names) for p in (1, 2, 3)
    )
    rows, _said = run(tmp_path, text)
    assert [(row["series"], row["mean"]) for row in rows] == [
        (name, str(3 * n)) for n, name in enumerate(names)
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: the file is empty; its first line names the columns series,period,value"),
        ("series,period,value\n", "line 2: there is no row below the names of the columns"),
        (
            "series,date,value\na,1,2\n",
            "line 1: column period is missing; the columns are series, date, value",
        ),
        ("series,period,value\na,1,2\na,2,ten\n", "line 3, column value: 'ten' is not a number (series 'a')"),
        ("series,period,value\na,1,2\na,soon,3\n", "line 3, series 'a': 'soon' is not written like '1'"),
        ("series,period,value\na,1,2\na,2,2\na,1,3\n", "lines 2 and 4, series 'a': period 1 stands twice"),
        (
            "series,period,value\na,1,2\nb,1,x\na,1,3\n",
            "lines 2 and 4, series 'a': period 1 stands twice; 1 more series cannot be used",
        ),
        ("series,period,value\na,1,\n", "there is no value in any row"),
        ("series,period,value\n,1,2\n", "line 2, column series: is empty"),
        ("series,period,value\nb,1,2\n,1,2\n", "line 3, column series: is empty"),
        ("series,period,value\na,,2\n", "line 2, column period: is empty (series 'a')"),
        (b"series,period,value\na,1,\x00\n", "line 1: this is not a text file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(tmp_path, text, sentence):
    assert refused(tmp_path, text) == sentence


def test_one_bad_series_does_not_cost_the_others(tmp_path):
    bad = (
        "twice,1,2\ntwice,1,2\nword,1,2\nword,2,ten\nword,3,eleven\nspoken,1,2\nspoken,soon,2\nblank,,7\n"
        "far,9999-12-30,1\nfar,9999-12-31,1\nhuge,1,1\nhuge,2,1e31\n"
    )
    said = StringIO()
    (tmp_path / "series.csv").write_text(f"{SHORT}{bad}c,1,8\n")
    asked = {"horizon": 2, "out": tmp_path / "out.csv", "stderr": said}
    with pytest.raises(CommandError) as caught:
        call_command("forecast_file", str(tmp_path / "series.csv"), **asked)
    assert caught.value.returncode == 1
    assert str(caught.value) == f"{tmp_path / 'series.csv'}: 6 of 9 series left out"
    told = [line.partition("left out: ")[2] for line in said.getvalue().splitlines() if "left out: " in line]
    assert told == [
        "lines 6 and 7, series 'twice': period 1 stands twice",
        "line 9, column value: 'ten' is not a number (series 'word')",
        "line 12, series 'spoken': 'soon' is not written like '1'",
        "line 13, column period: is empty (series 'blank')",
        "line 14, series 'far': the calendar ends before the horizon",
        "line 17, column value: '1e31' is out of range (series 'huge')",
    ]
    with (tmp_path / "out.csv").open() as file:
        written = [(row["series"], row["mean"]) for row in csv.DictReader(file)]
    assert written == [("b", "3"), ("b", "3"), ("a", "5"), ("a", "5"), ("c", "8"), ("c", "8")]


def test_what_stands_in_the_out_file_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(CommandError):
        run(tmp_path, "series,period,value\na,1,x\n")
    assert (tmp_path / "out.csv").read_text() == "old"
    with pytest.raises(CommandError, match="No such file"):
        call_command("forecast_file", str(tmp_path / "none.csv"), horizon=1, out=tmp_path / "out.csv")
    (tmp_path / "series.csv").write_text(SHORT)
    with pytest.raises(CommandError, match="No such file"):
        call_command(
            "forecast_file", str(tmp_path / "series.csv"), horizon=1, out=tmp_path / "no" / "out.csv"
        )


@pytest.mark.parametrize("horizon", ["0", "-1", "1.5", "many", "10001"])
def test_the_horizon_is_a_number_of_periods(tmp_path, horizon):
    (tmp_path / "series.csv").write_text(SHORT)
    with pytest.raises(CommandError, match="is not a number from 1 to 10000"):
        call_command(
            "forecast_file", str(tmp_path / "series.csv"), f"--horizon={horizon}", f"--out={tmp_path / 'o'}"
        )
