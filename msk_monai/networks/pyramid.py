"""Encoders and a decoder of residual blocks, small enough for a laptop."""

from collections.abc import Iterable, Sequence

import torch
from torch import nn
from torch.nn.functional import interpolate


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside an identity (He et al. 2016, doi:10.1109/CVPR.2016.90)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, channels, X, Y) to the same."""
        return torch.relu(x + self.body(x))


class Encoder(nn.ModuleList):
    """Stages one after the other, each of which halves the scale.

    Args:
        stages: their modules.
        widths: their channels.
    """

    def __init__(self, stages: Iterable[nn.Module], widths: Sequence[int]) -> None:
        super().__init__(stages)
        self.widths = tuple(widths)


def residual_encoder(channels: int, widths: Sequence[int], *, blocks: Sequence[int]) -> Encoder:
    """Return stages of residual blocks.

    Args:
        channels: of the input.
        widths: channels of the stages.
        blocks: residual blocks of each stage.
    """
    stages, before = [], channels
    for width, count in zip(widths, blocks, strict=True):
        down = [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        stages.append(nn.Sequential(*down, *(Residual(width) for _ in range(count))))
        before = width
    return Encoder(stages, widths)


class Pyramid(nn.Module):
    """An encoder, and a decoder of residual blocks back to the scale of the encoder's stage ``to``.

    Args:
        encoder: what is decoded.
        to: the stage whose scale the result has.
        out: channels of the result.
    """

    def __init__(self, encoder: Encoder, *, to: int, out: int) -> None:
        super().__init__()
        self.stages = encoder
        widths = encoder.widths
        self.lateral = nn.ModuleList(nn.Conv2d(width, out, 1) for width in widths[to:][::-1])  # from the deepest
        self.smooth = nn.ModuleList(Residual(out) for _ in widths[to:-1])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, channels, X, Y) to the features at stage ``to`` and those of the last stage."""
        seen = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        deep = seen[-1]
        for depth, lateral in enumerate(self.lateral):  # TorchScript cannot index both lists in one loop
            deep = lateral(deep) if depth == 0 else lateral(seen[-1 - depth]) + _enlarged(deep, seen[-1 - depth])
            for step, smooth in enumerate(self.smooth):
                if step + 1 == depth:
                    deep = smooth(deep)
        return deep, seen[-1]


def _enlarged(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return interpolate(x, size=[like.shape[-2], like.shape[-1]], mode="bilinear", align_corners=False)
