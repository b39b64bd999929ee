"""The reference's way from slice-wise classes to an answer: the middle of the longest run."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform

from msk_monai.geometry import apply_affine
from msk_monai.measure.level_profile import LevelRange
from msk_monai.records import Findings, Measurement, Status
from msk_monai.transforms.middle_slice import acquired_slice


class LongestRund(Transform):
    """Take the middle of the longest run of slices that the classifier gives to the level.

    Args:
        level: its name.
        margin: slices at either end that lie outside of the scan.
    """

    def __init__(self, *, level: str, margin: int = 0) -> None:
        self.level = level
        self.margin = margin

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write ``findings``, ``level_ranges`` and ``spine`` of one case."""
        out = dict(data)
        image, positive = out["image"], np.diff(np.asarray(out["pred"]), axis=0)[0] > 0
        heights = float(image.affine[2, 3]) + float(image.affine[2, 2]) * np.arange(len(positive))
        inner = slice(self.margin, len(heights) - self.margin)
        run = longest_run(positive[inner])
        out["level_ranges"], out["spine"] = [], image_centre(image)
        if run is None:
            out["findings"] = Findings(status=Status.FLAGGED, reason=f"{self.level} is not in this scan: no slice was taken for it")
            return out
        half = float(image.affine[2, 2]) / 2
        bottom, top = float(heights[inner][run[0]]) - half, float(heights[inner][run[1]]) + half
        middle = (bottom + top) / 2
        out["level_ranges"] = [
            LevelRange(name=self.level, top=top, bottom=bottom, middle=middle, top_seen=True, bottom_seen=True, probability=1.0)
        ]
        out["findings"] = Findings(
            measurements=(Measurement(name=f"{self.level.lower()}_middle_z", value=middle, unit="mm", method="middle of the longest run"),),
            slice=acquired_slice(out["source"], (*out["spine"], middle)),
        )
        return out


def image_centre(image: MetaTensor) -> tuple[float, float]:
    """Give x and y of the middle of an axial grid, LPS mm."""
    x, y, _ = apply_affine(image.affine.numpy(), (np.asarray(image.shape[1:]) - 1) / 2)
    return -float(x), -float(y)


def longest_run(positive: np.ndarray) -> tuple[int, int] | None:
    """First and last index of the longest run of true values; ``None`` if there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], positive, [False]]).astype(int)))
    if len(edges) == 0:
        return None
    starts, ends = edges[::2], edges[1::2]
    best = int((ends - starts).argmax())
    return int(starts[best]), int(ends[best]) - 1
