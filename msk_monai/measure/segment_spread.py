"""How uncertain corners make a segment's numbers uncertain."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msk_monai.measure.vertebra_corners import VertebraCorners


@dataclass(frozen=True, kw_only=True)
class SegmentSpread:
    """Standard deviations, to first order.

    Args:
        angle: of the angle between the endplates, degrees.
        interval_mean: of the mean interval, in the corners' unit.
        interval_end: of the interval at either end, in the corners' unit.
    """

    angle: float
    interval_mean: float
    interval_end: float


def segment_spread(upper: VertebraCorners, lower: VertebraCorners, scale: npt.ArrayLike) -> SegmentSpread:
    """Carry the corners' errors, taken as independent Laplace distributions of each coordinate, to the segment's numbers.

    Args:
        upper: the vertebra above.
        lower: the one below, in the same unit.
        scale: (2, 4) scale of each corner's distribution, in the same unit: the upper vertebra's corners, then the lower's.
    """
    variance = 2 * np.asarray(scale, dtype=np.float64) ** 2
    ceiling, floor = variance[0, 2:].sum(), variance[1, :2].sum()
    tilts = ceiling / _length(upper.inferior_endplate) ** 2 + floor / _length(lower.superior_endplate) ** 2
    return SegmentSpread(
        angle=float(np.degrees(np.sqrt(tilts))),
        interval_mean=float(np.sqrt((ceiling + floor) / 4)),
        interval_end=float(np.sqrt((ceiling + floor) / 2)),
    )


def _length(plate: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(plate[1] - plate[0]))
