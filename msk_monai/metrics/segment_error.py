"""How far the angle and the interval between two neighbouring vertebrae lie from the true ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msk_monai.metrics.figure import Figure
from msk_monai.metrics.pair import Pair
from msk_monai.metrics.points import found_value
from msk_monai.metrics.segment_truth import LENGTHS, SegmentTruth, segment_truth
from msk_monai.records import Result

NEVER_DEGREES = 45.0
"""No segment of a spine has such an angle; an answer above it rests on the wrong lines."""

QUANTITIES = {
    "angle": ("deg", "angle_deg"),
    "signed_angle": ("deg", "signed_angle_deg"),
    **{length: ("mm", f"{length}_mm") for length in LENGTHS},
    "interval_share": ("1", "interval_share"),
}
"""What is compared: the unit of the result's measurement ``<segment>_<quantity>``, and the key of the true value."""


class SegmentError:
    """Metric for ``msk_monai.runner.evaluate``; the names below are those of the segment L4–L5.

    Truth read: ``l4_l5``, else ``points``; see :func:`msk_monai.metrics.segment_truth.segment_truth`.

    Figures of a film with both vertebrae: ``angle_given``, ``angle_over_45`` (of an angle that is given), and a pair for every
    quantity that result and truth both have: ``l4_l5_angle``, ``l4_l5_interval_mean`` … Where the truth has corners,
    ``label_implausible`` tells labels that cannot be two neighbours (AASCE's ``L5`` is now and then another vertebra, or L4 once
    more); no interval is measured on them. Of a film without the vertebrae: ``absence_recognised``.

    Args:
        upper: the vertebra above.
        lower: the one below.
        max_true_angle: films whose labelled angle is not below this, in degrees, are told by ``label_not_credible`` and give no
            pairs; ``None`` believes every angle.
    """

    def __init__(self, *, upper: str = "L4", lower: str = "L5", max_true_angle: float | None = None) -> None:
        self.upper, self.lower = upper, lower
        self.max_true_angle = max_true_angle
        self.name = f"{upper}_{lower}".lower()

    def __call__(self, result: Result, truth: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Figure]:
        """Compare one result with its truth; see the class for the figures."""
        true = segment_truth(truth, self.upper, self.lower)
        angle = found_value(result, f"{self.name}_angle", "deg")
        if true is None:
            return {"absence_recognised": angle is None}
        figures: dict[str, Figure] = {"angle_given": angle is not None}
        if angle is not None:
            figures["angle_over_45"] = angle > NEVER_DEGREES
        figures |= self._label(true)
        return figures if figures.get("label_not_credible") else figures | self._pairs(result, true)

    def _label(self, true: SegmentTruth) -> dict[str, Figure]:
        figures: dict[str, Figure] = {}
        if true.implausible is not None:
            figures["label_implausible"] = true.implausible
        if self.max_true_angle is not None:
            figures["label_not_credible"] = abs(true.values.get("angle_deg", 0.0)) >= self.max_true_angle
        return figures

    def _pairs(self, result: Result, true: SegmentTruth) -> dict[str, Figure]:
        pairs: dict[str, Figure] = {}
        for quantity, (unit, key) in QUANTITIES.items():
            name = f"{self.name}_{quantity}"
            found = found_value(result, name, unit)
            if found is not None and key in true.values:
                pairs[name] = Pair(found, true.values[key], unit)
        return pairs
