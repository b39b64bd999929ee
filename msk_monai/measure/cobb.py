"""The three Cobb angles of an antero-posterior film, as the AASCE challenge computes them from the vertebrae's corners.

Source: the AASCE challenge (https://doi.org/10.1016/j.media.2021.102115), whose data are SpineWeb's dataset 16. Every vertebra is
stood for by its mid-line, from the middle of its left side to the middle of its right one. The main angle is the largest between
any two mid-lines; what the two others are depends on whether the spine swings to both sides of the line between its ends.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

STRAIGHT = 1e-9
"""Deviations from the line between the spine's ends below this share of its length are rounding, not a swing to one side."""


@dataclass(frozen=True)
class CobbAngles:
    """Three angles in degrees, 0 to 180, in the order of the data set's own three, and the main curve's end vertebrae.

    Attributes:
        main: the largest angle between any two vertebrae.
        proximal: the set's second: in a spine that swings to one side only, the angle between the first vertebra and the main
            curve's upper end vertebra; else the largest angle that this one makes with any vertebra above it.
        distal: the set's third: in a spine that swings to one side only, the angle between the main curve's lower end vertebra and
            the last vertebra. In one that swings to both sides, the largest angle that the lower end vertebra makes with any below
            it; but where the main curve lies in the lower half, the curve above the proximal one takes this place.
        upper: index of the main curve's upper end vertebra.
        lower: index of its lower end vertebra; the same as ``upper`` only where all vertebrae are parallel.
    """

    main: float
    proximal: float
    distal: float
    upper: int
    lower: int


def cobb_angles(corners: npt.ArrayLike, *, image_height: float | None = None) -> CobbAngles:
    """Measure the Cobb angles of a row of vertebrae.

    Args:
        corners: (V, 4, 2) from the head down: top left, top right, bottom left, bottom right, each ``[x, y]`` with y downwards, in
            mm or square pixels; at least two vertebrae.
        image_height: the challenge takes the middle of the film, at half this height, for the border between upper and lower half,
            so that its third angle can change with the film's margins. Left out, the border is the middle between the centres of
            the first and the last vertebra, and margins do not matter.

    Raises:
        ValueError: wrong shape, not finite, or a vertebra whose sides coincide.
    """
    points = np.asarray(corners, dtype=np.float64)
    if points.ndim != 3 or len(points) < 2 or points.shape[1:] != (4, 2) or not np.all(np.isfinite(points)):
        raise ValueError(f"expected finite corners (V, 4, 2) of at least two vertebrae, got shape {points.shape}")
    angles = _angles_between_mid_lines(points)
    upper, lower = (int(place) for place in np.unravel_index(np.argmax(angles), angles.shape))
    if not _swings_to_both_sides(points):
        proximal, distal = angles[upper, 0], angles[lower, -1]
    else:
        above = angles[upper, : upper + 1]
        proximal = above.max()
        if _in_upper_half(points, upper, lower, image_height):
            distal = angles[lower, lower:].max()
        else:
            end = int(above.argmax())
            distal = angles[end, : end + 1].max()
    return CobbAngles(float(angles[upper, lower]), float(proximal), float(distal), upper, lower)


def _angles_between_mid_lines(corners: Array) -> Array:
    """(V, V), degrees from 0 to 180."""
    left, right = corners[:, [0, 2]].mean(axis=1), corners[:, [1, 3]].mean(axis=1)
    across = right - left
    if not np.all(np.any(across != 0, axis=1)):
        raise ValueError("expected vertebrae with a left and a right side, got one whose sides coincide")
    tilts = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    apart: Array = np.abs(tilts[:, None] - tilts[None])
    return np.minimum(apart, 360 - apart)


def _swings_to_both_sides(corners: Array) -> bool:
    """Whether endplates' middles lie on both sides of the line from the first to the last.

    The challenge leaves out the last vertebra's own two, and so is it here.
    """
    middles = corners.reshape(-1, 2, 2).mean(axis=1)
    chord = middles[0] - middles[-1]
    from_last = middles[:-2] - middles[-1]
    deviation = from_last[:, 0] * chord[1] - from_last[:, 1] * chord[0]
    rounding = STRAIGHT * float(chord @ chord)
    return bool(deviation.min() < -rounding and deviation.max() > rounding)


def _in_upper_half(corners: Array, upper: int, lower: int, image_height: float | None) -> bool:
    if image_height is not None:
        inferior = corners[[upper, lower], 2:, 1].mean(axis=1)
        return bool(inferior.sum() < image_height)
    centres = corners.mean(axis=1)
    down = centres[-1] - centres[0]
    return bool((centres[upper] + centres[lower] - centres[0] - centres[-1]) @ down < 0)
