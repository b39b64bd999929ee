"""A plain knee for tests."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

ENDS = ((0, 7), (6, 15))
"""The lateral and the medial edges of both bones."""
KNEE = np.array(
    [
        *((-40, -14), (-24, -3), (-10, -10), (0, -22), (10, -10), (24, -3), (40, -14)),
        *((-39, 6), (-24, 3), (-12, 0), (-7, -6), (0, -2), (7, -7), (12, 0), (24, 3), (39, 6)),
    ],
    dtype=float,
)
"""(16, 2) mm: a right one as seen from the front, lateral on the left: 80 and 78 mm wide, 6 mm apart, its bones parallel."""
MIRROR = np.array([-1.0, 1.0])


def turned(points: ArrayLike, degrees: float, *, about: ArrayLike = (0.0, 0.0)) -> NDArray[np.float64]:
    """Points turned from x to y: clockwise as seen."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.asarray((np.asarray(points) - about) @ [[c, s], [-s, c]] + about)


def opened(degrees: float) -> NDArray[np.float64]:
    """The knee with its lateral side opened by turning the femur about the medial contact."""
    return np.concatenate([turned(KNEE[:7], degrees, about=KNEE[5]), KNEE[7:]])
