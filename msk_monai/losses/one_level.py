"""One level against the rest, slice by slice."""

import torch
from torch import nn


class OneLevelLoss(nn.Module):
    """Class-weighted cross-entropy of "this level" against "any other", from a profile of shares.

    Args:
        level: number of the class that counts as positive.
        weight: weight of the positive slices, which are few.
    """

    def __init__(self, *, level: int, weight: float) -> None:
        super().__init__()
        self.level = level
        self.weight = weight

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Compute the loss of (batch, 2, slices) logits against (batch, classes, slices) shares; all-zero columns count for nothing."""
        known = target.sum(dim=1) > 0
        positive = (target[:, self.level] > 0.5).long()
        return nn.functional.cross_entropy(logits.transpose(1, 2)[known], positive[known], weight=logits.new_tensor([1.0, self.weight]))
