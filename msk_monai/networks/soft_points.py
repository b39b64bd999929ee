"""Points of a patch as means of soft maps, each with how sure it is."""

import torch
from torch import nn
from torch.nn.functional import softplus

from msk_monai.networks.pyramid import Encoder, Pyramid, residual_encoder

WIDTHS = (32, 56, 96, 144)
"""Channels of the stages of the encoder that is used where none is given."""


class SoftPoints(nn.Module):
    """From patches (N, C, X, Y) to where their points lie and how surely: (N, P, 3) x, y in the patch's pixels, and a scale.

    Places are the means of soft maps (Nibali et al. 2018, arXiv:1801.07372); the scale is that of a Laplace distribution of each
    coordinate's error, in pixels. X and Y are multiples of 2 to the number of the encoder's stages.

    Args:
        points: P.
        encoder: of patches with mean 0 and spread 1; by default a small one of residual blocks, for one channel.
        out: channels of the decoder.
    """

    def __init__(self, points: int, *, encoder: Encoder | None = None, out: int = 48) -> None:
        super().__init__()
        encoder = residual_encoder(1, WIDTHS, blocks=(2,) * len(WIDTHS)) if encoder is None else encoder
        self.pyramid = Pyramid(encoder, to=0, out=out)
        self.maps = nn.Conv2d(out, points, 1)
        self.scales = nn.Linear(encoder.widths[-1] + out, points)

    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Also gives the maps' logits (N, P, X / 2, Y / 2)."""
        features, deepest = self.pyramid(normalised(patches))
        logits = self.maps(features).float()
        summary = torch.cat([features.mean(dim=(2, 3)), deepest.mean(dim=(2, 3))], dim=1)
        scale = softplus(self.scales(summary).float()) + 0.05
        return torch.cat([expected_place(logits), scale[..., None]], dim=-1), logits


def expected_place(logits: torch.Tensor) -> torch.Tensor:
    """Mean place (N, P, 2), in pixels of the patch, of soft maps (N, P, X / 2, Y / 2)."""
    columns, rows = logits.shape[-2:]
    share = logits.flatten(2).softmax(dim=-1).unflatten(2, (columns, rows))
    x = (share.sum(dim=3) * (2 * torch.arange(columns, device=logits.device) + 0.5)).sum(dim=2)
    y = (share.sum(dim=2) * (2 * torch.arange(rows, device=logits.device) + 0.5)).sum(dim=2)
    return torch.stack([x, y], dim=-1)


def normalised(patches: torch.Tensor) -> torch.Tensor:
    """Patches (N, C, X, Y) with mean 0 and spread 1 each."""
    mean = patches.mean(dim=(1, 2, 3), keepdim=True)
    return (patches - mean) / (patches.std(dim=(1, 2, 3), keepdim=True) + 1e-3)
