"""Running a 2-D network on every slice of a volume by itself."""

import torch
from torch import nn


class Slicewise(nn.Module):
    """Apply a 2-D classifier to each slice.

    Args:
        network: takes (slices, channels, width, height), gives (slices, classes).
        batch: slices that go through it at once, to bound memory.
    """

    def __init__(self, network: nn.Module, *, batch: int = 512) -> None:
        super().__init__()
        self.network = network
        self.batch = batch

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Classify the slices of (batch, channels, width, height, slices): logits (batch, classes, slices)."""
        flat = x.permute(0, 4, 1, 2, 3).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        logits = torch.cat([self.network(part) for part in flat.split(self.batch)])
        return logits.reshape(x.shape[0], x.shape[-1], -1).transpose(1, 2)
