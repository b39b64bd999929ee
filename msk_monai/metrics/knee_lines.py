"""How far the lines of a knee are from the true ones."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.measure.knee import Knee, measure_knee
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.pair import Pair, Pairs
from msk_monai.metrics.points import Array, found_points, found_value, true_points, true_spacing
from msk_monai.metrics.pooled import Share
from msk_monai.records import Result

SIDES = ("", "right_", "left_")
"""What the names of a knee's points begin with."""
_UNKNOWN = np.full(2, np.nan)
_DOUBTFUL = "millimetres are"
"""A length whose flags begin so is not in the patient's millimetres."""


class KneeLines:
    """Metric for ``msk_monai.runner.evaluate``.

    Truth read: ``points`` with ``landmark_names`` (``femur_1`` …; ``right_femur_1`` … where a film shows both knees), and ``spacing_mm``
    where it is known.

    Figures, pooled over the knees that truth and result share: pairs for each of ``msk_monai.anatomy.knee.LINES`` (from the points found,
    in mm by the true spacing; without one ``<line>_px``, in pixels), ``convergence_angle`` and ``joint_space_ratio``;
    ``<line>_reported`` for the lengths as the result gives them, where it gives calibrated mm; and ``knees_found``.
    """

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures."""
        spacing = true_spacing(truth)
        scale, unit = (np.ones(2), "{pixels}") if spacing is None else (spacing, "mm")
        true = _knees({name: point for name, point in true_points(truth).items() if point is not None}, scale)
        found = _knees(found_points(result), scale)
        pairs: dict[str, list[Pair]] = {}
        shared = [side for side in SIDES if side in true and side in found]
        for side in shared:
            for name, value, other, its_unit in _values(found[side], true[side], unit):
                pairs.setdefault(name, []).append(Pair(value, other, its_unit))
            for name, length in true[side].lines.items() if spacing is not None else ():
                told = _reported(result, side + name)
                if told is not None:
                    pairs.setdefault(f"{name}_reported", []).append(Pair(told, length, "mm"))
        return {"knees_found": Share(len(shared), len(true)), **{name: Pairs(tuple(some)) for name, some in pairs.items()}}


def _knees(points: Mapping[str, Array], scale: Array) -> dict[str, Knee]:
    """Measured knees by what their names begin with; without those that lack points, or whose points fall into one."""
    knees = {}
    for side in SIDES:
        with suppress(ValueError):
            knees[side] = measure_knee([points.get(side + point, _UNKNOWN) * scale for point in POINTS])
    return knees


def _values(found: Knee, true: Knee, unit: str) -> list[tuple[str, float, float, str]]:
    suffix = "" if unit == "mm" else "_px"
    values = [(name + suffix, found.lines[name], true.lines[name], unit) for name in LINES]
    values.append(("convergence_angle", found.convergence, true.convergence, "deg"))
    if found.ratio is not None and true.ratio is not None:
        values.append(("joint_space_ratio", found.ratio, true.ratio, "1"))
    return values


def _reported(result: Result, name: str) -> float | None:
    measurement = next((m for m in result.findings.measurements if (m.name, m.unit) == (name, "mm")), None)
    if measurement is None or any(flag.startswith(_DOUBTFUL) for flag in measurement.flags):
        return None
    return found_value(result, name, "mm")
