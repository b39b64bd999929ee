"""Training views of the square around a film's only object."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.transforms import RandomizableTransform

from msk_monai.geometry.patches import mirrored, patch_matrix
from msk_monai.geometry.squares import squares
from msk_monai.sampling import reduced


class RandSquareViewd(RandomizableTransform):
    """Replace a film by a view of its object, as one that was found a little off would be seen, and half of the times its mirror image.

    The object's square is that of the item's points where it has them (``msk_monai.geometry.squares``), else the one that it usually has
    on such films.

    Args:
        size: pixels of the view's side.
        widths: its side in widths of the object.
        usual: [x, y, width] of the usual square as shares of the film's columns, rows and columns.
        ends: which of an item's points the square follows.
        shift: sd of the jitter of the place, in widths of the object.
        turn_deg: sd of the jitter of the direction.
        zoom: sd of the jitter of the logarithm of the size.
        stretch: sd of the jitter of the logarithm of the ratio of the axes.
        image_key: the film (1, X, Y).
        points_key: (P, 2) in its pixels, where they are known.
    """

    def __init__(
        self,
        *,
        size: int,
        widths: float,
        usual: Sequence[float],
        ends: tuple[Sequence[int], Sequence[int]],
        shift: float = 0.03,
        turn_deg: float = 5.0,
        zoom: float = 0.06,
        stretch: float = 0.03,
        image_key: str = "image",
        points_key: str = "points",
    ) -> None:
        super().__init__(prob=1.0)
        self.size, self.widths, self.usual = size, widths, tuple(map(float, usual))
        self.ends = (tuple(ends[0]), tuple(ends[1]))
        self.shift, self.turn_deg, self.zoom, self.stretch = shift, turn_deg, zoom, stretch
        self.image_key, self.points_key = image_key, points_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Draw the view of one film."""
        self.randomize(None)
        rng = self.R
        film = torch.as_tensor(data[self.image_key]).as_subclass(torch.Tensor).float()
        widths = self.widths * float(np.exp(rng.normal(0, self.zoom)))
        turn = float(np.radians(rng.normal(0, self.turn_deg)))
        matrix = patch_matrix(self._square(film, data), size=self.size, widths=widths, shift=rng.normal(0, self.shift, 2), turn=turn)
        ratio = float(np.exp(rng.normal(0, self.stretch) / 2))
        centre = np.full(2, (self.size - 1) / 2)
        linear = matrix[:, :2] @ np.diag([ratio, 1 / ratio])
        matrix = np.column_stack([linear, matrix @ [*centre, 1.0] - linear @ centre])
        if rng.random_sample() < 0.5:
            matrix = mirrored(matrix, self.size)
        view = reduced(film[None], torch.as_tensor(matrix[None, None], dtype=torch.float32), (self.size, self.size))[0]
        return {**data, self.image_key: view}

    def _square(self, film: torch.Tensor, data: Mapping[Hashable, Any]) -> np.ndarray:
        if data.get(self.points_key) is not None:
            return np.asarray(squares(np.asarray(data[self.points_key], dtype=np.float64)[None], self.ends)[0])
        columns, rows = film.shape[1:]
        x, y, width = self.usual
        corners = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]]) * width * columns / 2
        return corners + np.array([x * columns - 0.5, y * rows - 0.5])
