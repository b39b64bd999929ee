"""Squares that follow the place, direction and size of objects whose points are known.

An object's width is the distance between its two ends, each the mean of some of its points. Squares are (4, 2) [x, y], y downwards: top
left, top right, bottom left, bottom right, as seen.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ends = tuple[Sequence[int], Sequence[int]]
"""Numbers of the points at an object's one end and at its other; in the usual view the first is on the left."""
Array = NDArray[np.float64]


def across(points: ArrayLike, ends: Ends) -> Array:
    """(N, 2) from the first end of objects (N, P, 2) to the other."""
    given = np.asarray(points, dtype=np.float64)
    return np.asarray(given[:, list(ends[1])].mean(axis=1) - given[:, list(ends[0])].mean(axis=1))


def squares(points: ArrayLike, ends: Ends) -> Array:
    """(N, 4, 2): a square in the middle between the ends of each object (N, P, 2), as wide as it is; NaN where they are not known."""
    given = np.asarray(points, dtype=np.float64)
    middle = (given[:, list(ends[0])].mean(axis=1) + given[:, list(ends[1])].mean(axis=1)) / 2
    return _squares(middle, _upright(across(given, ends)))


def squares_at_points(points: ArrayLike, ends: Ends, *, share: float) -> Array:
    """(N, P, 4, 2): a square around each point, in its object's direction, with a side of so many of its widths."""
    given = np.asarray(points, dtype=np.float64)
    sides = np.broadcast_to(share * _upright(across(given, ends))[:, None], given.shape)
    return _squares(given.reshape(-1, 2), sides.reshape(-1, 2)).reshape(*given.shape[:2], 4, 2)


def _upright(across: Array) -> Array:
    """The same directions up to their sign, from left to right."""
    return np.where(across[:, :1] < 0, -across, across)


def _squares(middles: Array, sides: Array) -> Array:
    down = np.stack([-sides[:, 1], sides[:, 0]], axis=1)
    return np.stack([middles + (x * sides + y * down) / 2 for y in (-1, 1) for x in (-1, 1)], axis=1)
