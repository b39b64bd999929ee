"""Landmarks of a film's objects in up to four looks: where they are, which hand they are of, each as a whole, each point from close by."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import nn

from msk_monai.networks.efficientnet_lite import efficientnet_lite0
from msk_monai.networks.entry_points import Shape
from msk_monai.networks.film_looks import PlacesLook
from msk_monai.networks.hands_look import HandsLook
from msk_monai.networks.pyramid import Encoder, residual_encoder
from msk_monai.networks.soft_points import SoftPoints


class LandmarkLooks(nn.Module):
    """All looks in one network.

    ``forward(patches)`` gives what the look at whole objects sees; :class:`msk_monai.networks.LandmarkLooksInferer` runs all of them;
    :class:`msk_monai.networks.OneLook` trains them one by one.

    Args:
        points: of an object.
        find: whether objects have to be found on the film; otherwise the film shows one, and that fills it.
        patch: pixels of a patch's side in the look at whole objects.
        hand_patch: the same in the look that tells an object from its mirror image.
        close_patch: the same in the look at single points. It answers for all points; those beyond the patch mean nothing. Without it
            (``None``) there is no such look.
        encoder: of both looks at points: "residual", or "efficientnet_lite0", for which there are weights from ImageNet.
        widths: channels of the stages of the residual encoder in the look at whole objects.
        close_widths: in that at single points.
    """

    alone = ("places", "hands", "whole", "close")
    """The looks that are trained by themselves."""
    forward_is: str | None = "whole"

    def __init__(
        self,
        *,
        points: int,
        find: bool = False,
        patch: int = 192,
        hand_patch: int = 128,
        close_patch: int | None = 96,
        encoder: Literal["residual", "efficientnet_lite0"] = "residual",
        widths: Sequence[int] = (24, 40, 72, 112, 144),
        close_widths: Sequence[int] = (32, 56, 96, 144),
    ) -> None:
        super().__init__()
        self.places = PlacesLook() if find else None
        self.hands = HandsLook(size=hand_patch)
        self.whole = SoftPoints(points, encoder=_encoder(encoder, widths))
        self.close = SoftPoints(points, encoder=_encoder(encoder, close_widths)) if close_patch is not None else None
        self.points, self.patch, self.hand_patch, self.close_patch = points, patch, hand_patch, close_patch

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """(N, points, 3) places in patches (N, 1, patch, patch), and scales: see :class:`msk_monai.networks.SoftPoints`."""
        return self.whole(patches)[0]

    def entry_points(self) -> Mapping[str, tuple[Shape, ...]]:
        """See :class:`msk_monai.networks.entry_points.HasEntryPoints`."""
        points: dict[str, tuple[Shape, ...]] = {
            "hands": (("patches", 1, self.hand_patch, self.hand_patch),),
            "whole": (("patches", 1, self.patch, self.patch),),
        }
        if self.places is not None:
            points["places"] = (("films", 1, "128*x", "128*y"),)
        if self.close_patch is not None:
            points["close"] = (("patches", 1, self.close_patch, self.close_patch),)
        return points


def _encoder(kind: str, widths: Sequence[int]) -> Encoder:
    if kind == "residual":
        return residual_encoder(1, widths, blocks=(2,) * len(widths))
    if kind == "efficientnet_lite0":
        return efficientnet_lite0()
    raise ValueError(f"expected the encoder residual or efficientnet_lite0, got {kind}")
