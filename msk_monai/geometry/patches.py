"""Patches of an image that follow the place, direction and size of an object, or of a row of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from msk_monai.geometry.quads import widths as quad_widths


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


def row_matrix(
    corners: ArrayLike,
    *,
    size: Sequence[int],
    pixels: float,
    shift: Sequence[float] | NDArray[np.float64] = (0.0, 0.0),
    turn: float = 0.0,
) -> NDArray[np.float64]:
    """Matrix (2, 3) from a view's pixels to the image's, for a view of a whole row of quadrilaterals.

    The view is centred between the first and the last of them, turned by their mean direction, and shows their median width
    with so many ``pixels``.

    Args:
        corners: (N, 4, 2) [x, y]: top left, top right, bottom left, bottom right of each.
        size: columns and rows of the view.
        pixels: of the view, in the row's median width.
        shift: of the centre, in median widths, in the image's axes.
        turn: further rotation in radians.

    Raises:
        ValueError: the quadrilaterals have no width.
    """
    quads = np.asarray(corners, dtype=np.float64)
    across = (quads[:, 1] + quads[:, 3] - quads[:, 0] - quads[:, 2]) / 2
    width = float(np.median(np.hypot(*across.T)))
    if not width > 0:
        raise ValueError("expected quadrilaterals with a width")
    angle = np.arctan2(*across.mean(axis=0)[::-1]) + turn
    matrix = width / pixels * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = quads[[0, -1]].mean(axis=(0, 1)) + width * np.asarray(shift, dtype=np.float64)
    return np.column_stack([matrix, centre - matrix @ ((np.asarray(size) - 1) / 2)])


def mirrored(matrix: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """The matrix (2, 3) of the same view, so many columns wide, with left and right exchanged."""
    return np.column_stack([-matrix[:, 0], matrix[:, 1], matrix[:, 2] + matrix[:, 0] * (columns - 1)])


def into_patches(points: ArrayLike, matrices: ArrayLike) -> NDArray[np.float64]:
    """Where points (..., P, 2) of an image lie in patches' pixels, by the matrices (..., 2, 3) of the patches; NaN stays NaN."""
    to_image = np.asarray(matrices, dtype=np.float64)[..., None, :, :]
    return np.asarray(np.linalg.solve(to_image[..., :2], (np.asarray(points, dtype=np.float64) - to_image[..., 2])[..., None])[..., 0])


def row_members(corners: ArrayLike, matrix: ArrayLike, *, pixels: float) -> NDArray[np.float64]:
    """What a view of a row shows of its members.

    Columns: x and y in the view's pixels; then, in median widths, the logarithms of their width and height, and how far from the one
    before and from the one after they lie (0 at the ends).

    Args:
        corners: (N, 4, 2), from the head down.
        matrix: (2, 3) as :func:`row_matrix` gives, with the same ``pixels``.
        pixels: see there.

    Returns:
        (N, 6).
    """
    quads = np.asarray(corners, dtype=np.float64)
    seen = into_patches(quads, matrix)
    centre = seen.mean(axis=1)
    along = np.linalg.norm(seen[:, 2] + seen[:, 3] - seen[:, 0] - seen[:, 1], axis=1) / 2
    step = np.linalg.norm(np.diff(centre, axis=0), axis=1) / pixels
    sizes = np.log(np.clip(np.stack([quad_widths(seen), along], axis=1) / pixels, 0.05, None))
    return np.column_stack([centre, sizes, np.concatenate([[0.0], step]), np.concatenate([step, [0.0]])])


def view_matrix(
    spacing: Sequence[float] | NDArray[np.float64],
    centre: Sequence[float] | NDArray[np.float64],
    *,
    size: int,
    view_spacing: float,
    turn: float = 0.0,
    mirrored: bool = False,
) -> NDArray[np.float64]:
    """Matrix (2, 3) from the pixels of a square view to those of a slice.

    Args:
        spacing: mm along x and y of the slice.
        centre: [x, y] of the view's middle in the slice's pixels.
        size: pixels of the view's side.
        view_spacing: mm between them.
        turn: of the view, radians.
        mirrored: whether left and right are exchanged.
    """
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * view_spacing
    if mirrored:
        turned[:, 0] *= -1
    matrix = turned / np.asarray(spacing, dtype=np.float64)[:, None]
    return np.column_stack([matrix, np.asarray(centre, dtype=np.float64) - matrix @ np.full(2, (size - 1) / 2)])


def share_matrix(columns: int, rows: int, *, size: int, cropped: float) -> NDArray[np.float64]:
    """Matrix (2, 3) from the pixels of a square to those of an image without a share of each of its sides.

    Args:
        columns: of the image.
        rows: of the image.
        size: pixels of the square's side.
        cropped: share cut off at each side.
    """
    whole = np.array([columns, rows], dtype=np.float64)
    step = (1 - 2 * cropped) * whole / size
    return np.column_stack([np.diag(step), (whole - 1) / 2 - step * (size - 1) / 2])
