"""Looking three times: for the vertebrae's places, for their names in the row, for each one's corners."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer
from numpy.typing import NDArray
from torch.nn.functional import max_pool2d

from msk_monai.geometry.film_maps import CELL, OFFSET_PX
from msk_monai.geometry.patches import mirrored, patch_matrix, row_matrix, row_members
from msk_monai.measure.spine_order import name_chain, spine_chain
from msk_monai.sampling import reduced, sampled

_BEYOND = 2
"""A vertebra that was not seen by itself may lie so many levels from one that was."""
_LEAST_SCORE = 1e-3
"""Of a vertebra that was seen."""
_MIRRORED = [1, 0, 3, 2, 5, 4, 7, 6]
Array = NDArray[np.float64]
View = tuple[float, bool]


class FilmLooksInferer(Inferer):
    """Runs :class:`msk_monai.networks.FilmLooks` on one film.

    The answer is (1, levels, 4, 5): for each corner (top left, top right, bottom left, bottom right) x and y in pixels of the
    image, the scale of a Laplace distribution of the error of either (pixels), the first look's score of the vertebra (0 to 1),
    and the probability that the spine's names are right. A vertebra that was not seen lies where the row's steps lead, with a score of 0
    and its own width for a scale; it is NaN where that is beyond the image. Corners are looked at twice: from the places of the first
    look in one view, then from what that found in all views.

    Args:
        least_score: of a place that may be a vertebra.
        least_unlinked: of a vertebra that was not seen by itself, but must lie there by its neighbours.
        corner_widths: side of a patch in widths of the vertebra, in the look at corners.
        zooms: factors of how much the views of names and corners take in; every one also mirrored.
        temperature: see ``name_chain``; the one that :class:`msk_monai.losses.NamesLoss` was given.
    """

    def __init__(
        self,
        *,
        least_score: float = 0.1,
        least_unlinked: float = 0.02,
        corner_widths: float = 2.2,
        zooms: Sequence[float] = (1.0,),
        temperature: float = 4.0,
    ) -> None:
        super().__init__()
        self.least_score, self.least_unlinked = least_score, least_unlinked
        self.corner_widths = corner_widths
        self.zooms, self.temperature = tuple(zooms), temperature

    def __call__(self, inputs: torch.Tensor, network: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Find the corners in a batch of one film (1, 1, X, Y)."""
        if len(inputs) != 1:
            raise ValueError(f"expected one film at a time, got {len(inputs)}")
        maps = network(inputs)[0].float().cpu()
        score, corners = places_seen(maps, least_score=self.least_score)
        chain = spine_chain(score, corners)
        answer = np.full((network.levels, 4, 5), np.nan)
        if len(chain.member):
            corners = corners[chain.member]
            naming = name_chain(chain, self._names(inputs, network, corners), temperature=self.temperature)
            levels, corners = completed(naming.level, corners, network.levels)
            score = nearness(maps, corners)
            inside = np.isin(levels, naming.level) | (score > 0)
            levels, corners, score = levels[inside], corners[inside], score[inside]
            scale = np.repeat(_widths(corners)[:, None], 4, axis=1)
            near = np.abs(levels[:, None] - naming.level).min(axis=1) <= _BEYOND
            seen = np.isin(levels, naming.level) | ((score >= self.least_unlinked) & near)
            if seen.any():  # a row's members may all be beyond the levels
                for views in ([(1.0, False)], self._views()):
                    corners[seen], scale[seen] = self._look_again(inputs, network, corners[seen], levels[seen], views)
            answer[levels, :, :2], answer[levels, :, 2] = corners, scale
            answer[levels, :, 3] = np.where(seen, np.maximum(score, _LEAST_SCORE), 0.0)[:, None]
            answer[levels, :, 4] = naming.probability
        return torch.as_tensor(answer, dtype=torch.float32)[None]

    def _names(self, inputs: torch.Tensor, network: Any, corners: Array) -> Array:
        """Logarithms of the probabilities of the names of a row, by all its views."""
        look, views = network.names, self._views()
        total = np.zeros((len(corners), network.levels + 2))
        for zoom, flipped in views:
            pixels = look.pixels / zoom
            matrix = row_matrix(corners, size=look.size, pixels=pixels)
            matrix = mirrored(matrix, look.size[0]) if flipped else matrix
            members = torch.as_tensor(row_members(corners, matrix, pixels=pixels), dtype=torch.float32, device=inputs.device)
            view = reduced(inputs, torch.as_tensor(matrix[None, None], dtype=torch.float32, device=inputs.device), look.size)
            total += look(view, [members]).double().log_softmax(dim=1).cpu().numpy()
        return total / len(views)

    def _look_again(
        self, inputs: torch.Tensor, network: Any, corners: Array, places: NDArray[np.intp], views: list[View]
    ) -> tuple[Array, Array]:
        """Every vertebra through one or several patches, and its neighbours' opinions of the sides that face them."""
        matrices = np.array([[_matrix(network.corner_patch, quad, self.corner_widths, *view) for quad in corners] for view in views])
        flat = torch.as_tensor(matrices.reshape(1, -1, 2, 3), dtype=torch.float32, device=inputs.device)
        answers, _ = network.corners(sampled(inputs, flat, (network.corner_patch, network.corner_patch)))
        seen = answers.double().cpu().numpy().reshape(len(views), len(corners), 8, 3)
        sums, weights = np.zeros((len(corners), 4, 2)), np.zeros((len(corners), 4))
        for matrix, given, (_, flipped) in zip(matrices, seen, views, strict=True):
            given = given[:, _MIRRORED] if flipped else given
            pixels = np.abs(np.linalg.det(matrix[:, :, :2])) ** 0.5
            points = np.einsum("nij,npj->npi", matrix[:, :, :2], given[:, :, :2]) + matrix[:, None, :, 2]
            _gather(sums, weights, points, given[:, :, 2] * pixels[:, None], places)
        return sums / weights[:, :, None], np.sqrt(len(views) / weights)

    def _views(self) -> list[View]:
        return [(zoom, flipped) for zoom in self.zooms for flipped in (False, True)]


