"""Order, regularity and affine of a stack of parallel image planes, from where each plane lies in the patient.

Everything is in DICOM's patient coordinates (LPS, mm). A plane is the centre of its first pixel (ImagePositionPatient) and the
directions in which columns and rows are counted (ImageOrientationPatient: the first triple points along a row, the second down
a column); DICOM PS3.3 section C.7.6.2.1.1.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from msk_monai.errors import GantryTiltError, GeometryError, MissingSliceError, UnevenSpacingError

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

ORIENTATION_TOLERANCE = 1e-2
"""Planes are parallel if their direction cosines differ by less (0.6°): headers keep as few as three decimals."""
UNIT_TOLERANCE = 1e-2
"""Direction cosines are orthonormal to this: headers with three decimals are off by up to 1e-3, garbage by far more."""
COINCIDENT_MM = 0.01
"""Planes nearer than this are at one position: ten times finer than the finest slice spacing in use, coarser than rounding."""
GRID_TOLERANCE = 0.05
"""How far, in slice spacings, a plane may lie from the regular grid: 5 % of a voxel is invisible in any measurement."""
ROUNDING_MM = 0.11
"""Positions written with one decimal are off by up to 0.05 mm, and so are the ends of the grid they are compared with."""
LATERAL_MM = 0.1
"""A sideways deviation from the stack's axis below this is rounding, not shear."""
MAX_BRIDGED_STEPS = 4.0
"""Interpolation bridges a gap up to so many usual slice distances; further apart the planes say nothing about what is between."""
PLANE_NAMES = ("sagittal", "coronal", "axial")
OBLIQUE_COSINE = 0.8
"""A plane is named after the axis its normal keeps to within about 37°; the spine's tilted discs are still axial."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Parallel planes in order, and the grid they stand for.

    Attributes:
        order: (N,) indices that put the given planes in order of k.
        offsets: (N,) distance of each plane along the normal from the first, in mm, in order.
        step: (3,) LPS vector from one plane of the grid to the next.
        weights: for every plane of the grid, the ordered planes it is made of: ``((n, 1.0),)`` where one is taken as it is,
            ``((n, w), (n + 1, 1 - w))`` where two are blended.
        tilt_deg: angle between the stack's axis and the normal of its planes; 0 unless the stack is sheared.
    """

    order: Indices
    offsets: Array
    step: Array
    weights: tuple[tuple[tuple[int, float], ...], ...]
    tilt_deg: float

    @property
    def interpolated(self) -> bool:
        """Whether the grid's planes are not the acquired ones."""
        return any(len(parts) > 1 for parts in self.weights) or len(self.weights) != len(self.offsets)


def checked_orientation(orientation: npt.ArrayLike, *, subject: str | None = None) -> Array:
    """Direction cosines of a row and a column as (2, 3), made orthonormal to the last digit.

    Args:
        orientation: (6,) ImageOrientationPatient.
        subject: what an error is about.

    Raises:
        GeometryError: they are not finite, or not two perpendicular unit vectors.
    """
    rows = np.asarray(orientation, dtype=np.float64).reshape(2, 3)
    if not np.all(np.isfinite(rows)):
        raise GeometryError(f"expected finite direction cosines (ImageOrientationPatient), got {rows.ravel().tolist()}", subject=subject)
    if not np.allclose(rows @ rows.T, np.eye(2), atol=UNIT_TOLERANCE):
        raise GeometryError(
            f"expected two perpendicular unit vectors in ImageOrientationPatient, got {rows.ravel().tolist()}", subject=subject
        )
    row = rows[0] / np.linalg.norm(rows[0])
    column = rows[1] - (rows[1] @ row) * row
    return np.stack([row, column / np.linalg.norm(column)])


def stacking_direction(orientation: npt.ArrayLike) -> Array:
    """Unit vector along which slices are counted: the planes' normal, turned towards the head where the planes are axial.

    Args:
        orientation: (2, 3) direction cosines of a row and a column, as ``checked_orientation`` returns them.

    >>> stacking_direction([[1, 0, 0], [0, 1, 0]]).tolist()
    [0.0, 0.0, 1.0]
    """
    row, column = np.asarray(orientation, dtype=np.float64)
    normal: Array = np.cross(row, column)
    return -normal if plane_name(normal) == "axial" and normal[2] < 0 else normal


