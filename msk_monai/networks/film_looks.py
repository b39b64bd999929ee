"""Vertebrae of a film in three looks: all of them from afar, the row of them for their names, each one's corners from close by."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, softplus
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from msk_monai.sampling import sampled

CORNERS = 4
WINDOW = 5
"""Places along either side of the window from which a member of a row takes its features."""
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
    """From a view of a row of vertebrae and of what lies around it to logits of their names.

    A name rests on all that a reader counts by: ribs, the pelvis, the lungs' tips, how wide the vertebrae are. So the whole view is
    seen at once; each member then takes what was seen around it, and the row is read in both directions.

    The first class is a vertebra above the first level, the last one below the last.

    Args:
        levels: how many levels have names.
        size: columns and rows of the view, multiples of 32.
        pixels: of the view, in the row's median width.
    """

    def __init__(
        self,
        levels: int,
        *,
        size: Sequence[int] = (192, 480),
        pixels: float = 28.0,
        widths: Sequence[int] = (24, 40, 72, 112, 144),
        out: int = 48,
        hidden: int = 96,
    ) -> None:
        super().__init__()
        self.size, self.pixels = (int(size[0]), int(size[1])), float(pixels)
        self.pyramid = Pyramid(2, widths, blocks=(0, 1, 2, 2, 2), to=1, out=out)
        self.sum_up = nn.Sequential(nn.Linear(WINDOW**2 * out + widths[-1] + 4, 128), nn.ReLU(inplace=True), nn.Dropout(0.2))
        self.read = nn.GRU(128, hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=0.1)
        self.name = nn.Linear(2 * hidden + 128, levels + 2)

    @torch.jit.unused
    def forward(self, views: torch.Tensor, members: Sequence[torch.Tensor]) -> torch.Tensor:
        """Logits (M, levels + 2) of the members of all rows, one after the other.

        Args:
            views: (B, 1, *size), 0 beyond the film.
            members: for each view (N, 6) as ``msk_monai.geometry.patches.row_members`` gives, from the head down, N at least 1.
        """
        near, deep = self.pyramid(torch.cat([views, local_contrast(views)], dim=1))
        seen = torch.cat([self._around(*one) for one in zip(near, deep, members, strict=True)])
        seen = self.sum_up(torch.cat([seen, torch.cat([member[:, 2:] for member in members])], dim=1))
        lengths = [len(member) for member in members]
        read, _ = self.read(pack_sequence(seen.split(lengths), enforce_sorted=False))
        rows = [row[:length] for row, length in zip(pad_packed_sequence(read, batch_first=True)[0], lengths, strict=True)]
        return self.name(torch.cat([torch.cat(rows), seen], dim=1))

    def _around(self, near: torch.Tensor, deep: torch.Tensor, members: torch.Tensor) -> torch.Tensor:
        """(N, channels) features in a window of 1.8 widths around each member, and of the coarsest map at its centre."""
        extent = torch.tensor(self.size, dtype=torch.float32, device=members.device)
        steps = torch.linspace(-0.9, 0.9, WINDOW, device=members.device) * self.pixels
        offsets = torch.stack(torch.meshgrid(steps, steps, indexing="ij"), dim=-1).flatten(0, 1)
        places = (2 * (members[:, None, :2] + offsets) + 1) / extent - 1
        centres = (2 * members[:, None, :2] + 1) / extent - 1
        window = grid_sample(near[None].float(), places[None].flip(-1), align_corners=False)[0]
        middle = grid_sample(deep[None].float(), centres[None].flip(-1), padding_mode="border", align_corners=False)[0]
        return torch.cat([window.permute(1, 0, 2).flatten(1), middle[:, :, 0].T], dim=1)


def normalised(patches: torch.Tensor) -> torch.Tensor:
    """Patches (N, 1, S, S) with mean 0 and spread 1 each."""
    mean = patches.mean(dim=(1, 2, 3), keepdim=True)
    return (patches - mean) / (patches.std(dim=(1, 2, 3), keepdim=True) + 1e-3)


class FilmLooks(nn.Module):
    """All three looks in one network.

    ``forward(image)`` gives the maps of :class:`PlacesLook`; :class:`msk_monai.networks.FilmLooksInferer` runs all three;
    :class:`LooksTraining` and :class:`NamesTraining` train them.

    Args:
        levels: how many levels have names.
        corner_patch: pixels of a patch's side in the look at corners.
        name_view: columns and rows of the view in the look at names.
        name_pixels: of that view, in the row's median width.
    """

    def __init__(self, *, levels: int, corner_patch: int = 96, name_view: Sequence[int] = (192, 480), name_pixels: float = 28.0) -> None:
        super().__init__()
        self.places = PlacesLook()
        self.corners = CornersLook()
        self.names = NamesLook(levels, size=name_view, pixels=name_pixels)
        self.levels, self.corner_patch = levels, corner_patch

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The maps of :class:`PlacesLook`."""
        return self.places(image)


