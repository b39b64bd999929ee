"""Coordinates that a network gives for a whole picture, as looks give them."""

from typing import Any

import torch
from monai.inferers import Inferer


class CoordinatesInferer(Inferer):
    """Turns coordinates (1, P, 2), in shares of the side, into (1, 1, P, 4), as ``LandmarkLooksInferer`` gives: pixels, a scale, a score.

    The network says nothing of its errors: the scale is a pixel and the score 1, whatever it found.

    Args:
        size: pixels of the image's side.
    """

    def __init__(self, *, size: int) -> None:
        super().__init__()
        self.size = size

    def __call__(self, inputs: torch.Tensor, network: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Run the network on one image (1, 1, size, size)."""
        points = network(inputs).float().cpu() * self.size
        return torch.cat([points, torch.ones_like(points)], dim=-1)[None]
