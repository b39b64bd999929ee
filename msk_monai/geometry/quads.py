"""A column of quadrilaterals, one below the other, and what lies between them.

A quadrilateral is (4, 2) [x, y], y downwards, in pixels of an image: top left, top right, bottom left, bottom right.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mirrored_corners(quads: int) -> list[int]:
    """Order of the corners of so many quadrilaterals, one after the other, after left and right are exchanged."""
    return [4 * quad + corner for quad in range(quads) for corner in (1, 0, 3, 2)]


def widths(quads: ArrayLike) -> NDArray[np.float64]:
    """(N,) distances between the middles of the left and the right side of (N, 4, 2)."""
    given = np.asarray(quads, dtype=np.float64)
    return np.asarray(np.linalg.norm(given[:, 1] + given[:, 3] - given[:, 0] - given[:, 2], axis=1) / 2)


def between(quads: ArrayLike) -> NDArray[np.float64]:
    """(N - 1, 4, 2): the spaces between (N, 4, 2) neighbours, from the lower side of the upper to the upper side of the lower."""
    given = np.asarray(quads, dtype=np.float64)
    return np.concatenate([given[:-1, 2:], given[1:, :2]], axis=1)


def with_facing(quads: ArrayLike) -> NDArray[np.float64]:
    """(N, 8, 2): the corners of (N, 4, 2), the lower two of the one above, the upper two of the one below; NaN where there is none."""
    given = np.asarray(quads, dtype=np.float64)
    padded = np.concatenate([np.full((1, 4, 2), np.nan), given, np.full((1, 4, 2), np.nan)])
    return np.concatenate([given, padded[:-2, 2:], padded[2:, :2]], axis=1)
