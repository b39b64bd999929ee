"""Looking for the vertebrae's places, for their names in the row, for each one's corners, and at endplates that face each other."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer
from numpy.typing import NDArray
from torch.nn.functional import max_pool2d

from msk_monai.geometry import quads
from msk_monai.geometry.film_maps import CELL, OFFSET_PX
from msk_monai.geometry.patches import into_patches, mirrored, patch_matrix, row_matrix, row_members
from msk_monai.measure.spine_order import name_chain, spine_chain
from msk_monai.sampling import reduced

_BEYOND = 2
"""A vertebra that was not seen by itself may lie so many levels from one that was."""
_LEAST_SCORE = 1e-3
"""Of a vertebra that was seen."""
Array = NDArray[np.float64]
View = tuple[float, bool]


class FilmLooksInferer(Inferer):
    """Runs :class:`msk_monai.networks.FilmLooks` on one film.

    The answer is (1, levels, 4, 5): for each corner (top left, top right, bottom left, bottom right) x and y in pixels of the
    image, the scale of a Laplace distribution of the error of either (pixels), the first look's score of the vertebra (0 to 1),
    and the probability that the spine's names are right. A vertebra that was not seen lies where the row's steps lead, with a score of 0
    and its own width for a scale; it is NaN where that is beyond the image. Corners are looked at once for each of ``corner_widths``,
    from what the look before found, the last time in all views; then the endplates that face each other are, where they are asked for.

    Args:
        least_score: of a place that may be a vertebra.
        least_unlinked: of a vertebra that was not seen by itself, but must lie there by its neighbours.
        corner_widths: sides of the patches in widths of the vertebra, in the looks at corners, one after the other; at least one.
        facing: the upper levels' numbers of the neighbours whose facing endplates are looked at.
        facing_widths: side of their patch in widths of the space between them.
        zooms: factors of how much the last views of corners, and those of facing endplates, take in; every one also mirrored.
        temperature: see ``name_chain``; the one that :class:`msk_monai.losses.NamesLoss` was given.
    """

    def __init__(
        self,
        *,
        least_score: float = 0.1,
        least_unlinked: float = 0.02,
        corner_widths: Sequence[float] = (2.1, 1.5),
        facing: Sequence[int] = (),
        facing_widths: float = 1.6,
        zooms: Sequence[float] = (1.0,),
        temperature: float = 4.0,
    ) -> None:
        super().__init__()
        self.least_score, self.least_unlinked = least_score, least_unlinked
        self.corner_widths = tuple(corner_widths)
        self.facing, self.facing_widths = tuple(facing), facing_widths
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
            scale = np.repeat(quads.widths(corners)[:, None], 4, axis=1)
            near = np.abs(levels[:, None] - naming.level).min(axis=1) <= _BEYOND
            seen = np.isin(levels, naming.level) | ((score >= self.least_unlinked) & near)
            if seen.any():  # a row's members may all be beyond the levels
                corners[seen], scale[seen] = self._look_again(inputs, network, corners[seen], levels[seen])
            answer[levels, :, :2], answer[levels, :, 2] = corners, scale
            answer[levels, :, 3] = np.where(seen, np.maximum(score, _LEAST_SCORE), 0.0)[:, None]
            answer[levels, :, 4] = naming.probability
        return torch.as_tensor(answer, dtype=torch.float32)[None]

    def _names(self, inputs: torch.Tensor, network: Any, corners: Array) -> Array:
        """Logarithms of the probabilities of the names of a row, by the look at it and at its mirror image."""
        size, pixels = network.name_view, network.name_pixels
        total = np.zeros((len(corners), network.levels + 2))
        matrix = row_matrix(corners, size=size, pixels=pixels)
        for one in (matrix, mirrored(matrix, size[0])):
            members = torch.as_tensor(row_members(corners, one, pixels=pixels), dtype=torch.float32, device=inputs.device)
            view = reduced(inputs, torch.as_tensor(one[None, None], dtype=torch.float32, device=inputs.device), size)
            total += network.names(view, members[None]).double().log_softmax(dim=1).cpu().numpy()
        return total / 2

    def _look_again(self, inputs: torch.Tensor, network: Any, corners: Array, levels: NDArray[np.intp]) -> tuple[Array, Array]:
        """Corners (N, 4, 2) of the vertebrae, and their scales (N, 4), from close by."""
        adjacent = np.flatnonzero(np.diff(levels) == 1)
        *first, last = self.corner_widths
        for widths, views in [*((widths, [(1.0, False)]) for widths in first), (last, self._views())]:
            seen = _seen(inputs, network.corners, network.corner_patch, corners, widths, views)
            corners, scale = _agreed(*seen, adjacent)
        upper = adjacent[np.isin(levels[adjacent], self.facing)]
        if len(upper):
            spaces = quads.between(corners)[upper]
            points, weight = _seen(inputs, network.facing, network.facing_patch, spaces, self.facing_widths, self._views())
            spaces, spread = _mean((points * weight[..., None]).sum(axis=0), weight.sum(axis=0), np.count_nonzero(weight, axis=0))
            corners[upper, 2:], corners[upper + 1, :2] = spaces[:, :2], spaces[:, 2:]
            scale[upper, 2:], scale[upper + 1, :2] = spread[:, :2], spread[:, 2:]
        return corners, scale

    def _views(self) -> list[View]:
        return [(zoom, flipped) for zoom in self.zooms for flipped in (False, True)]


def _seen(inputs: torch.Tensor, look: Any, size: int, around: Array, widths: float, views: Sequence[View]) -> tuple[Array, Array]:
    """Points (views, N, P, 2) that a look sees in patches around quadrilaterals (N, 4, 2), and their weights: 1 / scale^2."""
    matrices = np.array([[_matrix(size, quad, widths, *view) for quad in around] for view in views])
    flat = torch.as_tensor(matrices.reshape(1, -1, 2, 3), dtype=torch.float32, device=inputs.device)
    answers = look(reduced(inputs, flat, (size, size)))[0].double().cpu().numpy()
    answers = answers.reshape(len(views), len(around), -1, 3)
    order = quads.mirrored_corners(answers.shape[2] // 4)
    for k, (_, flipped) in enumerate(views):
        answers[k] = answers[k][:, order] if flipped else answers[k]
    points = np.einsum("vnij,vnpj->vnpi", matrices[..., :2], answers[..., :2]) + matrices[:, :, None, :, 2]
    pixels = np.abs(np.linalg.det(matrices[..., :2])) ** 0.5
    weight = (answers[..., 2] * pixels[..., None]) ** -2.0
    if weight.shape[2] > 4:  # of a neighbour's corners that lie beyond the patch a look can say nothing, and does not know it
        weight[:, :, 4:] *= _inside(matrices, quads.with_facing(around)[:, 4:], size)
    return points, weight


def _inside(matrices: Array, points: Array, size: int) -> NDArray[np.bool_]:
    """Whether points (N, P, 2) of the image lie in patches (V, N, 2, 3) of it; False where they are NaN."""
    seen = into_patches(points, matrices)
    return np.asarray(((seen > 1) & (seen < size - 2)).all(axis=-1))


def _matrix(size: int, corners: Array, widths: float, zoom: float, flipped: bool) -> Array:
    matrix = patch_matrix(corners, size=size, widths=widths * zoom)
    return mirrored(matrix, size) if flipped else matrix


def _agreed(points: Array, weight: Array, adjacent: NDArray[np.intp]) -> tuple[Array, Array]:
    """Corners (N, 4, 2), and their scales (N, 4), from what every patch says of its own and of its neighbours' that face it.

    Args:
        points: (V, N, 8, 2) as :func:`msk_monai.geometry.quads.with_facing` orders them.
        weight: (V, N, 8), 0 for an opinion that is none.
        adjacent: the upper ones of vertebrae without another between them.
    """
    sums, total, count = (points * weight[..., None]).sum(axis=0), weight.sum(axis=0), np.count_nonzero(weight, axis=0)
    for values in (sums, total, count):
        values[adjacent, 2:4] += values[adjacent + 1, 4:6]
        values[adjacent + 1, :2] += values[adjacent, 6:8]
    return _mean(sums[:, :4], total[:, :4], count[:, :4])


def _mean(sums: Array, total: Array, count: NDArray[np.intp]) -> tuple[Array, Array]:
    """Means of opinions, and the scale that one of them has: opinions of one picture err together."""
    return sums / total[..., None], np.sqrt(count / total)


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
