"""How far the slice chosen for a level lies from the true one, and whether its absence was recognised."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msk_monai.errors import DataError
from msk_monai.records import Result


class SliceError:
    """Metric for ``msk_monai.runner.evaluate``.

    Truth read: ``<level>_in_scan`` (bool), ``<level>_middle_slice`` (index towards the head), ``<level>_middle_mm`` (LPS z);
    or, as label maps are converted, ``bodies`` (``[{name, z_range}]``), which give the middle in mm but no slice.

    Figures of a case that holds the level: ``given`` (whether a slice was named at all), and if so ``slice_error`` (slices,
    absolute), ``within_1_slice``, ``error_mm`` (absolute, of the middle before it is rounded to a slice) and ``wrong_level``
    (further off than half a vertebra with its disc). Of a case that does not: ``absence_recognised``.

    Args:
        level: e.g. ``L3``.
        half_level_mm: errors above this are another vertebra.
    """

    def __init__(self, *, level: str, half_level_mm: float = 18.0) -> None:
        self.level = level
        self.half_level_mm = half_level_mm

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, float | bool]:
        """Compare one result with its truth; see the class for the figures."""
        name = self.level.lower()
        found = result.findings.slice
        middle_mm, middle_slice = _true_middle(truth, self.level)
        if middle_mm is None:
            return {"absence_recognised": found is None}
        figures: dict[str, float | bool] = {"given": found is not None}
        if found is None:
            return figures
        if middle_slice is not None:
            off = abs(found.index - middle_slice)
            figures |= {"slice_error": float(off), "within_1_slice": off <= 1}
        mm = abs(_value(result, f"{name}_middle_z") - middle_mm)
        return figures | {"error_mm": mm, "wrong_level": mm > self.half_level_mm}


def _true_middle(truth: Mapping[str, Any], level: str) -> tuple[float | None, int | None]:
    """Height in mm and slice of the middle; both ``None`` where the scan does not hold the level."""
    name = level.lower()
    if "bodies" in truth:
        bodies = {body["name"]: body["z_range"] for body in truth["bodies"]}
        return (sum(bodies[level]) / 2, None) if level in bodies else (None, None)
    for key in (f"{name}_in_scan", f"{name}_middle_slice", f"{name}_middle_mm"):
        if key not in truth:
            raise DataError(f"expected bodies, or {key}, in the datalist's items")
    if not truth[f"{name}_in_scan"]:
        return None, None
    return float(truth[f"{name}_middle_mm"]), int(truth[f"{name}_middle_slice"])


def _value(result: Result, name: str) -> float:
    return next(float(m.value) for m in result.findings.measurements if m.name == name and m.value is not None)
