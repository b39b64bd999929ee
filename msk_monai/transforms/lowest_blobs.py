"""The reference system's way from one mask of all vertebrae to an angle: the two lowest blobs and the directions of their long axes."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from monai.data import MetaTensor
from monai.transforms import Transform
from scipy import ndimage

from msk_monai.records import Findings, Measurement, Status

_LEAST_PIXELS = 30


class LowestBlobsd(Transform):
    """Take the two lowest connected parts of the mask for L4 and L5, as the reference did, without asking what they are.

    The angle is the difference of their long axes' directions, each in [0, 180) degrees, unwrapped as in the reference. The interval
    is the vertical gap between them, in pixels of the resized image; unlike the reference, it is brought to mm where the film has
    a spacing.

    Args:
        segment: names under which the numbers are reported.
        image_key: the film on the network's grid.
        source_key: the film as read.
    """

    def __init__(self, *, segment: tuple[str, str] = ("L4", "L5"), image_key: str = "image", source_key: str = "source") -> None:
        self.name = "_".join(segment).lower()
        self.image_key, self.source_key = image_key, source_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Write ``findings`` of one film."""
        out = dict(data)
        out["vertebrae"], out["cobb_ends"] = (), None
        blobs = lowest_blobs(np.asarray(out["pred"])[0] > 0)
        if blobs is None:
            out["findings"] = Findings(status=Status.FLAGGED, reason="fewer than two vertebrae were segmented")
            return out
        upper, lower = blobs
        gap = float(lower[:, 1].min() - upper[:, 1].max())
        height, unit = _row_height(out[self.image_key], out[self.source_key])
        out["findings"] = Findings(
            measurements=(
                Measurement(name=f"{self.name}_angle", value=abs(long_axis(upper) - long_axis(lower)), unit="deg"),
                Measurement(name=f"{self.name}_interval_mean", value=gap * height, unit=unit),
            )
        )
        return out


def lowest_blobs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Pixels (N, 2), [x, y], of the second lowest and the lowest connected part of a mask (X, Y); ``None`` where there are not two."""
    parts, count = ndimage.label(mask)
    pixels = [np.argwhere(parts == number) for number in range(1, count + 1)]
    large = sorted((part for part in pixels if len(part) >= _LEAST_PIXELS), key=lambda part: part[:, 1].mean())
    return (large[-2], large[-1]) if len(large) >= 2 else None


def long_axis(pixels: np.ndarray) -> float:
    """Direction of the axis of largest extent of pixels (N, 2), degrees in [0, 180)."""
    values, vectors = np.linalg.eigh(np.cov(pixels.T))
    x, y = vectors[:, int(np.argmax(values))]
    return float(np.degrees(np.arctan2(y, x)) % 180)


def _row_height(image: MetaTensor, film: MetaTensor) -> tuple[float, str]:
    spacing = film.meta.get("spacing_mm")
    if spacing is None:
        return 1.0, "{pixels}"
    return float(spacing[1]) * film.shape[2] / image.shape[2], "mm"
