"""Scores 1 to 5 (5 is best) among all customers of a file or company.

A plain NTILE cuts equal customers apart by accident. Here a score depends on the value alone, so equal values get equal scores, in any
order of the rows. With n customers, all values different, every score goes to n/5 of them (rounded). Ties:

- frequency and value: 1 + ⌊5 · (share of customers with a smaller value)⌋. Where four of five bought once, those have 1, as they should.
- recency: ⌈5 · (share of customers who bought as recently or longer ago)⌉. Where all bought today, all have 5.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from kpi.segments.edges import BEST

Scores = npt.NDArray[np.int8]


def by_size(values: npt.NDArray[Any]) -> Scores:
    """Return the scores of frequency or value: more is better."""
    smaller = np.searchsorted(np.sort(values), values, "left")
    return (1 + BEST * smaller // max(len(values), 1)).astype(np.int8)


def by_recency(days: npt.NDArray[Any]) -> Scores:
    """Return the scores of days since the last purchase: fewer is better."""
    as_old_or_older = len(days) - np.searchsorted(np.sort(days), days, "left")
    return (-(-BEST * as_old_or_older // max(len(days), 1))).astype(np.int8)
