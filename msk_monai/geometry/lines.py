"""Straight lines in an image's plane: fits, angles and distances.

Points are ``[x, y]``: x grows to the right, y downwards, as columns and rows are counted. A line has no sense of direction of
its own; where one is needed it points to the right, and downwards if the line stands upright.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SAME_LENGTH = 1e-9
"""Points whose spreads along two perpendicular directions differ by less than this share have no direction."""

PARALLEL = 1e-12
"""Sine of the angle below which two lines do not meet: directions are known no better."""


@dataclass(frozen=True, eq=False)
class Line:
    """A line through a point.

    Attributes:
        point: (2,) a point of the line.
        direction: (2,) of length 1, pointing to +x, or to +y where the line is vertical. Any vector along the line may be given.

    Raises:
        ValueError: wrong shapes, a number that is not finite, or a direction of no length.

    >>> Line([0, 5], [-2, 0]).direction.tolist()
    [1.0, 0.0]
    """

    point: Array
    direction: Array

    def __post_init__(self) -> None:
        point, direction = _pair(self.point), unit_vector(self.direction)
        if (direction[0], direction[1]) < (0.0, 0.0):
            direction = 0.0 - direction  # leaves no negative zero
        object.__setattr__(self, "point", point)
        object.__setattr__(self, "direction", direction)


def unit_vector(direction: Line | npt.ArrayLike) -> Array:
    """Vector (2,) of length 1 and the same sense.

    Args:
        direction: a line, or a vector (2,) of any length.

    Raises:
        ValueError: the vector has no length, is not finite or of the wrong shape.

    >>> unit_vector([0, -5]).tolist()
    [0.0, -1.0]
    """
    if isinstance(direction, Line):
        return direction.direction
    vector = _pair(direction)
    largest = np.abs(vector).max()
    if largest == 0:
        raise ValueError("expected a direction, got a vector of no length")
    vector = vector / largest  # first, so that no square overflows or vanishes
    unit: Array = vector / np.linalg.norm(vector)
    return unit


def line_through(a: npt.ArrayLike, b: npt.ArrayLike) -> Line:
    """The line through two points, (2,) each.

    Raises:
        ValueError: the points are the same, not finite, or of the wrong shape.
    """
    start = _pair(a)
    return Line(start, _pair(b) - start)


def fit_line(points: npt.ArrayLike) -> Line:
    """Fit a line by total least squares: the sum of the squared distances perpendicular to it is smallest.

    Args:
        points: (N, 2), at least two.

    Raises:
        ValueError: fewer than two points, wrong shape, not finite, all in one place, or spread alike in every direction.
    """
    cloud = np.asarray(points, dtype=np.float64)
    if cloud.ndim != 2 or cloud.shape[1] != 2 or len(cloud) < 2 or not np.all(np.isfinite(cloud)):
        raise ValueError(f"expected at least two finite points (N, 2), got shape {cloud.shape}")
    middle = cloud.mean(axis=0)
    _, spreads, axes = np.linalg.svd(cloud - middle, full_matrices=False)
    rounding = np.finfo(np.float64).eps * len(cloud) * np.abs(cloud).max()
    if spreads[0] - spreads[1] <= max(SAME_LENGTH * spreads[0], rounding):
        raise ValueError("expected points along a line, got points without a direction")
    return Line(middle, axes[0])


def angle_between(a: Line | npt.ArrayLike, b: Line | npt.ArrayLike) -> float:
    """Angle between two lines, in degrees from 0 to 90.

    Args:
        a: a line, or a vector (2,) along it of any length and sense.
        b: the other one.

    Raises:
        ValueError: a vector has no length, is not finite or of the wrong shape.

    >>> angle_between([1, 0], [-1, -1])
    45.0
    """
    u, v = unit_vector(a), unit_vector(b)
    return float(np.degrees(np.arctan2(abs(u[0] * v[1] - u[1] * v[0]), abs(u @ v))))


def tilt(direction: Line | npt.ArrayLike) -> float:
    """Angle between a line and the image's rows, in degrees above -90 and up to 90.

    Args:
        direction: a line, or a vector (2,) along it of any length and sense.

    Returns:
        0 along a row, positive where the line descends towards the image's right.

    Raises:
        ValueError: the vector has no length, is not finite or of the wrong shape.

    >>> tilt([-1, -1])
    45.0
    """
    x, y = Line(np.zeros(2), unit_vector(direction)).direction
    degrees = float(np.degrees(np.arctan2(y, x)))
    return degrees if degrees > -90.0 else 90.0  # a hair off the vertical rounds to -90


def distance_to_line(points: npt.ArrayLike, line: Line) -> Array:
    """Distance of each point to a line, perpendicular to it and never negative.

    Args:
        points: (..., 2).
        line: the line.

    Returns:
        (...).
    """
    away = np.asarray(points, dtype=np.float64) - line.point
    distance: Array = np.abs(away[..., 0] * line.direction[1] - away[..., 1] * line.direction[0])
    return distance


def intersection(a: Line, b: Line) -> Array:
    """The point (2,) where two lines meet.

    Raises:
        ValueError: they are parallel.

    >>> intersection(Line([0, 5], [1, 0]), Line([2, 0], [0, 1])).tolist()
    [2.0, 5.0]
    """
    sine = a.direction[0] * b.direction[1] - a.direction[1] * b.direction[0]
    if abs(sine) < PARALLEL:
        raise ValueError("expected two lines that meet, got parallel ones")
    away = b.point - a.point
    point: Array = a.point + (away[0] * b.direction[1] - away[1] * b.direction[0]) / sine * a.direction
    return point


def _pair(values: npt.ArrayLike) -> Array:
    pair = np.array(values, dtype=np.float64)
    if pair.shape != (2,) or not np.all(np.isfinite(pair)):
        raise ValueError(f"expected two finite numbers (x, y), got {pair.tolist()}")
    return pair