def plane_name(normal: npt.ArrayLike) -> str:
    """Name a plane by its normal: ``axial``, ``sagittal``, ``coronal`` or ``oblique``.

    >>> plane_name([0.1, 0.0, -0.99])
    'axial'
    """
    cosines = np.abs(np.asarray(normal, dtype=np.float64))
    axis = int(np.argmax(cosines))
    return PLANE_NAMES[axis] if cosines[axis] >= OBLIQUE_COSINE else "oblique"


def parallel_groups(orientations: npt.ArrayLike) -> list[list[int]]:
    """Group planes of the same orientation, the largest group first.

    Args:
        orientations: (N, 6) direction cosines.
    """
    groups: list[tuple[Array, list[int]]] = []
    for index, cosines in enumerate(np.asarray(orientations, dtype=np.float64).reshape(-1, 6)):
        for first, members in groups:
            if np.max(np.abs(first - cosines)) < ORIENTATION_TOLERANCE:
                members.append(index)
                break
        else:
            groups.append((cosines, [index]))
    return sorted((members for _, members in groups), key=len, reverse=True)


def coincident_groups(positions: npt.ArrayLike, direction: npt.ArrayLike) -> list[list[int]]:
    """Group planes that lie at one position along the stack, in order of position.

    Args:
        positions: (N, 3) centres of the first pixels.
        direction: (3,) unit vector along which slices are counted.
    """
    offsets = np.asarray(positions, dtype=np.float64) @ np.asarray(direction, dtype=np.float64)
    order = np.argsort(offsets, kind="stable")
    groups: list[list[int]] = []
    for index in order.tolist():
        if groups and offsets[index] - offsets[groups[-1][0]] < COINCIDENT_MM:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def regular_stack(
    positions: npt.ArrayLike, direction: npt.ArrayLike, *, thickness: float = 1.0, interpolate: bool = False, subject: str | None = None
) -> Stack:
    """Put planes in order and find the regular grid they lie on.

    Args:
        positions: (N, 3) centres of the planes' first pixels, no two at one position along ``direction``.
        direction: (3,) unit vector along which slices are counted.
        thickness: the grid's step where there is only one plane, in mm.
        interpolate: make a regular grid at the median distance where the planes lie on none, instead of raising.
        subject: what an error is about.

    Raises:
        MissingSliceError: planes are missing from a regular grid, or a gap is too wide to bridge.
        UnevenSpacingError: the distances fit no regular grid.
        GantryTiltError: the planes are shifted sideways by amounts that fit no straight axis.
        GeometryError: a position is not finite.
    """
    points = np.asarray(positions, dtype=np.float64).reshape(-1, 3)
    if not np.all(np.isfinite(points)):
        raise GeometryError("expected finite slice positions (ImagePositionPatient), got NaN or infinity", subject=subject)
    normal = np.asarray(direction, dtype=np.float64)
    along = points @ normal
    order = np.argsort(along, kind="stable")
    offsets = along[order] - along[order[0]]
    if len(points) == 1:
        step = thickness * normal
        return Stack(order=order, offsets=offsets, step=step, weights=(((0, 1.0),),), tilt_deg=0.0)
    axis = _stack_axis(points[order], offsets, normal, subject)
    spacing, weights = _grid(offsets, interpolate=interpolate, subject=subject)
    tilt = float(np.degrees(np.arctan(np.linalg.norm(axis - normal))))
    return Stack(order=order, offsets=offsets, step=axis * spacing, weights=weights, tilt_deg=tilt)


