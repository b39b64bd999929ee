"""Training patches around the quadrilaterals of a film, as a first look that is a little off would choose them."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import RandomizableTransform

from msk_monai.geometry.patches import into_patches, mirrored, patch_matrix
from msk_monai.sampling import reduced
from msk_monai.transforms.elastic import bent

_NODES = 5
"""Along either side of a patch, of the field that bends it."""


class RandQuadPatchesd(RandomizableTransform):
    """Draw ``count`` patches of a film, some of them mirrored.

    The answer is a list of items, each with a patch (1, size, size) as the image, its points in its own pixels, and nothing else. A film
    without any quadrilateral gives patches of its middle, half as wide as the film's shorter side, whose points are NaN.

    Args:
        count: patches a film.
        size: pixels of a patch's side.
        widths: smallest and largest side of a patch in widths of the quadrilateral, drawn log-uniformly.
        mirror_order: order of a patch's points after left and right are exchanged; without it every point keeps its name.
        mirror_probability: how often a patch is mirrored.
        weights: (Q,) how often each quadrilateral is drawn, relative to the others; default: alike. One may be drawn again and again.
        shift: sd of the jitter of the place, in widths.
        turn_deg: sd of the jitter of the direction.
        stretch: largest change of the ratio of the axes, as a factor above 1.
        shear: largest shear.
        elastic: sd of a smooth bending, in shares of the patch's side.
        image_key: the film (1, X, Y) on the network's grid.
        quads_key: (Q, 4, 2) in its pixels, see ``msk_monai.geometry.quads``; NaN where unknown.
        points_key: (Q, P, 2) the points of each one's patch, in the film's pixels; NaN where unknown.
        hand_key: (Q,) which of them are mirror images of what is usual: they are mirrored first. Without it none is.

    Raises:
        ValueError: a quadrilateral has no width.
    """

    def __init__(
        self,
        *,
        count: int,
        size: int,
        widths: Sequence[float],
        mirror_order: Sequence[int] | None = None,
        mirror_probability: float = 0.5,
        weights: Sequence[float] | None = None,
        shift: float = 0.12,
        turn_deg: float = 6.0,
        stretch: float = 1.15,
        shear: float = 0.06,
        elastic: float = 0.0,
        image_key: str = "image",
        quads_key: str = "quads",
        points_key: str = "label",
        hand_key: str | None = None,
    ) -> None:
        super().__init__(prob=1.0)
        self.count, self.size, self.widths = count, size, (float(widths[0]), float(widths[1]))
        self.mirror_order, self.mirror_probability = None if mirror_order is None else list(mirror_order), mirror_probability
        self.weights, self.hand_key = weights, hand_key
        self.shift, self.turn_deg, self.stretch, self.shear, self.elastic = shift, turn_deg, stretch, shear, elastic
        self.image_key, self.quads_key, self.points_key = image_key, quads_key, points_key

    def __call__(self, data: Mapping[Hashable, Any]) -> list[dict[Hashable, Any]]:
        """Draw the patches of one film."""
        self.randomize(None)
        film = torch.as_tensor(data[self.image_key]).as_subclass(torch.Tensor).float()
        quads, points = (np.asarray(data[key], dtype=np.float64) for key in (self.quads_key, self.points_key))
        other_hand = np.asarray(data[self.hand_key]) if self.hand_key is not None else np.zeros(len(quads), dtype=bool)
        matrices, targets = np.empty((self.count, 2, 3)), np.full((self.count, *points.shape[1:]), np.nan)
        for k, quad in enumerate(self._chosen(quads)):
            matrices[k] = self._matrix(np.asarray(film.shape[1:]), quads[quad] if quad is not None else None)
            flip = self.R.random_sample() < self.mirror_probability
            if flip != (quad is not None and bool(other_hand[quad])):
                matrices[k] = mirrored(matrices[k], self.size)
            if quad is not None:
                seen = into_patches(points[quad], matrices[k])
                targets[k] = seen[self.mirror_order] if flip and self.mirror_order is not None else seen
        patches = reduced(film[None], torch.as_tensor(matrices[None], dtype=torch.float32), (self.size, self.size))
        labels = torch.as_tensor(targets, dtype=torch.float32)
        if self.elastic:
            nodes = self.R.normal(0, self.elastic * self.size, (self.count, 2, _NODES, _NODES))
            patches, labels = bent(patches, labels, torch.as_tensor(nodes))
        return [{self.image_key: patch, self.points_key: target} for patch, target in zip(patches, labels, strict=True)]

    def _chosen(self, quads: np.ndarray) -> list[int | None]:
        known = np.isfinite(quads).all(axis=(1, 2))
        weights = known * np.asarray(self.weights if self.weights is not None else np.ones(len(quads)), dtype=np.float64)
        if not weights.any():
            return [None] * self.count
        return [int(one) for one in self.R.choice(len(quads), size=self.count, p=weights / weights.sum())]

    def _matrix(self, film: np.ndarray, quad: np.ndarray | None) -> np.ndarray:
        """Matrix (2, 3) from the patch's pixels to the film's."""
        rng = self.R
        if quad is None:
            quad = (film - 1) / 2 + np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]]) * film.min() / 8
        widths = float(np.exp(rng.uniform(*np.log(self.widths))))
        turn = float(np.radians(rng.normal(0, self.turn_deg)))
        matrix = patch_matrix(quad, size=self.size, widths=widths, shift=rng.normal(0, self.shift, 2), turn=turn)
        stretch = float(np.exp(rng.uniform(-0.5, 0.5) * np.log(self.stretch)))
        bent = matrix[:, :2] @ np.array([[1.0, rng.uniform(-self.shear, self.shear)], [0.0, 1.0]]) @ np.diag([stretch, 1 / stretch])
        centre = np.full(2, (self.size - 1) / 2)
        return np.column_stack([bent, matrix @ [*centre, 1.0] - bent @ centre])
