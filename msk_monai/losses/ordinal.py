"""Loss of ordered grades."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, logsigmoid


class OrdinalLoss(nn.Module):
    """Negative log-likelihood of grades under the cumulative logits of :class:`msk_monai.networks.OrdinalHead`.

    Args:
        smoothing: share of the likelihood's weight given in equal parts to the neighbouring grades: readers differ by one. The part of a
            neighbour that does not exist stays with the grade.
    """

    def __init__(self, *, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing

    def forward(self, logits: torch.Tensor, grades: torch.Tensor) -> torch.Tensor:
        """Mean over the known grades.

        Args:
            logits: (B, grades - 1) of being worse than each grade but the last, falling along the second axis.
            grades: (B,) or (B, 1), from 0; a negative one is not known and counts nothing.
        """
        target = grades.reshape(-1).long()
        known = target >= 0
        if not known.any():
            return logits.sum() * 0
        log = grade_log_probabilities(logits[known])
        target = target[known]
        own = log.gather(1, target[:, None])[:, 0]
        if not self.smoothing:
            return -own.mean()
        last = log.shape[1] - 1
        sides = torch.stack([(target - 1).clamp_min(0), (target + 1).clamp_max(last)], dim=1)
        return -((1 - self.smoothing) * own + self.smoothing * log.gather(1, sides).mean(dim=1)).mean()


class GradeCrossEntropyLoss(nn.Module):
    """Cross-entropy of grades that are taken for classes without order, as the reference system has it."""

    def forward(self, logits: torch.Tensor, grades: torch.Tensor) -> torch.Tensor:
        """Mean over the known grades.

        Args:
            logits: (B, grades).
            grades: (B,) or (B, 1), from 0; a negative one is not known and counts nothing.
        """
        target = grades.reshape(-1).long()
        known = target >= 0
        return cross_entropy(logits[known], target[known]) if known.any() else logits.sum() * 0


def grade_log_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """(B, K - 1) falling cumulative logits to the logarithms (B, K) of the grades' probabilities, without cancellation."""
    above, below = logits[:, :-1], logits[:, 1:]
    between = logsigmoid(above) + logsigmoid(-below) + torch.log(-torch.expm1((below - above).clamp_max(-1e-6)))
    return torch.cat([logsigmoid(-logits[:, :1]), between, logsigmoid(logits[:, -1:])], dim=1)