def _stack_axis(points: Array, offsets: Array, direction: Array, subject: str | None) -> Array:
    """Movement of the planes' first pixel per mm along the normal: the normal itself, or sheared against it."""
    lateral = points - points[0] - offsets[:, None] * direction
    slope = lateral[-1] / offsets[-1]
    residual = float(np.max(np.linalg.norm(lateral - offsets[:, None] * slope, axis=1)))
    if residual > LATERAL_MM:
        message = f"expected slices along one straight axis, got sideways shifts of up to {residual:.2f} mm from it"
        raise GantryTiltError(message, subject=subject)
    return direction + slope if np.linalg.norm(lateral[-1]) > LATERAL_MM else direction


def _grid(offsets: Array, *, interpolate: bool, subject: str | None) -> tuple[float, tuple[tuple[tuple[int, float], ...], ...]]:
    """Spacing of the regular grid, and what each of its planes is made of."""
    spacing = float(offsets[-1] / (len(offsets) - 1))
    if _fits(offsets, np.arange(len(offsets))):
        return spacing, tuple(((index, 1.0),) for index in range(len(offsets)))
    gaps = np.diff(offsets)
    usual = float(np.median(gaps))
    if interpolate and gaps.max() <= MAX_BRIDGED_STEPS * usual:
        return usual, _blend(offsets, usual)
    steps = np.rint(gaps / usual)
    at = int(np.argmax(gaps))
    if interpolate or (np.all(steps >= 1) and _fits(offsets, np.concatenate([[0], np.cumsum(steps)]))):
        raise MissingSliceError(
            f"expected slices every {usual:g} mm, got {len(offsets)} slices with a gap of {gaps[at]:g} mm after slice {at}"
            f" ({int(steps.sum()) + 1 - len(offsets)} missing)",
            subject=subject,
        )
    raise UnevenSpacingError(
        f"expected evenly spaced slices, got distances of {gaps.min():g} to {gaps.max():g} mm (usually {usual:g} mm)", subject=subject
    )


def _fits(offsets: Array, steps: npt.ArrayLike) -> bool:
    """Whether the offsets lie on these multiples of one spacing, the grid being spanned by the first and the last."""
    multiples = np.asarray(steps, dtype=np.float64)
    spacing = float(offsets[-1] / multiples[-1])
    tolerance = max(GRID_TOLERANCE * spacing, min(ROUNDING_MM, 0.25 * spacing))
    return float(np.max(np.abs(offsets - multiples * spacing))) <= tolerance


def _blend(offsets: Array, spacing: float) -> tuple[tuple[tuple[int, float], ...], ...]:
    """Linear interpolation from planes at ``offsets`` onto a grid that starts at the first and does not pass the last."""
    count = int(np.floor(offsets[-1] / spacing + GRID_TOLERANCE)) + 1
    planes = np.minimum(np.arange(count) * spacing, offsets[-1])
    below = np.clip(np.searchsorted(offsets, planes + 1e-6, side="right") - 1, 0, len(offsets) - 2)
    share = (planes - offsets[below]) / (offsets[below + 1] - offsets[below])
    parts: list[tuple[tuple[int, float], ...]] = []
    for index, fraction in zip(below.tolist(), share.tolist(), strict=True):
        if fraction < 1e-4:
            parts.append(((index, 1.0),))
        elif fraction > 1 - 1e-4:
            parts.append(((index + 1, 1.0),))
        else:
            parts.append(((index, 1.0 - fraction), (index + 1, fraction)))
    return tuple(parts)


def stack_affine(position: npt.ArrayLike, orientation: npt.ArrayLike, pixel_spacing: tuple[float, float], step: npt.ArrayLike) -> Array:
    """Affine from (column, row, slice) indices to LPS millimetres.

    Args:
        position: (3,) centre of the first pixel of plane k = 0.
        orientation: (2, 3) direction cosines of a row and a column.
        pixel_spacing: distance between rows, distance between columns (the order of DICOM's PixelSpacing), in mm.
        step: (3,) vector from one plane to the next.

    Returns:
        (4, 4).
    """
    row, column = np.asarray(orientation, dtype=np.float64)
    affine = np.eye(4)
    affine[:3, 0] = row * pixel_spacing[1]
    affine[:3, 1] = column * pixel_spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = position
    return affine
