"""What a customer spends a purchase: the Gamma-Gamma model.

P. Fader, B. Hardie, The Gamma-Gamma Model of Monetary Value, 2013. The amounts of one customer are gamma with shape p; the scale varies
over customers as a gamma (q, gamma). The fewer purchases somebody has, the more the expectation leans on everybody else's mean. It assumes
that how much one spends says nothing about how often one comes.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]

LEAST_CUSTOMERS: Final = 50
_START: Final = (2.0, 3.0, 2.0)
_BOUND: Final = 12.0


@dataclass(frozen=True, slots=True)
class Model:
    """The three parameters; gamma is in the unit of the money."""

    p: float
    q: float
    gamma: float

    @property
    def mean(self) -> float | None:
        """Return the mean over all customers; None where the model has none (q ≤ 1)."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else None

    def expected(self, n: Ints, mean: Floats) -> Floats:
        """Return each customer's expected amount a purchase, from n purchases with this mean (equation 5); NaN where there is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self.p * (self.gamma + n * mean) / (self.p * n + self.q - 1)
        return np.where(self.p * n + self.q > 1, found, np.nan)


def fit(n: Ints, mean: Floats) -> Model | None:
    """Return the parameters of greatest likelihood over customers with n ≥ 1 purchases of a positive mean; None when there are too few
    of them or the search finds no end.
    """
    from scipy.optimize import minimize
    from scipy.special import gammaln

    known = (n > 0) & (mean > 0)
    if np.count_nonzero(known) < LEAST_CUSTOMERS:
        return None
    n, unit = n[known].astype(float), float(np.median(mean[known]))
    spent = mean[known] / unit
    log_n, log_spent = np.log(n), np.log(spent)

    def cost(logs: Floats) -> float:
        p, q, gamma = np.exp(logs)
        values = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma)
        values += (p * n - 1) * log_spent + p * n * log_n - (p * n + q) * np.log(gamma + n * spent)
        return -float(values.mean())

    best = minimize(
        cost, np.log(_START), method="L-BFGS-B", bounds=[(-_BOUND, _BOUND)] * 3, options={"maxiter": 300}
    )  # fmt: skip
    # Amounts that are all the same drive p to its bound: there is nothing to shrink towards.
    if not best.success or not np.isfinite(best.fun) or np.any(np.abs(best.x) > _BOUND - 1e-6):
        return None
    p, q, gamma = (float(value) for value in np.exp(best.x))
    return Model(p, q, gamma * unit)
