"""How far found points lie from the true ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.errors import DataError
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.points import found_points, true_points, true_spacing
from msk_monai.metrics.pooled import Graded, Share, Values
from msk_monai.records import Result

RADII_MM = (1.0, 2.0, 2.5, 3.0, 4.0)
"""Radii of the success detection rate (doi:10.1016/j.media.2016.02.004), and a finer one."""


class LandmarkError:
    """Metric for ``msk_monai.runner.evaluate``.

    Truth read: ``points`` with ``landmark_names``, and ``spacing_mm`` (``[x, y]`` or one number) where it is known. A point that
    is null is not in the image and counts nowhere.

    Figures of a case, over its points: ``missing_points`` (not found, of those that are in the image), ``radial_error_px`` (mean
    distance) and ``radial_error_px_median``, ``point_error_px`` (every distance, pooled over the set, by name). Where the spacing
    is known also ``radial_error_mm``, ``radial_error_mm_median``, ``point_error_mm`` and the success detection rates ``sdr_1mm``,
    ``sdr_2mm``, ``sdr_2.5mm``, ``sdr_3mm``, ``sdr_4mm``: the share of the points in the image that were found within so much; one that is
    missing is a failure there. ``error_px_by_confidence``, and ``error_mm_by_confidence`` where the
    spacing is known, set the errors against the landmarks' confidences.

    Args:
        landmarks: names of the points to compare; ``None`` compares all the truth has.
    """

    def __init__(self, *, landmarks: Sequence[str] | None = None) -> None:
        self.landmarks = None if landmarks is None else tuple(landmarks)

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures."""
        true = self._true(truth)
        found = found_points(result)
        offsets = {name: found[name] - point for name, point in true.items() if name in found}
        figures: dict[str, Figure] = {"missing_points": Share(len(true) - len(offsets), len(true))}
        figures |= _distances(offsets, "px", np.ones(2))
        figures |= _graded(result, offsets, "px", np.ones(2))
        spacing = true_spacing(truth)
        if spacing is None:
            return figures
        return (
            figures | _distances(offsets, "mm", spacing) | _graded(result, offsets, "mm", spacing) | _success(offsets, spacing, len(true))
        )

    def _true(self, truth: Mapping[str, Any]) -> dict[str, np.ndarray]:
        points = true_points(truth)
        for name in self.landmarks or ():
            if name not in points:
                raise DataError(f"expected {name} among the datalist's landmark_names")
        chosen = points if self.landmarks is None else self.landmarks
        return {name: point for name in chosen if (point := points[name]) is not None}


def _distances(offsets: Mapping[str, np.ndarray], unit: str, spacing: np.ndarray) -> dict[str, Figure]:
    if not offsets:
        return {}
    distances = {name: float(np.linalg.norm(offset * spacing)) for name, offset in offsets.items()}
    values = tuple(distances.values())
    return {
        f"radial_error_{unit}": float(np.mean(values)),
        f"radial_error_{unit}_median": float(np.median(values)),
        f"point_error_{unit}": Values(values, tuple(distances)),
    }


def _graded(result: Result, offsets: Mapping[str, np.ndarray], unit: str, spacing: np.ndarray) -> dict[str, Figure]:
    sure = {point.name: point.confidence for point in result.findings.landmarks if point.confidence is not None}
    errors = {name: float(np.linalg.norm(offset * spacing)) for name, offset in offsets.items() if name in sure}
    return {f"error_{unit}_by_confidence": Graded(tuple(errors.values()), tuple(sure[name] for name in errors))} if errors else {}


def _success(offsets: Mapping[str, np.ndarray], spacing: np.ndarray, total: int) -> dict[str, Figure]:
    mm = [float(np.linalg.norm(offset * spacing)) for offset in offsets.values()]
    return {f"sdr_{radius:g}mm": Share(sum(distance <= radius for distance in mm), total) for radius in RADII_MM}
