"""Ordered grades from an image: one score, and a threshold between any two neighbouring grades."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn
from torch.nn.functional import softplus

from msk_monai.networks.efficientnet_lite import efficientnet_lite0, load_imagenet
from msk_monai.networks.pyramid import residual_encoder


class OrdinalHead(nn.Module):
    """Cumulative logits from features: grade k is exceeded with the probability sigmoid(score - threshold k).

    The thresholds rise by construction, so that the probabilities of the grades are never negative (cumulative link or proportional odds
    model, McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x).

    Args:
        features: how many.
        grades: how many, at least 2.
        start: lowest and highest threshold before training.
    """

    def __init__(self, features: int, *, grades: int, start: tuple[float, float] = (-2.0, 2.0)) -> None:
        super().__init__()
        if grades < 2:
            raise ValueError(f"expected at least 2 grades, got {grades}")
        self.score = nn.Linear(features, 1)
        self.lowest = nn.Parameter(torch.tensor([start[0]]))
        gap = torch.full((grades - 2,), (start[1] - start[0]) / max(grades - 2, 1))
        self.gaps = nn.Parameter(torch.log(torch.expm1(gap)))  # softplus of it is the gap

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(B, features) to logits (B, grades - 1), falling along the second axis."""
        thresholds = torch.cat([self.lowest, self.lowest + torch.cumsum(softplus(self.gaps), dim=0)])
        return self.score(features) - thresholds


class OrdinalGrader(nn.Module):
    """A grade from an image: an encoder, the mean of its last stage, and an :class:`OrdinalHead`.

    Args:
        grades: how many.
        encoder: "residual", or "efficientnet_lite0".
        imagenet: whether training begins from weights of ImageNet; only for "efficientnet_lite0".
        channels: of the image.
        widths: channels of the stages of the residual encoder.
        dropout: before the head.
    """

    def __init__(
        self,
        *,
        grades: int = 5,
        encoder: Literal["residual", "efficientnet_lite0"] = "residual",
        imagenet: bool = False,
        channels: int = 1,
        widths: Sequence[int] = (16, 32, 64, 96, 128),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if encoder not in ("residual", "efficientnet_lite0"):
            raise ValueError(f"expected the encoder residual or efficientnet_lite0, got {encoder}")
        if encoder == "residual":
            if imagenet:
                raise ValueError("there are no weights of ImageNet for the residual encoder")
            self.stages = residual_encoder(channels, widths, blocks=(1,) * len(widths))
        else:
            self.stages = efficientnet_lite0(channels)
            if imagenet:
                load_imagenet(self.stages)
        self.dropout = nn.Dropout(dropout)
        self.head = OrdinalHead(self.stages.widths[-1], grades=grades)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images (B, channels, X, Y), 0 to 1, to logits (B, grades - 1) of being worse than each grade but the last."""
        x = (image - 0.5) / 0.25
        for stage in self.stages:
            x = stage(x)
        return self.head(self.dropout(x.mean(dim=(2, 3))))
