"""What the look at hands is trained by."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits


class HandsLoss(nn.Module):
    """Cross-entropy of whether a patch shows the mirror image of what is usual: an object whose first end is on the right.

    Args:
        ends: see ``msk_monai.geometry.squares``.
    """

    def __init__(self, *, ends: tuple[Sequence[int], Sequence[int]]) -> None:
        super().__init__()
        self.ends = (list(ends[0]), list(ends[1]))

    def forward(self, logits: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """Compare logits (N,) with points (N, P, 2) in the patches' pixels; patches whose ends are not known (NaN) teach nothing."""
        first, other = (points[:, end, 0].mean(dim=1) for end in self.ends)
        across = other - first
        known = torch.isfinite(across)
        if not known.any():
            return logits.sum() * 0.0
        return binary_cross_entropy_with_logits(logits[known], (across[known] < 0).to(logits.dtype))
