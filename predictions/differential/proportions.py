"""Whether two counts can come from the same share."""

from __future__ import annotations

import numpy as np
from scipy.stats import fisher_exact

from predictions.differential.intervals import check_count


def two_proportions(k1: int, n1: int, k2: int, n2: int) -> float:
    """Return the exact two-sided p-value of the difference between ``k1`` of ``n1`` and ``k2`` of ``n2``.

    1 where one side counted nothing: then there is nothing that speaks for a difference.

    Source: Fisher RA. On the interpretation of chi-squared from contingency tables, and the calculation of P.
    Journal of the Royal Statistical Society 1922; 85: 87-94.

    Raises:
        ValueError: a part that is larger than its whole.
    """
    check_count(k1, n1)
    check_count(k2, n2)
    if n1 == 0 or n2 == 0:
        return 1.0
    return float(fisher_exact(np.array([[k1, n1 - k1], [k2, n2 - k2]])).pvalue)
