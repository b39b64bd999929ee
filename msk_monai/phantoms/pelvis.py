"""Sacrum, coccyx, hip bones and thighs' bones.

The iliac wing is a curved plate over the (y, z) plane, drawn by small tables; the sacrum a curved wedge with holes.
Positions are relative to the middle of the sacrum's upper endplate, sizes those of an adult pelvis (mm).
"""

# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.draw import polygon2mask

from msk_monai.phantoms.shapes import (
    Array,
    Material,
    Part,
    Piece,
    bounds,
    box_piece,
    capsule,
    capsule_piece,
    ellipsoid_piece,
    in_frame,
    rotation_xyz,
    smooth_intersection,
    smooth_union,
    tube,
)
from msk_monai.phantoms.spine import LABELS


@dataclass(frozen=True, kw_only=True)
class Pelvis:
    """One pelvis: ``scale`` of all sizes, its width and height beyond it, pitch (degrees) about the hips' axis.

    Args:
        crest_rise: how far the iliac crest stands above its mean height, mm.
        prosthesis: x signs of the hips with a prosthesis.
    """

    scale: float
    width: float
    crest_rise: float
    pitch: float
    flare: float
    sacral_slope: float
    sacral_tilt: float
    s1_width: float
    s1_depth: float
    trabecular_hu: float
    prosthesis: tuple[int, ...] = ()

    @property
    def hip(self) -> NDArray[np.float64]:
        """Centre of the left femoral head, LPS mm."""
        return self.place((87.0 * self.width, -34.0, -95.0))

    def place(self, point: tuple[float, float, float]) -> NDArray[np.float64]:
        """Scale and pitch a point given for the mean pelvis (left side)."""
        turn = rotation_xyz(self.pitch)
        return turn @ (np.asarray(point) * self.scale)


_OUTLINE = np.array([  # (y, z) of the iliac wing, from the posterior superior spine over the crest to the front and back
    (58, -34), (59, -16), (54, 6), (45, 26), (31, 42), (13, 50), (-8, 51), (-28, 44), (-46, 32), (-62, 14), (-75, -8), (-82, -24),
    (-84, -36),
    (-77, -46), (-70, -54), (-71, -64), (-64, -78), (-55, -96), (-38, -108), (-12, -112), (2, -104), (4, -88), (10, -74),
    (22, -66), (36, -62), (48, -56), (55, -46),
], float)  # fmt: skip
_PLATE_Y = (-90.0, -75, -60, -40, -20, 0, 15, 30, 45, 60)
_PLATE_X = (129.0, 135, 136, 127, 112, 97, 84, 71, 58, 47)  # of the crest at these y
_PLATE_LEAN = (0.18, 0.24, 0.29, 0.31, 0.27, 0.20, 0.13, 0.06, 0.02, 0.0)  # how much it leans out per mm of height


def iliac_piece(pelvis: Pelvis, side: int) -> Piece:
    """Return one iliac wing; ``side`` is 1 on the left, -1 on the right."""
    y = np.arange(-110.0, 85.0, 1.5)
    z = np.arange(-130.0, 100.0, 1.5)
    outline = _OUTLINE.copy()
    outline[:, 1] += np.clip((outline[:, 1] + 10) / 60, 0, 1) * pelvis.crest_rise / pelvis.scale
    inside = polygon2mask((len(y), len(z)), (outline - (y[0], z[0])) / 1.5)
    edge = gaussian_filter(distance_transform_edt(~inside) - distance_transform_edt(inside), 1.5) * 1.5
    below = 45.0 - z
    plate = (
        np.interp(y, _PLATE_Y, _PLATE_X)[:, None]
        - pelvis.flare * np.interp(y, _PLATE_Y, _PLATE_LEAN)[:, None] * np.clip(below - 12, 0, 118)
        + 9 * np.sin(np.clip(below / 90, 0, 1) * np.pi) * np.clip(1 - y[:, None] / 40, 0, 1) ** 0.5 * -0.6
    )
    plate = gaussian_filter(plate, 4) * pelvis.width
    slope = np.sqrt(1 + sum(np.square(g) for g in np.gradient(plate, 1.5)))
    crest = np.exp(-np.square((edge + 3.5) / 5)) * np.clip((z + 60) / 40, 0, 1)
    half = 2.4 + 3.2 * crest + 5.5 * _ramp(y, 0, 40)[:, None] * _ramp(-z, -30, 25) + 7 * _ramp(-z, 50, 90)[None, :]
    tables = [RegularGridInterpolator((y, z), t, bounds_error=False, fill_value=None) for t in (plate, slope, half, edge)]
    rise = max(pelvis.crest_rise / pelvis.scale, 0.0)
    mirror = np.array([side * pelvis.width, 1, 1])
    corners = [pelvis.place((x, y, z)) * mirror for x in (30.0, 150.0) for y in (-97.0, 72.0) for z in (-122.0, 62.0 + rise)]
    low, high = bounds(corners, 6.0)
    turn = rotation_xyz(-pelvis.pitch)

    def distance(x: Array, y: Array, z: Array) -> Array:
        own = np.stack(np.broadcast_arrays(y, z), -1).astype(float) @ turn[1:, 1:].T / pelvis.scale
        plate, slope, half, edge = (
            t(own).astype(np.float32) * np.float32(f) for t, f in zip(tables, (pelvis.scale, 1, pelvis.scale, pelvis.scale), strict=True)
        )
        sheet = np.abs(x * np.float32(side) - plate) / slope - half
        return smooth_intersection(sheet, edge, 4.0)

    return Piece(low, high, distance)


