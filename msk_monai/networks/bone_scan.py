"""Both knees of a whole-body bone scan: found, cut out and graded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from monai.transforms import Transform
from numpy.typing import NDArray
from torch import nn

from msk_monai.networks.case_inferer import CaseInferer
from msk_monai.networks.pyramid import residual_encoder
from msk_monai.networks.soft_points import SoftPoints

Array = NDArray[np.float64]


class KneeFinder(SoftPoints):
    """The right and the left knee on a whole-body scan (B, 2, X, Y) of both views, which have the patient's right at the image's left.

    See :class:`msk_monai.networks.SoftPoints`.

    Args:
        widths: channels of the encoder's stages.
    """

    def __init__(self, *, widths: Sequence[int] = (12, 24, 40, 56, 72)) -> None:
        super().__init__(2, encoder=residual_encoder(2, widths, blocks=(1,) * len(widths)), out=24)


class BoneScanKnees(nn.Module):
    """All that :class:`BoneScanInferer` runs. ``forward(crops)`` is that of ``grade``.

    Args:
        find: see :class:`KneeFinder`.
        grade: (B, 2, X, Y) to cumulative logits (B, grades - 1).
    """

    alone = ("find", "grade")
    """What can be trained by itself."""

    def __init__(self, *, find: nn.Module, grade: nn.Module) -> None:
        super().__init__()
        self.find, self.grade = find, grade

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """(B, 2, X, Y) to (B, grades - 1)."""
        return torch.as_tensor(self.grade(crops))


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


@dataclass(frozen=True, eq=False)
class SeenKnees:
    """What was seen on a whole-body scan.

    Attributes:
        places: (2, 2) [x, y] of the right and the left knee in the anterior view of the scan, head up, in its pixels; in the posterior view
            x counts from the other side.
        scale_mm: (2,) of a Laplace distribution of either coordinate's error; 0 where a rule found them.
        crops: (2, 2, size, size) what was graded, grey values 0 to 1: right and left, anterior and posterior.
        logits: (2, L) of the right and the left knee.
        uptake: of the whole scan.
        mirrored: whether the left knee's crops are mirrored.
    """

    places: Array
    scale_mm: Array
    crops: Array
    logits: Array
    uptake: Any
    mirrored: bool = True


class BoneScanInferer(CaseInferer):
    """Finds both knees of a scan, cuts them out and grades them; the answer is a :class:`SeenKnees`.

    It takes ``image``, ``grid`` and ``uptake`` (:class:`msk_monai.transforms.WholeBodyGridd`).

    Args:
        crops: cuts the knees out: writes ``crops`` of ``uptake`` at ``places``; its ``mirror`` tells whether left ones are mirrored.
        find: finds the knees instead of the network: writes ``places``.
    """

    def __init__(self, *, crops: Any, find: Transform | None = None) -> None:
        self.crops, self.find = crops, find

    def __call__(self, data: Mapping[str, Any], network: Any, *, device: torch.device | str) -> SeenKnees:
        """Look at one scan."""
        uptake = data["uptake"]
        if self.find is not None:
            places, scale = np.asarray(self.find(data)["places"], dtype=np.float64), np.zeros(2)
        else:
            places, scale = found_knees(data["image"], data["grid"], network.find, device)
        crops = self.crops({"uptake": uptake, "places": places})["crops"]
        logits = network.grade(crops.to(device)).double().cpu().numpy()
        return SeenKnees(places, scale * float(np.mean(uptake.spacing)), crops.double().numpy(), logits, uptake, self.crops.mirror)


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
