"""How many more purchases to expect of each customer: the BG/NBD model.

P. Fader, B. Hardie, K. L. Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model, Marketing Science 24(2), 2005.
While active, a customer buys at a Poisson rate of their own (gamma over customers, r and alpha); after each purchase they leave with a
probability of their own (beta over customers, a and b). Of each customer three figures are needed, in one unit of time:
x, repeat purchases (purchase occasions after the first one); t_x, the time from the first to the last one; T, the time from the first one
until now. Occasions on the same day are one.

The sums and products of gamma functions are taken as logarithms (Fader & Hardie, Overcoming the BG/NBD Model's #NUM! Error Problem, 2013);
in the expectation Euler's transformation moves the large x out of the first two arguments of 2F1, where it overflows.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

# Below this a fit says more about chance than about customers.
LEAST_CUSTOMERS: Final = 50
LEAST_REPEATS: Final = 25
_START: Final = (0.5, 1.0, 0.8, 2.0)
_BOUND: Final = (
    9.0  # |log| of a parameter, time in units of the mean T: beyond it nothing that can be seen changes
)
_APART: Final = 1e-6  # from a = 1 and a + b = 1, where numerator and denominator vanish together


@dataclass(frozen=True, slots=True)
class Model:
    """The four parameters; alpha is in the unit of time of the data."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, x: Ints, t_x: Floats, age: Floats) -> float:
        """Return ln L summed over customers (equation 6)."""
        return float(_log_likelihood((self.r, self.alpha, self.a, self.b), x, t_x, age)[0].sum())

    def expected(self, horizon: float, x: Ints, t_x: Floats | Ints, age: Floats | Ints) -> Floats:
        """Return each customer's expected purchases in (now, now + horizon] (equation 10)."""
        return _expected(self, float(horizon), x.astype(float), t_x.astype(float), age.astype(float))

    def alive(self, x: Ints, t_x: Floats, age: Floats) -> Floats:
        """Return the probability that a customer is still one; 1 for who never came back, as the model has it."""
        return np.asarray(1 / (1 + _odds_left(self, x.astype(float), t_x.astype(float), age.astype(float))))


def fit(x: Ints, t_x: Floats, age: Floats) -> Model | None:
    """Return the parameters of greatest likelihood; None when there is too little to learn from or the search finds no end."""
    from scipy.optimize import minimize

    known = age > 0
    x, t_x, age = x[known], t_x[known], age[known]
    if len(x) < LEAST_CUSTOMERS or int(x.sum()) < LEAST_REPEATS:
        return None
    unit = float(age.mean())
    columns, weights = _distinct(x, t_x / unit, age / unit)

    def cost(logs: Floats) -> tuple[float, Floats]:
        values, slopes = _log_likelihood(tuple(np.exp(logs)), *columns)
        return -float(weights @ values) / len(x), -(slopes @ weights) * np.exp(logs) / len(x)

    best = minimize(
        cost, np.log(_START), jac=True, method="L-BFGS-B", bounds=[(-_BOUND, _BOUND)] * 4, options={"maxiter": 500}
    )  # fmt: skip
    if not best.success or not np.isfinite(best.fun):
        return None
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    return Model(r, alpha * unit, a, b)


def _distinct(x: Ints, t_x: Floats, age: Floats) -> tuple[tuple[Ints, Floats, Floats], Floats]:
    """Return the distinct customers and how many of each there are."""
    order = np.lexsort((age, t_x, x))
    x, t_x, age = x[order], t_x[order], age[order]
    first = np.ones(len(x), dtype=bool)
    first[1:] = (x[1:] != x[:-1]) | (t_x[1:] != t_x[:-1]) | (age[1:] != age[:-1])
    starts = np.flatnonzero(first)
    return (x[starts], t_x[starts], age[starts]), np.diff(np.append(starts, len(x))).astype(float)


def _log_likelihood(
    parameters: tuple[float, ...], x: Ints, t_x: Floats, age: Floats
) -> tuple[Floats, Floats]:
    """Return ln L of each customer and its slope by each parameter (4 rows)."""
    from scipy.special import digamma, gammaln

    r, alpha, a, b = parameters
    kinds, kind = np.unique(x, return_inverse=True)  # few: gamma functions are the dear part
    head = gammaln(r + kinds) - gammaln(r) + r * np.log(alpha)
    head += gammaln(a + b) - gammaln(b) + gammaln(b + kinds) - gammaln(a + b + kinds)
    together = digamma(a + b) - digamma(a + b + kinds)
    stays = -(r + x) * np.log(alpha + age)
    repeat = x > 0
    left = np.where(repeat, b + x - 1, 1.0)
    goes = np.where(repeat, np.log(a) - np.log(left) - (r + x) * np.log(alpha + t_x), -np.inf)
    both = np.logaddexp(stays, goes)
    gone = np.exp(goes - both)
    slopes = np.empty((4, len(x)))
    slopes[0] = (digamma(r + kinds) - digamma(r) + np.log(alpha))[kind]
    slopes[0] -= (1 - gone) * np.log(alpha + age) + gone * np.log(alpha + t_x)
    slopes[1] = r / alpha - (r + x) * ((1 - gone) / (alpha + age) + gone / (alpha + t_x))
    slopes[2] = together[kind] + gone / a
    slopes[3] = (together - digamma(b) + digamma(b + kinds))[kind] - np.where(repeat, gone / left, 0.0)
    return np.asarray(head[kind] + both), slopes


def _odds_left(model: Model, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return P(left) / P(still a customer)."""
    repeat = x > 0
    left = np.where(repeat, model.b + x - 1, 1.0)
    logs = np.log(model.a) - np.log(left) + (model.r + x) * np.log((model.alpha + age) / (model.alpha + t_x))
    return np.asarray(np.where(repeat, np.exp(np.minimum(logs, 700.0)), 0.0))


def _expected(model: Model, horizon: float, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return equation 10. With Euler's transformation its first factor is
    (a+b+x−1)/(a−1) · [1 − (1−z)^(a−1) · 2F1(a−1, a+b−1−r; a+b+x−1; z)] with z = t / (alpha + T + t).
    """
    from scipy.special import hyp2f1

    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    if abs(a - 1) < _APART:
        a = 1 + _APART
    if abs(a + b - 1) < _APART:
        b += 2 * _APART
    z = horizon / (alpha + age + horizon)
    with np.errstate(over="ignore", invalid="ignore"):
        tail = np.exp((a - 1) * np.log1p(-z)) * hyp2f1(a - 1, a + b - 1 - r, a + b + x - 1, z)
        # Where customers leave as good as never or at once, a and b are huge and the paper's own form is the one that holds.
        plain = np.exp((r + x) * np.log1p(-z)) * hyp2f1(r + x, b + x, a + b + x - 1, z)
    tail = np.where(np.isfinite(tail), tail, plain)
    bought = (a + b + x - 1) / (a - 1) * (1 - tail) / (1 + _odds_left(model, x, t_x, age))
    return np.asarray(np.maximum(bought, 0.0))
