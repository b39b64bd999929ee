"""What is known of a film's vertebrae, as a label map on the grid that the network sees."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import ImageReader, MetaTensor
from monai.transforms import LoadImage, Resize, Transform
from skimage.draw import polygon2mask

from msk_monai.transforms.landmark_points import between_grids, grid_affine, original_affine

_OUTLINE = [0, 1, 3, 2]


class LevelMapd(Transform):
    """Write ``label``, float32 (1, X, Y) on the grid of ``image_key``: 0 background, 1 ... the levels in their order.

    An item knows its vertebrae by a label map (``label``, a file of class numbers of the same meaning and the image's own size) or
    by ``points``, four corners of every vertebra named in ``corner_levels``: each is then filled as a quadrilateral.

    Args:
        levels: the classes, from the head down.
        corner_levels: the vertebrae that ``points`` are of.
        reader: reads label files.
        image_key: the film on the network's grid.
    """

    def __init__(self, *, levels: Sequence[str], corner_levels: Sequence[str] = (), reader: ImageReader, image_key: str = "image") -> None:
        self.levels, self.corner_levels = tuple(levels), tuple(corner_levels)
        self.load = LoadImage(reader=reader, image_only=True, ensure_channel_first=True)
        self.image_key = image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Make the label map of one item."""
        out = dict(data)
        image = out[self.image_key]
        plain = self._from_file(out["label"], image) if isinstance(out.get("label"), str) else self._from_points(out["points"], image)
        out["label"] = MetaTensor(plain, meta=dict(image.meta))
        return out

    def _from_file(self, path: str, image: MetaTensor) -> torch.Tensor:
        return Resize(spatial_size=image.shape[1:], mode="nearest-exact")(self.load(path)).as_tensor()

    def _from_points(self, points: Sequence[Sequence[float] | None], image: MetaTensor) -> torch.Tensor:
        stored = np.array([(np.nan, np.nan) if point is None else point for point in points], dtype=np.float64)
        corners = between_grids(stored, original_affine(image), grid_affine(image)).reshape(-1, 4, 2)
        drawn = np.zeros(image.shape[1:], dtype=np.float32)
        for level, quad in zip(self.corner_levels, corners, strict=True):
            if level in self.levels and np.isfinite(quad).all():
                drawn[polygon2mask(drawn.shape, quad[_OUTLINE])] = self.levels.index(level) + 1
        return torch.from_numpy(drawn)[None]
