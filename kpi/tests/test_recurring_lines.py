"""What is recurring in bank movements: rhythms as banks move them, amounts, what is over, and what only looks like it. No database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.analysis.recurring import Line, Movement, find, party_of, text_key
from lib.clock import add_months
from lib.workdays import Calendar

D = Decimal
CALENDAR = Calendar()
TODAY = date(2026, 3, 9)
LANDLORD = "d:11222333000181"


def moves(
    days: list[date], amount: str | list[str], party: str = LANDLORD, text: str = "aluguel"
) -> list[Movement]:
    """Return a movement a day, of one amount or of the n-th one."""
    amounts = amount if isinstance(amount, list) else [amount] * len(days)
    return [
        Movement(day, D(each), party, text, "Imobiliária") for day, each in zip(days, amounts, strict=True)
    ]


def months(first: date, n: int, step: int = 1) -> list[date]:
    return [add_months(first, step * k) for k in range(n)]


def worked(day: date, back: bool = False) -> date:
    while not CALENDAR.works(day):
        day += timedelta(days=-1 if back else 1)
    return day


def fifth(first: date) -> date:
    days = [day for n in range(20) if CALENDAR.works(day := first + timedelta(days=n))]
    return days[4]


def only(movements: list[Movement], today: date = TODAY) -> Line:
    (line,) = find(movements, today=today, calendar=CALENDAR)
    return line


class TestRhythms:
    def test_rent_on_the_5th_moved_to_the_next_business_day(self) -> None:
        days = [worked(day) for day in months(date(2025, 6, 5), 10)]
        assert days[3:5] == [date(2025, 9, 5), date(2025, 10, 6)]  # a Sunday moved
        line = only(moves(days, "-1450.00"))
        assert (line.rhythm, line.rule.kind, line.rule.number, line.rule.back) == ("monthly", "day", 5, False)
        assert (line.amount, line.last, len(line.paid), line.share) == (
            D("-1450.00"),
            date(2026, 3, 5),
            10,
            D(1),
        )
        # April 5th is a Sunday; May 5th a Tuesday; June 5th the day after Corpus Christi
        ahead = line.ahead(TODAY, date(2026, 6, 7), CALENDAR)
        assert ahead == [date(2026, 4, 6), date(2026, 5, 5), date(2026, 6, 5)]

    def test_payroll_on_the_fifth_business_day(self) -> None:
        days = [fifth(day) for day in months(date(2025, 9, 1), 7)]
        assert {day.day for day in days} == {5, 6, 7, 8}
        line = only(moves(days, "-3200.00", text="salario"))
        assert (line.rhythm, line.rule.kind, line.rule.number) == ("monthly", "business_day", 5)
        # Good Friday is April 3rd, Labour Day is May 1st
        assert line.ahead(TODAY, date(2026, 5, 31), CALENDAR) == [date(2026, 4, 8), date(2026, 5, 8)]

    def test_the_last_day_of_the_month_moved_back(self) -> None:
        days = [
            worked(add_months(day, 1) - timedelta(days=1), back=True) for day in months(date(2025, 8, 1), 7)
        ]
        line = only(moves(days, "900.00", text="mensalidade"))
        assert (line.rule.kind, line.rule.number, line.rule.back, line.amount) == (
            "day",
            31,
            True,
            D("900.00"),
        )
        assert line.ahead(TODAY, date(2026, 5, 31), CALENDAR) == [
            date(2026, 3, 31),
            date(2026, 4, 30),
            date(2026, 5, 29),
        ]

    def test_weekly_and_around_a_holiday(self) -> None:
        days = [worked(date(2026, 1, 12) + timedelta(weeks=n)) for n in range(9)]
        assert date(2026, 2, 18) in days  # Carnival Monday and Tuesday are free
        line = only(moves(days, "-250.00", text="limpeza"))
        assert (line.rhythm, line.rule.number) == ("weekly", 0)
        assert line.ahead(TODAY, date(2026, 3, 25), CALENDAR) == [date(2026, 3, 16), date(2026, 3, 23)]

    def test_fortnightly_quarterly_yearly(self) -> None:
        fortnight = only(moves([date(2026, 3, 4) - timedelta(days=14 * n) for n in range(8)], "-80"))
        assert (fortnight.rhythm, fortnight.ahead(TODAY, date(2026, 4, 5), CALENDAR)) == (
            "fortnightly",
            [date(2026, 3, 18), date(2026, 4, 1)],
        )
        quarter = only(moves([worked(day) for day in months(date(2025, 3, 20), 4, 3)], "-600"))
        assert (quarter.rhythm, quarter.ahead(TODAY, date(2026, 6, 30), CALENDAR)) == (
            "quarterly",
            [date(2026, 3, 20), date(2026, 6, 22)],
        )
        year = only(moves([date(2025, 2, 10), date(2026, 2, 10)], ["-1000", "-1050"]))
        assert (year.rhythm, year.amount) == ("yearly", D("-1050"))
        assert year.ahead(TODAY, date(2027, 12, 31), CALENDAR) == [date(2027, 2, 10)]

    def test_twice_a_month_are_two_lines(self) -> None:
        days = [worked(day) for day in months(date(2025, 9, 5), 7)]
        advance = [worked(day) for day in months(date(2025, 9, 20), 6)]
        movements = moves(days, "-1800", text="pix") + moves(advance, "-1200", text="pix")
        lines = find(movements, today=TODAY, calendar=CALENDAR)
        assert [(line.amount, line.rhythm, line.rule.number) for line in lines] == [
            (D(-1800), "monthly", 5),
            (D(-1200), "monthly", 20),
        ]
        assert len({line.code for line in lines}) == 2

    def test_one_that_is_a_few_days_late_comes_now_and_a_later_one_is_missing(self) -> None:
        line = only(moves([worked(day) for day in months(date(2025, 9, 5), 6)], "-1450"))
        assert line.last == date(2026, 2, 5)
        until = date(2026, 3, 31)
        assert line.ahead(date(2026, 3, 7), until, CALENDAR) == [date(2026, 3, 9)]  # a Saturday: on Monday
        assert line.ahead(date(2026, 3, 9), until, CALENDAR) == []

    def test_the_companys_own_days_move_it(self) -> None:
        line = only(moves([worked(day) for day in months(date(2025, 10, 5), 6)], "-1450"))
        closed = Calendar(frozenset({date(2026, 4, 6), date(2026, 4, 7)}))
        assert line.ahead(TODAY, date(2026, 4, 30), closed) == [date(2026, 4, 8)]


class TestAmounts:
    def test_a_raise_counts_after_two_payments(self) -> None:
        days = [worked(day) for day in months(date(2025, 8, 5), 8)]
        line = only(moves(days, ["-1000"] * 6 + ["-1100"] * 2))
        assert (line.amount, line.range) == (D(-1100), (D(-1100), D(-1000)))
        assert only(moves(days, ["-1000"] * 7 + ["-1100"])).amount == D(-1000)
        assert only(moves(days, ["-1000"] * 5 + ["-2000"] * 3)).amount == D(-2000)

    def test_an_electricity_bill_varies_and_a_supplier_varies_too_much(self) -> None:
        days = [worked(day) for day in months(date(2025, 9, 12), 6)]
        assert only(moves(days, ["-380", "-402", "-371", "-395", "-410", "-388"])).amount == D(-395)
        wild = ["-380", "-1200", "-90", "-700", "-2400", "-310"]
        assert find(moves(days, wild), today=TODAY, calendar=CALENDAR) == []

    def test_few_have_to_be_alike(self) -> None:
        days = months(date(2026, 1, 5), 3)
        assert only(moves(days, ["-100", "-100", "-104"])).amount == D(-100)
        assert find(moves(days, ["-100", "-120", "-90"]), today=TODAY, calendar=CALENDAR) == []

    def test_payments_of_neighbouring_days_are_one_occurrence(self) -> None:
        days = [date(2025, 11, 10), date(2025, 12, 10), date(2026, 1, 12), date(2026, 2, 10)]
        second = [day + timedelta(days=1) for day in days[::2]]
        movements = moves(days, ["-700", "-1000", "-600", "-1000"]) + moves(second, ["-300", "-400"])
        line = only(movements)
        assert (line.amount, line.rule.number, [one.amount for one in line.paid]) == (
            D(-1000), 10, [D(-1000)] * 4,
        )  # fmt: skip

    def test_the_rent_of_a_supplier_who_also_sells(self) -> None:
        rent = moves([worked(day) for day in months(date(2025, 6, 5), 10)], "-1450", text="boleto")
        goods = [
            date(2025, 6, 3) + timedelta(days=n) for n in (0, 2, 17, 41, 66, 91, 104, 139, 188, 231, 250)
        ]
        bought = moves(goods, [f"-{311 + 173 * n % 919}.{n + 10}" for n in range(11)], text="boleto")
        line = only(rent + bought)
        assert (line.amount, line.rule.number, len(line.paid)) == (D(-1450), 5, 10)

    def test_each_thing_that_one_bank_takes(self) -> None:
        loan = moves(months(date(2025, 12, 10), 4), "-2310.55", text="parcela emprestimo")
        fee = moves(months(date(2025, 12, 1), 4), "-49.90", text="tarifa pacote")
        lines = find(loan + fee, today=TODAY, calendar=CALENDAR)
        assert [line.amount for line in lines] == [D("-2310.55"), D("-49.90")]


class TestWhatIsNone:
    def test_over(self) -> None:
        days = [worked(day) for day in months(date(2025, 7, 5), 6)]
        stopped = moves(days, "-1450")
        assert find(stopped, today=date(2026, 1, 19), calendar=CALENDAR)
        assert find(stopped, today=date(2026, 1, 22), calendar=CALENDAR) == []

    def test_after_a_long_pause_it_begins_anew(self) -> None:
        before, after = months(date(2025, 3, 10), 4), months(date(2025, 12, 10), 3)
        line = only(moves(before + after, ["-70"] * 4 + ["-90"] * 3))
        assert (line.amount, len(line.paid), line.share) == (D(-90), 3, D(1))
        assert find(moves(before + after[:2], "-90"), today=TODAY, calendar=CALENDAR) == []

    @pytest.mark.parametrize(
        "days",
        [
            [date(2026, 3, 2)],
            [date(2026, 2, 5), date(2026, 3, 5)],
            [date(2025, 10, 5), date(2025, 10, 25), date(2026, 1, 13), date(2026, 3, 1)],
            [date(2025, 11, 3), date(2025, 12, 21), date(2026, 1, 4), date(2026, 2, 17), date(2026, 3, 2)],
        ],
    )
    def test_once_twice_and_irregular(self, days: list[date]) -> None:
        assert find(moves(days, "-100"), today=TODAY, calendar=CALENDAR) == []

    def test_daily_payouts_and_walk_ins(self) -> None:
        days = [day for n in range(200) if CALENDAR.works(day := date(2025, 8, 21) + timedelta(days=n))]
        payouts = moves(days, [str(900 + 37 * n % 200) for n in range(len(days))], party="d:01027058000191")
        round_ones = moves(
            days, [["50", "80", "100", "120"][n % 4] for n in range(len(days))], party="t:pix recebido"
        )
        assert find(payouts + round_ones, today=TODAY, calendar=CALENDAR) == []

    def test_in_and_out_of_one_party_are_two_things(self) -> None:
        days = months(date(2025, 12, 5), 4)
        lines = find(moves(days, "-300") + moves(days, "120"), today=TODAY, calendar=CALENDAR)
        assert [line.amount for line in lines] == [D(-300), D(120)]

    def test_nobody_and_nothing(self) -> None:
        days = months(date(2025, 12, 5), 4)
        assert find(moves(days, "-300", party="") + moves(days, "0"), today=TODAY, calendar=CALENDAR) == []


class TestParties:
    def test_the_document_the_name_or_what_the_line_says(self) -> None:
        assert party_of("11.222.333/0001-81", "Imobiliária", "x") == "d:11222333000181"
        assert party_of("***.456.789-**", "João da Silva", "x") == "n:joao da silva"
        assert party_of("", "", "DÉB AUT ENERGIA 03/2026 Nº 88") == "t:deb aut energia"
        assert party_of("", "12345", "99/99") == ""

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Aluguel março 2026", "ALUGUEL ABRIL 2026"),
            ("Parcela 3/12 empréstimo", "parcela 04/12 EMPRESTIMO"),
            ("Salário jan fev", "Salario DEZ"),
        ],
    )
    def test_each_month_of_one_thing_says_the_same(self, one: str, other: str) -> None:
        assert text_key(one) == text_key(other) != ""


some_moves = st.lists(
    st.builds(
        Movement,
        st.dates(date(2025, 2, 1), TODAY),
        st.sampled_from([D(-100), D(-100), D("-99.90"), D(50), D(700)]),
        st.sampled_from(["d:1", "n:ana", "t:tarifa"]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=60,
)


class TestInvariants:
    @given(some_moves, st.randoms(use_true_random=False))
    def test_the_order_of_movements_does_not_matter_and_none_is_in_two_lines(self, movements, random) -> None:
        lines = find(movements, today=TODAY, calendar=CALENDAR)
        again = list(movements)
        random.shuffle(again)
        assert find(again, today=TODAY, calendar=CALENDAR) == lines
        assert len({line.code for line in lines}) == len(lines)
        for way in (1, -1):
            whole = sum((abs(one.amount) for one in movements if one.amount * way > 0), D(0))
            assert (
                sum((abs(paid.amount) for line in lines if line.amount * way > 0 for paid in line.paid), D(0))
                <= whole
            )

    @given(
        st.integers(1, 31), st.integers(4, 12), st.integers(1, 9_999_999), st.booleans(), st.dates(date(2024, 1, 1), date(2028, 1, 1)),
        st.integers(7, 120),
    )  # fmt: skip
    def test_what_comes_each_month_is_found_and_its_days_lie_ahead(
        self, number, n, cents, back, today, span
    ) -> None:
        today = today.replace(day=1 + today.day % 14)
        firsts = [add_months(today.replace(day=1), -k) for k in range(n, 0, -1)]
        days = [
            worked(
                min(
                    one.replace(day=28) + timedelta(days=number - 28), add_months(one, 1) - timedelta(days=1)
                ),
                back,
            )
            for one in firsts
        ]
        line = only(moves(days, str(-D(cents) / 100)), today=today)
        until = today + timedelta(days=span)
        ahead = line.ahead(today, until, CALENDAR)
        assert (line.rhythm, line.amount) == ("monthly", -D(cents) / 100)
        assert ahead == sorted(set(ahead))
        assert all(today <= day <= until and CALENDAR.works(day) for day in ahead)
        assert len(ahead) <= span // 27 + 2
