"""Turning away volumes that cannot be a CT in Hounsfield units."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform

from msk_monai.errors import UnsuitableImageError
from msk_monai.geometry import axis_towards, spacing_of


class RequireHounsfieldd(MapTransform):
    """Let a volume pass if it may be a CT in HU: three dimensions, some length along the body, and values as bright as bone.

    Label maps and images scaled to a small range, which NIfTI cannot tell from a CT by their headers, are turned away.

    Args:
        keys: tensors (1, I, J, K).
        brightest: HU that the brightest voxel of a CT of the trunk reaches at least.
        shortest: length along the body that it has at least, mm.
        allow_missing_keys: pass over keys that are not there.
    """

    def __init__(self, keys: KeysCollection, *, brightest: float = 250.0, shortest: float = 10.0, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.brightest = brightest
        self.shortest = shortest

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Pass the case on, or raise ``UnsuitableImageError``."""
        for key in self.key_iterator(dict(data)):
            self._check(data[key])
        return dict(data)

    def _check(self, volume: torch.Tensor) -> None:
        subject = str(volume.meta.get("series_instance_uid") or "") or None if hasattr(volume, "meta") else None
        if volume.ndim != 4 or min(volume.shape[1:]) < 2:
            raise UnsuitableImageError(f"expected a volume, got an image of shape {tuple(volume.shape[1:])}", subject=subject)
        extent = _length(volume)
        if extent < self.shortest:
            raise UnsuitableImageError(f"expected at least {self.shortest:g} mm along the body, got {extent:.1f}", subject=subject)
        values = np.asarray(volume)  # unlike torch, NumPy walks through memory as it lies
        low, high = float(values.min()), float(values.max())
        if not np.isfinite([low, high]).all():
            raise UnsuitableImageError("expected finite values, got some that are not", subject=subject)
        if high < self.brightest:
            raise UnsuitableImageError(f"expected CT in HU, got values {low:g} to {high:g} (a label map?)", subject=subject)


def _length(volume: torch.Tensor) -> float:
    affine = volume.affine.numpy() if isinstance(volume, MetaTensor) else np.eye(4)
    axis, _ = axis_towards(affine, (0.0, 0.0, 1.0))
    return float(volume.shape[1 + axis] * spacing_of(affine)[axis])
