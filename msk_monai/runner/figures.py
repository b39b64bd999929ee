"""From one figure per case to the figures of a data set."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

Summary = dict[str, float | int | None]

_RESAMPLES = 2000
_LEVEL = 0.95


def summarise(rows: Sequence[Mapping[str, float]]) -> dict[str, Summary]:
    """Summarise every figure over the cases that have it; a figure of yes and no becomes a share.

    Args:
        rows: a case's figures by name; a case may lack some, and a number that is not finite counts as lacking.

    Returns:
        For numbers ``n, mean, lower, upper, sd, median, min, max``; for booleans ``n, count, share, lower, upper``. ``lower`` and
        ``upper`` bound the 95 % interval of the mean (percentile bootstrap over the cases, seeded) or the share (Wilson's).
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: _summary([row[name] for row in rows if name in row]) for name in names}


def _summary(values: Sequence[float]) -> Summary:
    if values and all(isinstance(value, bool | np.bool_) for value in values):
        return _share(sum(map(bool, values)), len(values))
    return _spread(np.array([value for value in values if math.isfinite(value)], dtype=float))


def _share(count: int, n: int) -> Summary:
    """Wilson's score interval: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212, doi:10.1080/01621459.1927.10502953."""
    z = 1.959964
    share = count / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return {"n": n, "count": count, "share": share, "lower": max(0.0, centre - half), "upper": min(1.0, centre + half)}


def _spread(values: np.ndarray) -> Summary:
    if not values.size:
        return {"n": 0}
    lower, upper = _bootstrap(values) if values.size > 1 else (None, None)
    return {
        "n": values.size,
        "mean": float(values.mean()),
        "lower": lower,
        "upper": upper,
        "sd": float(values.std(ddof=1)) if values.size > 1 else None,
        "median": float(np.median(values)),
        "min": float(values.min()),
        "max": float(values.max()),
    }


def _bootstrap(values: np.ndarray) -> tuple[float, float]:
    means = np.random.default_rng(0).choice(values, size=(_RESAMPLES, values.size)).mean(axis=1)
    lower, upper = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(lower), float(upper)
