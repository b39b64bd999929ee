"""Which disc an axial slice crosses, by the places of both in the patient."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msk_monai.geometry import apply_affine
from msk_monai.measure.discs import Disc

Array = npt.NDArray[np.float64]

STEEPEST_DEG = 50.0
"""A slice tilted more than this against a disc is no cut across it."""


@dataclass(frozen=True, eq=False)
class PlacedDisc:
    """A disc in the patient.

    Attributes:
        name: such as ``L4-L5``.
        centre: (3,) mm.
        axis: (3,) unit vector across the disc, towards the head.
        half_height: mm.
    """

    name: str
    centre: Array
    axis: Array
    half_height: float


@dataclass(frozen=True)
class Crossing:
    """Where a slice passes.

    Attributes:
        level: of the disc it crosses; ``None`` where it crosses none.
        nearest: of the nearest disc.
        offset: from that disc's middle along its axis, in halves of its height, towards the head.
        tilt_deg: between the slice and that disc, 0 to 90.
        reason: why there is no level.
    """

    level: str | None
    nearest: str
    offset: float
    tilt_deg: float
    reason: str | None


def place_disc(name: str, disc: Disc, affine: npt.ArrayLike) -> PlacedDisc:
    """Take a disc measured on a sagittal slice into the patient.

    Args:
        name: of the disc.
        disc: as :func:`msk_monai.measure.discs.measure_disc` gives, in mm.
        affine: (4, 4) from the slice's pixels (x, y, 0) to LPS mm.
    """
    matrix = np.asarray(affine, dtype=np.float64)
    steps = matrix[:3, :2] / np.linalg.norm(matrix[:3, :2], axis=0)
    across = np.array([-disc.axis[1], disc.axis[0]])
    axis = steps @ across
    axis = axis / np.linalg.norm(axis) * (1.0 if axis[2] >= 0 else -1.0)
    return PlacedDisc(name, apply_affine(matrix, [*disc.centre, 0.0]), axis, disc.mean_height / 2)


def crossing(point: npt.ArrayLike, normal: npt.ArrayLike, discs: Sequence[PlacedDisc]) -> Crossing:
    """Tell which disc a slice crosses: the one on whose axis it passes within the disc's height.

    Args:
        point: (3,) any point of the slice, LPS mm.
        normal: (3,) across the slice.
        discs: at least one.

    Raises:
        ValueError: there are no discs.
    """
    if not discs:
        raise ValueError("expected at least one disc")
    through, across = np.asarray(point, dtype=np.float64), np.asarray(normal, dtype=np.float64)
    across = across / np.linalg.norm(across)
    cosines = np.array([abs(disc.axis @ across) for disc in discs])
    tilts = np.degrees(np.arccos(np.clip(cosines, 0, 1)))
    steep = np.cos(np.radians(85.0))  # nearly parallel to the axis: the place along it says nothing
    along = np.array([(through - disc.centre) @ across / (np.sign(disc.axis @ across) or 1.0) for disc in discs]) / np.maximum(
        cosines, steep
    )
    offsets = along / np.array([disc.half_height for disc in discs])
    place = int(np.abs(offsets).argmin())
    nearest, offset, tilt = discs[place].name, float(offsets[place]), float(tilts[place])
    if tilt > STEEPEST_DEG:
        return Crossing(None, nearest, offset, tilt, f"it is tilted by {tilt:.0f} degrees against the disc {nearest}")
    if abs(offset) > 1:
        side = "above" if offset > 0 else "below"
        beyond = (abs(offset) - 1) * discs[place].half_height
        return Crossing(None, nearest, offset, tilt, f"it crosses no disc: it lies {beyond:.1f} mm {side} {nearest}")
    return Crossing(nearest, nearest, offset, tilt, None)
