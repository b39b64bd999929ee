"""The four corners of a vertebra on a film, and the lines between them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

CORNER_NAMES = ("top_left", "top_right", "bottom_left", "bottom_right")
"""Order of a vertebra's corners, as in SpineWeb dataset 16 (AASCE, https://doi.org/10.1016/j.media.2021.102115)."""


@dataclass(frozen=True, eq=False)
class VertebraCorners:
    """Corners of one vertebra.

    Left and right are the image's sides, whichever side of the patient that is. Points are ``[x, y]``, y downwards, in pixels of
    the original image until they are ``scaled``.

    Attributes:
        name: level, e.g. ``L4``.
        corners: (4, 2) top left, top right, bottom left, bottom right.
        confidence: (4,) of each corner, from 0 to 1.

    Raises:
        ValueError: wrong shapes, or numbers that are not finite.
    """

    name: str
    corners: Array
    confidence: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "corners", _finite(self.corners, (4, 2), f"corners of {self.name}"))
        object.__setattr__(self, "confidence", _finite(self.confidence, (4,), f"confidences of {self.name}"))

    @property
    def superior_endplate(self) -> Array:
        """(2, 2): its left and its right end."""
        return self.corners[:2]

    @property
    def inferior_endplate(self) -> Array:
        """(2, 2): its left and its right end."""
        return self.corners[2:]

    @property
    def mid_line(self) -> Array:
        """(2, 2): the middles of the left and of the right side."""
        middles: Array = (self.superior_endplate + self.inferior_endplate) / 2
        return middles

    @property
    def axis(self) -> Array:
        """(2,): from the superior endplate's middle to the inferior one's."""
        down: Array = self.inferior_endplate.mean(axis=0) - self.superior_endplate.mean(axis=0)
        return down

    @property
    def centre(self) -> Array:
        """(2,): mean of the corners."""
        mean: Array = self.corners.mean(axis=0)
        return mean

    @property
    def height(self) -> float:
        """Distance between the middles of the endplates."""
        return float(np.linalg.norm(self.axis))

    @property
    def width(self) -> float:
        """Distance between the middles of the sides."""
        return float(np.linalg.norm(self.mid_line[1] - self.mid_line[0]))

    @property
    def polygon(self) -> Array:
        """(4, 2): the corners in the order of the outline: top left, top right, bottom right, bottom left."""
        return self.corners[[0, 1, 3, 2]]

    def scaled(self, spacing_xy: npt.ArrayLike) -> "VertebraCorners":
        """The same corners in mm, or in square pixels.

        Args:
            spacing_xy: (2,) distance between columns, then between rows. DICOM's PixelSpacing (PS3.3 section 10.7.1.3) has them the
                other way round. In mm; or ``(1, rows / columns)`` where only the ratio is known (PixelAspectRatio).

        Raises:
            ValueError: not two positive, finite numbers.
        """
        spacing = np.asarray(spacing_xy, dtype=np.float64)
        if spacing.shape != (2,) or not np.all(np.isfinite(spacing)) or not np.all(spacing > 0):
            raise ValueError(f"expected a positive spacing of columns and of rows, got {spacing.tolist()}")
        return VertebraCorners(self.name, self.corners * spacing, self.confidence)


def _finite(values: npt.ArrayLike, shape: tuple[int, ...], what: str) -> Array:
    array = np.array(values, dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"expected {what} of shape {shape}, got {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"expected finite {what}, got {array.tolist()}")
    array.setflags(write=False)
    return array
