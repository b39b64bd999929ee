"""2.5D: every slice of a volume together with its neighbours, as channels."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform


class NeighbourSlicesd(MapTransform):
    """Turn (1, X, Y, Z) into (``count``, X, Y, Z): channel c holds the slice ``c - count // 2`` places further along Z.

    Beyond the ends the volume goes on as zeros.

    Args:
        keys: volumes to work on.
        count: slices seen together, odd.
        allow_missing_keys: pass over keys that are not there.

    Raises:
        ValueError: ``count`` is not odd and positive, or a volume has several channels.
    """

    def __init__(self, keys: KeysCollection, *, count: int = 5, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        if count < 1 or count % 2 == 0:
            raise ValueError(f"expected an odd number of slices, got {count}")
        self.count = count

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Stack the neighbours in the volumes of one case."""
        out = dict(data)
        for key in self.key_iterator(out):
            out[key] = self._stack(out[key])
        return out

    def _stack(self, volume: torch.Tensor) -> torch.Tensor:
        if volume.shape[0] != 1:
            raise ValueError(f"expected one channel, got {volume.shape[0]}")
        reach = self.count // 2
        slices = volume.shape[-1]
        plain = volume.as_tensor() if isinstance(volume, MetaTensor) else volume
        padded = torch.nn.functional.pad(plain[0], (reach, reach))
        stacked = torch.stack([padded[..., c : c + slices] for c in range(self.count)])
        return MetaTensor(stacked, meta=volume.meta) if isinstance(volume, MetaTensor) else stacked
