"""The row of vertebrae of a training view, as looking for their names would find it."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import RandomizableTransform

from msk_monai.geometry.patches import row_matrix, row_members
from msk_monai.sampling import reduced


class RandVertebraRowd(RandomizableTransform):
    """Replace a training view by the view of its row of vertebrae: those whose centres are in it, from the head down.

    The row's view is ``(1, *size)``, 0 beyond the training view. Written besides, under ``row_members``: float32 (V + 2, 7), what the
    function of that name in ``msk_monai.geometry.patches`` gives and the class of the name: 0 above the first level, 1 ... V the levels,
    V + 1 below the last; -1 where the row has no more members. The neighbour above the first level and the one below the last are
    placed where they must be, as steps go on. The points stay those of the training view; V is at least 2.

    Args:
        size: columns and rows of the row's view.
        pixels: of that view, in the row's median width.
        shift: sd of the jitter of the view's place, in widths.
        zoom: sd of the logarithm of the jitter of its scale.
        turn_deg: sd of the jitter of its direction.
        off: sd of the corners' own error, in the vertebra's widths.
        beyond: how often a neighbour beyond the levels is a member of the row.
        lost: how often a vertebra within the row was not found.
        cut: how often the row ends early, by up to three vertebrae at either end.
        image_key: the training view.
        points_key: (4 V, 2) corners in its pixels.
    """

    def __init__(
        self,
        *,
        size: Sequence[int],
        pixels: float,
        shift: float = 0.3,
        zoom: float = 0.06,
        turn_deg: float = 3.0,
        off: float = 0.03,
        beyond: float = 0.6,
        lost: float = 0.01,
        cut: float = 0.15,
        image_key: str = "image",
        points_key: str = "label",
    ) -> None:
        super().__init__(prob=1.0)
        self.size, self.pixels = (int(size[0]), int(size[1])), pixels
        self.shift, self.zoom, self.turn_deg, self.off = shift, zoom, turn_deg, off
        self.beyond, self.lost, self.cut = beyond, lost, cut
        self.image_key, self.points_key = image_key, points_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Choose the row of one view."""
        self.randomize(None)
        out = dict(data)
        corners = with_neighbours(np.asarray(out[self.points_key], dtype=np.float64).reshape(-1, 4, 2))
        film = torch.as_tensor(out[self.image_key]).as_subclass(torch.Tensor)
        members = self._members(corners.mean(axis=1), np.asarray(film.shape[1:]))
        rows = np.full((len(corners), 7), -1.0, dtype=np.float32)
        view = torch.zeros(1, *self.size)
        if len(members):
            found = self._as_found(corners[members])
            pixels = self.pixels * float(np.exp(self.R.normal(0, self.zoom)))
            turn = float(np.radians(self.R.normal(0, self.turn_deg)))
            matrix = row_matrix(found, size=self.size, pixels=pixels, shift=self.R.normal(0, self.shift, 2), turn=turn)
            rows[: len(members), :6] = row_members(found, matrix, pixels=pixels)
            rows[: len(members), 6] = members
            view = reduced(film[None], torch.as_tensor(matrix[None, None], dtype=torch.float32), self.size)[0]
        out[self.image_key], out["row_members"] = view, torch.from_numpy(rows)
        return out

    def _members(self, centre: np.ndarray, extent: np.ndarray) -> np.ndarray:
        inside = np.isfinite(centre).all(axis=1) & (centre > 4).all(axis=1) & (centre < extent - 5).all(axis=1)
        inside &= self.R.random_sample(len(inside)) >= self.lost
        inside[[0, -1]] &= self.R.random_sample(2) < self.beyond
        members = np.flatnonzero(inside)
        for end in (slice(None, None), slice(None, None, -1)):
            if self.R.random_sample() < self.cut:
                members = members[end][self.R.randint(4) :][end]
        return members

    def _as_found(self, corners: np.ndarray) -> np.ndarray:
        width = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)[:, None, None]
        return corners + self.R.normal(0, self.off, corners.shape) * width


def with_neighbours(corners: np.ndarray) -> np.ndarray:
    """(V, 4, 2) corners with one vertebra more at either end, as far from the last as that is from its neighbour."""
    above = corners[0] - (corners[1] - corners[0]).mean(axis=0)
    below = corners[-1] + (corners[-1] - corners[-2]).mean(axis=0)
    return np.concatenate([above[None], corners, below[None]])
