"""The row of vertebrae of a training view, as looking for their names would find it."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.transforms import RandomizableTransform

from msk_monai.transforms.vertebra_frames import PatchJitter, no_frames


class RandVertebraRowd(RandomizableTransform):
    """Write, under ``row_frames``, patches around the vertebrae whose centres are in the view, from the head down.

    ``row_frames`` is float32 (V + 2, 7): matrix (2, 3), row by row, from the patch's pixels to the view's, and the class of the
    name: 0 above the first level, 1 ... V the levels, V + 1 below the last; -1 where the row has no more members. The neighbour
    above the first level and the one below the last are placed where they must be, as steps go on.

    Args:
        size: pixels of a patch's side.
        widths: side of a patch in widths of the vertebra.
        shift, zoom, turn_deg: jitter, as in :class:`RandVertebraFramesd`.
        beyond: how often a neighbour beyond the levels is a member of the row.
        lost: how often a vertebra within the row was not found.
        cut: how often the row ends early, by up to three vertebrae at either end.
        image_key: the view.
        points_key: (4 V, 2) corners in its pixels.
    """

    def __init__(
        self,
        *,
        size: int,
        widths: float,
        shift: float = 0.06,
        zoom: float = 0.08,
        turn_deg: float = 4.0,
        beyond: float = 0.6,
        lost: float = 0.01,
        cut: float = 0.15,
        image_key: str = "image",
        points_key: str = "label",
    ) -> None:
        super().__init__(prob=1.0)
        self.size, self.widths = size, widths
        self.jitter = PatchJitter(shift=shift, zoom=zoom, turn_deg=turn_deg)
        self.beyond, self.lost, self.cut = beyond, lost, cut
        self.image_key, self.points_key = image_key, points_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Choose the row of one view."""
        self.randomize(None)
        out = dict(data)
        corners = with_neighbours(np.asarray(out[self.points_key], dtype=np.float64).reshape(-1, 4, 2))
        extent = np.asarray(out[self.image_key].shape[1:], dtype=np.float64)
        centre = corners.mean(axis=1)
        inside = np.isfinite(centre).all(axis=1) & (centre > 4).all(axis=1) & (centre < extent - 5).all(axis=1)
        inside &= self.R.random_sample(len(inside)) >= self.lost
        inside[[0, -1]] &= self.R.random_sample(2) < self.beyond
        members = np.flatnonzero(inside)
        for end in (slice(None, None), slice(None, None, -1)):
            if self.R.random_sample() < self.cut:
                members = members[end][self.R.randint(4) :][end]
        frames = no_frames(len(corners))
        for row, member in zip(frames, members, strict=False):
            row[:6] = self.jitter.draw(self.R, corners[member], size=self.size, widths=self.widths).ravel()
            row[6] = member
        out["row_frames"] = torch.from_numpy(frames)
        return out


def with_neighbours(corners: np.ndarray) -> np.ndarray:
    """(V, 4, 2) corners with one vertebra more at either end, as far from the last as that is from its neighbour."""
    above = corners[0] - (corners[1] - corners[0]).mean(axis=0)
    below = corners[-1] + (corners[-1] - corners[-2]).mean(axis=0)
    return np.concatenate([above[None], corners, below[None]])
