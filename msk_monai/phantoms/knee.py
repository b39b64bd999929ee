"""The bones of one knee as signed distances.

A bone is described in its own frame: u to the lateral side, v to the back, w up, mm. The tibia's origin lies between the plateaus at the
height of their rims, the femur's between the lowest points of its condyles.
"""

from dataclasses import dataclass

import numpy as np

from msk_monai.phantoms.projection import Points
from msk_monai.phantoms.shapes import (
    Array,
    Distance,
    Material,
    Part,
    Piece,
    capsule,
    ellipsoid,
    ellipsoid_piece,
    in_frame,
    rotation_xyz,
    smooth_intersection,
    smooth_union,
    tube,
)

_CONDYLE_U = 24.0
_CONDYLES = (  # two ellipsoids each, as their lower side is flat
    ((21.5, 6, 20.5), (13.0, 31, 20.5)),
    ((26.5, 5, 21.0), (15.0, 29, 21.0)),
    ((-22.0, 6, 21.0), (13.0, 30, 21.0)),
    ((-27.5, 5, 21.5), (14.5, 28, 21.5)),
)
_DISH_MM = 2.2
"""How much deeper the middle of a plateau lies than its rim."""
Solid = tuple[Distance, Points, Points]
"""Signed distance, and the low and high corner of the box that it fits in."""


@dataclass(frozen=True, kw_only=True)
class Knee:
    """One knee.

    Args:
        side: 1 the left one, -1 the right one: where lateral lies along LPS x.
        centre: the tibia's origin, LPS mm.
        turn: rotation of the leg about its long axis, degrees.
        size: of all bones, 1 for a femur 82 mm wide.
        breadth: of both bones against their size.
        spaces: bony gaps between the condyles' lowest points and the plateaus below them, lateral and medial, mm.
        slope: of the plateaus, down towards the back, degrees.
        flexion: of the femur against the tibia, degrees.
        lean: of the tibia to the lateral side, degrees.
        spines: heights of the lateral and the medial intercondylar tubercle, mm.
        osteophytes: how far they reach out at the femur's lateral and medial, the tibia's lateral and medial rim, mm.
        patella: where it lies: lateral, up, mm.
        cortical_hu, trabecular_hu, shell_mm: of the bones.
        wobble: phases of small bumps that make no two bones alike.
    """

    side: int
    centre: tuple[float, float, float]
    turn: float
    size: float
    breadth: float
    spaces: tuple[float, float]
    slope: float
    flexion: float
    lean: float
    spines: tuple[float, float]
    osteophytes: tuple[float, float, float, float]
    patella: tuple[float, float]
    cortical_hu: float
    trabecular_hu: float
    shell_mm: float
    wobble: tuple[float, float, float]

    @property
    def tibia_frame(self) -> Points:
        """(3, 3): its columns are the tibia's axes u, v, w in LPS. A left-handed frame on the right side."""
        return rotation_xyz(0.0, 0.0, self.turn) @ np.diag([self.side, 1.0, 1.0]) @ rotation_xyz(0.0, self.lean, 0.0)

    @property
    def femur_frame(self) -> Points:
        """(3, 3): the femur's axes in LPS."""
        opening = np.degrees(np.arctan2(self.spaces[0] - self.spaces[1], 2 * _CONDYLE_U * self.size * self.breadth))
        return self.tibia_frame @ rotation_xyz(-self.flexion, -float(opening), 0.0)

    @property
    def femur_origin(self) -> Points:
        """(3,) LPS mm."""
        up = sum(self.spaces) / 2 - _DISH_MM * self.size
        return np.asarray(self.centre) + self.tibia_frame @ (0.0, 0.0, up)


def knee_parts(knee: Knee) -> list[Part]:
    """Return the knee's bones in the order to paint them."""
    dense = Material(knee.cortical_hu, knee.shell_mm, knee.trabecular_hu, texture_hu=0.12 * knee.trabecular_hu + 20)
    hollow = Material(1.15 * knee.cortical_hu, 4.2 * knee.shell_mm, 20.0)
    parts = [Part(tuple(shaft), hollow) for shaft in _shafts(knee)]
    parts += [Part((Piece(low, high, distance),), dense) for distance, low, high in (femur(knee), tibia(knee))]
    return [*parts, Part(_fibula(knee), dense), Part((_patella(knee),), dense)]


def _box(origin: Points, frame: Points, low: tuple[float, float, float], high: tuple[float, float, float]) -> tuple[Points, Points]:
    corners = np.array([[(low, high)[k >> i & 1][i] for i in range(3)] for k in range(8)]) @ frame.T + origin
    return corners.min(0) - 2, corners.max(0) + 2


