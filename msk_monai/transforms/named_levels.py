"""From a network's classes to a label map of named vertebrae on the film's own pixels, and their sizes."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Transform
from scipy import ndimage

from msk_monai.measure.level_components import LevelComponents, level_components
from msk_monai.records import Findings, Status
from msk_monai.transforms.label_map import area_measurements, label_map

_RIM = 3.0
"""Pixels of the network's grid around a vertebra in which its edge is interpolated; foreground farther from one is a speck."""


class NamedLevelsd(Transform):
    """Write ``segmentation``, uint8 (rows, columns) on the film's own pixels (0 background, 1 ... those reported), and ``findings``.

    Every vertebra is one part and has one name; names follow each other from the head down
    (:func:`msk_monai.measure.level_components.level_components`).

    Args:
        levels: the classes after the background, from the head down.
        reported: those of them that are wanted, in this order; default: all. A network that knows the neighbours too names better.
        least_name_probability: below which the names are in doubt.
        least_levels: fewer are not taken for a spine.
        least_score: mean score of the vertebrae below which the picture is not taken for a spine.
        pred_key: (1 + levels, X, Y) logits on the grid of ``image_key``.
        image_key: the film on the network's grid.
        source_key: the film as it was read.
    """

    def __init__(
        self,
        *,
        levels: Sequence[str],
        reported: Sequence[str] | None = None,
        least_name_probability: float = 0.5,
        least_levels: int = 2,
        least_score: float = 0.7,
        pred_key: str = "pred",
        image_key: str = "image",
        source_key: str = "source",
    ) -> None:
        self.levels = tuple(levels)
        self.reported = self.levels if reported is None else tuple(reported)
        self.least_name_probability, self.least_levels, self.least_score = least_name_probability, least_levels, least_score
        self.pred_key, self.image_key, self.source_key = pred_key, image_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Name the vertebrae of one film."""
        out = dict(data)
        probabilities = torch.as_tensor(out[self.pred_key]).as_subclass(torch.Tensor).float().softmax(dim=0)
        found = level_components(probabilities.double().numpy())
        named = np.flatnonzero(found.level >= 0)
        if len(named) < self.least_levels or found.score[named].mean() < self.least_score:
            out["segmentation"] = None
            out["findings"] = Findings(status=Status.FLAGGED, reason="no spine was found in this picture")
            return out
        film = out[self.source_key]
        wanted = [self.levels.index(level) for level in self.reported]
        out["segmentation"] = label_map(_renamed(probabilities, found, wanted), out[self.image_key], film)
        out["findings"] = self._findings(out["segmentation"], found, film)
        return out

    def _findings(self, segmentation: np.ndarray, found: LevelComponents, film: MetaTensor) -> Findings:
        doubtful = found.probability < self.least_name_probability
        return Findings(
            status=Status.FLAGGED if doubtful else Status.OK,
            reason=f"the names of the vertebrae are in doubt (probability {found.probability:.2f})" if doubtful else None,
            measurements=area_measurements(segmentation, self.reported, film),
        )


def _renamed(probabilities: torch.Tensor, found: LevelComponents, wanted: Sequence[int]) -> torch.Tensor:
    """(1 + wanted, X, Y) probabilities in which all the foreground around a vertebra is of that vertebra's name."""
    distance, nearest = ndimage.distance_transform_edt(found.part == 0, return_indices=True)
    owner = np.where(distance <= _RIM, found.part[tuple(nearest)], 0)
    level = np.concatenate([[-1], found.level])[owner]
    foreground = 1 - probabilities[0]
    out = torch.zeros(1 + len(wanted), *foreground.shape)
    for place, number in enumerate(wanted):
        out[1 + place] = foreground * torch.from_numpy(level == number)
    out[0] = 1 - out[1:].sum(dim=0)
    return out
