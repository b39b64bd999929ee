"""Vertebrae of a film in four looks: all from afar, their row for the names, each one's corners, and two facing endplates from close by."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, grid_sample, interpolate
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from msk_monai.networks.entry_points import Shape
from msk_monai.networks.pyramid import Pyramid, Residual, residual_encoder
from msk_monai.networks.soft_points import SoftPoints

CORNERS = 4
MEMBER = 6
"""Numbers of a member of a row."""
WINDOW = 5
"""Places along either side of the window from which a member of a row takes its features."""


class PlacesLook(nn.Module):
    """From (B, 1, X, Y) in [0, 1] to maps at an eighth of its scale.

    Channels: logit of how near a vertebra's centre is; the way to its four corners (x, y each, in ``OFFSET_PX``). X and Y are
    multiples of 128.
    """

    def __init__(self, *, widths: Sequence[int] = (24, 40, 64, 96, 144, 176), out: int = 64) -> None:
        super().__init__()
        self.pyramid = Pyramid(residual_encoder(2, widths, blocks=(1, 2, 2, 2, 2, 2)), to=1, out=out)
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
        self.pyramid = Pyramid(residual_encoder(2, widths, blocks=(0, 1, 2, 2, 2)), to=1, out=out)
        self.sum_up = nn.Sequential(nn.Linear(WINDOW**2 * out + widths[-1] + 4, 128), nn.ReLU(inplace=True), nn.Dropout(0.2))
        self.read = nn.GRU(128, hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=0.1)
        self.name = nn.Linear(2 * hidden + 128, levels + 2)

    @torch.jit.unused
    def forward(self, views: torch.Tensor, members: torch.Tensor | Sequence[torch.Tensor]) -> torch.Tensor:
        """Logits (M, levels + 2) of the members of all rows, one after the other.

        Args:
            views: (B, 1, *size), 0 beyond the film.
            members: (B, N, 6), or for each view (N, 6), as ``msk_monai.geometry.patches.row_members`` gives, from the head down,
                N at least 1.
        """
        near, deep = self.pyramid(torch.cat([views, local_contrast(views)], dim=1))
        seen = torch.cat([self._around(*one) for one in zip(near, deep, members, strict=True)])
        seen = self.sum_up(torch.cat([seen, torch.cat([member[:, 2:] for member in members])], dim=1))
        rows = [self.read(seen[None])[0][0]] if len(members) == 1 else self._read_rows(seen, [len(member) for member in members])
        return self.name(torch.cat([torch.cat(rows), seen], dim=1))

    def _read_rows(self, seen: torch.Tensor, lengths: list[int]) -> list[torch.Tensor]:
        read, _ = self.read(pack_sequence(seen.split(lengths), enforce_sorted=False))
        return [row[:length] for row, length in zip(pad_packed_sequence(read, batch_first=True)[0], lengths, strict=True)]

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


class FilmLooks(nn.Module):
    """All looks in one network.

    ``forward(image)`` gives the maps of :class:`PlacesLook`; :class:`msk_monai.networks.FilmLooksInferer` runs all of them;
    :class:`OneLook` and :class:`NamesTraining` train them one by one.

    Args:
        levels: how many levels have names.
        corner_patch: pixels of a patch's side in the look at corners; see :func:`msk_monai.geometry.quads.with_facing`.
        facing_patch: the same in the look at two endplates that face each other; see ``between`` there.
        name_view: columns and rows of the view in the look at names.
        name_pixels: of that view, in the row's median width.
    """

    alone = ("places", "corners", "facing")
    """The looks that are trained by themselves. (Names need more than an image: :class:`NamesTraining`.)"""
    forward_is: str | None = "places"

    def __init__(
        self,
        *,
        levels: int,
        corner_patch: int = 96,
        facing_patch: int = 128,
        name_view: Sequence[int] = (192, 480),
        name_pixels: float = 28.0,
    ) -> None:
        super().__init__()
        self.places = PlacesLook()
        self.corners = SoftPoints(2 * CORNERS)
        self.facing = SoftPoints(CORNERS)
        self.names = NamesLook(levels, size=name_view, pixels=name_pixels)
        self.levels, self.corner_patch, self.facing_patch = levels, corner_patch, facing_patch
        self.name_view, self.name_pixels = self.names.size, self.names.pixels

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The maps of :class:`PlacesLook`."""
        return self.places(image)

    def entry_points(self) -> Mapping[str, tuple[Shape, ...]]:
        """See :class:`msk_monai.networks.entry_points.HasEntryPoints`; ``names`` takes one row."""
        return {
            "places": (("films", 1, "128*x", "128*y"),),
            "corners": (("vertebrae", 1, self.corner_patch, self.corner_patch),),
            "facing": (("spaces", 1, self.facing_patch, self.facing_patch),),
            "names": ((1, 1, *self.name_view), (1, "members", MEMBER)),
        }


class OneLook(nn.Module):
    """One look of a network of several, to be trained by itself.

    Args:
        looks: all of them, e.g. a :class:`FilmLooks`, with the names of those that can be trained so in ``alone``.
        look: the name of one.

    Raises:
        ValueError: another name.
    """

    def __init__(self, looks: Any, look: str) -> None:
        super().__init__()
        if look not in looks.alone or getattr(looks, look) is None:
            raise ValueError(f"expected {', '.join(looks.alone)}, got {look}")
        self.looks, self.look = looks, look

    def forward(self, image: torch.Tensor) -> Any:
        """What :class:`PlacesLook`, or :class:`msk_monai.networks.SoftPoints`, gives for a film's view, or for patches."""
        return getattr(self.looks, self.look)(image)


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
