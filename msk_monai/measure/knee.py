"""Lengths and angle between the femur and the tibia on a film of a knee from front or back."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msk_monai.anatomy.knee import LINES, POINTS

Array = npt.NDArray[np.float64]

NEEDED = tuple(point for ends in LINES.values() for point in ends)
"""The eight points that the lines end at."""
MOST_WIDTH_RATIO = 1.5
"""Femur and tibia differ in width by some 5 %."""
WIDTHS_MM = (20.0, 160.0)
"""Of a knee, children's and magnified ones included; beyond, the millimetres are wrong."""
LEAST_SPACE_SHARE = -0.05
"""The femur does not reach into the tibia by more than this share of its width."""
MOST_SPACE_SHARE = 0.35
"""A joint space is some 6 % of the condyles' width."""
MOST_DEGREES = 45.0
"""By which the two bones' lines may converge."""


@dataclass(frozen=True)
class Knee:
    """One knee, measured.

    Attributes:
        lines: lengths by the names of ``msk_monai.anatomy.knee.LINES``, in the unit of the points.
        convergence: joint line convergence angle, degrees: between the line through the condyles' lowest points and that through the
            plateaus' middles; positive where the joint opens to the lateral side (varus).
        ratio: medial over lateral joint space; ``None`` where the latter is 0.
        least_gap: the smaller of the joint spaces along the femur's axis, negative where the femur reaches into the tibia; ``None`` where
            the top of the notch (femur_4), which tells that axis, is not known.
    """

    lines: Mapping[str, float]
    convergence: float
    ratio: float | None
    least_gap: float | None


def measure_knee(points: npt.ArrayLike) -> Knee:
    """Measure a knee.

    Args:
        points: (16, 2) [x, y], y downwards, in the order of ``msk_monai.anatomy.knee.POINTS``; in mm, or in pixels that are square. Neither
            a rotation nor a mirror changes what is measured. Only the eight ends of the lines matter; others may be NaN.

    Raises:
        ValueError: one of these is missing, or points fall into one.
    """
    given = np.asarray(points, dtype=np.float64)
    if given.shape != (len(POINTS), 2):
        raise ValueError(f"expected {len(POINTS)} points, got shape {given.shape}")
    at = dict(zip(POINTS, given, strict=True))
    missing = [point for point in NEEDED if not np.isfinite(at[point]).all()]
    if missing:
        raise ValueError(f"expected finite points, got none for {', '.join(missing)}")
    lines = {name: float(np.linalg.norm(at[end] - at[start])) for name, (start, end) in LINES.items()}
    lateral, medial = lines["lateral_joint_space"], lines["medial_joint_space"]
    return Knee(lines=lines, convergence=_convergence(at), ratio=medial / lateral if lateral > 0 else None, least_gap=_least_gap(at))


def implausible(knee: Knee, *, in_mm: bool = False) -> str | None:
    """Say why a knee's numbers cannot be those of one; the first reason found, or ``None``.

    Args:
        knee: its numbers.
        in_mm: whether lengths are in mm, so that they can be too small or too large.
    """
    femur, tibia = knee.lines["femoral_condylar_width"], knee.lines["tibial_plateau_width"]
    space = max(knee.lines["lateral_joint_space"], knee.lines["medial_joint_space"])
    narrow, wide = sorted((femur, tibia))
    faults = (
        (wide > MOST_WIDTH_RATIO * narrow, "femur and tibia differ too much in width"),
        (in_mm and not WIDTHS_MM[0] <= femur <= WIDTHS_MM[1], f"a knee {femur:.0f} mm wide"),
        (space > MOST_SPACE_SHARE * wide, "femur and tibia lie too far apart"),
        (knee.least_gap is not None and knee.least_gap < LEAST_SPACE_SHARE * wide, "the femur reaches into the tibia"),
        (abs(knee.convergence) > MOST_DEGREES, "femur and tibia do not face each other"),
    )
    return next((reason for fault, reason in faults if fault), None)


def _convergence(at: Mapping[str, Array]) -> float:
    above, below = at["femur_2"] - at["femur_6"], at["tibia_2"] - at["tibia_8"]  # to the lateral side
    up = at["femur_1"] + at["femur_7"] - at["tibia_1"] - at["tibia_9"]  # apart even where the joint space is gone
    if not (above.any() and below.any()):
        raise ValueError("expected condyles and plateaus with a width")
    hand = 1.0 if _cross(below, up) >= 0 else -1.0  # which side of the image is lateral
    return float(np.degrees(np.arctan2(-hand * _cross(above, below), above @ below)))


def _least_gap(at: Mapping[str, Array]) -> float | None:
    """The notch's top lies above the condyles, whichever way the film is turned."""
    axis = at["femur_4"] - (at["femur_2"] + at["femur_6"]) / 2
    length = float(np.linalg.norm(axis))
    if not (np.isfinite(length) and length > 0):
        return None
    return float(min((at["femur_2"] - at["tibia_2"]) @ axis, (at["femur_6"] - at["tibia_8"]) @ axis)) / length


def _cross(first: Array, second: Array) -> float:
    return float(first[0] * second[1] - first[1] * second[0])
