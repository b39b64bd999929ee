"""What points given as soft maps are trained by."""

import torch
from torch import nn


class SoftPointsLoss(nn.Module):
    """The places' likelihood under Laplace distributions of the scales given, and the soft maps.

    Args:
        map_weight: of the soft maps.
        map_sigma: sd of their targets, in their cells of two pixels of the patch.
    """

    def __init__(self, *, map_weight: float = 0.3, map_sigma: float = 1.2) -> None:
        super().__init__()
        self.map_weight, self.map_sigma = map_weight, map_sigma

    def forward(self, seen: tuple[torch.Tensor, torch.Tensor], points: torch.Tensor) -> torch.Tensor:
        """Compare what :class:`msk_monai.networks.SoftPoints` gives with points (N, P, 2) in the patches' pixels; NaN where unknown.

        Points outside their patch teach nothing.
        """
        answers, logits = seen
        size = 2 * torch.tensor(logits.shape[-2:], device=points.device)
        known = (torch.isfinite(points) & (points > 1) & (points < size - 2)).all(dim=-1)
        if not known.any():
            return (answers.sum() + logits.sum()) * 0.0
        place, scale, target = answers[known][:, :2], answers[known][:, 2:], points[known]
        laplace = ((place - target).abs() / scale + torch.log(2 * scale)).mean()
        columns, rows = (torch.arange(n, device=place.device) * 2 + 0.5 for n in logits.shape[-2:])
        dx, dy = columns[None, :, None] - target[:, 0, None, None], rows[None, None, :] - target[:, 1, None, None]
        soft = torch.exp(-(dx**2 + dy**2) / (2 * (2 * self.map_sigma) ** 2))
        soft = soft / soft.sum(dim=(1, 2), keepdim=True).clamp_min(1e-6)
        spread = -(soft.flatten(1) * logits[known].flatten(1).log_softmax(dim=1)).sum(dim=1).mean()
        return laplace + self.map_weight * spread
