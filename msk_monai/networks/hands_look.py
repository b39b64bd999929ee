"""Which of two mirror images a patch shows."""

from collections.abc import Sequence

import torch
from torch import nn

from msk_monai.networks.pyramid import Pyramid, residual_encoder
from msk_monai.networks.soft_points import normalised


class HandsLook(nn.Module):
    """From patches (N, 1, S, S) of objects to logits (N,) of their being the mirror image of what is usual.

    Args:
        size: S, a multiple of 2 to the number of stages.
        widths: channels of the encoder's stages.
    """

    def __init__(self, *, size: int, widths: Sequence[int] = (16, 32, 56, 88, 120)) -> None:
        super().__init__()
        deepest = len(widths) - 1
        self.pyramid = Pyramid(residual_encoder(1, widths, blocks=(1,) * len(widths)), to=deepest, out=32)
        self.answer = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * (size >> len(widths)) ** 2, 1))

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.answer(self.pyramid(normalised(patches))[0])[:, 0]