def _ramp(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def hip_parts(pelvis: Pelvis, side: int, *, cortical_hu: float) -> list[Part]:
    """Return one hip bone with its socket, and the femur in it, in the order to paint them."""
    mirror = np.array([side, 1, 1])
    hip = pelvis.hip * mirror
    s = pelvis.scale
    point = lambda *p: pelvis.place((p[0] * pelvis.width, p[1], p[2])) * mirror  # noqa: E731
    symphysis_top, symphysis_low = point(5.0, -84.0, -106.0), point(7.0, -72.0, -138.0)
    tuber = point(58.0, 12.0, -158.0)
    bone = Material(0.75 * cortical_hu, 1.5, pelvis.trabecular_hu + 60, texture_hu=30)
    socket = [
        iliac_piece(pelvis, side),
        ellipsoid_piece(hip + (-7 * side, 3, 7), (30 * s, 31 * s, 31 * s)),
        *tube(np.array([hip + (-18 * side, 8, -12), (hip + tuber) / 2 + (3 * side, 12, 0), tuber]), (14 * s, 13 * s, 15 * s)),
        *tube(np.array([hip + (-14 * side, -18, -6), (hip + symphysis_top) / 2 + (0, -6, 4), symphysis_top]), (10 * s, 7 * s, 7.5 * s)),
        *tube(np.array([symphysis_top, symphysis_low]), (6.5 * s, 6.5 * s)),
        *tube(np.array([symphysis_low, point(28.0, -40.0, -154.0), tuber]), (5.5 * s, 5 * s, 9 * s)),
    ]
    joint = Part(
        (ellipsoid_piece(hip, (27.5 * s,) * 3), capsule_piece(hip, hip + np.array((40 * side, -8, -26)) * s, 26 * s, 30 * s)), Material(45)
    )
    return [Part(tuple(socket), bone), joint, *_femur(pelvis, hip, side, cortical_hu)]


def _femur(pelvis: Pelvis, hip: NDArray[np.float64], side: int, cortical_hu: float) -> list[Part]:
    s = pelvis.scale
    at = lambda x, y, z: hip + np.array((x * side, y, z)) * s  # noqa: E731
    trochanter, shaft, knee = at(62, 12, -22), at(56, 4, -75), at(30, -8, -420)
    upper = (
        ellipsoid_piece(hip, (24 * s,) * 3),
        capsule_piece(hip, at(48, 4, -38), 16 * s, 18 * s),
        capsule_piece(trochanter, at(56, 6, -55), 14 * s, 16 * s),
        ellipsoid_piece(at(40, 18, -68), (9 * s, 9 * s, 12 * s)),
    )
    tubes = (capsule_piece(at(56, 5, -50), shaft, 18 * s, 15.5 * s), capsule_piece(shaft, knee, 15.5 * s, 14.5 * s))
    parts = [
        Part(upper, Material(0.7 * cortical_hu, 1.4, pelvis.trabecular_hu + 130, texture_hu=30)),
        Part(tubes, Material(cortical_hu, 5.0 * s, 20)),
    ]
    if side in pelvis.prosthesis:
        parts.append(
            Part(
                (ellipsoid_piece(hip, (26 * s,) * 3), *tube(np.array([hip, at(50, 4, -30), shaft, at(52, 3, -150)]), (7, 10, 8, 5))),
                Material(9000),
            )
        )
    return parts


def sacrum_parts(pelvis: Pelvis, *, cortical_hu: float) -> list[Part]:
    """Return the tissue of the sacroiliac joints, the sacrum (labelled S1 as a whole) and the coccyx."""
    frame = rotation_xyz(pelvis.sacral_slope, pelvis.sacral_tilt)
    s = pelvis.scale
    corners = np.array([(a, b, c) for a in (-64, 64) for b in (-50, 58) for c in (-108, 8)]) * s @ frame.T
    low, high = corners.min(0), corners.max(0)

    def bone(x: Array, y: Array, z: Array) -> Array:
        return _sacrum(pelvis, *in_frame(x / np.float32(s), y / np.float32(s), z / np.float32(s), (0, 0, 0), frame)) * np.float32(s)

    def first_body(x: Array, y: Array, z: Array) -> Array:
        u, v, w = in_frame(x, y, z, (0, 0, 0), frame)
        rim = np.hypot(u / np.float32(pelvis.s1_width / 2), v / np.float32(pelvis.s1_depth / 2)) - 1
        return np.maximum(rim * np.float32(pelvis.s1_depth / 2), np.abs(w + np.float32(14 * s)) - np.float32(14 * s))

    gap = Part((Piece(low - 3, high + 3, lambda x, y, z: bone(x, y, z) - np.float32(1.6)),), Material(70))
    dense = Material(0.8 * cortical_hu, 1.3, pelvis.trabecular_hu + 10, texture_hu=25)
    discs = [
        box_piece(frame @ np.array((0, v, w)) * s, np.array((r, r * 0.6, 2.0)) * s, 1.0, frame)
        for v, w, r in ((1.5, -29, 18), (-3, -50, 12))
    ]
    tip = [frame @ np.array((0.0, _curve(w), -w)) * s for w in (84.0, 94.0, 104.0)]
    tail = np.array([tip[0], tip[1] + (0, -3, -3), tip[2] + (0, -14, -1)])
    return [
        gap,
        Part((Piece(low, high, bone),), dense, LABELS["S1"], Piece(low, high, first_body)),
        Part(tuple(discs), Material(90)),
        Part(tube(tail, (7 * s, 5 * s, 3 * s)), Material(450, 1.0, 200)),
    ]


def s1_z_range(pelvis: Pelvis) -> tuple[float, float]:
    """Return the lowest and highest LPS z of the first sacral body, mm."""
    frame = rotation_xyz(pelvis.sacral_slope, pelvis.sacral_tilt)
    angle = np.linspace(0, 2 * np.pi, 48)
    rim = np.stack([np.sin(angle) * pelvis.s1_width / 2, np.cos(angle) * pelvis.s1_depth / 2, np.zeros(48)], 1)
    z = (np.concatenate([rim, rim - (0, 0, 28 * pelvis.scale)]) @ frame.T)[:, 2]
    return float(z.min()), float(z.max())


def _curve(depth: float) -> float:
    """Return how far the sacrum's middle lies behind (positive) S1's axis at a depth below the endplate, mm."""
    return float(-0.0054 * max(depth - 8, 0) ** 2 + 0.10 * depth)


def _sacrum(pelvis: Pelvis, x: Array, y: Array, z: Array) -> Array:
    """Return the distance to the sacrum in its own frame, divided by its scale."""
    u, depth = np.abs(x), -z
    v = y - (np.float32(-0.0054) * np.maximum(depth - 8, 0) ** 2 + np.float32(0.10) * depth)
    taper = np.clip(depth / np.float32(88), 0, 1)
    width = np.interp(depth, (0, 12, 30, 46, 62, 78, 90), (55, 60, 58, 46, 34, 23, 14)).astype(np.float32) * np.float32(pelvis.width)
    half_depth = np.float32(pelvis.s1_depth / pelvis.scale / 2)
    front = (-half_depth + np.float32(0.48) * np.maximum(u - 20, 0)) * (1 - np.float32(0.62) * taper)
    crest = 8 * np.maximum(1 - u / 7, 0)
    back = (half_depth + 21 + crest - np.float32(0.42) * np.maximum(u - 8, 0)) * (1 - np.float32(0.62) * taper)
    ends = np.maximum(
        depth - 88,
        np.maximum(np.float32(0.26) * np.maximum(u - 23, 0), (v > half_depth) * np.minimum(np.float32(1.5) * (v - half_depth), 9)) - depth,
    )
    joint = u - width + np.float32(0.25) * v  # the joint's face looks outwards and back
    shape = smooth_intersection(smooth_intersection(np.maximum(front - v, v - back), joint, 6.0), ends, 3.0)
    for at, side, radius in ((27, 21, 5.0), (46, 19, 4.4), (62, 17, 3.8), (76, 15, 3.2)):
        hole = np.hypot(u - np.float32(side) - np.float32(0.12) * v, (depth - at - np.float32(0.2) * v) * np.float32(1.15)) - np.float32(
            radius
        )
        shape = smooth_intersection(shape, -hole, 2.0)
    canal = np.hypot(u * np.float32(0.75), v - (half_depth + 7) * (1 - np.float32(0.55) * taper)) - (8 - 5 * taper)
    shape = smooth_intersection(shape, -canal, 2.0)
    facet = capsule(u, v, z, (22, float(half_depth) + 10, -14), (23, float(half_depth) + 16, 5), 6.0, 5.5)
    cleft = capsule(u, v, z, (16, float(half_depth) + 15, -3), (20, float(half_depth) + 21, 6), 3.5, 3.5)
    return smooth_union(shape, smooth_intersection(facet, -cleft, 1.0), 3.0)
