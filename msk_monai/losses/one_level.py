"""One level against the rest, slice by slice."""

import torch
from torch import nn


class OneLevelLoss(nn.Module):
    """Class-weighted cross-entropy of "this level" against "any other", from a profile of shares.

    Args:
        level: number of the class that counts as positive.
        weight: weight of the positive slices, which are few.
        classes: how many of the target's channels are classes.
    """

    def __init__(self, *, level: int, weight: float, classes: int = 9) -> None:
        super().__init__()
        self.level = level
        self.weight = weight
        self.classes = classes

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Compute the loss of (batch, 2, slices) logits against (batch, ≥ classes, slices) shares; all-zero columns count for nothing."""
        known = target[:, : self.classes].sum(dim=1) > 0
        if not known.any():
            return logits.sum() * 0.0
        positive = (target[:, self.level] > 0.5).long()
        return nn.functional.cross_entropy(logits.transpose(1, 2)[known], positive[known], weight=logits.new_tensor([1.0, self.weight]))
