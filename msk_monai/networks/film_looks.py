"""Vertebrae of a film in three looks: all of them from afar, the row of them for their names, each one's corners from close by."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate, softplus
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

CORNERS = 4
PATCH_POINTS = 8
"""Of a patch: the vertebra's own four corners, the lower two of the one above, the upper two of the one below."""


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


class Pyramid(nn.Module):
    """A residual encoder, and a decoder back to the scale of the encoder's stage ``to``.

    Args:
        channels: of the input.
        widths: channels of the encoder's stages; each halves the scale.
        blocks: residual blocks of each stage.
        to: the stage whose scale the result has.
        out: channels of the result.
    """

    def __init__(self, channels: int, widths: Sequence[int], *, blocks: Sequence[int], to: int, out: int) -> None:
        super().__init__()
        stages, before = [], channels
        for width, count in zip(widths, blocks, strict=True):
            down = [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            stages.append(nn.Sequential(*down, *(Residual(width) for _ in range(count))))
            before = width
        self.stages = nn.ModuleList(stages)
        self.lateral = nn.ModuleList(nn.Conv2d(width, out, 1) for width in list(widths)[to:][::-1])  # from the deepest
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


class PlacesLook(nn.Module):
    """From (B, 1, X, Y) in [0, 1] to maps at an eighth of its scale.

    Channels: logit of how near a vertebra's centre is; the way to its four corners (x, y each, in ``OFFSET_PX``). X and Y are
    multiples of 128.
    """

    def __init__(self, *, widths: Sequence[int] = (24, 40, 64, 96, 144, 176), out: int = 64) -> None:
        super().__init__()
        self.pyramid = Pyramid(2, widths, blocks=(1, 2, 2, 2, 2, 2), to=1, out=out)
        answer = nn.Conv2d(out, 1 + 2 * CORNERS, 1)
        if answer.bias is not None:
            nn.init.constant_(answer.bias[:1], -3.0)  # few cells lie in a vertebra
        self.head = nn.Sequential(Residual(out), answer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Look at the films."""
        x = avg_pool2d(x, 2)
        features, _ = self.pyramid(torch.cat([x, local_contrast(x)], dim=1))
        return self.head(features)


def local_contrast(x: torch.Tensor, block: int = 16) -> torch.Tensor:
    """(B, 1, X, Y) by the mean and the spread of its surroundings, some four blocks wide: films are dark here and burnt out there."""
    blocks = avg_pool2d(torch.cat([x, x * x], dim=1).float(), block)
    moments = avg_pool2d(blocks, 3, stride=1, padding=1, count_include_pad=False)
    mean, square = interpolate(moments, size=x.shape[-2:], mode="bilinear", align_corners=False).split(1, dim=1)
    return ((x - mean) / ((square - mean * mean).clamp_min(0).sqrt() + 0.02)).clamp(-4, 4)


class CornersLook(nn.Module):
    """From patches (N, 1, S, S) to where their eight points lie and how surely: (N, 8, 3) x, y in the patch's pixels, and a scale.

    Places are the means of soft maps (Nibali et al. 2018, arXiv:1801.07372); the scale is that of a Laplace distribution of each
    coordinate's error, in pixels.
    """

    def __init__(self, *, widths: Sequence[int] = (32, 56, 96, 144), out: int = 48) -> None:
        super().__init__()
        self.pyramid = Pyramid(1, widths, blocks=(2, 2, 2, 2), to=0, out=out)
        self.maps = nn.Conv2d(out, PATCH_POINTS, 1)
        self.scales = nn.Linear(widths[-1] + out, PATCH_POINTS)

    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Look at the patches; also gives the maps' logits (N, 8, S / 2, S / 2)."""
        features, deepest = self.pyramid(normalised(patches))
        logits = self.maps(features).float()
        summary = torch.cat([features.mean(dim=(2, 3)), deepest.mean(dim=(2, 3))], dim=1)
        scale = softplus(self.scales(summary).float()) + 0.05
        return torch.cat([expected_place(logits), scale[..., None]], dim=-1), logits


def expected_place(logits: torch.Tensor) -> torch.Tensor:
    """Mean place (N, P, 2), in pixels of the patch, of soft maps (N, P, S / 2, S / 2)."""
    columns, rows = logits.shape[-2:]
    share = logits.flatten(2).softmax(dim=-1).unflatten(2, (columns, rows))
    x = (share.sum(dim=3) * (2 * torch.arange(columns, device=logits.device) + 0.5)).sum(dim=2)
    y = (share.sum(dim=2) * (2 * torch.arange(rows, device=logits.device) + 0.5)).sum(dim=2)
    return torch.stack([x, y], dim=-1)


class NamesLook(nn.Module):
    """From the patches of a row of vertebrae (M, 1, S, S), from the head down, to logits (M, levels + 2) of their names.

    The first class is a vertebra above the first level, the last one below the last. Each patch is seen by itself, then the row is
    read in both directions.
    """

    def __init__(self, levels: int, *, widths: Sequence[int] = (24, 48, 96, 128), hidden: int = 96) -> None:
        super().__init__()
        stages, before = [], 1
        for width in widths:
            down = [nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            stages += [*down, Residual(width)]
            before = width
        self.see = nn.Sequential(*stages)
        self.sum_up = nn.Sequential(nn.Linear(2 * widths[-1], 128), nn.ReLU(inplace=True), nn.Dropout(0.2))
        self.read = nn.GRU(128, hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=0.1)
        self.name = nn.Linear(2 * hidden + 128, levels + 2)

    @torch.jit.unused
    def forward(self, patches: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        """Look at one row after the other: ``patches`` holds all of them, ``lengths`` how many each has."""
        features = self.see(normalised(patches))
        seen = self.sum_up(torch.cat([features.mean(dim=(2, 3)), features.amax(dim=(2, 3))], dim=1).float())
        read, _ = self.read(pack_sequence(seen.split(list(lengths)), enforce_sorted=False))
        rows = [row[:length] for row, length in zip(pad_packed_sequence(read, batch_first=True)[0], lengths, strict=True)]
        return self.name(torch.cat([torch.cat(rows), seen], dim=1))


def normalised(patches: torch.Tensor) -> torch.Tensor:
    """Patches (N, 1, S, S) with mean 0 and spread 1 each."""
    mean = patches.mean(dim=(1, 2, 3), keepdim=True)
    return (patches - mean) / (patches.std(dim=(1, 2, 3), keepdim=True) + 1e-3)


class FilmLooks(nn.Module):
    """All three looks in one network.

    ``forward(image)`` gives the maps of :class:`PlacesLook`; :class:`msk_monai.networks.FilmLooksInferer` runs all three, and
    :class:`LooksTraining` trains them.

    Args:
        levels: how many levels have names.
        corner_patch: pixels of a patch's side in the look at corners.
        name_patch: the same in the look at names.
    """

    def __init__(self, *, levels: int, corner_patch: int = 96, name_patch: int = 80) -> None:
        super().__init__()
        self.places = PlacesLook()
        self.corners = CornersLook()
        self.names = NamesLook(levels)
        self.levels, self.corner_patch, self.name_patch = levels, corner_patch, name_patch

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The maps of :class:`PlacesLook`."""
        return self.places(image)

    @torch.jit.unused
    def look_at_corners(self, image: torch.Tensor, corner_frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The look at corners, for training: (B, K, 8, 3) answers and (B, K, 8, S / 2, S / 2) logits."""
        answers, logits = self.corners(sampled(image, corner_frames[..., :6].unflatten(-1, (2, 3)), self.corner_patch))
        return answers.unflatten(0, corner_frames.shape[:2]), logits.unflatten(0, corner_frames.shape[:2])

    @torch.jit.unused
    def look_at_names(self, image: torch.Tensor, row_frames: torch.Tensor) -> "Row":
        """The look at names alone, for training."""
        rows = row_frames[..., 6] >= 0
        lengths = rows.sum(dim=1).clamp_min(1).tolist()
        patches = sampled(image, row_frames[..., :6].unflatten(-1, (2, 3)), self.name_patch).unflatten(0, rows.shape)
        names = self.names(torch.cat([row[:length] for row, length in zip(patches, lengths, strict=True)]), lengths)
        return Row(names, torch.cat([row[:length, 6] for row, length in zip(row_frames, lengths, strict=True)]).long())


class LooksTraining(nn.Module):
    """All looks of a :class:`FilmLooks`, to be trained together: ``forward(image, corner_frames, row_frames)`` gives :class:`Looks`.

    The frames are (B, K, 7), as ``RandVertebraFramesd`` and ``RandVertebraRowd`` choose them.
    """

    def __init__(self, looks: FilmLooks) -> None:
        super().__init__()
        self.looks = looks

    def forward(self, image: torch.Tensor, corner_frames: torch.Tensor, row_frames: torch.Tensor) -> "Looks":
        """See the class."""
        answers, logits = self.looks.look_at_corners(image, corner_frames)
        return Looks(self.looks(image), answers, logits, corner_frames, self.looks.look_at_names(image, row_frames))


class NamesTraining(nn.Module):
    """The look at names of a :class:`FilmLooks`, to be trained by itself: ``forward(image, row_frames)`` gives a :class:`Row`."""

    def __init__(self, looks: FilmLooks) -> None:
        super().__init__()
        self.looks = looks

    def forward(self, image: torch.Tensor, row_frames: torch.Tensor) -> "Row":
        """See :meth:`FilmLooks.look_at_names`."""
        return self.looks.look_at_names(image, row_frames)


class Row(NamedTuple):
    """The members of all rows of a batch.

    Args:
        names: (N, levels + 2) logits.
        wanted: (N,) the right classes; -1 for the one member, of no meaning, of a row without any.
    """

    names: torch.Tensor
    wanted: torch.Tensor


class Looks(NamedTuple):
    """What the three looks saw in training.

    Args:
        maps: (B, 9, X / 8, Y / 8).
        answers: (B, K, 8, 3).
        logits: (B, K, 8, S / 2, S / 2).
        corner_frames: (B, K, 7) as given.
        row: the look at names.
    """

    maps: torch.Tensor
    answers: torch.Tensor
    logits: torch.Tensor
    corner_frames: torch.Tensor
    row: Row


def sampled(images: torch.Tensor, matrices: torch.Tensor, size: int) -> torch.Tensor:
    """Patches (B N, 1, size, size) of images (B, 1, X, Y), by matrices (B, N, 2, 3) from a patch's pixels to its image's."""
    half = (size - 1) / 2
    extent = torch.tensor(images.shape[2:], dtype=torch.float32, device=images.device)
    linear = matrices[..., :2] * (size / extent)[:, None]
    centre = matrices[..., :2].sum(dim=-1) * half + matrices[..., 2]
    # rows and columns of theta exchanged: grid_sample counts the last axis first
    theta = torch.cat([linear.flip(-1), ((2 * centre + 1) / extent - 1)[..., None]], dim=-1).flip(-2)
    count = matrices.shape[1]
    grids = affine_grid(theta.flatten(0, 1), [theta.shape[0] * count, 1, size, size], align_corners=False)
    rows = grids.unflatten(0, (-1, count)).flatten(1, 2)  # all patches of an image, one below the other, in one sampling
    patches = grid_sample(images.float(), rows, align_corners=False)
    return patches.unflatten(2, (count, size)).transpose(1, 2).flatten(0, 1)
