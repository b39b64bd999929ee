"""From the points that a network found on its grid to landmarks of the film."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform

from msk_monai.geometry.squares import across
from msk_monai.measure.marks import MarkedObject
from msk_monai.records import Findings, Landmark, Status
from msk_monai.transforms.landmark_points import between_grids, grid_affine, original_affine

_CONFIDENT_SHARE = 0.02
"""A point's confidence is the probability that either coordinate lies within this share of the object's width."""


class LandmarksFoundd(Transform):
    """Write ``findings`` with the landmarks of a film that shows one object, and ``objects``, the same for pictures.

    Args:
        landmarks: names of the points.
        ends: see ``msk_monai.geometry.squares``.
        least_confidence: mean of the points' confidences below which the picture is not taken for one of the object.
        pred_key: (N, points, 4) as :class:`msk_monai.networks.LandmarkLooksInferer` gives.
        image_key: the film on the network's grid.
    """

    def __init__(
        self,
        *,
        landmarks: Sequence[str],
        ends: tuple[Sequence[int], Sequence[int]],
        least_confidence: float = 0.2,
        pred_key: str = "pred",
        image_key: str = "image",
    ) -> None:
        self.landmarks, self.ends, self.least_confidence = tuple(landmarks), (tuple(ends[0]), tuple(ends[1])), least_confidence
        self.pred_key, self.image_key = pred_key, image_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write the findings of one film."""
        seen = marked_objects(np.asarray(data[self.pred_key], dtype=np.float64), self.ends, data[self.image_key])
        objects = tuple(one for one in seen if one.confidence.mean() >= self.least_confidence)
        if not objects:
            return {
                **data,
                "objects": (),
                "findings": Findings(status=Status.FLAGGED, reason="the landmarks were not found in this picture"),
            }
        return {**data, "objects": objects[:1], "findings": Findings(landmarks=landmarks_of(objects[0], self.landmarks))}


def marked_objects(pred: np.ndarray, ends: tuple[Sequence[int], Sequence[int]], image: MetaTensor) -> tuple[MarkedObject, ...]:
    """Objects (N, P, 4) of the network's grid, in the film's own pixels.

    Args:
        pred: x, y, scale and score, in pixels of ``image``.
        ends: see ``msk_monai.geometry.squares``.
        image: the film on the network's grid.
    """
    stored, grid = original_affine(image), grid_affine(image)
    marked = []
    for points, scale, score in ((one[:, :2], one[:, 2], float(one[0, 3])) for one in pred):
        along = across(points[None], ends)[0]
        width = float(np.linalg.norm(along))
        confidence = score * (1 - np.exp(-_CONFIDENT_SHARE * width / scale))
        marked.append(MarkedObject(between_grids(points, grid, stored), confidence, score, width, bool(along[0] < 0)))
    return tuple(marked)


def landmarks_of(one: MarkedObject, names: Sequence[str], prefix: str = "") -> tuple[Landmark, ...]:
    """Named landmarks of an object."""
    return tuple(
        Landmark(name=prefix + name, x=float(x), y=float(y), confidence=float(sure))
        for name, (x, y), sure in zip(names, one.points, one.confidence, strict=True)
    )
