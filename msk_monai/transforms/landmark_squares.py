"""What the points of a film's objects say about the patches to look at them in."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.transforms import Transform

from msk_monai.geometry.squares import across, squares, squares_at_points


class LandmarkSquaresd(Transform):
    """Turn the points of a film's objects into ``quads`` (Q, 4, 2), ``label`` (Q, points, 2) and ``other_hand`` (Q,).

    All stay in the pixels that the points are given in. An object is of the other hand where its first end lies to the right of its other
    one: it is the mirror image of what is usual.

    Args:
        points: of one object; ``label`` holds those of one object after the other.
        ends: see ``msk_monai.geometry.squares``.
        share: sides of squares around every single point, in widths of the object, each with all points of its object; without it there
            is one square for each object, as wide as it is.
        points_key: (N, 2) points; replaced.
        quads_key: where the squares go.
        hand_key: where the hands go.

    Raises:
        ValueError: there are not as many points as one or several objects have.
    """

    def __init__(
        self,
        *,
        points: int,
        ends: tuple[Sequence[int], Sequence[int]],
        share: float | None = None,
        points_key: str = "label",
        quads_key: str = "quads",
        hand_key: str = "other_hand",
    ) -> None:
        self.points, self.ends, self.share = points, (tuple(ends[0]), tuple(ends[1])), share
        self.points_key, self.quads_key, self.hand_key = points_key, quads_key, hand_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Rearrange the points of one film."""
        given = np.asarray(data[self.points_key], dtype=np.float64)
        if not len(given) or len(given) % self.points:
            raise ValueError(f"expected {self.points} points for each object, got {len(given)}")
        objects = given.reshape(-1, self.points, 2)
        hands = across(objects, self.ends)[:, 0] < 0
        if self.share is None:
            return {**data, self.quads_key: squares(objects, self.ends), self.points_key: objects, self.hand_key: hands}
        quads = squares_at_points(objects, self.ends, share=self.share).reshape(-1, 4, 2)
        return {
            **data,
            self.quads_key: quads,
            self.points_key: np.repeat(objects, self.points, axis=0),
            self.hand_key: np.repeat(hands, self.points),
        }


class SquareCornersd(Transform):
    """Turn the squares of a film's objects into ``label`` (4 * objects, 2): their corners, NaN for objects that are not there.

    Args:
        objects: that a film may show.
        points_key: where the corners go.
        quads_key: (Q, 4, 2) the squares, as :class:`LandmarkSquaresd` gives; Q is at most ``objects``.
    """

    def __init__(self, *, objects: int, points_key: str = "label", quads_key: str = "quads") -> None:
        self.objects, self.points_key, self.quads_key = objects, points_key, quads_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Rearrange the squares of one film."""
        corners = np.full((self.objects, 4, 2), np.nan)
        corners[: len(data[self.quads_key])] = data[self.quads_key]
        return {**data, self.points_key: corners.reshape(-1, 2)}
