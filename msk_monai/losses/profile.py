"""How far a stack's levels, and the spine's phase and place, are from their targets."""

import torch
from torch import nn


class ProfileLoss(nn.Module):
    """Cross-entropy of the levels, squared error of the phase and absolute error of the spine's place.

    A slice that two classes share teaches where the boundary runs within it; a slice whose target is all zero is
    passed over (``torch.nn.CrossEntropyLoss`` takes shares, but cannot leave slices out).

    Args:
        classes: how many of the channels are classes; four more follow (``LevelTargetd``).
        phase_weight: weight of the phase beside the cross-entropy.
        place_weight: weight of the place.
        level: number of a class whose slices count more, or less; ``None`` for none.
        level_weight: weight of such a slice beside that of any other.
    """

    def __init__(
        self,
        *,
        classes: int = 9,
        phase_weight: float = 1.0,
        place_weight: float = 2.0,
        level: int | None = None,
        level_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.classes = classes
        self.phase_weight, self.place_weight = phase_weight, place_weight
        self.level, self.level_weight = level, level_weight

    def forward(self, pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            pred: (batch, classes + 4, slices): logits, cosine and sine of the phase, x and y.
            target: likewise, the classes' columns summing to 1, or to 0 where there is no target.
        """
        shares, phase, place = target.split([self.classes, 2, 2], dim=1)
        logits, pred_phase, pred_place = pred.split([self.classes, 2, 2], dim=1)
        if self.level is not None and self.level_weight != 1.0:
            weights = shares.new_ones(self.classes)
            weights[self.level] = self.level_weight
            shares = shares * weights[:, None]
        entropy = -(shares * torch.log_softmax(logits, dim=1)).sum() / shares.sum().clamp_min(1.0)
        known = phase.square().sum(dim=1, keepdim=True).round()
        count = known.sum().clamp_min(1.0)
        phase_error = (known * (pred_phase - phase).square()).sum() / count
        place_error = (known * (pred_place - place).abs()).sum() / count
        return entropy + self.phase_weight * phase_error + self.place_weight * place_error
