"""Patches and views of images, sampled through matrices."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample

from msk_monai.errors import UnsuitableImageError

_PERCENTILES = (0.01, 0.995)
_COUNTED = 100_000
"""Percentiles are taken of so many pixels."""


def sampled(images: torch.Tensor, matrices: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Patches (B N, 1, *size) of images (B, 1, X, Y), linearly; 0 beyond the image.

    Args:
        images: to be sampled.
        matrices: (B, N, 2, 3) from a patch's pixels to its image's.
        size: pixels of a patch along x and y.
    """
    with torch.autocast(images.device.type, enabled=False):  # of half precision a place would have 8 bits
        return _sampled(images.float(), matrices.float(), size)


def _sampled(images: torch.Tensor, matrices: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    columns, rows = (int(n) for n in size)
    shape = torch.tensor([columns, rows], dtype=torch.float32, device=images.device)
    extent = torch.tensor(images.shape[2:], dtype=torch.float32, device=images.device)
    linear = matrices[..., :2] * (shape / extent[:, None])
    centre = matrices[..., :2] @ ((shape - 1) / 2) + matrices[..., 2]
    # rows and columns of theta exchanged: grid_sample counts the last axis first
    theta = torch.cat([linear.flip(-1), ((2 * centre + 1) / extent - 1)[..., None]], dim=-1).flip(-2)
    count = matrices.shape[1]
    grids = affine_grid(theta.flatten(0, 1), [theta.shape[0] * count, 1, columns, rows], align_corners=False)
    stacked = grids.unflatten(0, (-1, count)).flatten(1, 2)  # all patches of an image, one after the other, in one sampling
    patches = grid_sample(images, stacked, align_corners=False)
    return patches.unflatten(2, (count, columns)).transpose(1, 2).flatten(0, 1)


def reduced(images: torch.Tensor, matrices: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """As :func:`sampled`, for patches coarser than the image: each pixel is the mean of four samples.

    An image four times as fine as the patches, or more, is first made coarser by a power of two, all patches of a call alike.

    Args:
        images: to be sampled.
        matrices: as there.
        size: as there.
    """
    images, matrices = _coarser(images, matrices.float())
    halves = matrices.clone()
    halves[..., :2] *= 0.5
    halves[..., 2] -= matrices[..., :2].sum(dim=-1) / 4
    return avg_pool2d(sampled(images, halves, [2 * int(n) for n in size]), 2)


def _coarser(images: torch.Tensor, matrices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Means over blocks of the images, such that patches are at most four times as coarse, and the matrices that belong to them."""
    factor = float(torch.linalg.det(matrices[..., :2]).abs().sqrt().min())
    block = 1
    while factor / block >= 4:
        block *= 2
    if block == 1:
        return images, matrices
    smaller = matrices / block
    smaller[..., 2] += 0.5 / block - 0.5  # centres of pixels
    return avg_pool2d(images.float(), block, ceil_mode=True), smaller


def view(film: torch.Tensor, matrix: NDArray[np.float64], size: int) -> torch.Tensor:
    """A view (1, size, size) of an image (1, X, Y) through a matrix (2, 3) from its pixels to the image's."""
    matrices = torch.as_tensor(matrix[None, None], dtype=torch.float32)
    return reduced(film.as_subclass(torch.Tensor).float()[None], matrices, (size, size))[0]


def scaled(film: torch.Tensor) -> torch.Tensor:
    """A slice with its 1st percentile at 0 and its 99.5th at 1; what lies beyond is cut off."""
    values = film.as_subclass(torch.Tensor).float()
    low, high = torch.quantile(values.flatten()[:: max(1, values.numel() // _COUNTED)], torch.tensor(_PERCENTILES)).tolist()
    if not high > low:
        raise UnsuitableImageError("expected an MR slice, got a blank image")
    return ((values - low) / (high - low)).clamp(0, 1)


def stretched(image: torch.Tensor) -> torch.Tensor:
    """An image with its least value at 0 and its greatest at 1."""
    low, high = image.min(), image.max()
    return (image - low) / (high - low).clamp_min(1e-6)
