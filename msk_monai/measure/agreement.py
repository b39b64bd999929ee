"""How well measured values agree with true ones: errors, Bland-Altman limits, R², ICC(2,1), SMAPE."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_Z95 = 1.96


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Statistics of n pairs of a predicted and a true value, in the values' own unit where nothing else is said.

    Args:
        n: number of pairs.
        mae: mean absolute error.
        median_error: median absolute error.
        max_error: largest absolute error.
        bias: mean of predicted - true.
        sd: standard deviation (n - 1) of predicted - true.
        loa_lower: lower 95 % limit of agreement, bias - 1.96 sd (Bland & Altman 1986, doi:10.1016/S0140-6736(86)90837-8).
        loa_upper: upper limit, bias + 1.96 sd.
        r2: see :func:`r_squared`.
        pearson: Pearson's correlation.
        icc: ICC(2,1), see :func:`icc_2_1`.
        smape: see :func:`smape`, in %.

    What the values do not allow (a spread of one pair, a correlation with a constant) is ``None``.
    """

    n: int
    mae: float
    median_error: float
    max_error: float
    bias: float
    sd: float | None
    loa_lower: float | None
    loa_upper: float | None
    r2: float | None
    pearson: float | None
    icc: float | None
    smape: float | None


def agreement(predicted: npt.ArrayLike, true: npt.ArrayLike) -> Agreement:
    """Compare predicted with true values, pair by pair.

    Args:
        predicted: (n,) finite values.
        true: (n,) finite values, in the same order and unit.

    Raises:
        ValueError: the shapes differ, or there is no pair.
    """
    p, t = _columns(predicted, true)
    difference = p - t
    error = np.abs(difference)
    bias = float(difference.mean())
    sd = float(difference.std(ddof=1)) if p.size > 1 else None
    return Agreement(
        n=p.size,
        mae=float(error.mean()),
        median_error=float(np.median(error)),
        max_error=float(error.max()),
        bias=bias,
        sd=sd,
        loa_lower=None if sd is None else bias - _Z95 * sd,
        loa_upper=None if sd is None else bias + _Z95 * sd,
        r2=r_squared(p, t),
        pearson=_pearson(p, t),
        icc=icc_2_1(np.stack([p, t], axis=1)),
        smape=smape(p, t),
    )


def r_squared(predicted: npt.ArrayLike, true: npt.ArrayLike) -> float | None:
    """Coefficient of determination, 1 - SSres / SStot: below zero where the true values' mean would have been the better guess.

    Not the squared correlation, which forgives a bias and a wrong scale. ``None`` where the true values are all the same.

    Raises:
        ValueError: the shapes differ, or there is no pair.

    >>> r_squared([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    1.0
    >>> r_squared([3.0, 2.0, 1.0], [1.0, 2.0, 3.0])
    -3.0
    """
    p, t = _columns(predicted, true)
    total = _sum_of_squares(t)
    return 1 - float(np.sum((p - t) ** 2)) / total if total > 0 else None


def icc_2_1(table: npt.ArrayLike) -> float | None:
    """Intraclass correlation ICC(2,1): two-way random effects, absolute agreement, a single measure.

    P. E. Shrout & J. L. Fleiss, Psychol. Bull. 86 (1979) 420-428, doi:10.1037/0033-2909.86.2.420.

    Args:
        table: (n targets, k judges).

    Returns:
        At most 1; ``None`` with fewer than two targets or judges, or where all entries are the same.

    Raises:
        ValueError: the table is not two-dimensional.
    """
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2:
        raise ValueError(f"expected a table of targets x judges, got shape {values.shape}")
    n, k = values.shape
    if n < 2 or k < 2:
        return None
    values = values - values[0, 0]  # entries that are all the same then leave exact zeros
    of_targets, of_judges = values.mean(axis=1), values.mean(axis=0)
    between = k * _sum_of_squares(of_targets) / (n - 1)
    judges = n * _sum_of_squares(of_judges) / (k - 1)
    residual = values - of_targets[:, None] - of_judges[None] + values.mean()
    error = float(np.sum(residual**2)) / ((n - 1) * (k - 1))
    whole = between + (k - 1) * error + k * (judges - error) / n
    return (between - error) / whole if whole > 0 else None


def smape(predicted: npt.ArrayLike, true: npt.ArrayLike) -> float | None:
    """Symmetric mean absolute percentage error of one set of values, 100 · Σ|p - t| / Σ(p + t), in %.

    As AASCE takes it over a film's three Cobb angles (doi:10.1016/j.media.2021.102115). ``None`` where a value is negative (it
    would cancel others in the denominator) or all are zero.

    Raises:
        ValueError: the shapes differ, or there is no pair.

    >>> smape([30.0, 10.0], [20.0, 20.0])
    25.0
    """
    p, t = _columns(predicted, true)
    whole = float(np.sum(p + t))
    if whole == 0 or min(p.min(), t.min()) < 0:
        return None
    return 100 * float(np.sum(np.abs(p - t))) / whole


def _pearson(p: Array, t: Array) -> float | None:
    scale = np.sqrt(_sum_of_squares(p) * _sum_of_squares(t))
    return float(np.sum((p - p.mean()) * (t - t.mean())) / scale) if scale > 0 else None


def _sum_of_squares(values: Array) -> float:
    """Sum of squared deviations from the mean; exactly zero where all are the same, whatever the mean is rounded to."""
    return 0.0 if np.all(values == values[0]) else float(np.sum((values - values.mean()) ** 2))


def _columns(predicted: npt.ArrayLike, true: npt.ArrayLike) -> tuple[Array, Array]:
    p, t = np.asarray(predicted, dtype=np.float64), np.asarray(true, dtype=np.float64)
    if p.ndim != 1 or p.shape != t.shape or not p.size:
        raise ValueError(f"expected as many predicted as true values, and at least one, got shapes {p.shape} and {t.shape}")
    return p, t
