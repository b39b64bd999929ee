"""The network of the reference system for bone scans."""

from itertools import pairwise

import torch
from torch import nn


class ReferenceGrader(nn.Module):
    """The reference system's network: one to three blocks of a convolution, batch norm, ReLU and pooling, and a layer to the grades.

    Args:
        layers: blocks, 1 to 3, of 16, 32 and 64 channels.
        channels: of the image.
        size: pixels of its side.
        grades: how many.

    Raises:
        ValueError: another number of layers.
    """

    def __init__(self, *, layers: int = 2, channels: int = 2, size: int = 128, grades: int = 5) -> None:
        super().__init__()
        if not 1 <= layers <= 3:
            raise ValueError(f"expected 1 to 3 layers, got {layers}")
        widths = (channels, 16, 32, 64)[: layers + 1]
        blocks = [
            nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2))
            for before, after in pairwise(widths)
        ]
        self.blocks = nn.Sequential(*blocks, nn.Flatten(), nn.Linear(widths[-1] * (size >> layers) ** 2, grades))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(B, channels, size, size) to logits (B, grades) of each grade."""
        return torch.as_tensor(self.blocks(image))
