"""The networks that find both knees on a whole-body bone scan and grade them."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from msk_monai.networks.entry_points import Shape
from msk_monai.networks.pyramid import residual_encoder
from msk_monai.networks.soft_points import SoftPoints


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
    forward_is: str | None = "grade"

    def __init__(self, *, find: nn.Module, grade: nn.Module) -> None:
        super().__init__()
        self.find, self.grade = find, grade

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """(B, 2, X, Y) to (B, grades - 1)."""
        return torch.as_tensor(self.grade(crops))

    def entry_points(self) -> Mapping[str, tuple[Shape, ...]]:
        """See :class:`msk_monai.networks.entry_points.HasEntryPoints`."""
        return {"find": (("scans", 2, "32*x", "32*y"),), "grade": (("knees", 2, "32*x", "32*y"),)}
