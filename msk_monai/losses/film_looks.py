"""What the three looks at a film are trained by."""

from typing import Protocol

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, smooth_l1_loss

from msk_monai.geometry.film_maps import CELL, OFFSET_PX
from msk_monai.losses.vertebra_maps import CellTargets, cell_targets


class RowSeen(Protocol):
    """:class:`msk_monai.networks.film_looks.Row`."""

    @property
    def names(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def wanted(self) -> torch.Tensor: ...  # noqa: D102


class Seen(Protocol):
    """:class:`msk_monai.networks.film_looks.Looks`; see there for the shapes."""

    @property
    def maps(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def answers(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def logits(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def corner_frames(self) -> torch.Tensor: ...  # noqa: D102
    @property
    def row(self) -> RowSeen: ...  # noqa: D102


class NamesLoss(nn.Module):
    """Cross-entropy of the names in rows of vertebrae; a row without members has nothing to say."""

    def forward(self, row: RowSeen, points: torch.Tensor) -> torch.Tensor:
        """Compare; ``points`` only stand for the labels that MONAI's engines want."""
        if not (row.wanted >= 0).any():
            return row.names.sum() * 0.0
        return cross_entropy(row.names, row.wanted, ignore_index=-1, label_smoothing=0.02)


class FilmLooksLoss(nn.Module):
    """Sum of the losses of the looks at places (nearness, ways to the corners), at corners (soft maps, places and scales) and at names.

    Args:
        way_weight: of the ways to the corners.
        corner_weight: of the look at corners.
        map_weight: of its soft maps, within it.
        name_weight: of the look at names.
        map_sigma: sd of the soft maps' targets, in their cells of two pixels of the patch.
    """

    def __init__(
        self,
        *,
        way_weight: float = 4.0,
        corner_weight: float = 1.0,
        map_weight: float = 0.3,
        name_weight: float = 1.0,
        map_sigma: float = 1.2,
    ) -> None:
        super().__init__()
        self.way_weight, self.corner_weight, self.map_weight = way_weight, corner_weight, map_weight
        self.name_weight, self.map_sigma = name_weight, map_sigma
        self.names = NamesLoss()

    def forward(self, seen: Seen, points: torch.Tensor) -> torch.Tensor:
        """Compare.

        Args:
            seen: the looks' answers and where they looked.
            points: (B, 4 V, 2) corners in pixels of the image; NaN where unknown.
        """
        corners = points.unflatten(1, (-1, 4))
        total = self._places(seen.maps, corners)
        total = total + self.corner_weight * self._corners(seen, corners)
        return total + self.name_weight * self.names(seen.row, points)

    def _places(self, maps: torch.Tensor, corners: torch.Tensor) -> torch.Tensor:
        targets = cell_targets(corners, maps.shape[-2:], cell=CELL)
        count = targets.nearness.sum().clamp_min(1.0)
        nearness = _quality_focal(maps[:, 0], targets.nearness)
        return (nearness + self.way_weight * _ways(maps[:, 1:], targets, corners)) / count

    def _corners(self, seen: Seen, corners: torch.Tensor) -> torch.Tensor:
        wanted = in_patches(seen.corner_frames, corners)  # (B, K, 8, 2)
        side = 2 * seen.logits.shape[-1]
        known = (torch.isfinite(wanted) & (wanted > 1) & (wanted < side - 2)).all(dim=-1)
        if not known.any():
            return seen.answers.sum() * 0.0
        place, scale, target = seen.answers[known][:, :2], seen.answers[known][:, 2:], wanted[known]
        laplace = ((place - target).abs() / scale + torch.log(2 * scale)).mean()
        cells = torch.arange(seen.logits.shape[-1], device=place.device) * 2 + 0.5
        dx, dy = cells[None, :, None] - target[:, 0, None, None], cells[None, None, :] - target[:, 1, None, None]
        soft = torch.exp(-(dx**2 + dy**2) / (2 * (2 * self.map_sigma) ** 2))
        soft = soft / soft.sum(dim=(1, 2), keepdim=True).clamp_min(1e-6)
        spread = -(soft.flatten(1) * seen.logits[known].flatten(1).log_softmax(dim=1)).sum(dim=1).mean()
        return laplace + self.map_weight * spread


def _ways(ways: torch.Tensor, targets: CellTargets, corners: torch.Tensor) -> torch.Tensor:
    """How far the ways end from the corners, in widths of the vertebra, over the cells in it."""
    picked = targets.nearness > 0.2
    image, column, row = picked.nonzero(as_tuple=True)
    own = corners[image, targets.vertebra[picked]]
    here = torch.stack([column, row], dim=-1)[:, None] * CELL + (CELL - 1) / 2
    width = torch.linalg.vector_norm((own[:, 1] + own[:, 3] - own[:, 0] - own[:, 2]) / 2, dim=-1).clamp_min(8.0)
    given = ways.permute(0, 2, 3, 1)[picked].unflatten(1, (4, 2)) * OFFSET_PX
    miss = (given - (own - here)).abs() / width[:, None, None]
    loss = smooth_l1_loss(miss, torch.zeros_like(miss), beta=0.05, reduction="none").mean(dim=(1, 2))
    return (loss * targets.nearness[picked]).sum()


def _quality_focal(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Focal loss with soft targets (Li et al. 2020, arXiv:2006.04388), summed."""
    off = (torch.sigmoid(logits) - target).abs() ** 2
    return (off * binary_cross_entropy_with_logits(logits, target, reduction="none")).sum()


def in_patches(frames: torch.Tensor, corners: torch.Tensor) -> torch.Tensor:
    """The eight points of each patch, in its pixels: (B, K, 8, 2); NaN where unknown.

    Args:
        frames: (B, K, 7) matrices and numbers of the vertebrae.
        corners: (B, V, 4, 2) in pixels of the image.
    """
    matrix = frames[..., :6].unflatten(-1, (2, 3))
    number = frames[..., 6].long()
    count = corners.shape[1]
    batch = torch.arange(len(frames), device=frames.device)[:, None]

    def of(vertebra: torch.Tensor, which: list[int]) -> torch.Tensor:
        points = corners[batch, vertebra.clamp(0, count - 1)][:, :, which]
        known = (number >= 0) & (vertebra >= 0) & (vertebra < count)
        return torch.where(known[..., None, None], points, torch.nan)

    points = torch.cat([of(number, [0, 1, 2, 3]), of(number - 1, [2, 3]), of(number + 1, [0, 1])], dim=2)
    inverse = torch.linalg.inv(matrix[..., :2])
    return (points - matrix[..., None, :, 2]) @ inverse.transpose(-1, -2)
