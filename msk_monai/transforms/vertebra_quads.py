"""What a film's corners say about the patches of its vertebrae, and of the spaces between them."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.transforms import Transform

from msk_monai.geometry import quads


class VertebraQuadsd(Transform):
    """Give a film's vertebrae as ``quads`` (V, 4, 2), and as ``label`` (V, 8, 2) the points that a patch around each one has.

    All stay in the pixels that the corners are given in. See :func:`msk_monai.geometry.quads.with_facing`.

    Args:
        points_key: (4 V, 2) corners; replaced.
        quads_key: where the quadrilaterals go.
    """

    def __init__(self, *, points_key: str = "label", quads_key: str = "quads") -> None:
        self.points_key, self.quads_key = points_key, quads_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Rearrange the points of one film."""
        vertebrae = np.asarray(data[self.points_key], dtype=np.float64).reshape(-1, 4, 2)
        return {**data, self.quads_key: vertebrae, self.points_key: quads.with_facing(vertebrae)}


class FacingEndplatesd(Transform):
    """Give the spaces between a film's vertebrae as ``quads`` and as ``label``, both (V - 1, 4, 2).

    All stay in the pixels that the corners are given in. See :func:`msk_monai.geometry.quads.between`.

    Args:
        points_key: (4 V, 2) corners; replaced.
        quads_key: where the quadrilaterals go.
    """

    def __init__(self, *, points_key: str = "label", quads_key: str = "quads") -> None:
        self.points_key, self.quads_key = points_key, quads_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Rearrange the points of one film."""
        spaces = quads.between(np.asarray(data[self.points_key], dtype=np.float64).reshape(-1, 4, 2))
        return {**data, self.quads_key: spaces, self.points_key: spaces}