def femur(knee: Knee, *, plain: bool = False) -> Solid:
    """Signed distance to the distal femur, and its box; ``plain`` without osteophytes."""
    frame, origin = knee.femur_frame, knee.femur_origin
    s = knee.size
    wide = s * knee.breadth

    def distance(x: Array, y: Array, z: Array) -> Array:
        u, v, w = (a / np.float32(s) for a in in_frame(x, y, z, origin, frame))
        u = u / np.float32(knee.breadth)
        u, v, w = _bumpy(u, v, w, knee.wobble, 0.0)
        shape: Array = np.full((1, 1, 1), 1e3, np.float32)
        for centre, radii in _CONDYLES:
            shape = smooth_union(shape, ellipsoid(u, v, w, centre, radii), 3.0)
        shape = smooth_union(shape, ellipsoid(u, v, w, (0, -13, 35), (25, 17, 18)), 11.0)
        shape = smooth_union(shape, capsule(u, v, w, (-25, 2, 36), (25, 2, 36), 16, 15), 10.0)
        shape = smooth_union(shape, capsule(u, v * np.float32(1.2), w, (0, -2, 50), (0, -2, 100), 30, 17), 10.0)
        if not plain:
            for sign, size in ((1, knee.osteophytes[0]), (-1, knee.osteophytes[1])):
                if size > 0:
                    shape = smooth_union(shape, ellipsoid(u, v, w, (sign * 38, 2, 9), (size + 3, 9, 3.5)), 3.0)
        return np.asarray(shape * np.float32(min(s, wide)), np.float32)

    return (distance, *_box(origin, frame, (-50 * wide, -36 * s, -4 * s), (50 * wide, 42 * s, 112 * s)))


def tibia(knee: Knee, *, plain: bool = False) -> Solid:
    """Signed distance to the proximal tibia, and its box; ``plain`` without osteophytes."""
    frame, origin = knee.tibia_frame @ rotation_xyz(-knee.slope, 0.0, 0.0), np.asarray(knee.centre, float)
    s = knee.size
    wide = s * knee.breadth

    def distance(x: Array, y: Array, z: Array) -> Array:
        u, v, w = (a / np.float32(s) for a in in_frame(x, y, z, origin, frame))
        u = u / np.float32(knee.breadth)
        u, v, w = _bumpy(u, v, w, knee.wobble, 1.0)
        rim = (np.sqrt(np.square(u / np.float32(39.5)) + np.square((v - 3) / np.float32(25))) - 1) * np.float32(27)
        shape = smooth_intersection(rim, np.abs(w + 9) - np.float32(9), 5.0)
        for sign in (1, -1):
            bowl = ellipsoid(u, v, w, (sign * 23.5, 3, 30 - _DISH_MM), (42, 56, 30))
            shape = smooth_intersection(shape, -bowl, 1.5)
        for sign, height in ((1, knee.spines[0]), (-1, knee.spines[1])):
            spine = capsule(u, v, w, (sign * 9.5, 1, -5), (sign * 6.5, 0, height - 1.2), 7.5, 1.2)
            shape = smooth_union(shape, spine, 2.5)
        for sign, top, bottom in ((1, 15, 15), (0, 19, 15), (-1, 15, 15)):
            flare = capsule(u, v * np.float32(1.2), w, (sign * 22.5, 3, -17), (sign * 2.0, 2, -82), top, bottom)
            shape = smooth_union(shape, flare, 8.0)
        if not plain:
            for sign, size in ((1, knee.osteophytes[2]), (-1, knee.osteophytes[3])):
                if size > 0:
                    shape = smooth_union(shape, ellipsoid(u, v, w, (sign * 39, 3, -4), (size + 2, 9, 3.0)), 3.0)
        return np.asarray(shape * np.float32(min(s, wide)), np.float32)

    return (distance, *_box(origin, frame, (-50 * wide, -34 * s, -95 * s), (50 * wide, 38 * s, 16 * s)))


def _bumpy(u: Array, v: Array, w: Array, phases: tuple[float, float, float], shift: float) -> tuple[Array, Array, Array]:
    """Slightly and smoothly distorted coordinates, so that no two bones look cast from one mould."""
    first, second, third = (np.float32(p + shift) for p in phases)
    u = u + np.float32(0.6) * np.sin(w * np.float32(0.11) + first)
    w = w + np.float32(0.45) * np.sin(u * np.float32(0.13) + second) + np.float32(0.25) * np.sin(v * np.float32(0.17) + third)
    return u, v, w


def _shafts(knee: Knee) -> tuple[tuple[Piece, ...], ...]:
    s = knee.size
    femur = np.array([(0, -2, 85), (0, -4, 180), (2, -6, 330)]) * s @ knee.femur_frame.T + knee.femur_origin
    tibia = np.array([(0, 1, -66), (0, 0, -170), (0, 0, -330)]) * s @ knee.tibia_frame.T + knee.centre
    return tube(femur, (17 * s, 15 * s, 15 * s)), tube(tibia, (17.5 * s, 14 * s, 12 * s))


def _fibula(knee: Knee) -> tuple[Piece, ...]:
    s = knee.size
    line = np.array([(35, 17, -21), (36.5, 18, -40), (35, 17, -330)]) * (s * knee.breadth, s, s) @ knee.tibia_frame.T + knee.centre
    return tube(line, (8.5 * s, 5.5 * s, 6 * s))


def _patella(knee: Knee) -> Piece:
    s = knee.size
    centre = knee.femur_origin + knee.femur_frame @ (np.array((knee.patella[0], -38, 40 + knee.patella[1])) * s)
    return ellipsoid_piece(centre, (22 * s, 8.5 * s, 21 * s), knee.femur_frame)
