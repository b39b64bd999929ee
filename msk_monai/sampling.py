"""Patches and views of images, sampled through matrices."""

from collections.abc import Sequence

import torch
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample


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
