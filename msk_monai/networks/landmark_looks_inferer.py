"""Finding a film's objects, and their points in patches that come closer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from monai.inferers import Inferer
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from msk_monai.geometry.patches import into_patches, mirrored, patch_matrix
from msk_monai.geometry.squares import Ends, squares, squares_at_points
from msk_monai.networks.film_looks_inferer import places_seen
from msk_monai.sampling import reduced

_CELLS = 128
"""The film is padded to a multiple of this before objects are looked for."""
_MARGIN = 0.12
"""Of a patch's side: what lies nearer to its border is left to other patches."""
Array = NDArray[np.float64]


class LandmarkLooksInferer(Inferer):
    """Runs :class:`msk_monai.networks.LandmarkLooks` on one film.

    The answer is (1, N, points, 4), the objects from the image's left to its right: x and y of each point in pixels of the image, the
    scale of a Laplace distribution of the error of either (pixels), and the score of the object (0 to 1; 1 where none had to be found). N
    may be 0.

    An object may be the mirror image of what the looks at it learned (a left knee, a face to the left). It is centred by the look that
    is surer, at it or at its mirror image; then its hand is decided, and what follows is seen as its mirror image where that is the other.

    Args:
        ends: see ``msk_monai.geometry.squares``.
        widths: sides of the patches in widths of the object, in the looks at it as a whole, one after the other; at least one. Where no
            objects are looked for, the first patch shows the whole film, which should be about so many widths large.
        hand_widths: side of the patch in widths of the object, in the look that tells it from its mirror image.
        close_share: side of the patches around single points, in widths of the object; ``None`` leaves that look out.
        whole_counts: whether the last look at the whole object has an opinion beside those from close by.
        most: objects on a film.
        opposite: whether two objects on a film are of opposite hands, as two knees are.
        find_longest: pixels of the film's longer side where objects are looked for.
        least_score: of an object.
    """

    def __init__(
        self,
        *,
        ends: Ends,
        widths: Sequence[float],
        hand_widths: float = 1.9,
        close_share: float | None = None,
        whole_counts: bool = False,
        most: int = 1,
        opposite: bool = False,
        find_longest: int = 384,
        least_score: float = 0.3,
    ) -> None:
        super().__init__()
        self.ends: Ends = (tuple(ends[0]), tuple(ends[1]))
        self.widths, self.hand_widths, self.close_share = tuple(widths), hand_widths, close_share
        self.whole_counts, self.opposite = whole_counts, opposite
        self.most, self.find_longest, self.least_score = most, find_longest, least_score

    def __call__(self, inputs: torch.Tensor, network: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Find the points in a batch of one film (1, 1, X, Y)."""
        if len(inputs) != 1:
            raise ValueError(f"expected one film at a time, got {len(inputs)}")
        scores, quads = self._objects(inputs, network)
        if not len(quads):
            return torch.empty((1, 0, network.points, 4))
        points, scale = self._points(inputs, network, quads)
        chosen = distinct(scores, squares(points, self.ends), most=self.most)  # two squares may have led to one object
        chosen = chosen[np.argsort(points[chosen].mean(axis=1)[:, 0])]
        answer = np.concatenate([points, scale[..., None], np.repeat(scores[:, None, None], network.points, axis=1)], axis=2)
        return torch.as_tensor(answer[chosen], dtype=torch.float32)[None]

    def _objects(self, inputs: torch.Tensor, network: Any) -> tuple[Array, Array]:
        """Scores (N,) and squares (N, 4, 2)."""
        size = np.array(inputs.shape[2:], dtype=np.float64)
        if network.places is None:
            half = size.max() / self.widths[0] / 2  # so that the first patch shows all of the film
            whole = (size - 1) / 2 + half * np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)])
            return np.ones(1), whole[None]
        small = np.maximum(np.rint(size * self.find_longest / size.max()), 1).astype(int)
        film = interpolate(inputs, size=small.tolist(), mode="area" if small.max() < size.max() else "bilinear")
        room = (-small) % _CELLS
        maps = network.places(torch.nn.functional.pad(film, (0, int(room[1]), 0, int(room[0]))))[0].float().cpu()
        scores, quads = places_seen(maps, least_score=self.least_score)
        chosen = distinct(scores, quads, most=self.most)
        return scores[chosen], (quads[chosen] + 0.5) * (size / small) - 0.5

    def _points(self, inputs: torch.Tensor, network: Any, quads: Array) -> tuple[Array, Array]:
        """Points (N, P, 2) of the objects in squares (N, 4, 2), and their scales (N, P)."""
        quads = self._centred(inputs, network, quads)
        other_hand = self._other_hand(inputs, network, quads)
        for widths in self.widths:
            points, scale = _answers(inputs, network.whole, _matrices(quads, network.patch, widths, other_hand), network.patch)
            quads = squares(points, self.ends)
        if self.close_share is None:
            return points, scale
        opinions, weight = self._close(inputs, network, points, other_hand, self.close_share)
        if self.whole_counts:
            opinions, weight = np.concatenate([opinions, points[:, None]], axis=1), np.concatenate([weight, scale[:, None] ** -2.0], axis=1)
        total = weight.sum(axis=1)
        return (opinions * weight[..., None]).sum(axis=1) / total[..., None], np.sqrt(np.count_nonzero(weight, axis=1) / total)

    def _centred(self, inputs: torch.Tensor, network: Any, quads: Array) -> Array:
        """Squares (N, 4, 2) where the look at whole objects sees them, as they are or mirrored, whichever it is surer of."""
        size = network.patch
        seen = [
            _answers(inputs, network.whole, _matrices(quads, size, self.widths[0], np.full(len(quads), flip)), size)
            for flip in (False, True)
        ]
        surer = np.array([scale.mean(axis=1) for _, scale in seen]).argmin(axis=0)
        return np.array([squares(points, self.ends) for points, _ in seen])[surer, np.arange(len(quads))]

    def _other_hand(self, inputs: torch.Tensor, network: Any, quads: Array) -> NDArray[np.bool_]:
        """Which objects (N,) are the mirror image of what is usual, by the look at them and at their mirror images."""
        size = network.hand_patch
        matrices = [_matrices(quads, size, self.hand_widths, np.full(len(quads), flip)) for flip in (False, True)]
        as_is, flipped = network.hands(_patches(inputs, np.concatenate(matrices), size)).float().cpu().numpy().reshape(2, -1)
        odds = as_is - flipped
        return np.asarray(odds > odds.mean() if self.opposite and len(odds) == 2 else odds > 0)

    def _close(self, inputs: torch.Tensor, network: Any, points: Array, other_hand: NDArray[np.bool_], share: float) -> tuple[Array, Array]:
        """Opinions (N, P, P, 2) of the patches around an object's points on all of them, and their weights (N, P, P): 1 / scale^2."""
        count, size = network.points, network.close_patch
        quads = squares_at_points(points, self.ends, share=share).reshape(-1, 4, 2)
        flips = np.repeat(other_hand, count)
        matrices = _matrices(quads, size, 1.0, flips)
        opinions, spread = _answers(inputs, network.close, matrices, size)
        repeated = np.repeat(points, count, axis=0)
        inside = _inside(matrices, repeated, size).reshape(-1, count, count)
        opinions, spread = opinions.reshape(-1, count, count, 2), spread.reshape(-1, count, count)
        return opinions, inside / spread**2


def distinct(scores: Array, quads: Array, *, most: int) -> NDArray[np.intp]:
    """The best of squares (N, 4, 2) that lie further apart than 0.6 of their widths."""
    centres, sides = quads.mean(axis=1), np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    chosen: list[int] = []
    for one in np.argsort(-scores):
        if len(chosen) < most and all(np.linalg.norm(centres[one] - centres[k]) > 0.6 * min(sides[one], sides[k]) for k in chosen):
            chosen.append(int(one))
    return np.array(chosen, dtype=np.intp)


def _matrices(quads: Array, size: int, widths: float, flips: NDArray[np.bool_]) -> Array:
    matrices = [patch_matrix(quad, size=size, widths=widths) for quad in quads]
    return np.array([mirrored(matrix, size) if flip else matrix for matrix, flip in zip(matrices, flips, strict=True)])


def _answers(inputs: torch.Tensor, look: Any, matrices: Array, size: int) -> tuple[Array, Array]:
    """Points (N, P, 2) in the image's pixels, and scales (N, P), that a look sees in patches (N, 2, 3) of it."""
    answers = look(_patches(inputs, matrices, size))[0].double().cpu().numpy()
    points = np.einsum("nij,npj->npi", matrices[..., :2], answers[..., :2]) + matrices[:, None, :, 2]
    return points, answers[..., 2] * np.abs(np.linalg.det(matrices[..., :2]))[:, None] ** 0.5


def _patches(inputs: torch.Tensor, matrices: Array, size: int) -> torch.Tensor:
    return reduced(inputs, torch.as_tensor(matrices[None], dtype=torch.float32, device=inputs.device), (size, size))


def _inside(matrices: Array, points: Array, size: int) -> NDArray[np.bool_]:
    """Whether points (N, P, 2) of the image lie well within patches (N, 2, 3) of it."""
    seen = into_patches(points, matrices)
    return np.asarray(((seen > _MARGIN * size) & (seen < (1 - _MARGIN) * size)).all(axis=-1))
