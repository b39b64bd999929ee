"""The spine as a line through bodies and discs, and where along it a height lies: its place in plane and its phase."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from msk_monai.measure.vertebral_bodies import VertebralBody

Array = npt.NDArray[np.float64]


def column_points(bodies: Sequence[VertebralBody]) -> Array:
    """Middles of the bodies and, between them, of the discs.

    Args:
        bodies: neighbours, in any order.

    Returns:
        (2 n - 1, 3) points in LPS mm from the head down: body, disc, body, …, body.

    Raises:
        ValueError: no body was given.
    """
    if not bodies:
        raise ValueError("expected at least one vertebral body")
    ordered = sorted(bodies, key=lambda body: -body.middle)
    points = np.empty((2 * len(ordered) - 1, 3))
    points[::2] = [(*body.centre[:2], body.middle) for body in ordered]
    points[1::2, :2] = (points[:-1:2, :2] + points[2::2, :2]) / 2
    points[1::2, 2] = [(upper.z_range[0] + lower.z_range[1]) / 2 for upper, lower in pairwise(ordered)]
    return points


def column_at(points: npt.ArrayLike, heights: npt.ArrayLike) -> tuple[Array, Array]:
    """Follow the column's points.

    Args:
        points: (2 n - 1, 3) as from :func:`column_points`, in any space whose third axis points to the head.
        heights: (m,) along that axis.

    Returns:
        Place in plane, (m, 2), and phase, (m,) in radians: a multiple of 2π in the middle of a body, π further up in the
        disc above it. NaN beyond the first and the last body's middle.
    """
    column, z = np.asarray(points, dtype=np.float64)[::-1], np.asarray(heights, dtype=np.float64)
    phase = np.pi * np.arange(len(column))
    rising = column[:, 2] > np.concatenate([[-np.inf], np.maximum.accumulate(column[:, 2])[:-1]])
    rising &= np.isfinite(column[:, 2])
    known = column[rising]
    if len(known) == 0:
        return np.full((len(z), 2), np.nan), np.full(len(z), np.nan)
    follow = [np.interp(z, known[:, 2], values, left=np.nan, right=np.nan) for values in (*known[:, :2].T, phase[rising])]
    return np.column_stack(follow[:2]), follow[2]
