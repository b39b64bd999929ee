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


def plane_height(affine: npt.ArrayLike, axis: int, through: npt.ArrayLike, x: float, y: float) -> float:
    """Height z at which one of a volume's planes, which may be tilted, crosses the vertical line through x and y.

    Args:
        affine: (4, 4).
        axis: 0, 1 or 2: the plane is one of constant index along it.
        through: (3,) a point of the plane, in the affine's target space.
        x: mm.
        y: mm.

    Raises:
        ValueError: the planes are parallel to the z axis.
    """
    normal = np.linalg.inv(np.asarray(affine, dtype=np.float64))[axis, :3]
    if abs(normal[2]) < 1e-9 * np.linalg.norm(normal):
        raise ValueError("expected planes that cross the z axis")
    point = np.asarray(through, dtype=np.float64)
    return float(point[2] - (normal[:2] @ (np.array([x, y]) - point[:2])) / normal[2])


def plane_of(affine: npt.ArrayLike, columns: int, rows: int) -> tuple[Array, Array]:
    """Middle (3,) of a slice and the unit vector (3,) across it.

    Args:
        affine: (4, 4) from the slice's pixels (column, row, 0).
        columns: of the slice.
        rows: of the slice.
    """
    matrix = np.asarray(affine, dtype=np.float64)
    across = np.cross(matrix[:3, 0], matrix[:3, 1])
    return apply_affine(matrix, [(columns - 1) / 2, (rows - 1) / 2, 0.0]), np.asarray(across / np.linalg.norm(across))
