"""The middle slices of a sagittal stack on the grid that a network sees them on, each a film of its own."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Orientation, Transform

from msk_monai.geometry import spacing_of
from msk_monai.transforms.film_grid import FilmGridd
from msk_monai.transforms.middle_slice import acquired_slice

_AXES = "PIL"
"""Columns run to the patient's back, rows to the feet, slices to the left."""
_APART_MM = 4.0
LEFT = (1.0, 0.0, 0.0)
"""In LPS."""


class SagittalSlicesd(Transform):
    """Write ``slices_key``, films (1, columns, rows) each with its own place in the patient, and ``image_key``, (N, X, Y), of them.

    The films come from the patient's right to the left; columns run to the patient's back, rows to the feet. A picture without a place in
    the patient is taken as it is.

    Args:
        longest: pixels of the longer side of ``image``.
        count: so many slices about the middle of the stack, at most, about 4 mm apart.
        source_key: the stack (1, I, J, K) or picture (1, columns, rows) as read by ``msk_monai.dicom.reader.SeriesReader``.
        image_key: where the result goes.
        slices_key: where the films go.
        allow_missing_keys: whether a case without ``source_key`` is left as it is.

    Raises:
        UnsuitableImageError: a slice has too few pixels or is blank.
    """

    def __init__(
        self,
        *,
        longest: int,
        count: int = 5,
        source_key: str = "source",
        image_key: str = "image",
        slices_key: str = "slices",
        allow_missing_keys: bool = False,
    ) -> None:
        self.count, self.source_key, self.image_key, self.slices_key = count, source_key, image_key, slices_key
        self.allow_missing_keys = allow_missing_keys
        self._on_grid = FilmGridd("film", longest=longest)
        self._orient = Orientation(axcodes=_AXES, labels=None)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Take the slices of one case."""
        out = dict(data)
        if self.allow_missing_keys and self.source_key not in out:
            return out
        source: MetaTensor = out[self.source_key]
        films = [source] if source.ndim == 3 else self._middle(source)
        films = [film for film in films if film.min() < film.max()] or films  # a blank slice among others costs only itself
        grids = [self._on_grid({"film": film})["film"] for film in films]
        out[self.slices_key] = films
        out[self.image_key] = MetaTensor(torch.cat([grid.as_tensor() for grid in grids]), meta=dict(grids[0].meta))
        return out

    def _middle(self, stack: MetaTensor) -> list[MetaTensor]:
        turned = self._orient(stack)
        total = turned.shape[-1]
        step = max(1, round(_APART_MM / float(spacing_of(turned.affine.numpy())[2])))  # thin slices: not all from one place
        count = min(self.count, 1 + (total - 1) // step)
        first = (total - 1 - (count - 1) * step) // 2
        return [_film(turned, index, stack) for index in range(first, first + count * step, step)]


def _film(turned: MetaTensor, index: int, stack: MetaTensor) -> MetaTensor:
    affine = turned.affine.clone()
    affine[:3, 3] += index * affine[:3, 2]
    width, height, _ = spacing_of(affine.numpy()).tolist()
    middle = affine.numpy() @ np.array([(turned.shape[1] - 1) / 2, (turned.shape[2] - 1) / 2, 0, 1])
    known = stack.meta.get("spacing_mm") is not None
    meta = {
        **stack.meta,
        "affine": affine,
        "original_affine": affine.numpy(),
        "spacing_mm": (width, height) if known else None,
        "pixel_aspect_ratio": height / width,
        "location": acquired_slice(stack, middle[:3] * (-1, -1, 1), towards=LEFT),
    }
    return MetaTensor(turned[..., index].as_tensor().clone(), meta=meta)
