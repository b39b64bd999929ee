"""The profile a network should give: how much of each slice belongs to which level of the spine."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.transforms import Transform


class LevelTargetd(Transform):
    """Write the share of every slice that lies in each class, (classes, slices).

    Slices outside ``covered`` belong to no class: their column is zero, and the loss passes over them.

    Args:
        image_key: MetaTensor (C, X, Y, Z) on an axial grid.
        edges_key: (classes - 1,) z in mm of the boundaries between the classes, from the head down.
        covered_key: lowest and highest z in mm that the scan holds.
        output_key: where the target goes.
    """

    def __init__(
        self, *, image_key: str = "image", edges_key: str = "edges", covered_key: str = "covered", output_key: str = "label"
    ) -> None:
        self.image_key = image_key
        self.edges_key = edges_key
        self.covered_key = covered_key
        self.output_key = output_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the target of one case."""
        out = dict(data)
        image = out[self.image_key]
        step, start = float(image.affine[2, 2]), float(image.affine[2, 3])
        heights = start + step * np.arange(image.shape[-1])
        low, high = out[self.covered_key]
        target = class_shares(heights, step, np.asarray(out[self.edges_key]))
        target[:, (heights < low) | (heights > high)] = 0.0
        out[self.output_key] = torch.from_numpy(target)
        return out


def class_shares(heights: np.ndarray, thickness: float, edges: np.ndarray) -> np.ndarray:
    """Share of each slab in each of the classes that the edges divide the z axis into.

    Args:
        heights: (slices,) z of the slab centres, mm.
        thickness: of a slab, mm.
        edges: (classes - 1,) z of the class boundaries from the head down, mm; ±inf for a boundary out of reach.

    Returns:
        (classes, slices) float32.
    """
    below_edge = np.clip((edges[:, None] - (heights - thickness / 2)) / thickness, 0.0, 1.0)
    padded = np.vstack([np.ones_like(heights), below_edge, np.zeros_like(heights)])
    return (padded[:-1] - padded[1:]).astype(np.float32)