def _matrix(size: int, corners: Array, widths: float, zoom: float, flipped: bool) -> Array:
    matrix = patch_matrix(corners, size=size, widths=widths * zoom)
    return mirrored(matrix, size) if flipped else matrix


def _gather(sums: Array, weights: Array, points: Array, scale: Array, places: NDArray[np.intp]) -> None:
    """Add each patch's opinions, weighted by how sure they are: of its own corners, and of those of its neighbours that face it."""
    weight = scale**-2.0
    sums += points[:, :4] * weight[:, :4, None]
    weights += weight[:, :4]
    adjacent = np.flatnonzero(np.diff(places) == 1)
    sums[adjacent, 2:] += points[adjacent + 1, 4:6] * weight[adjacent + 1, 4:6, None]
    weights[adjacent, 2:] += weight[adjacent + 1, 4:6]
    sums[adjacent + 1, :2] += points[adjacent, 6:8] * weight[adjacent, 6:8, None]
    weights[adjacent + 1, :2] += weight[adjacent, 6:8]


def _widths(corners: Array) -> Array:
    """(N,) distances between the left and the right sides' middles."""
    return np.asarray(np.linalg.norm(corners[:, 1] + corners[:, 3] - corners[:, 0] - corners[:, 2], axis=1) / 2)


def completed(levels: NDArray[np.intp], corners: Array, count: int) -> tuple[NDArray[np.intp], Array]:
    """Drop members that are no levels, and put in those that were passed over: between others, and beyond either end.

    Args:
        levels: (M,) of a chain's members from the head down; those below 0 and from ``count`` on are no levels.
        corners: (M, 4, 2) theirs.
        count: how many levels there are.

    Returns:
        Levels and corners from the head down.
    """
    if len(levels) < 2:
        inside = (levels >= 0) & (levels < count)
        return levels[inside], corners[inside]
    wanted = np.arange(count)
    flat = corners.reshape(len(corners), -1)
    filled = np.array([np.interp(wanted, levels, one) for one in flat.T]).T.reshape(-1, 4, 2)
    above, below = levels[0] - wanted, wanted - levels[-1]
    first, last = (corners[1] - corners[0]).mean(axis=0), (corners[-1] - corners[-2]).mean(axis=0)
    filled -= np.clip(above, 0, None)[:, None, None] * first / (levels[1] - levels[0])
    filled += np.clip(below, 0, None)[:, None, None] * last / (levels[-1] - levels[-2])
    return wanted, filled


def nearness(maps: torch.Tensor, corners: Array) -> Array:
    """(N,) the best score of the maps (9, X, Y) at the middles of quadrilaterals, 0 beyond the film."""
    score = np.pad(torch.sigmoid(maps[0]).double().numpy(), 1)
    cell = np.rint((corners.mean(axis=1) - (CELL - 1) / 2) / CELL).astype(int) + 1
    inside = ((cell >= 1) & (cell <= np.array(maps.shape[1:]))).all(axis=1)
    around = [score[x - 1 : x + 2, y - 1 : y + 2].max() if there else 0.0 for (x, y), there in zip(cell, inside, strict=True)]
    return np.array(around)


def places_seen(maps: torch.Tensor, *, least_score: float) -> tuple[Array, Array]:
    """Peaks of the maps (9, X, Y): their scores (N,), and the corners (N, 4, 2) that they and their neighbours give, by their scores."""
    score = torch.sigmoid(maps[0])
    peak = (max_pool2d(score[None, None], 5, stride=1, padding=2)[0, 0] == score) & (score >= least_score)
    columns, rows = (index.tolist() for index in peak.nonzero(as_tuple=True))
    cells = torch.stack(torch.meshgrid(*(torch.arange(n) for n in score.shape), indexing="ij")).double() * CELL + (CELL - 1) / 2
    votes = maps[1:9].double().unflatten(0, (4, 2)) * OFFSET_PX + cells
    corners = np.empty((len(columns), 4, 2))
    for quad, column, row in zip(corners, columns, rows, strict=True):
        near = slice(max(column - 1, 0), column + 2), slice(max(row - 1, 0), row + 2)
        weight = score[near].double() ** 2
        quad[:] = ((votes[:, :, *near] * weight).sum(dim=(2, 3)) / weight.sum()).numpy()
    return score[columns, rows].double().numpy(), corners
