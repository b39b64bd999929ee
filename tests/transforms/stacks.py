"""Volumes of one anatomy, stored in any order and direction of their axes."""

from itertools import permutations, product

import numpy as np
import torch
from monai.data import MetaTensor
from scipy.spatial.transform import Rotation

from msk_monai.geometry import flip_lps_ras

WAYS = tuple(product(permutations(range(3)), product((False, True), repeat=3)))
"""Of storing a volume: the order of the axes left, back, head; and which of the stored axes run the other way."""
PLAIN = WAYS[0]


def anatomy(*counts: int) -> np.ndarray:
    """Values (left, back, head) that tell every voxel from every other."""
    return np.arange(np.prod(counts), dtype=np.float32).reshape(counts)


def placed(spacing=(1.0, 1.0, 1.0), degrees=(0.0, 0.0, 0.0), origin=(10.0, -20.0, 30.0)) -> np.ndarray:
    """Affine (4, 4) of the axes left, back, head into LPS mm."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() * spacing
    affine[:3, 3] = origin
    return affine


def stored(values: np.ndarray, affine: np.ndarray, way=PLAIN, **meta: object) -> MetaTensor:
    """(1, I, J, K) as a reader gives it."""
    order, flips = way
    turned, matrix = values.transpose(order), affine[:, [*order, 3]].copy()
    for axis in np.flatnonzero(flips):
        turned = np.flip(turned, axis)
        matrix[:, 3] += (turned.shape[axis] - 1) * matrix[:, axis]
        matrix[:, axis] *= -1
    spacing = tuple(np.linalg.norm(matrix[:3, :3], axis=0).tolist())
    known = {"spacing_mm": spacing, "warnings": ()}
    return MetaTensor(torch.from_numpy(turned.copy())[None], affine=torch.from_numpy(flip_lps_ras(matrix)), meta={**known, **meta})
