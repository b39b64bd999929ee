"""The knees of a whole-body scan, as a trained network finds them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from monai.transforms import Transform
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float64]


def found_knees(image: torch.Tensor, grid: Array, find: nn.Module, device: torch.device | str) -> tuple[Array, Array]:
    """Places (2, 2) and scales (2,) of the right and the left knee, in the scan's pixels.

    Args:
        image: (2, X, Y) on the grid.
        grid: (2, 3) from its pixels to the scan's.
        find: see :class:`KneeFinder`.
        device: where it is.
    """
    answers = find(image.as_subclass(torch.Tensor)[None].to(device))[0][0].double().cpu().numpy()
    places = answers[:, :2] @ grid[:, :2].T + grid[:, 2]
    return places, answers[:, 2] * float(np.sqrt(abs(np.linalg.det(grid[:, :2]))))


class KneePlacesd(Transform):
    """Write ``places``, (2, 2) [x, y] of the right and the left knee in pixels of ``uptake``, as a trained network finds them.

    Args:
        find: see :class:`KneeFinder`; it is put into evaluation mode.
        device: where it is moved to: transforms may run before anything else moves the network.
    """

    def __init__(self, *, find: nn.Module, device: torch.device | str = "cpu") -> None:
        self.find, self.device = find, device

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Find the knees of one scan."""
        with torch.inference_mode():
            places, _ = found_knees(data["image"], data["grid"], self.find.to(self.device).eval(), self.device)
        return {**data, "places": places}
