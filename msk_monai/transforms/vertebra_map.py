"""From the corners that were found on a film to a label map of named vertebrae, and their sizes."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.transforms import Transform
from skimage.draw import polygon

from msk_monai.measure.vertebra_corners import VertebraCorners
from msk_monai.records import Findings, Status
from msk_monai.transforms.label_map import area_measurements
from msk_monai.transforms.spine_film import placed_vertebrae


class VertebraMapd(Transform):
    """Write ``segmentation``, uint8 (rows, columns) on the film's own pixels (0 background, 1 ... those reported), and ``findings``.

    A vertebra is the quadrilateral between its corners, as in SpineWeb dataset 16 (AASCE). Names that are in doubt flag the film.

    Args:
        levels: names of the answer's vertebrae from the head down.
        reported: those of them that are wanted, in this order.
        least_vertebrae: fewer are no spine.
        least_score: mean of the vertebrae's scores below which the picture is not taken for a spine.
        least_name_probability: below which the names are in doubt.
        pred_key: (levels, 4, 5) as :class:`msk_monai.networks.FilmLooksInferer` gives; vertebrae with a score of 0 were not seen.
        image_key: the film on the network's grid.
        source_key: the film as it was read.
    """

    def __init__(
        self,
        *,
        levels: Sequence[str],
        reported: Sequence[str],
        least_vertebrae: int = 4,
        least_score: float = 0.4,
        least_name_probability: float = 0.5,
        pred_key: str = "pred",
        image_key: str = "image",
        source_key: str = "source",
    ) -> None:
        self.levels, self.reported = tuple(levels), tuple(reported)
        self.least_vertebrae, self.least_score, self.least_name_probability = least_vertebrae, least_score, least_name_probability
        self.pred_key, self.image_key, self.source_key = pred_key, image_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Draw the vertebrae of one film."""
        out = dict(data)
        pred = np.asarray(out[self.pred_key], dtype=np.float64)
        seen = np.asarray(np.isfinite(pred).all(axis=(1, 2))) & (pred[:, 0, 3] > 0)
        if np.count_nonzero(seen) < self.least_vertebrae or pred[seen, 0, 3].mean() < self.least_score:
            out["segmentation"] = None
            out["findings"] = Findings(status=Status.FLAGGED, reason="no spine was found in this picture")
            return out
        film, probability = out[self.source_key], float(pred[seen, 0, 4].max())
        vertebrae = placed_vertebrae(pred, seen, self.levels, out[self.image_key])
        out["segmentation"] = drawn(vertebrae, self.reported, (film.shape[2], film.shape[1]))
        doubtful = probability < self.least_name_probability
        out["findings"] = Findings(
            status=Status.FLAGGED if doubtful else Status.OK,
            reason=f"the names of the vertebrae are in doubt (probability {probability:.2f})" if doubtful else None,
            measurements=area_measurements(out["segmentation"], self.reported, film),
        )
        return out


def drawn(vertebrae: Mapping[str, VertebraCorners], reported: Sequence[str], shape: tuple[int, int]) -> np.ndarray:
    """Label map, uint8 (rows, columns): pixels whose centres lie in a vertebra's quadrilateral have the number of its name.

    Args:
        vertebrae: by name, in pixels of the map.
        reported: the names that are drawn, from number 1 on; where two overlap, the later one lies above.
        shape: rows and columns.
    """
    segmentation = np.zeros(shape, dtype=np.uint8)
    for number, name in enumerate(reported, 1):
        if name in vertebrae:
            columns, rows = vertebrae[name].polygon.T
            segmentation[polygon(rows, columns, shape)] = number
    return segmentation