class CornersTraining(nn.Module):
    """The look at corners of a :class:`FilmLooks`, to be trained: ``forward(image, corner_frames)`` gives :class:`Corners`.

    The frames are (B, K, 7), as ``RandVertebraFramesd`` chooses them.
    """

    def __init__(self, looks: FilmLooks) -> None:
        super().__init__()
        self.looks = looks

    def forward(self, image: torch.Tensor, corner_frames: torch.Tensor) -> "Corners":
        """See the class."""
        size, shape = self.looks.corner_patch, corner_frames.shape[:2]
        answers, logits = self.looks.corners(sampled(image, corner_frames[..., :6].unflatten(-1, (2, 3)), (size, size)))
        return Corners(answers.unflatten(0, shape), logits.unflatten(0, shape), corner_frames)


class LooksTraining(nn.Module):
    """The looks at places and at corners of a :class:`FilmLooks`, to be trained together.

    ``forward(image, corner_frames)`` gives :class:`Looks`.
    """

    def __init__(self, looks: FilmLooks) -> None:
        super().__init__()
        self.looks = looks
        self.look_at_corners = CornersTraining(looks)

    def forward(self, image: torch.Tensor, corner_frames: torch.Tensor) -> "Looks":
        """See the class."""
        return Looks(self.looks(image), self.look_at_corners(image, corner_frames))


class NamesTraining(nn.Module):
    """The look at names of a :class:`FilmLooks`, to be trained: ``forward(image, row_members)`` gives :class:`Rows`.

    ``image`` is (B, 1, X, Y), the view of a row, and ``row_members`` (B, V + 2, 7), as ``RandVertebraRowd`` draws them.
    """

    def __init__(self, looks: FilmLooks) -> None:
        super().__init__()
        self.looks = looks

    def forward(self, image: torch.Tensor, row_members: torch.Tensor) -> "Rows":
        """See the class."""
        lengths = (row_members[..., 6] >= 0).sum(dim=1).clamp_min(1).tolist()
        rows = [row[:length] for row, length in zip(row_members, lengths, strict=True)]
        names = self.looks.names(image, [row[:, :6] for row in rows])
        return Rows(names.split(lengths), [row[:, 6].long() for row in rows])


class Rows(NamedTuple):
    """The rows of a batch.

    Args:
        names: (N, levels + 2) logits of each row's members.
        wanted: (N,) the right classes; -1 for the one member, of no meaning, of a row without any.
    """

    names: Sequence[torch.Tensor]
    wanted: Sequence[torch.Tensor]


class Corners(NamedTuple):
    """What the look at corners saw in training.

    Args:
        answers: (B, K, 8, 3).
        logits: (B, K, 8, S / 2, S / 2).
        frames: (B, K, 7) where it looked.
    """

    answers: torch.Tensor
    logits: torch.Tensor
    frames: torch.Tensor


class Looks(NamedTuple):
    """What the looks at places and at corners saw in training.

    Args:
        maps: (B, 9, X / 8, Y / 8).
        corners: the look at corners.
    """

    maps: torch.Tensor
    corners: Corners
