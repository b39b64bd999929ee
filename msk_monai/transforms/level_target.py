"""What a network should give for a stack: how much of each slice belongs to which level, and where along the spine it lies."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.transforms import Transform

from msk_monai.measure.spine_column import column_at


class LevelTargetd(Transform):
    """Write the target of a stack, (classes + 4, slices).

    First the share of every slice that lies in each class; slices outside ``covered`` belong to none. Then cosine and sine
    of the phase between the bodies, and the spine's place in the slice: x and y from the image's centre, in halves of its
    width and height. All four are zero where they are not known, which phase and place always are together.

    Args:
        image_key: MetaTensor (C, X, Y, Z) on an axial grid.
        edges_key: (classes - 1, 3) boundaries between the classes, from the head down, in the image's own space.
        column_key: (2 bodies - 1, 3) middles of bodies and discs, likewise.
        covered_key: lowest and highest z in mm that the scan holds.
        output_key: where the target goes.
    """

    def __init__(
        self,
        *,
        image_key: str = "image",
        edges_key: str = "edges",
        column_key: str = "column",
        covered_key: str = "covered",
        output_key: str = "label",
    ) -> None:
        self.image_key = image_key
        self.edges_key, self.column_key = edges_key, column_key
        self.covered_key = covered_key
        self.output_key = output_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the target of one case."""
        out = dict(data)
        image = out[self.image_key]
        affine, shape = image.affine.numpy(), np.asarray(image.shape[1:])
        step = float(affine[2, 2])
        heights = float(affine[2, 3]) + step * np.arange(shape[2])
        place, phase = column_at(out[self.column_key], heights)
        half = shape[:2] * np.diagonal(affine)[:2] / 2
        place = (place - affine[:2, 3]) / half - 1 + 1 / shape[:2]
        shares = class_shares(heights, step, np.asarray(out[self.edges_key])[:, 2])
        target = np.vstack([shares, np.cos(phase), np.sin(phase), place.T])
        low, high = out[self.covered_key]
        target[:, (heights < low) | (heights > high)] = 0.0
        out[self.output_key] = torch.from_numpy(np.nan_to_num(target, nan=0.0).astype(np.float32))
        return out


def class_shares(heights: np.ndarray, thickness: float, edges: np.ndarray) -> np.ndarray:
    """Share of each slab in each of the classes that the edges divide the z axis into.

    Args:
        heights: (slices,) z of the slab centres, mm.
        thickness: of a slab, mm.
        edges: (classes - 1,) z of the class boundaries from the head down, mm; ±inf for a boundary out of reach.

    Returns:
        (classes, slices).
    """
    below_edge = np.clip((edges[:, None] - (heights - thickness / 2)) / thickness, 0.0, 1.0)
    padded = np.vstack([np.ones_like(heights), below_edge, np.zeros_like(heights)])
    return np.asarray(padded[:-1] - padded[1:])
