"""Places for a second look at the vertebrae of a training view, as a first look that is a little off would choose them."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import RandomizableTransform

from msk_monai.geometry.patches import patch_matrix


class RandVertebraFramesd(RandomizableTransform):
    """Choose ``count`` vertebrae with all corners in the view and write, under ``corner_frames``, jittered patches around them.

    ``corner_frames`` is float32 (count, 7): matrix (2, 3), row by row, from the patch's pixels to the view's, and the vertebra's number
    (-1 for none: too few are in the view).

    Args:
        count: vertebrae a view.
        size: pixels of a patch's side.
        widths: side of a patch in widths of the vertebra.
        weights: how often each vertebra is chosen, relative to the others; default: alike.
        shift: sd of the jitter of the place, in widths.
        zoom: sd of the logarithm of the jitter of the scale.
        turn_deg: sd of the jitter of the direction.
        image_key: the view.
        points_key: (4 V, 2) corners in its pixels: top left, top right, bottom left, bottom right of each vertebra.
    """

    def __init__(
        self,
        *,
        count: int,
        size: int,
        widths: float,
        weights: Sequence[float] | None = None,
        shift: float = 0.08,
        zoom: float = 0.1,
        turn_deg: float = 5.0,
        image_key: str = "image",
        points_key: str = "label",
    ) -> None:
        super().__init__(prob=1.0)
        self.count, self.size, self.widths, self.weights = count, size, widths, weights
        self.shift, self.zoom, self.turn_deg = shift, zoom, turn_deg
        self.image_key, self.points_key = image_key, points_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Choose the frames of one view."""
        self.randomize(None)
        out = dict(data)
        corners = np.asarray(out[self.points_key], dtype=np.float64).reshape(-1, 4, 2)
        extent = np.asarray(out[self.image_key].shape[1:], dtype=np.float64)
        inside = np.isfinite(corners).all(axis=(1, 2)) & (corners > 0).all(axis=(1, 2)) & (corners < extent - 1).all(axis=(1, 2))
        frames = np.full((self.count, 7), -1.0, dtype=np.float32)
        frames[:, :6] = np.array([1, 0, 0, 0, 1, 0])  # of no vertebra: unit matrices, which can be inverted
        if inside.any():
            weights = inside * np.asarray(self.weights if self.weights is not None else np.ones(len(corners)), dtype=np.float64)
            chosen = self.R.choice(len(corners), size=self.count, replace=np.count_nonzero(weights) < self.count, p=weights / weights.sum())
            for row, vertebra in zip(frames, chosen, strict=True):
                row[:6] = self._jittered(corners[vertebra]).ravel()
                row[6] = vertebra
        out["corner_frames"] = torch.from_numpy(frames)
        return out

    def _jittered(self, corners: np.ndarray) -> np.ndarray:
        """Matrix (2, 3) of a patch around a vertebra's corners (4, 2); see ``patch_matrix``."""
        return patch_matrix(
            corners,
            size=self.size,
            widths=self.widths * float(np.exp(self.R.normal(0, self.zoom))),
            shift=self.R.normal(0, self.shift, 2),
            turn=float(np.radians(self.R.normal(0, self.turn_deg))),
        )
