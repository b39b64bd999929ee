"""Signed distances of simple solids, and the pieces that parts of a patient are made of.

Coordinates are DICOM's patient coordinates in mm (x to the left, y to the back, z to the head) or a bone's own frame
with the same directions. Every function takes broadcastable arrays ``x, y, z`` (usually an open mesh) and gives the
distance in mm to the surface, negative inside; distances are exact near the surface and only roughly so far from it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Point = Sequence[float] | NDArray[np.float64]
Distance = Callable[[Array, Array, Array], Array]


@dataclass(frozen=True)
class Piece:
    """A solid: its signed distance in patient coordinates and the box (mm) outside of which it is not evaluated."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    distance: Distance


@dataclass(frozen=True)
class Material:
    """What a part is made of: a shell of ``shell_hu``, ``shell_mm`` thick, round a core of ``core_hu``.

    ``texture_hu`` is the standard deviation of the core's inhomogeneity. Without a core the part is homogeneous.
    """

    shell_hu: float
    shell_mm: float = 0.0
    core_hu: float | None = None
    texture_hu: float = 0.0


@dataclass(frozen=True)
class Part:
    """Pieces joined into one solid of one material.

    Args:
        pieces: the solids.
        material: what they are made of.
        label: marks the part's voxels in the label map (0: none).
        body: the part of it that is also marked in the map of vertebral bodies.
        in_cavity: whether the part ends at the wall of the body cavity.
    """

    pieces: tuple[Piece, ...]
    material: Material
    label: int = 0
    body: Piece | None = None
    in_cavity: bool = False


def capsule(x: Array, y: Array, z: Array, start: Point, end: Point, start_radius: float, end_radius: float) -> Array:
    """Return the distance to a capsule whose radius changes linearly from one end to the other."""
    axis = np.asarray(end, float) - np.asarray(start, float)
    dx, dy, dz = x - np.float32(start[0]), y - np.float32(start[1]), z - np.float32(start[2])
    ax, ay, az = (np.float32(v / max(axis @ axis, 1e-6)) for v in axis)
    along = np.clip(dx * ax + dy * ay + dz * az, 0, 1)
    ex, ey, ez = (np.float32(v) for v in axis)
    square = (dx - along * ex) ** 2 + (dy - along * ey) ** 2 + (dz - along * ez) ** 2
    return np.sqrt(square) - (np.float32(start_radius) + along * np.float32(end_radius - start_radius))


def ellipsoid(x: Array, y: Array, z: Array, centre: Point, radii: Point) -> Array:
    """Return the distance to an ellipsoid, to first order."""
    px, py, pz = ((v - np.float32(c)) / np.float32(r) for v, c, r in zip((x, y, z), centre, radii, strict=True))
    scaled = np.sqrt(px * px + py * py + pz * pz)
    gradient = np.sqrt((px / np.float32(radii[0])) ** 2 + (py / np.float32(radii[1])) ** 2 + (pz / np.float32(radii[2])) ** 2)
    return scaled * (scaled - 1) / np.maximum(gradient, np.float32(1e-6))


def box(x: Array, y: Array, z: Array, centre: Point, half: Point, rounding: float) -> Array:
    """Return the distance to a box with half sides ``half`` (edges included) whose edges are rounded."""
    qx, qy, qz = (np.abs(v - np.float32(c)) - np.float32(max(h - rounding, 0.0)) for v, c, h in zip((x, y, z), centre, half, strict=True))
    outside = np.maximum(qx, 0) ** 2 + np.maximum(qy, 0) ** 2 + np.maximum(qz, 0) ** 2
    inside = np.minimum(np.maximum(np.maximum(qx, qy), qz), 0)
    return np.sqrt(outside) + inside - np.float32(rounding)


def smooth_union(first: Array, second: Array, radius: float) -> Array:
    """Join two solids with a fillet of about ``radius`` mm (polynomial smooth minimum)."""
    blend = np.maximum(np.float32(radius) - np.abs(first - second), 0)
    return np.minimum(first, second) - blend * blend * np.float32(0.25 / radius)


