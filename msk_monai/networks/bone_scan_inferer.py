"""Both knees of a whole-body bone scan: found, cut out and graded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from monai.transforms import Transform
from numpy.typing import NDArray

from msk_monai.networks.case_inferer import CaseInferer
from msk_monai.networks.knee_places import found_knees

Array = NDArray[np.float64]


class ScanUptake(Protocol):
    """What is needed here of a scan."""

    @property
    def spacing(self) -> tuple[float, float]:
        """Mm between columns and rows."""


@dataclass(frozen=True, eq=False)
class SeenKnees:
    """What was seen on a whole-body scan.

    Attributes:
        places: (2, 2) [x, y] of the right and the left knee in the anterior view of the scan, head up, in its pixels; in the posterior view
            x counts from the other side.
        scale_mm: (2,) of a Laplace distribution of either coordinate's error; 0 where a rule found them.
        crops: (2, 2, size, size) what was graded, grey values 0 to 1: right and left, anterior and posterior.
        logits: (2, L) of the right and the left knee.
        uptake: of the whole scan, a :class:`msk_monai.transforms.Uptake`.
        mirrored: whether the left knee's crops are mirrored.
    """

    places: Array
    scale_mm: Array
    crops: Array
    logits: Array
    uptake: ScanUptake
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
