"""Scores, segments and purchase models: exact where papers and arithmetic say what is right, recovered where data is made by the model."""

from itertools import product

import numpy as np
import pytest

from kpi.segments import bgnbd, edges, gammagamma, scores

PAPER = bgnbd.Model(r=0.243, alpha=4.414, a=0.793, b=2.426)  # Fader, Hardie & Lee 2005, table 2; weeks


def one(*values):
    """Return each value as a column of one customer."""
    return [np.array([value]) for value in values]


def simulated(model, customers, weeks, seed):
    """Return (x, t_x, T) of customers who live by the model, and what they bought in as long a time again."""
    rng = np.random.default_rng(seed)
    rates, chances = rng.gamma(model.r, 1 / model.alpha, customers), rng.beta(model.a, model.b, customers)
    rows, later = [], []
    for rate, chance in zip(rates, chances, strict=True):
        now, age, times = 0.0, weeks * rng.uniform(0.7, 1.0), []
        while now < 2 * weeks:
            now += rng.exponential(1 / rate)
            times.append(now)
            if rng.random() < chance:
                break
        seen = [t for t in times if t <= age]
        rows.append((len(seen), seen[-1] if seen else 0.0, age))
        later.append(sum(age < t <= age + weeks / 2 for t in times))
    x, t_x, ages = (np.array(column) for column in zip(*rows, strict=True))
    return (x, t_x, ages), np.array(later)


def test_the_expectation_is_the_one_of_the_paper():
    # Its worked example: customer 1 of the CDNOW sample, 39 weeks ahead.
    assert PAPER.expected(39, *one(2, 30.43, 38.86))[0] == pytest.approx(1.226, abs=5e-4)


def test_the_expectation_solves_the_integral_it_stands_for():
    # E[X(t)] = ∫ P(still a customer at s) · rate ds, taken here by 200,000 drawn customers.
    rng = np.random.default_rng(3)
    rate, chance = rng.gamma(PAPER.r, 1 / PAPER.alpha, 200_000), rng.beta(PAPER.a, PAPER.b, 200_000)
    drawn = ((1 - np.exp(-rate * chance * 39)) / chance).mean()
    assert PAPER.expected(39, *one(0, 0.0, 0.0))[0] == pytest.approx(drawn, rel=0.01)


@pytest.mark.parametrize("horizon", [1.0, 39.0, 400.0])
def test_the_expectation_holds_where_the_formula_is_nought_by_nought(horizon):
    columns = [np.array(column) for column in ([0, 1, 7], [0.0, 3.0, 30.0], [40.0, 40.0, 40.0])]
    for a, b in ((1.0, 2.0), (0.4, 0.6)):
        near = [bgnbd.Model(0.5, 6.0, a + d, b).expected(horizon, *columns) for d in (-1e-4, 0.0, 1e-4)]
        assert np.allclose(near[1], (near[0] + near[2]) / 2, rtol=1e-5)


def test_the_expectation_stays_finite_for_the_keenest_and_the_longest_gone():
    x, t_x, age = (
        np.array([5_000, 5_000, 0]),
        np.array([3_000.0, 10.0, 0.0]),
        np.array([3_000.0, 3_000.0, 9_000.0]),
    )
    found = PAPER.expected(90, x, t_x, age)
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(149, rel=0.02)  # (r + x) / (alpha + T) a day, and nearly nobody leaves
    assert found[1] == pytest.approx(0, abs=1e-12)
    assert PAPER.alive(x, t_x, age)[2] == 1


def test_a_fit_finds_the_parameters_that_made_the_data_and_foretells_its_future():
    truth = bgnbd.Model(r=0.6, alpha=8.0, a=0.9, b=3.0)
    columns, later = simulated(truth, 6_000, 52.0, 11)
    found = bgnbd.fit(*columns)
    assert found.log_likelihood(*columns) >= truth.log_likelihood(*columns)
    assert (found.r, found.alpha) == (pytest.approx(0.6, rel=0.12), pytest.approx(8.0, rel=0.15))
    assert found.a / (found.a + found.b) == pytest.approx(0.9 / 3.9, rel=0.15)
    expected = found.expected(26.0, *columns)
    assert expected.sum() == pytest.approx(later.sum(), rel=0.06)
    best = expected >= np.quantile(expected, 0.9)
    assert expected[best].mean() == pytest.approx(later[best].mean(), rel=0.1)


def test_the_unit_of_time_changes_nothing():
    columns, _later = simulated(PAPER, 1_500, 39.0, 5)
    weeks, days = bgnbd.fit(*columns), bgnbd.fit(columns[0], columns[1] * 7, columns[2] * 7)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-3)
    assert days.expected(90 * 7, columns[0], columns[1] * 7, columns[2] * 7)[:9] == pytest.approx(
        weeks.expected(90, *columns)[:9], rel=1e-3
    )


