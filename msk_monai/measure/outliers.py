"""Which values of a sample lie far from the rest, by a rule that the far values themselves do not sway."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

FEWEST = 10
"""Of fewer values none is called an outlier."""
LIMIT = 3.5
"""Modified z-scores beyond it, as Iglewicz and Hoaglin advise."""
MOST = 0.1
"""A larger share beyond the limit is no longer the exception: the sample is skewed, or of several kinds."""
_NORMAL = 0.6745
"""The median absolute deviation of a normal distribution, in standard deviations."""


@dataclass(frozen=True, kw_only=True)
class Outliers:
    """What the rule says about n values.

    Args:
        lower: the least value that is not beyond the limit, where the rule can be used.
        upper: the largest.
        beyond: (n,) whether each value lies outside these.
        named: whether those beyond are to be called outliers: they are few.
    """

    lower: float | None
    upper: float | None
    beyond: npt.NDArray[np.bool_]
    named: bool

    @property
    def is_outlier(self) -> npt.NDArray[np.bool_]:
        """(n,) the values to be called outliers."""
        return self.beyond & self.named


def outliers(values: npt.ArrayLike) -> Outliers:
    """Find the values whose modified z-score, 0.6745 (x - median) / MAD, is beyond 3.5 in size; MAD is the median absolute deviation.

    B. Iglewicz, D. C. Hoaglin, How to Detect and Handle Outliers, ASQC Quality Press 1993.

    Of fewer than ten values, or where more than half are the same (MAD = 0), nothing can be said. Where more than a tenth lies beyond,
    they are counted but not called outliers.

    Args:
        values: (n,) finite values.

    >>> found = outliers([10.0, 10.4, 9.8, 10.1, 9.9, 10.2, 10.3, 9.7, 10.0, 10.1, 14.0])
    >>> found.is_outlier.nonzero()[0].tolist()
    [10]
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ValueError(f"values must be finite and in one row, got shape {x.shape}")
    nothing = Outliers(lower=None, upper=None, beyond=np.zeros(x.shape, dtype=np.bool_), named=False)
    if x.size < FEWEST:
        return nothing
    median = float(np.median(x))
    deviation = float(np.median(np.abs(x - median)))
    if deviation == 0:
        return nothing
    reach = LIMIT * deviation / _NORMAL
    beyond = np.abs(x - median) > reach
    return Outliers(lower=median - reach, upper=median + reach, beyond=beyond, named=bool(beyond.mean() <= MOST))
