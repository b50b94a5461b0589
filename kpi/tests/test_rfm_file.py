"""`manage.py rfm_file`: orders in, customers out, whatever wrote the file."""

import csv
import os
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

HEADER = "customer,recency,frequency,monetary,r,f,m,segment,expected_purchases_90d"
ORDERS = """customer,date,value
ana,2026-03-01,100.00
bia,2026-03-30,50
ana,2026-03-31,25.50
caio,2026-01-01,10
davi,2026-02-01,-30
ana,2026-03-31,-5.50
elis,2026-02-10,0
"""


def run(tmp_path, text, **options):
    """Return (rows as dictionaries, what was said)."""
    path = tmp_path / "orders.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    said = StringIO()
    call_command("rfm_file", str(path), out=tmp_path / "rfm.csv", stderr=said, **options)
    with (tmp_path / "rfm.csv").open(encoding="utf-8", newline="") as file:
        return {row["customer"]: row for row in csv.DictReader(file)}, said.getvalue()


def test_customers_are_counted_and_scored(tmp_path):
    found, said = run(tmp_path, ORDERS)
    assert (tmp_path / "rfm.csv").read_text().splitlines() == [
        HEADER,
        "ana,1,2,120.00,5,4,4,champions,",
        "bia,2,1,50.00,4,1,3,promising,",
        "caio,90,1,10.00,2,1,2,hibernating,",
        "davi,,0,-30.00,,,,,",
        "elis,50,1,0.00,3,1,1,about_to_sleep,",
    ]
    assert list(found) == ["ana", "bia", "caio", "davi", "elis"]
    assert "5 customers, 5 orders" in said
    assert "1 customers without an order have no scores" in said
    assert "too few customers" in said


def test_a_named_day_leaves_out_what_came_later(tmp_path):
    found, said = run(tmp_path, ORDERS, as_of=date(2026, 3, 31))
    assert (found["ana"]["recency"], found["ana"]["frequency"], found["ana"]["monetary"]) == (
        "30",
        "1",
        "100.00",
    )
    assert "2 rows of the reference day or later left out" in said


def test_the_order_of_rows_changes_nothing(tmp_path):
    head, *rows = ORDERS.splitlines()
    assert run(tmp_path, ORDERS)[0] == run(tmp_path, "\n".join([head, *reversed(rows)]))[0]


@pytest.mark.parametrize(
    "data",
    [
        b"customer;date;value\r\nS\xe3o;31/03/2026;1.234,56\r\nS\xe3o;01/03/2026;R$ 10,00\r\n",
        "\ufeffDate;Value;note;Customer\n2026-03-31;1234,56;x;São\n2026-03-01 08:15:00;10;;São\n\n".encode(),
        'customer\tdate\tvalue\nSão\t2026-03-31T23:59:59-03:00\t"1,234.56"\nSão\t20260301\t1e1\n'.encode(),
        "customer;date;value\nSão;31/03/2026;1.234,56\nSão;01/03/2026;10\n".encode("utf-16"),
    ],
    ids=["excel", "mark", "moments", "utf-16"],
)
def test_files_of_all_habits_are_read(tmp_path, data):
    found, _said = run(tmp_path, data)
    assert [found["São"][name] for name in ("recency", "frequency", "monetary")] == ["1", "2", "1244.56"]


def test_a_lone_thousand_is_read_as_the_rest_of_the_file_is_written(tmp_path):
    comma, _said = run(tmp_path, "customer;date;value\na;2026-01-01;1.500\na;2026-01-01;0,25\n")
    point, _said = run(tmp_path, "customer,date,value\na,2026-01-01,1.500\na,2026-01-01,0.25\n")
    assert (comma["a"]["monetary"], point["a"]["monetary"]) == ("1500.25", "1.750")


@pytest.mark.parametrize("other", ["1,200.50", "12.5", "1,000,000"])
def test_a_comma_parts_thousands_where_other_values_have_a_point(tmp_path, other):
    found, _said = run(tmp_path, f'customer,date,value\na,2026-01-01,"1,234"\nb,2026-01-01,"{other}"\n')
    assert found["a"]["monetary"] == "1234.00"
    comma, _said = run(tmp_path, 'customer,date,value\na,2026-01-01,"1,234"\nb,2026-01-01,"0,5"\n')
    assert comma["a"]["monetary"] == "1.234"


def test_points_that_part_thousands_show_even_where_no_value_has_a_comma(tmp_path):
    found, _said = run(tmp_path, "customer;date;value\na;2026-01-01;1.234\nb;2026-01-01;2.345.678\n")
    assert (found["a"]["monetary"], found["b"]["monetary"]) == ("1234.00", "2345678.00")


@pytest.mark.parametrize(
    ("values", "sums"),
    [
        ("1.234 1.300 R$\u00a02.000 50 -1.500", "1234.00 1300.00 2000.00 50.00 -1500.00"),
        ("1.234 12.5", "1.234 12.50"),
        ("1.234 0.123", "1.234 0.123"),
        ("1,5 0.123 1.234", "1.50 0.123 1234.00"),
        ("1234 50", "1234.00 50.00"),
    ],
)
def test_points_of_excel_without_cents_part_thousands(tmp_path, values, sums):
    rows = "".join(f"c{n};01/01/2026;{value}\n" for n, value in enumerate(values.split(" ")))
    found, _said = run(tmp_path, "customer;date;value\n" + rows)
    assert [row["monetary"] for row in found.values()] == sums.split()


