"""Affines between voxel indices and patient space.

An affine is a (4, 4) array that maps homogeneous voxel indices ``(i, j, k, 1)`` to millimetres. DICOM's patient space is
LPS (x to the left, y to the back, z to the head; PS3.3 section C.7.6.2.1.1); NIfTI's and MONAI's is RAS.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LPS_TO_RAS: Array = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Its own inverse: negates x and y."""


def flip_lps_ras(affine: npt.ArrayLike) -> Array:
    """Turn an affine into LPS into one into RAS, and back.

    Args:
        affine: (4, 4).
    """
    return LPS_TO_RAS @ np.asarray(affine, dtype=np.float64)


def apply_affine(affine: npt.ArrayLike, points: npt.ArrayLike) -> Array:
    """Map points through an affine.

    Args:
        affine: (d+1, d+1).
        points: (..., d) indices or coordinates.

    Returns:
        (..., d) mapped points.
    """
    matrix = np.asarray(affine, dtype=np.float64)
    mapped: Array = np.asarray(points, dtype=np.float64) @ matrix[:-1, :-1].T + matrix[:-1, -1]
    return mapped


def spacing_of(affine: npt.ArrayLike) -> Array:
    """Length in mm of one step along each voxel axis: shape (d,)."""
    lengths: Array = np.linalg.norm(np.asarray(affine, dtype=np.float64)[:-1, :-1], axis=0)
    return lengths


def axis_towards(affine: npt.ArrayLike, direction: npt.ArrayLike) -> tuple[int, int]:
    """Find the voxel axis that points best along a direction.

    Args:
        affine: (4, 4).
        direction: (3,) vector in the affine's target space.

    Returns:
        The axis (0, 1 or 2) and +1 where its index grows along the direction, -1 where it falls.

    Raises:
        ValueError: an axis of the affine has no length.
    """
    matrix = np.asarray(affine, dtype=np.float64)
    lengths = spacing_of(matrix)
    if not np.all(lengths > 0):
        raise ValueError(f"expected voxel axes of positive length, got {lengths}")
    cosines = np.asarray(direction, dtype=np.float64) @ (matrix[:3, :3] / lengths)
    axis = int(np.argmax(np.abs(cosines)))
    return axis, 1 if cosines[axis] >= 0 else -1


def voxel_centres_along(affine: npt.ArrayLike, shape: tuple[int, int, int], axis: int) -> Array:
    """Centres of the planes of a volume along one axis, at the middle of the other two.

    Args:
        affine: (4, 4).
        shape: number of voxels along each axis.
        axis: 0, 1 or 2.

    Returns:
        (shape[axis], 3) points in the affine's target space.
    """
    index = np.tile((np.asarray(shape, dtype=np.float64) - 1) / 2, (shape[axis], 1))
    index[:, axis] = np.arange(shape[axis])
    return apply_affine(affine, index)
