"""Points of a film, from the datalist's pixels to those of the grid that the network sees."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform

from msk_monai.geometry import apply_affine


class LandmarkPointsd(Transform):
    """Turn ``points`` ([x, y] in pixels of the stored image, or null) into ``label``, float32 (N, 2), in pixels of ``image_key``.

    Points that are not known are NaN; a list without points gives ``count`` of them.

    Args:
        count: points of an object.
        objects: an item may have the points of so many, one after the other; of one at least.
        image_key: the film on the network's grid; its affine leads to the world, ``original_affine`` back to the stored pixels.
        points_key: the points.
        label_key: where the result goes.
    """

    def __init__(
        self, *, count: int, objects: int = 1, image_key: str = "image", points_key: str = "points", label_key: str = "label"
    ) -> None:
        self.count, self.objects = count, objects
        self.image_key, self.points_key, self.label_key = image_key, points_key, label_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Move the points of one item."""
        out = dict(data)
        given = out.get(self.points_key) or [None] * self.count
        if len(given) not in range(self.count, self.count * self.objects + 1, self.count):
            raise ValueError(f"expected {self.count} points{' for each object' if self.objects > 1 else ''}, got {len(given)}")
        stored = np.array([(np.nan, np.nan) if point is None else point for point in given], dtype=np.float64)
        film = out[self.image_key]
        out[self.label_key] = between_grids(stored, original_affine(film), grid_affine(film)).astype(np.float32)
        return out


def between_grids(points: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Move (N, 2) points from one grid's pixels to another's, by the grids' 4 x 4 affines into one world."""
    flat = np.column_stack([points, np.zeros(len(points))])
    return apply_affine(np.linalg.inv(target) @ source, flat)[:, :2]


def original_affine(image: MetaTensor) -> np.ndarray:
    """The affine of the image as it was stored (4 x 4)."""
    return np.asarray(image.meta["original_affine"], dtype=np.float64)


def grid_affine(image: MetaTensor) -> np.ndarray:
    """The affine of the image as it is now (4 x 4)."""
    return np.asarray(image.affine, dtype=np.float64)