def test_every_value_is_asked_what_its_point_means(tmp_path, monkeypatch):
    monkeypatch.setattr("kpi.filetable.SAMPLE", 1)
    found, _said = run(
        tmp_path, "customer;date;value\na;2026-01-01;1.234\nb;2026-01-01;2.000\nc;2026-01-01;12.5\n"
    )
    assert [row["monetary"] for row in found.values()] == ["1.234", "2.000", "12.50"]
    comma, _said = run(tmp_path, "customer,date,value\na,2026-01-01,1.234\nb,2026-01-01,2.000\n")
    assert [row["monetary"] for row in comma.values()] == ["1.234", "2.000"]


def test_rows_without_a_customer_are_left_out_and_told(tmp_path):
    text = "customer;date;value\nana;01/02/2026;10\n;02/02/2026;99\nbia;03/02/2026;20\n ;04/02/2026;5\n;;134,00\n"
    found, said = run(tmp_path, text)
    assert {name: (row["recency"], row["monetary"]) for name, row in found.items()} == {
        "ana": ("3", "10.00"),
        "bia": ("1", "20.00"),
    }
    assert "orders.csv: left out: 3 rows without a customer (lines 3, 5, 6)\n2 customers, 2 orders in" in said
    _found, said = run(tmp_path, "customer,date,value\na,01/31/2026,1\n" + ",01/01/2026,1\n" * 7)
    assert "7 rows without a customer (lines 3, 4, 5, 6, 7 …)" in said
    assert "without a customer" not in run(tmp_path, ORDERS)[1]


def test_the_month_comes_first_in_a_file_that_has_a_day_which_says_so(tmp_path):
    found, _said = run(tmp_path, "customer,date,value\na,01/02/2026,1\nb,01/31/2026 10:00,1\n")
    assert (found["a"]["recency"], found["b"]["recency"]) == ("30", "1")


def test_what_is_no_file_is_written_to_and_a_link_keeps_leading_to_its_file(tmp_path):
    (tmp_path / "orders.csv").write_text(ORDERS)
    pipe, link, target = tmp_path / "pipe", tmp_path / "link", tmp_path / "target.csv"
    os.mkfifo(pipe)
    link.symlink_to(target)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for out in (pipe, link):
            call_command("rfm_file", str(tmp_path / "orders.csv"), out=out, stderr=StringIO())
        assert os.read(reader, 10_000).decode() == target.read_text()
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert link.is_symlink()


def test_the_last_day_of_the_calendar_needs_a_named_day(tmp_path):
    text = "customer,date,value\na,9999-12-31,5\n"
    with pytest.raises(CommandError, match="last day of the calendar"):
        run(tmp_path, text)
    assert run(tmp_path, text, as_of=date(2026, 1, 1))[0] == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the file is empty"),
        ("customer,day,value\na,2026-01-01,1\n", "line 1: column date is missing; the columns are customer, day, value"),
        ("customer,date,value,date\n", "line 1: column date stands twice"),
        ("customer,date,value\na,2026-01-01,1\na,2026-02-30,1\n", "line 3, column date: '2026-02-30' is no day of the calendar"),
        ("customer,date,value\na,12/32/2026,1\n", "line 2, column date: '12/32/2026' is no day"),
        ("customer,date,value\na,12/31/2026,1\na,31/12/2026,1\n", "line 3, column date: '31/12/2026' has the day first, where other lines"),
        ("customer,date,value\na,yesterday,1\n", "line 2, column date: 'yesterday' is not a date"),
        ("customer,date,value\na,2026-01-01,lots\n", "line 2, column value: 'lots' is not a number"),
        ("customer,date,value\na,2026-01-01,NaN\n", "line 2, column value: 'NaN' is not a number"),
        ("customer,date,value\na,2026-01-01,\n", "line 2, column value: is empty"),
        ("customer,date,value\na,2026-01-01\n", "line 2: 2 values where 3 are expected"),
        ("customer,date,value\na,2026-01-01,1e-31\n", "has more than 30 decimal places"),
        ("PK\x03\x04\x00\x00", "line 1: this is not a text file"),
    ],
)  # fmt: skip
def test_bad_files_are_told_in_a_sentence_and_write_nothing(tmp_path, text, said):
    (tmp_path / "rfm.csv").write_text("from before")
    with pytest.raises(CommandError, match=r"orders\.csv: line") as found:
        run(tmp_path, text)
    assert said in str(found.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orders.csv", "rfm.csv"]
    assert (tmp_path / "rfm.csv").read_text() == "from before"


def test_an_empty_list_of_orders_gives_an_empty_list_of_customers(tmp_path):
    assert run(tmp_path, "customer,date,value\n")[0] == {}
    assert (tmp_path / "rfm.csv").read_text() == HEADER + "\n"


def test_missing_files_are_told(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("rfm_file", str(tmp_path / "none.csv"), out=tmp_path / "out.csv")
    (tmp_path / "orders.csv").write_text(ORDERS)
    with pytest.raises(CommandError, match="No such file"):
        call_command("rfm_file", str(tmp_path / "orders.csv"), out=tmp_path / "no" / "out.csv")


def test_purchases_are_foretold_where_there_are_enough_customers(tmp_path):
    rows = [f"c{n},2026-{1 + month:02}-{1 + n % 28:02},20" for n in range(90) for month in range(n % 6 + 1)]
    found, said = run(tmp_path, "customer,date,value\n" + "\n".join(rows))
    expected = [float(row["expected_purchases_90d"]) for row in found.values()]
    assert len(expected) == 90
    assert min(expected) >= 0
    assert sum(expected[0::6]) < sum(expected[5::6])  # who bought once, and who bought every month to June
    assert "too few" not in said
