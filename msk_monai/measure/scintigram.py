"""Counts of a gamma camera made comparable, and the reference system's rule for where the knees are."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_BODY = 0.15
"""A pixel of less than this share of the 90th percentile of what is not empty lies beside the body."""
MOST = 40.0
"""Uptake, in multiples of the body's median, from which on no more is told apart: bladder, injection site."""
REFERENCE_BAND, REFERENCE_SHIFT, REFERENCE_COLUMNS, REFERENCE_HALF = (510, 638), 70, (100, 149), 64
"""Rows (the last among them) where the reference looks, by how much lower it does, columns that tell so, and half of its crop's rows."""


def body_counts(counts: npt.ArrayLike) -> float:
    """Median counts of the pixels that show the body.

    It rises and falls with the dose, the time and the pixel's size as every other pixel does, and neither bladder nor injection site nor
    how much of the image is empty changes it much: dividing by it leaves uptake.

    Args:
        counts: (X, Y) of one view, smoothed so that empty and body pixels differ.

    Raises:
        ValueError: there are no counts.
    """
    given = np.asarray(counts, dtype=np.float64)
    seen = given[given > 0]
    if not seen.size:
        raise ValueError("expected counts, got an empty view")
    return float(np.median(seen[seen > _BODY * np.percentile(seen, 90)]))


def uptake_grey(uptake: npt.ArrayLike) -> Array:
    """Uptake in multiples of the body's, up to ``MOST``, as grey values 0 to 1: its square root, whose noise is alike everywhere."""
    return np.asarray(np.sqrt(np.clip(np.asarray(uptake, dtype=np.float64), 0, MOST) / MOST))


def reference_knee_row(counts: npt.ArrayLike) -> int:
    """Row of the knees by the reference system's rule, for views of 1024 rows and 256 columns.

    The brightest row (by its sum; the first of several) of rows 510 to 638; of rows 580 to 708 where columns 100 to 149 of row 510 hold
    counts.

    Args:
        counts: (X, Y) of one view, head up.

    Raises:
        ValueError: the view is smaller than the rule needs.
    """
    given = np.asarray(counts, dtype=np.float64)
    first, last = REFERENCE_BAND
    if given.ndim != 2 or given.shape[1] < last + REFERENCE_SHIFT + REFERENCE_HALF or given.shape[0] < REFERENCE_COLUMNS[1] + 1:
        raise ValueError(f"expected a view of 1024 rows and 256 columns, got {given.shape[::-1]}")
    shift = REFERENCE_SHIFT if given[REFERENCE_COLUMNS[0] : REFERENCE_COLUMNS[1] + 1, first].any() else 0
    return first + shift + int(given[:, first + shift : last + shift + 1].sum(axis=0).argmax())


def knees_plausible(right: npt.ArrayLike, left: npt.ArrayLike, size: npt.ArrayLike) -> str | None:
    """Why two places cannot be a patient's knees in an anterior view, or ``None``.

    Args:
        right: [x, y] of the right knee, pixels; the patient's right is at the image's left.
        left: the same of the left one.
        size: columns and rows of the view.
    """
    first, second, extent = (np.asarray(value, dtype=np.float64) for value in (right, left, size))
    apart = second - first
    if not ((np.minimum(first, second) >= -0.5) & (np.maximum(first, second) <= extent - 0.5)).all():
        return "a knee would lie outside the image"
    if apart[0] <= 0.02 * extent[1]:
        return "the knees would lie on one another or the wrong way round"
    if abs(apart[1]) > apart[0] + 0.06 * extent[1]:
        return "one knee would lie far above the other"
    return None
