"""Named points, as a datalist holds the true ones and a result the found ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.errors import DataError
from msk_monai.measure.vertebra_corners import CORNER_NAMES, VertebraCorners
from msk_monai.records import Result

Array = npt.NDArray[np.float64]
Points = Mapping[str, Array | None]
"""``[x, y]`` in pixels of the original image by name; ``None`` where a point is known not to be in the image."""


def true_points(truth: Mapping[str, Any]) -> dict[str, Array | None]:
    """Read ``points`` (a list of ``[x, y]`` or null) with their ``landmark_names``.

    Raises:
        DataError: the truth lacks them, or there is not one point for each name.
    """
    names, points = truth.get("landmark_names"), truth.get("points")
    if names is None or points is None:
        raise DataError("expected points and landmark_names in the datalist")
    if len(names) != len(points):
        raise DataError(f"expected a point, or null, for each of {len(names)} landmark_names, got {len(points)}")
    return {name: None if point is None else np.array(point, dtype=np.float64) for name, point in zip(names, points, strict=True)}


def true_spacing(truth: Mapping[str, Any]) -> Array | None:
    """Read ``spacing_mm``, ``[x, y]`` or one number for both; ``None`` where it is not known.

    Raises:
        DataError: it is neither.
    """
    spacing = truth.get("spacing_mm")
    if spacing is None:
        return None
    both = np.array(spacing, dtype=np.float64)
    if both.shape not in ((), (2,)) or not np.all(both > 0):
        raise DataError(f"expected spacing_mm to be a positive number or [x, y], got {spacing}")
    return np.broadcast_to(both, 2)


def found_points(result: Result) -> dict[str, Array]:
    """The landmarks of a result by name, without those of no confidence at all: they were not seen, but placed by their neighbours."""
    seen = (point for point in result.findings.landmarks if point.confidence != 0)
    return {point.name: np.array([point.x, point.y], dtype=np.float64) for point in seen}


def found_value(result: Result, name: str, unit: str) -> float | None:
    """The measurement of that name and unit (UCUM); ``None`` where the result withholds it or has none."""
    values = (float(m.value) for m in result.findings.measurements if (m.name, m.unit) == (name, unit) and m.value is not None)
    return next(values, None)


def levels_of(names: Sequence[str]) -> tuple[str, ...]:
    """The vertebrae, in order, that all four corners are named of (``L4_top_left`` …)."""
    levels = dict.fromkeys(name.split("_", 1)[0] for name in names)
    return tuple(level for level in levels if all(f"{level}_{corner}" in names for corner in CORNER_NAMES))


def vertebra(points: Points, level: str) -> VertebraCorners | None:
    """A level's corners; ``None`` where one of them is missing."""
    corners = [points.get(f"{level}_{corner}") for corner in CORNER_NAMES]
    known = [corner for corner in corners if corner is not None]
    return VertebraCorners(level, np.stack(known), np.ones(4)) if len(known) == len(corners) else None
