"""What the cells of a map should say about the vertebrae they lie in."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class CellTargets:
    """Targets of the cells of maps (B, X, Y).

    Args:
        nearness: 1 at the centre of a vertebra, falling off along its own axes to 0.04 at the middle of its sides.
        vertebra: number of the nearest vertebra, also far from it.
    """

    nearness: torch.Tensor
    vertebra: torch.Tensor


def cell_targets(corners: torch.Tensor, size: torch.Size | tuple[int, int], *, cell: int, fall: float = 0.2) -> CellTargets:
    """Compute the targets.

    Args:
        corners: (B, V, 4, 2) in pixels; NaN where unknown.
        size: cells along x and y.
        cell: pixels to a cell.
        fall: sd of the fall-off, in widths along the vertebra and heights across it.
    """
    x = torch.arange(size[0], device=corners.device) * cell + (cell - 1) / 2
    y = torch.arange(size[1], device=corners.device) * cell + (cell - 1) / 2
    centre = corners.mean(dim=2)[:, :, :, None, None]
    across = ((corners[:, :, 1] + corners[:, :, 3] - corners[:, :, 0] - corners[:, :, 2]) / 2)[..., None, None]
    down = ((corners[:, :, 2] + corners[:, :, 3] - corners[:, :, 0] - corners[:, :, 1]) / 2)[..., None, None]
    area = across[:, :, 0] * down[:, :, 1] - across[:, :, 1] * down[:, :, 0]
    area = torch.where(area.abs() < 1, torch.nan, area)
    dx, dy = x[None, None, :, None] - centre[:, :, 0], y[None, None, None, :] - centre[:, :, 1]
    along = (dx * down[:, :, 1] - dy * down[:, :, 0]) / area
    over = (across[:, :, 0] * dy - across[:, :, 1] * dx) / area
    distance = torch.nan_to_num(along**2 + over**2, nan=1e6, posinf=1e6)
    nearest, vertebra = distance.min(dim=1)
    return CellTargets(nearness=torch.exp(-nearest / (2 * fall**2)), vertebra=vertebra)