def smooth_intersection(first: Array, second: Array, radius: float) -> Array:
    """Intersect two solids, rounding the edge by about ``radius`` mm."""
    blend = np.maximum(np.float32(radius) - np.abs(first - second), 0)
    return np.maximum(first, second) + blend * blend * np.float32(0.25 / radius)


def bounds(points: Sequence[Point], margin: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the box round points (mm), widened by ``margin``."""
    stacked = np.asarray(points, float)
    return stacked.min(0) - margin, stacked.max(0) + margin


def in_frame(x: Array, y: Array, z: Array, origin: Point, rotation: NDArray[np.float64]) -> tuple[Array, Array, Array]:
    """Express patient coordinates in a frame at ``origin`` whose axes are the columns of ``rotation``."""
    dx, dy, dz = x - np.float32(origin[0]), y - np.float32(origin[1]), z - np.float32(origin[2])
    turn = rotation.astype(np.float32)
    u, v, w = (dx * turn[0, k] + dy * turn[1, k] + dz * turn[2, k] for k in range(3))
    return u, v, w


def capsule_piece(start: Point, end: Point, start_radius: float, end_radius: float, flatten_z: float = 1.0) -> Piece:
    """Make a capsule; ``flatten_z`` < 1 stretches its cross-section along z by its inverse."""
    low, high = bounds([start, end], max(start_radius, end_radius) / min(flatten_z, 1.0) + 1)
    stretch = np.array([1, 1, flatten_z])
    first, last = np.asarray(start, float) * stretch, np.asarray(end, float) * stretch
    return Piece(low, high, lambda x, y, z: capsule(x, y, z * np.float32(flatten_z), first, last, start_radius, end_radius))


def tube(points: NDArray[np.float64], radii: Sequence[float] | NDArray[np.float64], flatten_z: float = 1.0) -> tuple[Piece, ...]:
    """Make a tube along points ``(N, 3)`` with a radius at each."""
    return tuple(capsule_piece(points[i], points[i + 1], radii[i], radii[i + 1], flatten_z) for i in range(len(points) - 1))


def ellipsoid_piece(centre: Point, radii: Point, rotation: NDArray[np.float64] | None = None) -> Piece:
    """Make an ellipsoid, its axes along the columns of ``rotation`` (default: those of the patient)."""
    turn = np.eye(3) if rotation is None else rotation
    reach = np.sqrt((turn**2) @ np.square(np.asarray(radii, float))) + 2
    middle = np.asarray(centre, float)
    if rotation is None:
        return Piece(middle - reach, middle + reach, lambda x, y, z: ellipsoid(x, y, z, middle, radii))
    return Piece(
        middle - reach,
        middle + reach,
        lambda x, y, z: ellipsoid(*in_frame(x, y, z, middle, turn), (0, 0, 0), radii),
    )


def box_piece(centre: Point, half: Point, rounding: float, rotation: NDArray[np.float64] | None = None) -> Piece:
    """Make a rounded box, its sides along the columns of ``rotation`` (default: the patient's axes)."""
    turn = np.eye(3) if rotation is None else rotation
    reach = np.abs(turn) @ np.asarray(half, float) + 2
    middle = np.asarray(centre, float)
    return Piece(
        middle - reach,
        middle + reach,
        lambda x, y, z: box(*in_frame(x, y, z, middle, turn), (0, 0, 0), half, rounding),
    )


def rotation_xyz(degrees_x: float, degrees_y: float = 0.0, degrees_z: float = 0.0) -> NDArray[np.float64]:
    """Return the matrix that turns about x first, then y, then z (right-handed, degrees)."""
    (sx, sy, sz), (cx, cy, cz) = (f(np.radians([degrees_x, degrees_y, degrees_z])) for f in (np.sin, np.cos))
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x
