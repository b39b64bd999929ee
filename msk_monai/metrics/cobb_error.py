"""How far the three Cobb angles lie from the true ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.errors import DataError
from msk_monai.measure.agreement import smape
from msk_monai.measure.cobb import cobb_angles
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.pair import Pair
from msk_monai.metrics.points import found_value, levels_of, true_points, true_spacing, vertebra
from msk_monai.records import Result

ANGLES = ("cobb_main", "cobb_proximal", "cobb_distal")
"""AASCE's own order: the largest, the one above it, the one below it."""


class CobbError:
    """Metric for ``msk_monai.runner.evaluate``.

    Truth read: ``cobb_degrees``, three angles in AASCE's order; else ``points`` with ``landmark_names`` such as
    ``L4_bottom_left``, from which they are measured. A film of which a named vertebra lacks a corner then has no truth.

    Figures of a case: ``cobb_given`` (whether the result has all three), a pair for each angle it has, in degrees, and
    ``cobb_smape`` in %: 100 · Σ|p - t| / Σ(p + t) over the film's three angles. AASCE's figure is its mean over the films
    (doi:10.1016/j.media.2021.102115). The pairs' own ``smape`` takes the sums over all films instead.

    Args:
        angles: names of the result's measurements, in AASCE's order.
    """

    def __init__(self, *, angles: Sequence[str] = ANGLES) -> None:
        if len(angles) != len(ANGLES):
            raise ValueError(f"expected the names of {len(ANGLES)} angles, got {len(angles)}")
        self.angles = tuple(angles)

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures."""
        true = _true_angles(truth)
        if true is None:
            return {}
        found = [found_value(result, name, "deg") for name in self.angles]
        given = [value for value in found if value is not None]
        figures: dict[str, Figure] = {"cobb_given": len(given) == len(found)}
        for name, value, known in zip(self.angles, found, true, strict=True):
            if value is not None:
                figures[name] = Pair(value, known, "deg")
        error = smape(given, true) if figures["cobb_given"] else None
        return figures if error is None else {**figures, "cobb_smape": error}


def _true_angles(truth: Mapping[str, Any]) -> tuple[float, ...] | None:
    angles = truth.get("cobb_degrees")
    if angles is None:
        return _measured(truth)
    if len(angles) != len(ANGLES):
        raise DataError(f"expected {len(ANGLES)} cobb_degrees, got {len(angles)}")
    return tuple(float(angle) for angle in angles)


def _measured(truth: Mapping[str, Any]) -> tuple[float, ...] | None:
    points = true_points(truth)
    vertebrae = [vertebra(points, level) for level in levels_of(tuple(points))]
    spacing = true_spacing(truth)
    scale = np.ones(2) if spacing is None else spacing
    known = [one.scaled(scale).corners for one in vertebrae if one is not None]
    if len(known) < max(2, len(vertebrae)):
        return None
    angles = cobb_angles(np.stack(known))
    return angles.main, angles.proximal, angles.distal
