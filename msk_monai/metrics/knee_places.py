"""Where the knees of a whole-body scan were found, against where they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.anatomy.whole_body import SIDES, VIEWS
from msk_monai.errors import DataError
from msk_monai.metrics.figure import Figure
from msk_monai.metrics.points import found_value, true_spacing
from msk_monai.metrics.pooled import Share, Values
from msk_monai.records import Result


class KneePlaces:
    """Metric for ``msk_monai.runner.evaluate``.

    Truth read: ``knees``, by side (right, left) and view (anterior, posterior) [column, row] of the joint in the pixels of the stored
    image; ``half_width`` by side, of the joint in pixels; ``spacing_mm`` (columns, rows) where it is known. Without ``knees`` nothing is
    compared.

    Result read: landmarks ``right_knee_anterior`` … ``left_knee_posterior`` and the measurement ``crop_side`` ({pixels}).

    Figures: ``knee_in_crop``, of the knees in the truth those whose joint, a square of ``half_width`` to each side, lies wholly in the crop
    in every view; ``knee_place_mm``, the distances of what was found (where the spacing is known).
    """

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures.

        Raises:
            DataError: ``knees``, ``half_width`` or ``spacing_mm`` is something else.
        """
        knees = truth.get("knees")
        if knees is None:
            return {}
        widths = truth.get("half_width") or {}
        if not isinstance(knees, Mapping) or not isinstance(widths, Mapping) or not knees.keys() | widths.keys() <= set(SIDES):
            raise DataError("expected knees and half_width by side, right and left")
        if not all(isinstance(views, Mapping) and views.keys() <= set(VIEWS) for views in knees.values()):
            raise DataError("expected the place of each of the knees by view, anterior and posterior")
        found = {mark.name: np.array([mark.x, mark.y]) for mark in result.findings.landmarks}
        side_px = found_value(result, "crop_side", "{pixels}")
        spacing = true_spacing(truth)
        inside, distances, names = 0, [], []
        for side, views in knees.items():
            offsets = [found[name] - _place(place, side) for view, place in views.items() if (name := f"{side}_knee_{view}") in found]
            half = _half_width(widths.get(side, 0.0), side)
            inside += bool(offsets) and side_px is not None and all((np.abs(one) + half <= side_px / 2).all() for one in offsets)
            if offsets and spacing is not None:
                distances.append(float(np.mean([np.hypot(*(one * spacing)) for one in offsets])))
                names.append(side)
        figures: dict[str, Figure] = {"knee_in_crop": Share(inside, len(knees))}
        if distances:
            figures["knee_place_mm"] = Values(tuple(distances), tuple(names))
        return figures


def _half_width(width: Any, side: str) -> float:
    if isinstance(width, bool) or not isinstance(width, int | float) or not 0 <= width < float("inf"):
        raise DataError(f"expected half_width of the {side} knee in pixels, got {width!r}")
    return float(width)


def _place(place: Any, side: str) -> np.ndarray:
    try:
        given = np.asarray(place, dtype=np.float64)
    except (TypeError, ValueError):
        given = np.empty(0)
    if given.shape != (2,) or not np.isfinite(given).all():
        raise DataError(f"expected [column, row] of the {side} knee, got {place!r}")
    return given
