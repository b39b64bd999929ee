"""What a datalist knows of two neighbouring vertebrae."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msk_monai.errors import DataError
from msk_monai.measure.segment import implausible, measure_segment
from msk_monai.measure.vertebra_corners import VertebraCorners
from msk_monai.metrics.points import Array, levels_of, true_points, true_spacing, vertebra

LENGTHS = ("interval_mean", "interval_left", "interval_right", "interval_minimum")
KEYS = ("angle_deg", "signed_angle_deg", *(f"{length}_mm" for length in LENGTHS), "interval_share")


@dataclass(frozen=True, kw_only=True)
class SegmentTruth:
    """What is known.

    Attributes:
        values: some of ``KEYS``.
        implausible: whether the labelled corners cannot be those of two neighbours, so that no interval was measured on them;
            ``None`` where there are no corners.
    """

    values: Mapping[str, float]
    implausible: bool | None


def segment_truth(truth: Mapping[str, Any], upper: str, lower: str) -> SegmentTruth | None:
    """Read the truth of a segment, L4–L5 say.

    Args:
        truth: ``l4_l5``, an object with some of ``angle_deg`` (0 to 90), ``signed_angle_deg`` (see :mod:`msk_monai.measure.segment`),
            ``interval_mean_mm`` (also left, right, minimum; a ``distance`` whose ``distance_unit`` is ``mm`` is the mean) and
            ``interval_share`` (mean interval over the upper vertebra's height), or null where a vertebra is not in the film. What it
            lacks is measured from ``points`` with ``landmark_names`` such as ``L4_bottom_left``, in mm where ``spacing_mm`` is
            known. Without ``l4_l5``, a vertebra with a corner that is null is not in the film.
        upper: the vertebra above.
        lower: the one below.

    Returns:
        What is known; ``None`` where the film does not hold both vertebrae.

    Raises:
        DataError: nothing is said of the segment.
    """
    name = f"{upper}_{lower}".lower()
    given = truth.get(name)
    if name in truth and given is None:
        return None
    points = true_points(truth) if "points" in truth else {}
    if given is None and not {upper, lower} <= set(levels_of(tuple(points))):
        raise DataError(f"expected {name}, or points of {upper} and {lower}, in the datalist's items")
    above, below = vertebra(points, upper), vertebra(points, lower)
    if above is None or below is None:
        return None if given is None else SegmentTruth(values=_given(given), implausible=None)
    measured = _measured(above, below, true_spacing(truth))
    return SegmentTruth(values={**measured.values, **_given(given or {})}, implausible=measured.implausible)


def _given(known: Mapping[str, Any]) -> dict[str, float]:
    mean = {"interval_mean_mm": known.get("distance")} if known.get("distance_unit") == "mm" else {}
    return {key: float(value) for key, value in {**mean, **known}.items() if key in KEYS and value is not None}


def _measured(upper: VertebraCorners, lower: VertebraCorners, spacing: Array | None) -> SegmentTruth:
    if spacing is not None:
        upper, lower = upper.scaled(spacing), lower.scaled(spacing)
    segment = measure_segment(upper, lower)
    values = {"angle_deg": segment.angle, "signed_angle_deg": segment.signed_angle}
    doubtful = implausible(segment) is not None
    if not doubtful:
        values["interval_share"] = segment.interval_share
        values |= {} if spacing is None else {f"{length}_mm": getattr(segment, length) for length in LENGTHS}
    return SegmentTruth(values=values, implausible=doubtful)
