"""A class profile along a stack of slices: a small 2-D encoder on every slice, then context along the stack."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from monai.networks.blocks import Convolution
from torch import nn


class SliceProfileNet(nn.Module):
    """Say of every slice of a stack which level it belongs to, where between two bodies it lies, and where the spine is in it.

    Each slice, with its neighbours as channels (2.5D), goes through the same 2-D encoder. Its features are gathered where
    the slice is worth looking at (attention pooling, https://doi.org/10.48550/arXiv.1802.04712), so that a disc of 40 mm
    counts as much in a wide field of view as in a narrow one; the first place looked at is the spine, whose position is
    read off its attention (soft-argmax). Features near a slice give its phase between two bodies; mixed further along
    the stack, by residual dilated convolutions (https://doi.org/10.1109/CVPR.2017.113), they name its level: a vertebra
    is known by counting, not by its looks.

    Args:
        in_channels: neighbouring slices a slice is seen with.
        out_channels: number of classes.
        channels: width of the encoder at each halving of the slice.
        heads: places a slice is looked at.
        context_channels: width of the part along the stack.
        local_dilations: reach of the context blocks that see what the phase is told from, in slices.
        dilations: reach of those that follow.
        dropout: share of context features dropped in training.
    """

    def __init__(
        self,
        *,
        in_channels: int = 5,
        out_channels: int = 9,
        channels: Sequence[int] = (16, 48),
        heads: int = 4,
        context_channels: int = 128,
        local_dilations: Sequence[int] = (1, 2),
        dilations: Sequence[int] = (2, 4, 8, 16, 32),
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        stem = Convolution(2, in_channels, channels[0], strides=2, kernel_size=5, act="RELU", norm="BATCH", bias=False)
        self.encoder = nn.Sequential(stem, *(_halving(a, b) for a, b in pairwise(channels)))
        self.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # twice as fast on a CPU
        self.stride = 2 ** len(channels)
        self.attention = nn.Conv2d(channels[-1], heads, 1)
        self.project = nn.Conv1d((heads + 2) * channels[-1], context_channels, 1)
        self.local = nn.Sequential(*(_ContextBlock(context_channels, d, dropout) for d in local_dilations))
        self.phase = nn.Conv1d(context_channels, 2, 1)
        self.context = nn.Sequential(*(_ContextBlock(context_channels, d, dropout) for d in dilations))
        self.head = nn.Conv1d(context_channels, out_channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Look at every slice.

        Args:
            x: (batch, neighbours, width, height, slices).

        Returns:
            (batch, classes + 4, slices): logits of the classes; cosine and sine of the phase, 0 in the middle of a body and
            π in that of the disc above it, short where it is in doubt; the spine's place along width and height, from the
            centre, in halves of the image.
        """
        batch, neighbours, width, height, slices = x.shape
        flat = x.permute(0, 4, 1, 2, 3).reshape(batch * slices, neighbours, width, height)
        maps = self.encoder(flat.contiguous(memory_format=torch.channels_last))
        weights = self.attention(maps).flatten(2).softmax(dim=2)
        places = maps.flatten(2)
        looked_at = torch.matmul(weights, places.transpose(1, 2)).flatten(1)
        gathered = torch.cat([looked_at, places.mean(dim=2), places.amax(dim=2)], dim=1)
        local = self.local(self.project(_along(gathered, batch)))
        spine = torch.matmul(weights[:, 0], self._positions(width, height, maps).to(weights.dtype))
        return torch.cat([self.head(self.context(local)), self.phase(local), _along(spine, batch)], dim=1)

    def _positions(self, width: int, height: int, maps: torch.Tensor) -> torch.Tensor:
        """Where the encoder's cells lie, (cells, 2), from the image's centre, in halves of the image."""
        x = (2 * self.stride * torch.arange(maps.shape[2], device=maps.device) + 1) / width - 1
        y = (2 * self.stride * torch.arange(maps.shape[3], device=maps.device) + 1) / height - 1
        return torch.stack(torch.meshgrid(x, y, indexing="ij"), dim=-1).flatten(0, 1)


def _along(features: torch.Tensor, batch: int) -> torch.Tensor:
    """(batch · slices, features) → (batch, features, slices)."""
    return features.reshape(batch, -1, features.shape[-1]).transpose(1, 2)


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
