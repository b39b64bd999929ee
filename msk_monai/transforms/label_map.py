"""A network's classes on the film's own pixels."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Transform
from torch.nn.functional import grid_sample

from msk_monai.records import Findings, Measurement, Status
from msk_monai.transforms.landmark_points import grid_affine

_BAND = 256
"""Columns of the film that are sampled at once, to bound memory."""


class LabelMapd(Transform):
    """Write ``segmentation``, uint8 (rows, columns) on the film's own pixels: each pixel's greatest logit, as it is.

    Args:
        pred_key: (classes, X, Y) logits on the grid of ``image_key``.
        image_key: the film on the network's grid.
        source_key: the film as it was read.
    """

    def __init__(self, *, pred_key: str = "pred", image_key: str = "image", source_key: str = "source") -> None:
        self.pred_key, self.image_key, self.source_key = pred_key, image_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write one film's label map."""
        out = dict(data)
        logits = torch.as_tensor(out[self.pred_key]).as_subclass(torch.Tensor).float()
        out["segmentation"] = label_map(logits, out[self.image_key], out[self.source_key])
        out["findings"] = Findings(status=Status.OK)
        return out


def label_map(probabilities: torch.Tensor, image: MetaTensor, film: MetaTensor) -> np.ndarray:
    """The most probable class of each of the film's own pixels.

    Args:
        probabilities: (classes, X, Y) on the grid of ``image``.
        image: the film on the network's grid.
        film: the film as read (1, columns, rows).

    Returns:
        uint8 (rows, columns).
    """
    to_grid = torch.as_tensor(np.linalg.inv(grid_affine(image)) @ grid_affine(film), dtype=torch.float32)
    columns, rows = film.shape[1:]
    extent = torch.tensor(probabilities.shape[1:], dtype=torch.float32)
    y = (2 * (torch.arange(rows) * to_grid[1, 1] + to_grid[1, 3]) + 1) / extent[1] - 1
    bands = []
    for first in range(0, columns, _BAND):
        x = (2 * (torch.arange(first, min(first + _BAND, columns)) * to_grid[0, 0] + to_grid[0, 3]) + 1) / extent[0] - 1
        places = torch.stack(torch.meshgrid(x, y, indexing="ij"), dim=-1).flip(-1)
        band = grid_sample(probabilities[None], places[None], mode="bilinear", padding_mode="border", align_corners=False)[0]
        bands.append(band.argmax(dim=0).to(torch.uint8))
    return torch.cat(bands).T.contiguous().numpy()


def area_measurements(segmentation: np.ndarray, levels: Sequence[str], film: MetaTensor) -> tuple[Measurement, ...]:
    """``<level>_area`` of each level in a label map (rows, columns) of a film, in mm2 where that has a spacing, else in pixels."""
    spacing = film.meta.get("spacing_mm")
    unit = "{pixels}" if spacing is None else "mm2"
    pixel = 1.0 if spacing is None else float(spacing[0]) * float(spacing[1])
    areas = np.bincount(segmentation.ravel(), minlength=len(levels) + 1)[1:] * pixel
    return tuple(
        Measurement(
            name=f"{level.lower()}_area",
            value=float(area),
            unit=unit,
            flags=tuple(film.meta.get("warnings", ())),
            method="pixels of the label map",
        )
        for level, area in zip(levels, areas, strict=True)
        if area > 0
    )
