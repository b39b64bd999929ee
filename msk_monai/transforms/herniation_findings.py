"""From what a network saw in each axial slice to a calibrated probability and the disc's sizes for each level."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from monai.transforms import Transform
from scipy.special import expit

from msk_monai.anatomy.discs import LEVELS, level_key
from msk_monai.measure.axial_disc import AxialDisc
from msk_monai.measure.disc_levels import Crossing
from msk_monai.records import Findings, Measurement, Status

MOST_TILTED_DEG = 12.0
"""A slice tilted more than this against a disc cuts it obliquely: its sizes are withheld."""
FARTHEST = 0.5
"""In a slice farther from the disc's middle, in halves of its height, vertebrae mingle with the disc: its sizes are withheld."""
LEAST_CERTAINTY = 0.9
"""Where the nucleus is less probable on the mean, it is not told from the annulus."""
_SIZES = (
    ("annulus_mean", "mm"), ("annulus_sd", "mm"), ("annulus_minimum", "mm"), ("posterior_thickness", "mm"), ("canal_width", "mm"),
    ("nucleus_share", "1"), ("disc_area", "mm2"),
)  # fmt: skip
_OF_NUCLEUS = ("annulus_mean", "annulus_sd", "annulus_minimum", "posterior_thickness", "nucleus_share")
_OFF_MIDDLE = "the slice passes the disc away from its middle"
_NO_NUCLEUS = "the nucleus is not told clearly from the annulus"
_MISSING = {"canal_width": "the canal is not seen", "disc_area": "the disc is not seen"}
_NO_DISC = "no axial slice crosses a disc from L1-L2 to L5-S1"


class Seen(Protocol):
    """One axial slice; see :class:`msk_monai.networks.herniation_inferer.SeenSlice`."""

    crossing: Crossing | None
    sizes: AxialDisc | None
    certainty: float | None
    logit: float | None


@dataclass(frozen=True, eq=False)
class LevelFinding:
    """One disc: its probability, and the slice nearest to its middle, which is measured and drawn."""

    level: str
    probability: float
    slice: Any


class HerniationFindingsd(Transform):
    """Write ``levels``, a :class:`LevelFinding` for each disc seen, from L1-L2 down, and ``findings``.

    Measurements of each: ``l4_l5_herniation_probability`` (flag ``herniation`` from the threshold on), and, in the slice nearest to the
    disc's middle, ``annulus_mean``, ``annulus_sd``, ``annulus_minimum``, ``posterior_thickness``, ``canal_width``, ``nucleus_share`` and
    ``disc_area`` (:mod:`msk_monai.measure.axial_disc`). They are withheld, with a flag, where that slice is tilted against the
    disc or (but for the canal's width) passes it away from its middle; those of the nucleus also where it cannot be told from the annulus.

    Args:
        temperature: the mean logit of a disc's slices is divided by it (Guo et al. 2017, arXiv:1706.04599),
        bias: and this is added: together they make probabilities of logits.
        threshold: probability from which on a disc counts as herniated.
        pred_key: with ``slices``, see :class:`Seen`, and ``doubt``, what makes their levels doubtful.
    """

    def __init__(self, *, temperature: float = 1.0, bias: float = 0.0, threshold: float = 0.5, pred_key: str = "pred") -> None:
        self.temperature, self.bias, self.threshold, self.pred_key = temperature, bias, threshold, pred_key
        self._scale = "not calibrated" if (temperature, bias) == (1.0, 0.0) else "calibrated"

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Sum up one study."""
        out = dict(data)
        slices: Sequence[Seen] = out[self.pred_key].slices
        doubt = out[self.pred_key].doubt
        out["levels"] = [self._level(level, members) for level in LEVELS if (members := _graded(slices, level))]
        if not out["levels"]:
            unknown = all(one.crossing is None for one in slices)
            reason = f"the levels of the axial slices are not known: {doubt}" if unknown else _NO_DISC
            out["findings"] = Findings(status=Status.FLAGGED, reason=reason)
            return out
        warnings = tuple(dict.fromkeys(text for one in out["slices"] for text in one.meta.get("warnings", ())))
        measurements = [measurement for level in out["levels"] for measurement in self._measurements(level, warnings)]
        out["findings"] = Findings(
            status=Status.FLAGGED if doubt else Status.OK,
            reason=f"the levels are in doubt: {doubt}" if doubt else None,
            measurements=tuple(measurements),
        )
        return out

    def _level(self, level: str, members: Sequence[Seen]) -> LevelFinding:
        logit = float(np.mean([member.logit for member in members]))
        nearest = min(members, key=lambda member: abs(member.crossing.offset) if member.crossing else 0.0)
        return LevelFinding(level, float(expit(logit / self.temperature + self.bias)), nearest)

    def _measurements(self, found: LevelFinding, warnings: tuple[str, ...]) -> list[Measurement]:
        name = level_key(found.level)
        herniated = found.probability >= self.threshold
        first = Measurement(
            name=f"{name}_herniation_probability",
            value=found.probability,
            unit="1",
            flags=(*warnings, *(("herniation",) if herniated else ())),
            method=f"{self._scale}; threshold {self.threshold:g}; discs are counted from the lowest, taken to be L5-S1",
        )
        rows = [first]
        for size, unit in _SIZES:
            value, why = _size(found.slice, size)
            rows.append(Measurement(name=f"{name}_{size}", value=value, unit=unit, flags=(*warnings, *why)))
        return rows


def _graded(slices: Sequence[Seen], level: str) -> list[Seen]:
    return [one for one in slices if one.logit is not None and one.crossing is not None and one.crossing.level == level]


def _size(seen: Seen, name: str) -> tuple[float | None, tuple[str, ...]]:
    """A size of the disc, or why there is none."""
    value = None if seen.sizes is None else getattr(seen.sizes, name)
    if value is None:
        return None, (_MISSING.get(name, "the nucleus is not seen"),)
    place = seen.crossing
    if place is not None and place.tilt_deg > MOST_TILTED_DEG:
        return None, (f"the slice is tilted by {place.tilt_deg:.0f} degrees against the disc",)
    if name != "canal_width" and place is not None and abs(place.offset) > FARTHEST:
        return None, (_OFF_MIDDLE,)
    if name in _OF_NUCLEUS and (seen.certainty or 0.0) < LEAST_CERTAINTY:
        return None, (_NO_NUCLEUS,)
    return float(value), ()
