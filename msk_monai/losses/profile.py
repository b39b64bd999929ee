"""Cross-entropy along a stack, with shares as targets."""

import torch
from torch import nn


class ProfileLoss(nn.Module):
    """Cross-entropy between a profile of logits and one of shares, averaged over the slices that have a target.

    A slice that two classes share teaches where the boundary runs within it; a slice whose target is all zero is
    passed over (``torch.nn.CrossEntropyLoss`` takes shares, but cannot leave slices out).
    """

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            logits: (batch, classes, slices).
            target: (batch, classes, slices), columns summing to 1, or to 0 where there is no target.
        """
        each = -(target * torch.log_softmax(logits, dim=1)).sum()
        return each / target.sum().clamp_min(1.0)
