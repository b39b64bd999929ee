"""Another view of a film and its points: turned, scaled, sheared, mirrored and cut in one resampling."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import RandomizableTransform

from msk_monai.sampling import sampled

Range = tuple[float, float]


class RandFilmViewd(RandomizableTransform):
    """Draw a view of (1, columns, rows) and its points (N, 2; NaN where unknown); both leave as plain tensors.

    The view is centred on a place among the points (on any place where there are none), and looks at the film through a
    rotation, a scale, a shear and a mirror, sampled once, linearly. What lies beyond the film is 0.

    Args:
        size: pixels of the view, columns and rows.
        rotation_deg: largest rotation to either side.
        scale: smallest and largest magnification, drawn log-uniformly.
        stretch: largest change of the ratio of the axes, as a factor above 1.
        shear: largest shear.
        mirror_order: order of the points after mirroring left and right; without it nothing is mirrored.
        shift: how far the view's centre strays from the points' middle, in shares of the view's size.
        close_probability: how often the view comes close to a part of the points: magnified by ``close_scale`` more.
        close_scale: smallest and largest further magnification of such views.
        image_key: the film on the network's grid.
        points_key: its points.
    """

    def __init__(
        self,
        *,
        size: Sequence[int],
        rotation_deg: float = 10.0,
        scale: Range = (0.85, 1.2),
        stretch: float = 1.1,
        shear: float = 0.05,
        mirror_order: Sequence[int] | None = None,
        shift: Range = (0.05, 0.05),
        close_probability: float = 0.0,
        close_scale: Range = (1.0, 2.0),
        image_key: str = "image",
        points_key: str = "label",
    ) -> None:
        super().__init__(prob=1.0)
        self.size = np.asarray(size, dtype=np.float64)
        self.rotation_deg, self.scale, self.stretch, self.shear = rotation_deg, scale, stretch, shear
        self.mirror_order = None if mirror_order is None else np.asarray(mirror_order)
        self.shift, self.close_probability, self.close_scale = shift, close_probability, close_scale
        self.image_key, self.points_key = image_key, points_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Draw a view of one film."""
        self.randomize(None)
        out = dict(data)
        film = torch.as_tensor(out[self.image_key]).as_subclass(torch.Tensor).float()
        points = np.asarray(out[self.points_key], dtype=np.float64)
        to_film, mirrored = self._view(np.asarray(film.shape[1:], dtype=np.float64), points)
        out[self.image_key] = sampled(
            film[None], torch.as_tensor(to_film[None, None], dtype=torch.float32), self.size.astype(int).tolist()
        )[0]
        seen = (points - to_film[:, 2]) @ np.linalg.inv(to_film[:, :2]).T
        if mirrored and self.mirror_order is not None:
            seen = seen[self.mirror_order]
        out[self.points_key] = torch.as_tensor(seen, dtype=torch.float32)
        return out

    def _view(self, film: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, bool]:
        """Matrix (2, 3) from the view's pixels to the film's."""
        rng = self.R
        zoom = float(np.exp(rng.uniform(*np.log(self.scale))))
        known = points[np.isfinite(points).all(axis=1)]
        middle = (known.min(axis=0) + known.max(axis=0)) / 2 if len(known) else film * rng.uniform(0.2, 0.8, 2)
        if rng.random_sample() < self.close_probability:
            zoom *= float(np.exp(rng.uniform(*np.log(self.close_scale))))
            if len(known):
                near = known[rng.randint(len(known))]
                slack = np.maximum((known.max(axis=0) - known.min(axis=0)) / 2 - 0.4 * self.size / zoom, 0)
                middle = np.clip(near, middle - slack, middle + slack)
        stretch = np.exp(rng.uniform(-1, 1) * np.log(self.stretch) / 2)
        angle = np.radians(rng.uniform(-self.rotation_deg, self.rotation_deg))
        mirrored = self.mirror_order is not None and rng.random_sample() < 0.5
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        skew = np.array([[1.0, rng.uniform(-self.shear, self.shear)], [0.0, 1.0]])
        matrix = turn @ skew @ np.diag([(-1 if mirrored else 1) * stretch / zoom, 1 / (stretch * zoom)])
        stray = rng.uniform(-1, 1, 2) * np.asarray(self.shift) * self.size
        centre = (self.size - 1) / 2 + stray
        return np.column_stack([matrix, middle - matrix @ centre]), mirrored
