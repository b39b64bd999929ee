"""What the looks at places and at names are trained by."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, smooth_l1_loss

from msk_monai.geometry.film_maps import CELL, OFFSET_PX
from msk_monai.losses.vertebra_maps import CellTargets, cell_targets


class RowsSeen(Protocol):
    """:class:`msk_monai.networks.film_looks.Rows`."""

    @property
    def names(self) -> Sequence[torch.Tensor]: ...  # noqa: D102
    @property
    def wanted(self) -> Sequence[torch.Tensor]: ...  # noqa: D102


class NamesLoss(nn.Module):
    """Cross-entropy of each member's name, and of the row's naming, by all its members together, among those that ``name_chain`` knows.

    A row without members has nothing to say, and one without a level no naming.

    Args:
        row_weight: of the row's naming.
        temperature: by which the members' evidence is divided; the one that ``name_chain`` is given.
    """

    def __init__(self, *, row_weight: float = 1.0, temperature: float = 4.0) -> None:
        super().__init__()
        self.row_weight, self.temperature = row_weight, temperature

    def forward(self, rows: RowsSeen, points: torch.Tensor) -> torch.Tensor:
        """Compare; ``points`` only stand for the labels that MONAI's engines want."""
        known = [(names, wanted) for names, wanted in zip(rows.names, rows.wanted, strict=True) if bool((wanted >= 0).all())]
        levels = rows.names[0].shape[1] - 2
        named = [(names, wanted) for names, wanted in known if bool(((wanted > 0) & (wanted <= levels)).any())]
        if not known:
            return torch.cat(list(rows.names)).sum() * 0.0
        each = cross_entropy(torch.cat([names for names, _ in known]), torch.cat([wanted for _, wanted in known]), label_smoothing=0.02)
        if not named:
            return each
        return each + self.row_weight * torch.stack([self._naming(*row) for row in named]).mean()

    def _naming(self, names: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        place = wanted - wanted[0]
        levels = names.shape[1] - 2
        shifts = torch.arange(-int(place[-1]), levels, device=names.device)
        named = (place[None] + shifts[:, None]).clamp(-1, levels) + 1
        evidence = names.log_softmax(dim=1).gather(1, named.T).sum(dim=0) / self.temperature
        right = (wanted[0] - 1 + place[-1]).reshape(1)
        return cross_entropy(evidence[None], right, label_smoothing=0.02)


class PlacesLoss(nn.Module):
    """Of the look at places: how near a cell is to a vertebra's centre, and the ways to its corners.

    Args:
        way_weight: of the ways.
    """

    def __init__(self, *, way_weight: float = 4.0) -> None:
        super().__init__()
        self.way_weight = way_weight

    def forward(self, maps: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """Compare maps (B, 9, X / 8, Y / 8) with corners (B, 4 V, 2) in pixels of the image; NaN where unknown."""
        corners = points.unflatten(1, (-1, 4))
        targets = cell_targets(corners, maps.shape[-2:], cell=CELL)
        count = targets.nearness.sum().clamp_min(1.0)
        nearness = _quality_focal(maps[:, 0], targets.nearness)
        return (nearness + self.way_weight * _ways(maps[:, 1:], targets, corners)) / count


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
