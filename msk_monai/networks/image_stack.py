"""Running a 2-D network on several images of one case at once."""

from typing import Any

import torch
from monai.inferers import Inferer


class ImageStackInferer(Inferer):
    """Takes the channels of an input as images of one channel each.

    An input (1, N, X, Y) goes through the network as (N, 1, X, Y); the answer (N, C, X, Y) comes back as (1, N, C, X, Y).
    """

    def __call__(self, inputs: torch.Tensor, network: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Run the network on a case's images."""
        if len(inputs) != 1:
            raise ValueError(f"expected one case at a time, got {len(inputs)}")
        images = inputs[0][:, None].contiguous(memory_format=torch.channels_last)
        return torch.as_tensor(network(images, *args, **kwargs))[None]