def test_too_little_data_gives_no_model_rather_than_a_number():
    x, zeros, ages = np.zeros(500, dtype=int), np.zeros(500), np.full(500, 90.0)
    assert bgnbd.fit(x, zeros, ages) is None
    assert bgnbd.fit(np.full(20, 3), np.full(20, 50.0), np.full(20, 90.0)) is None
    assert bgnbd.fit(x, zeros, zeros) is None
    assert gammagamma.fit(np.full(500, 2), np.full(500, 30.0)) is None  # all alike: nothing to learn
    assert gammagamma.fit(np.full(9, 2), np.arange(1.0, 10.0)) is None


def test_the_value_model_finds_its_parameters_and_leans_on_the_mean_where_it_knows_little():
    rng = np.random.default_rng(8)
    n = rng.integers(1, 12, 8_000)
    mean = rng.gamma(6.25 * n, 1 / (n * rng.gamma(3.74, 1 / 15.44, 8_000)))
    found = gammagamma.fit(n, mean)
    assert found.mean == pytest.approx(6.25 * 15.44 / 2.74, rel=0.05)
    assert found.q == pytest.approx(3.74, rel=0.15)
    once, often = found.expected(np.array([1, 40]), np.array([200.0, 200.0]))
    assert found.mean < once < often < 200
    assert gammagamma.Model(0.1, 0.5, 3.0).mean is None
    assert np.isnan(gammagamma.Model(0.1, 0.5, 3.0).expected(np.array([1]), np.array([9.0]))[0])


def test_scores_are_fifths_where_nobody_is_equal():
    values = np.random.default_rng(1).permutation(1_000)
    assert np.bincount(scores.by_size(values)).tolist() == [0, 200, 200, 200, 200, 200]
    assert np.bincount(scores.by_recency(values)).tolist() == [0, 200, 200, 200, 200, 200]
    assert scores.by_size(np.arange(5)).tolist() == [1, 2, 3, 4, 5]
    assert scores.by_recency(np.arange(5)).tolist() == [5, 4, 3, 2, 1]


def test_equal_values_have_equal_scores():
    assert scores.by_size(np.array([1] * 8 + [2, 9])).tolist() == [1] * 8 + [5, 5]
    assert scores.by_recency(np.array([3] * 8 + [40, 90])).tolist() == [5] * 8 + [1, 1]
    assert scores.by_recency(np.array([0])).tolist() == [5]
    assert scores.by_size(np.array([7, 7])).tolist() == [1, 1]
    assert scores.by_size(np.array([])).tolist() == []


def test_every_combination_has_a_segment_and_every_segment_a_combination():
    named = edges.names()
    assert set(named) == set(product(range(1, 6), repeat=3))
    assert set(named.values()) == set(edges.SEGMENTS)
    assert (named[5, 5, 5], named[5, 1, 5], named[1, 5, 5], named[1, 1, 1]) == (
        "champions", "new", "cannot_lose", "lost",
    )  # fmt: skip


def test_edges_can_be_moved_and_bad_ones_are_refused():
    assert edges.read(edges.written()) == edges.DEFAULT
    moved = edges.read([{"segment": "champions", "m": [5, 5]}, {"segment": "lost"}])
    assert edges.names(moved)[1, 1, 5] == "champions"
    for rows, said in (
        ([{"segment": "friends"}], "rule 1: unknown segment 'friends'"),
        ([{"segment": "new", "r": [5, 1]}], "rule 1: r takes two scores"),
        ([{"segment": "new", "f": ["1", 5]}], "rule 1: f takes two scores"),
        ([{"segment": "new", "r": [2, 5]}], "no segment for r=1, f=1, m=1"),
        ([], "no segment"),
    ):
        with pytest.raises(edges.EdgesError, match=said):
            edges.read(rows)


def test_the_expectation_holds_where_parameters_are_at_their_bounds():
    x, t_x, age = np.array([0, 3]), np.array([0.0, 80.0]), np.array([100.0, 100.0])
    leaves_at_once = bgnbd.Model(2.0, 50.0, 8_000.0, 2_000.0).expected(90, x, t_x, age)
    stays = bgnbd.Model(2.0, 50.0, 1e-4, 8_000.0).expected(90, x, t_x, age)
    assert np.isfinite(leaves_at_once).all()
    assert stays == pytest.approx((2.0 + x) / 150.0 * 90, rel=1e-3)
    assert (leaves_at_once < stays).all()
