"""Random scanners: noise, calibration, kernels, and images of which only the bone is left."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Randomizable, Transform


class RandHounsfieldd(Randomizable, Transform):
    """Change a CT's values as scanners, doses and preparations do, so that a network has to lean on the bones.

    In turn, each with its own chance: soft tissue painted into images that have none, everything but bone removed,
    gain and offset, blur or sharpening in plane, noise.

    Args:
        image_key: MetaTensor (1, X, Y, Z), HU.
        bone_only_probability: share of images of which only values above a threshold stay, the rest becoming 0 HU.
        bare_key: true for sources that hold nothing but bone.
        fill: value outside of the scan; voxels that have it stay untouched.
    """

    def __init__(
        self,
        *,
        image_key: str = "image",
        bare_key: str = "bare",
        bone_only_probability: float = 0.12,
        fill: float = -200.0,
    ) -> None:
        self.image_key, self.bare_key = image_key, bare_key
        self.bone_only_probability = bone_only_probability
        self.fill = fill

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Draw a scanner for one case."""
        out = dict(data)
        image: MetaTensor = out[self.image_key]
        hu = image.as_tensor().clone()
        outside = hu == self.fill
        if out.get(self.bare_key) and self.R.rand() < 0.7:
            hu = self._clothe(hu)
        if self.R.rand() < self.bone_only_probability:
            hu = torch.where(hu < float(self.R.uniform(100, 250)), torch.zeros(()), hu)
        hu = self._kernel(hu)
        hu = hu * float(np.exp(self.R.normal(0, 0.12))) + float(self.R.normal(0, 25))
        hu = hu + float(self.R.gamma(1.0, 18.0)) * self._noise(tuple(hu.shape))
        hu[outside] = self.fill
        out[self.image_key] = MetaTensor(hu, affine=image.affine)
        return out

    def _noise(self, shape: tuple[int, ...]) -> torch.Tensor:
        generator = torch.Generator().manual_seed(int(self.R.randint(2**31)))
        return torch.randn(shape, generator=generator)

    def _kernel(self, hu: torch.Tensor) -> torch.Tensor:
        amount = float(self.R.uniform(-0.4, 0.6))
        slices = hu.permute(0, 3, 1, 2)
        soft = torch.nn.functional.avg_pool2d(slices, 3, stride=1, padding=1, count_include_pad=False).permute(0, 2, 3, 1)
        return hu + amount * (soft - hu)

    def _clothe(self, hu: torch.Tensor) -> torch.Tensor:
        """Paint a body around bare bones: an oval of smooth soft tissue, air outside."""
        shape = tuple(hu.shape[1:])
        coarse = torch.from_numpy(self.R.normal(0, 1, [max(3, n // 8) for n in shape])).float()
        tissue = torch.nn.functional.interpolate(coarse[None, None], size=shape, mode="trilinear", align_corners=True)[0]
        soft = 20.0 + float(self.R.uniform(20, 80)) * tissue
        x, y = (torch.linspace(-1, 1, n) for n in shape[:2])
        radius = (x[:, None] / float(self.R.uniform(0.65, 1.1))) ** 2 + (y[None] / float(self.R.uniform(0.5, 1.0))) ** 2
        body = torch.where((radius < 1)[None, ..., None], soft, torch.tensor(-1000.0))
        return torch.where(hu > 150, hu, body)
