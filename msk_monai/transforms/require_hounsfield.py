"""Turning away volumes that cannot be a CT in Hounsfield units."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

from msk_monai.errors import UnsuitableImageError


class RequireHounsfieldd(MapTransform):
    """Let a volume pass if it may be a CT in HU: three dimensions, and values as bright as bone.

    Label maps and normalised images, which NIfTI cannot tell from a CT by their headers, are turned away.

    Args:
        keys: tensors (1, I, J, K).
        brightest: HU that the brightest voxel of a CT of the trunk reaches at least.
        allow_missing_keys: pass over keys that are not there.
    """

    def __init__(self, keys: KeysCollection, *, brightest: float = 250.0, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        self.brightest = brightest

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Pass the case on, or raise ``UnsuitableImageError``."""
        for key in self.key_iterator(dict(data)):
            self._check(data[key])
        return dict(data)

    def _check(self, volume: torch.Tensor) -> None:
        subject = str(volume.meta.get("series_instance_uid") or "") or None if hasattr(volume, "meta") else None
        if volume.ndim != 4 or min(volume.shape[1:]) < 2:
            raise UnsuitableImageError(f"expected a volume, got an image of shape {tuple(volume.shape[1:])}", subject=subject)
        values = np.asarray(volume)  # unlike torch, NumPy walks through memory as it lies
        low, high = float(values.min()), float(values.max())
        if not high >= self.brightest:
            raise UnsuitableImageError(f"expected CT in HU, got values {low:g} to {high:g} (a label map?)", subject=subject)
