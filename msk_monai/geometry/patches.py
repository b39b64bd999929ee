"""Square patches of an image that follow an object's own place, direction and size."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def patch_matrix(
    corners: ArrayLike, *, size: int, widths: float, shift: Sequence[float] | NDArray[np.float64] = (0.0, 0.0), turn: float = 0.0
) -> NDArray[np.float64]:
    """Matrix (2, 3) from a patch's pixels to the image's, for a patch around a quadrilateral.

    The patch is centred on the corners' mean, and its rows run along the line between the middles of the left and right side.

    Args:
        corners: (4, 2) [x, y]: top left, top right, bottom left, bottom right.
        size: pixels of the patch's side.
        widths: its side in widths of the quadrilateral.
        shift: of the centre, in widths, in the image's axes.
        turn: further rotation in radians.

    Raises:
        ValueError: the quadrilateral has no width.
    """
    quad = np.asarray(corners, dtype=np.float64)
    across = (quad[1] + quad[3] - quad[0] - quad[2]) / 2
    width = float(np.hypot(*across))
    if not width > 0:
        raise ValueError(f"expected a quadrilateral with a width, got {quad.tolist()}")
    angle = np.arctan2(across[1], across[0]) + turn
    scale = widths * width / size
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = quad.mean(axis=0) + width * np.asarray(shift, dtype=np.float64)
    return np.column_stack([matrix, centre - matrix @ np.full(2, (size - 1) / 2)])
