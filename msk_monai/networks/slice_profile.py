"""A class profile along a stack of slices: a small 2-D encoder on every slice, then context along the stack."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from monai.networks.blocks import Convolution
from torch import nn


class SliceProfileNet(nn.Module):
    """Give every slice of a stack one logit a class.

    Each slice, with its neighbours as channels (2.5D), goes through the same 2-D encoder; its pooled features are then
    mixed along the stack by residual dilated convolutions, which let a slice be named by what lies above and below it
    (a vertebra is known by counting, not by its looks). The idea of dilated residual context is that of temporal
    convolutional networks (https://doi.org/10.1109/CVPR.2017.113).

    Args:
        in_channels: neighbouring slices a slice is seen with.
        out_channels: number of classes.
        channels: width of the encoder at each halving of the slice.
        context_channels: width of the part along the stack.
        dilations: reach of each context block, in slices.
        dropout: share of context features dropped in training.
    """

    def __init__(
        self,
        *,
        in_channels: int = 5,
        out_channels: int = 9,
        channels: Sequence[int] = (16, 32, 48, 64),
        context_channels: int = 96,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32),
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        stem = Convolution(2, in_channels, channels[0], strides=2, kernel_size=5, act="RELU", norm="BATCH", bias=False)
        self.encoder = nn.Sequential(stem, *(_halving(a, b) for a, b in pairwise(channels)))
        self.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # twice as fast on a CPU
        self.project = nn.Conv1d(2 * channels[-1], context_channels, 1)
        self.context = nn.Sequential(*(_ContextBlock(context_channels, d, dropout) for d in dilations))
        self.head = nn.Conv1d(context_channels, out_channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Name every slice.

        Args:
            x: (batch, neighbours, width, height, slices).

        Returns:
            Logits, (batch, classes, slices).
        """
        batch, neighbours, width, height, slices = x.shape
        flat = x.permute(0, 4, 1, 2, 3).reshape(batch * slices, neighbours, width, height)
        maps = self.encoder(flat.contiguous(memory_format=torch.channels_last))
        pooled = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        along = pooled.reshape(batch, slices, -1).transpose(1, 2)
        return self.head(self.context(self.project(along)))


def _halving(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        Convolution(2, inputs, outputs, strides=2, kernel_size=3, act="RELU", norm="BATCH", bias=False),
        Convolution(2, outputs, outputs, strides=1, kernel_size=3, act="RELU", norm="BATCH", bias=False),
    )


class _ContextBlock(nn.Module):
    """Residual pair of convolutions along the stack, the first one dilated."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            Convolution(1, channels, channels, kernel_size=3, dilation=dilation, act="RELU", norm="BATCH", bias=False),
            nn.Dropout(dropout),
            Convolution(1, channels, channels, kernel_size=1, conv_only=True),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)
