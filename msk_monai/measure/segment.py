"""Angle and interval between two neighbouring vertebrae: what a disc space looks like on a film."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msk_monai.geometry import angle_between, unit_vector
from msk_monai.measure.vertebra_corners import VertebraCorners

Array = npt.NDArray[np.float64]

MOST_DEGREES = 45.0
"""No two endplates that face each other over a disc are tilted further against one another."""
LEAST_INTERVAL_SHARE = -0.15
"""Endplates overlap on a film where a disc is gone or seen at a slant, but not by more than this share of the vertebra's height."""
MOST_INTERVAL_SHARE = 1.5
"""A lumbar disc is about 0.4 of the vertebra's height; above this one a vertebra was left out."""
LEAST_STEP_SHARE = 0.5
"""The next vertebra's centre lies at least so many heights further down: touching bodies of one height are 1 apart."""
LEAST_OVERLAP = 0.25
"""So much of the narrower endplate faces the other one."""
MOST_WIDTH_RATIO = 2.0
"""Neighbours differ in width by a few percent; by this factor only if one of them was not found."""


@dataclass(frozen=True)
class Segment:
    """Two neighbours, and the space between the upper one's inferior and the lower one's superior endplate.

    Lengths have the unit of the corners. Intervals are measured perpendicular to the bisector of the two endplates, along the
    stretch of it where both lie; they are negative where the endplates cross. Left and right are the image's sides.

    Attributes:
        upper: name of the upper vertebra.
        lower: name of the lower one.
        angle: between the endplates, degrees from 0 to 90.
        signed_angle: the same, positive where the space opens to the image's right. Which side of the patient that is, only the
            film's orientation tells (Patient Orientation, DICOM PS3.3 section C.7.6.1.1.1): it is the left one on an
            antero-posterior film as it is usually hung.
        interval_mean: area between the endplates over the length of the stretch.
        interval_left: at the stretch's left end.
        interval_right: at its right end.
        interval_minimum: the smallest anywhere on it.
        upper_height: of the upper vertebra.
        step: how far the lower vertebra's centre lies below the upper one's, along the upper one's axis.
        overlap: length of the stretch over that of the shorter endplate, up to 1; negative where the endplates lie side by side.
        width_ratio: width of the wider vertebra over that of the narrower one.
    """

    upper: str
    lower: str
    angle: float
    signed_angle: float
    interval_mean: float
    interval_left: float
    interval_right: float
    interval_minimum: float
    upper_height: float
    step: float
    overlap: float
    width_ratio: float

    @property
    def interval_share(self) -> float:
        """Mean interval over the upper vertebra's height: known without a pixel spacing."""
        return self.interval_mean / self.upper_height


def measure_segment(upper: VertebraCorners, lower: VertebraCorners) -> Segment:
    """Measure two neighbours.

    Args:
        upper: the one nearer to the head; in mm, or in pixels that are square.
        lower: the next one, in the same unit.

    Returns:
        The numbers, whether or not they can be true: see :func:`implausible`.

    Raises:
        ValueError: an endplate has no length, or a vertebra no height or no width.
    """
    ceiling, floor = upper.inferior_endplate, lower.superior_endplate
    for vertebra, plate in ((upper, ceiling), (lower, floor)):
        if not (vertebra.height > 0 and vertebra.width > 0 and np.any(plate[0] != plate[1])):
            raise ValueError(f"expected a vertebra with a height and a width, got {vertebra.name} with {vertebra.corners.tolist()}")
    angle = angle_between(ceiling[1] - ceiling[0], floor[1] - floor[0])
    along = _bisector(ceiling, floor)
    down = np.array([-along[1], along[0]])
    if down @ upper.axis < 0:
        down = -down
    left, right, overlap = _facing(np.sort(ceiling @ along), np.sort(floor @ along))
    gaps = [_height_at(floor, along, down, at) - _height_at(ceiling, along, down, at) for at in (left, right)]
    opens_right = _rise(floor, along, down) - _rise(ceiling, along, down)
    widths = sorted((upper.width, lower.width))
    return Segment(
        upper=upper.name,
        lower=lower.name,
        angle=angle,
        signed_angle=angle if opens_right >= 0 else -angle,
        interval_mean=(gaps[0] + gaps[1]) / 2,
        interval_left=gaps[0],
        interval_right=gaps[1],
        interval_minimum=min(gaps),
        upper_height=upper.height,
        step=float((lower.centre - upper.centre) @ upper.axis) / upper.height,
        overlap=overlap,
        width_ratio=widths[1] / widths[0],
    )


def implausible(segment: Segment) -> str | None:
    """Say why a segment's numbers cannot be those of two neighbouring vertebrae.

    Returns:
        The first reason found, or ``None``.
    """
    names = f"{segment.upper} and {segment.lower}"
    share, step = segment.interval_share, segment.step / segment.upper_height
    faults = (
        (step < LEAST_STEP_SHARE, f"{segment.lower} does not lie below {segment.upper}"),
        (segment.width_ratio > MOST_WIDTH_RATIO, f"{names} differ in width by a factor of {segment.width_ratio:.1f}"),
        (segment.overlap < LEAST_OVERLAP, f"the endplates of {names} do not face each other"),
        (segment.angle > MOST_DEGREES, f"{segment.angle:.0f}° between {names}"),
        (share < LEAST_INTERVAL_SHARE, f"{names} overlap by {-share:.2f} of the height of {segment.upper}"),
        (share > MOST_INTERVAL_SHARE, f"{names} are {share:.1f} heights of {segment.upper} apart"),
    )
    return next((reason for fault, reason in faults if fault), None)


def _bisector(ceiling: Array, floor: Array) -> Array:
    """Unit vector halfway between two endplates' directions, in the sense of the first one's left to right."""
    first, second = unit_vector(ceiling[1] - ceiling[0]), unit_vector(floor[1] - floor[0])
    return unit_vector(first + second if first @ second >= 0 else first - second)


def _facing(one: Array, other: Array) -> tuple[float, float, float]:
    """Where two ranges on a line, (low, high) each, overlap: low, high, and the share of the shorter range.

    Of ranges apart, the gap between them.
    """
    low, high = max(one[0], other[0]), min(one[1], other[1])
    share = (high - low) / min(np.ptp(one), np.ptp(other))
    return float(min(low, high)), float(max(low, high)), float(share)


def _rise(plate: Array, along: Array, down: Array) -> float:
    """How much an endplate descends per step along a direction that is within 45° of its own."""
    across = plate[1] - plate[0]
    return float((across @ down) / (across @ along))


def _height_at(plate: Array, along: Array, down: Array, at: float) -> float:
    """How far down an endplate's line lies, at a place along the bisector."""
    return float(plate[0] @ down + (at - plate[0] @ along) * _rise(plate, along, down))
