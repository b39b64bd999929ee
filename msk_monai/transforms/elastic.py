"""Patches and their points, bent together by a smooth random field."""

import torch
from torch.nn.functional import grid_sample, interpolate

_STEPS = 40


def bent(patches: torch.Tensor, points: torch.Tensor, nodes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Bend patches (N, 1, S, S) and points (N, P, 2) in their pixels; points that are NaN stay so.

    Args:
        patches: first axis x.
        points: [x, y].
        nodes: (N, 2, K, K), how far away, in pixels, what a patch shows at the nodes of an even grid comes from. The field between them is
            bicubic; for points to have one place it must not fold: nodes change by less than their distance.
    """
    size = patches.shape[-1]
    field = interpolate(nodes.float(), size=(size, size), mode="bicubic", align_corners=True)
    axis = torch.arange(size, dtype=torch.float32)
    here = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1)
    seen = grid_sample(patches, _unit(here + field.permute(0, 2, 3, 1), size), align_corners=False)
    goal = points.float().nan_to_num(nan=0.0)
    moved = goal
    for _ in range(_STEPS):  # until moved + field(moved) = goal
        step = grid_sample(field, _unit(moved[:, :, None], size), padding_mode="border", align_corners=False)
        moved = goal - step[..., 0].transpose(1, 2)
    return seen, torch.where(torch.isfinite(points), moved.to(points.dtype), points)


def _unit(places: torch.Tensor, size: int) -> torch.Tensor:
    """Places (..., 2) in pixels, in grid_sample's units and order."""
    return ((2 * places + 1) / size - 1).flip(-1)
