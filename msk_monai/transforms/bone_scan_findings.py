"""From the knees seen on a whole-body bone scan to findings."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform
from numpy.typing import NDArray
from scipy.special import softmax

from msk_monai.anatomy.whole_body import SIDES, VIEWS
from msk_monai.measure.ordinal import CumulativeScaling, grade_probabilities
from msk_monai.measure.scintigram import knees_plausible
from msk_monai.records import Findings, Landmark, Measurement, Status
from msk_monai.transforms.grade_measurements import grade_measurements
from msk_monai.transforms.whole_body import stored_place

_LEAST_SURE_MM = 15.0
"""A knee whose place is told less exactly was not found."""


class BoneScanFindingsd(Transform):
    """Write ``findings``.

    For each knee: ``right_grade`` …, the most probable grade with its interval, ``right_expected_grade`` and its probabilities in
    ``classes`` (``right_0`` … ``left_4``); landmarks ``right_knee_anterior`` … ``left_knee_posterior`` in the pixels of the stored image;
    ``anterior_counts`` and ``posterior_counts``, the sums of each view's counts; ``crop_side``, of what was cut out, in those pixels.

    Args:
        grades: their names, from the least.
        crop_mm: side of the crops.
        ordinal: whether logits are cumulative; else there is one for each grade.
        temperature: the logits are divided by it,
        biases: and these are added (:class:`msk_monai.measure.ordinal.CumulativeScaling`).
        pred_key: a :class:`msk_monai.networks.SeenKnees`.
        source_key: the scan as it was read.
    """

    def __init__(
        self,
        *,
        grades: Sequence[str],
        crop_mm: float,
        ordinal: bool = True,
        temperature: float = 1.0,
        biases: Sequence[float] = (),
        pred_key: str = "pred",
        source_key: str = "source",
    ) -> None:
        self.grades, self.crop_mm, self.ordinal = tuple(map(str, grades)), float(crop_mm), ordinal
        self.scaling = CumulativeScaling(temperature=temperature, biases=tuple(map(float, biases)))
        self.pred_key, self.source_key = pred_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the findings of one scan."""
        scan: MetaTensor = data[self.source_key]
        seen = data[self.pred_key]
        warnings = tuple(warning for warning in scan.meta.get("warnings", ()) if not warning.endswith("lengths are in pixels"))
        views = tuple(scan.meta["views"])
        counts = [
            Measurement(name=f"{view}_counts", value=float(one.double().sum()), unit="{counts}", flags=warnings, method="sum over the view")
            for view, one in zip(views, scan, strict=True)
        ]
        fault = knees_plausible(seen.places[0], seen.places[1], seen.uptake.size)
        fault = fault or (None if seen.scale_mm.max() <= _LEAST_SURE_MM else f"their places are known to {seen.scale_mm.max():.0f} mm only")
        if fault is not None:
            findings = Findings(status=Status.FLAGGED, reason=f"the knees were not found: {fault}", measurements=tuple(counts))
            return {**data, "findings": findings}
        flags = (*warnings, *_missing(views))
        measurements: list[Measurement] = []
        landmarks: list[Landmark] = []
        classes: dict[str, float] = {}
        for side, place, logits, scale in zip(SIDES, seen.places, seen.logits, seen.scale_mm, strict=True):
            probabilities = self._probabilities(logits)
            classes |= {f"{side}_{name}": float(value) for name, value in zip(self.grades, probabilities, strict=True)}
            measurements += grade_measurements(f"{side}_", "grade", probabilities, flags)
            landmarks += [_landmark(side, view, place, scan, float(scale)) for view in views]
        side_px = self.crop_mm / float(np.mean(seen.uptake.spacing))
        extent = Measurement(name="crop_side", value=side_px, unit="{pixels}", method=f"{self.crop_mm:g} mm")
        findings = Findings(measurements=(*measurements, *counts, extent), landmarks=tuple(landmarks), classes=classes)
        return {**data, "findings": findings}

    def _probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        return grade_probabilities(logits, self.scaling) if self.ordinal else np.asarray(softmax(logits / self.scaling.temperature))


def _missing(views: Sequence[str]) -> tuple[str, ...]:
    return () if len(views) == len(VIEWS) else (f"graded on the {views[0]} view alone",)


def _landmark(side: str, view: str, place: NDArray[np.float64], scan: MetaTensor, scale_mm: float) -> Landmark:
    """In the stored image's pixels."""
    columns, rows = scan.shape[1:3]
    seen = (columns - 1 - place[0] if view == "posterior" else place[0]), place[1]
    x, y = stored_place(seen, view, scan.meta, (columns, rows))
    return Landmark(name=f"{side}_knee_{view}", x=x, y=y, confidence=float(np.exp(-scale_mm / _LEAST_SURE_MM)))
