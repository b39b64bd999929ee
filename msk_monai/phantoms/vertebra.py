"""The shape of one vertebra as a signed distance, and of the discs between them.

A vertebra is described in its own frame (x left, y back, z up, origin at the middle of the body) and, but for a slight
sideways stretch, is mirror-symmetric: ``u`` stands for the distance from the midline.
"""

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.shapes import (
    Array,
    Material,
    Part,
    Piece,
    capsule,
    in_frame,
    rotation_xyz,
    smooth_intersection,
    smooth_union,
)
from msk_monai.phantoms.spine import LABELS, Disc, Vertebra

FRONT, BACK = 0.54, 0.46  # shares of the body's depth in front of and behind its frame's origin


def vertebra_parts(vertebra: Vertebra, *, cortical_hu: float, shell_mm: float) -> tuple[Part, Part]:
    """Return a vertebra with its posterior elements, and the spongy bone inside its body, in the order to paint them."""
    frame = vertebra.rotation
    low, high = _box(vertebra)

    def whole(x: Array, y: Array, z: Array) -> Array:
        u, v, w = _own(vertebra, x, y, z, frame)
        return smooth_union(body_distance(vertebra, u, v, w), _posterior(vertebra, np.abs(u), v, w), 3.0)

    def body(x: Array, y: Array, z: Array) -> Array:
        return body_distance(vertebra, *_own(vertebra, x, y, z, frame))

    dense = Material(cortical_hu, 2.4 * shell_mm, vertebra.trabecular_hu + 0.22 * cortical_hu, texture_hu=25)
    spongy = Material(vertebra.trabecular_hu, texture_hu=0.08 * vertebra.trabecular_hu + 8)
    body_low, body_high = _world_box(vertebra, *_body_box(vertebra))
    filling = Piece(body_low, body_high, lambda x, y, z: body(x, y, z) + np.float32(shell_mm))
    return (
        Part((Piece(low, high, whole),), dense, LABELS[vertebra.name], Piece(body_low, body_high, body)),
        Part((filling,), spongy),
    )


def disc_part(disc: Disc) -> tuple[Part, ...]:
    """Return a disc, with gas in its middle where it has a vacuum phenomenon."""
    frame = rotation_xyz(*disc.turn)
    half_width, half_depth = disc.width / 2, disc.depth / 2
    reach = float(np.hypot(max(half_width, half_depth), disc.height)) + 4
    centre = np.asarray(disc.centre)

    def distance(x: Array, y: Array, z: Array) -> Array:
        u, v, w = in_frame(x, y, z, centre, frame)
        rim = (cross_section(u, v, half_width, half_depth) - 1) * np.float32(half_depth)
        return smooth_intersection(rim, np.abs(w) - np.float32(disc.height / 2 + 4), 3.0)

    parts = [Part((Piece(centre - reach, centre + reach, distance),), Material(disc.hu))]
    if disc.vacuum:

        def gas(x: Array, y: Array, z: Array) -> Array:
            u, v, w = in_frame(x, y, z, centre, frame)
            rim = np.hypot(u / np.float32(0.5 * half_width), v / np.float32(0.5 * half_depth)) - 1
            return np.maximum(rim * np.float32(0.4 * half_depth), np.abs(w) - np.float32(0.3 * disc.height))

        parts.append(Part((Piece(centre - reach, centre + reach, gas),), Material(-600)))
    return tuple(parts)


def body_distance(vertebra: Vertebra, u: Array, v: Array, w: Array) -> Array:
    """Return the distance to the vertebral body in the vertebra's own frame."""
    half = vertebra.height / 2
    level = np.clip(w / np.float32(half), -1.2, 1.2)
    waist = np.float32(0.11 if vertebra.is_lumbar else 0.08) * (1 - level * level)
    spur = np.float32(vertebra.osteophyte / vertebra.width * 2) * np.square(np.square(level)) * (v < 6)
    stretch = 1 / (1 - waist + spur)
    outline = cross_section(u * stretch, v * stretch, vertebra.width / 2, vertebra.depth / 2)
    rim = (outline - 1) * np.float32(vertebra.depth * 0.46)
    rim += np.float32(0.5) * np.sin(u * np.float32(0.31) + np.float32(vertebra.wobble[0]) + w * np.float32(0.37))
    return smooth_intersection(rim, np.abs(w) - _half_height(vertebra, outline, v), 2.0)


def body_z_range(vertebra: Vertebra) -> tuple[float, float]:
    """Return the lowest and highest LPS z of the vertebral body, mm (to about 0.3 mm)."""
    share, angle, level = np.meshgrid(
        np.linspace(0.1, 1.05, 10), np.linspace(0, 2 * np.pi, 40, endpoint=False), np.linspace(0.35, 1.1, 32), indexing="ij"
    )
    own = np.stack(
        [share * np.sin(angle) * vertebra.width / 2, share * np.cos(angle) * vertebra.depth * FRONT, level * vertebra.height / 2]
    )
    own = np.concatenate([own.reshape(3, -1), own.reshape(3, -1) * np.array([[1], [1], [-1]])], 1)
    frame = vertebra.rotation
    x, y, z = (np.asarray(vertebra.centre)[:, None] + frame @ own).astype(np.float32)
    inside = body_distance(vertebra, *_own(vertebra, x, y, z, frame)) < 0
    return float(z[inside].min()), float(z[inside].max())


def cross_section(u: Array, v: Array, half_width: float, half_depth: float) -> Array:
    """Return 1 on the outline of a body or disc cut across, less inside: rounded in front, hollowed towards the canal."""
    ahead, behind = np.float32(2 * FRONT * half_depth), np.float32(2 * BACK * half_depth)
    a = np.abs(u) / np.float32(half_width)
    hollow = np.float32(1.0 + 0.10) - np.float32(0.16) * np.maximum(1 - np.square(a * np.float32(1.9)), 0)
    b = np.where(v < 0, -v / ahead, v / (behind * hollow))
    round_front = np.sqrt(a * a + b * b)
    fourth = a * a * a * a + b * b * b * b
    return np.where(v < 0, round_front, np.sqrt(np.sqrt(fourth)) * np.float32(0.75) + round_front * np.float32(0.25))


def _half_height(vertebra: Vertebra, outline: Array, v: Array) -> Array:
    """Return half the body's height: hollow endplates, and what a fracture left at front, middle and back."""
    front, middle, back = vertebra.heights
    t = np.clip(v / np.float32(vertebra.depth / 2), -1, 1)
    loss = middle + (back - front) / 2 * t + ((front + back) / 2 - middle) * t * t
    hollow = np.float32(0.07) * np.clip(1 - outline * outline, 0, 1)
    return np.float32(vertebra.height / 2) * (loss - hollow)


def _own(vertebra: Vertebra, x: Array, y: Array, z: Array, frame: NDArray[np.float64]) -> tuple[Array, Array, Array]:
    """Return own coordinates, slightly and smoothly distorted so that no two vertebrae look cast from one mould."""
    u, v, w = in_frame(x, y, z, vertebra.centre, frame)
    first, second, third = (np.float32(p) for p in vertebra.wobble)
    u = u + np.float32(0.8) * np.sin(v * np.float32(0.13) + first) + np.float32(0.4) * np.sin(w * np.float32(0.3) + third)
    v = v + np.float32(0.7) * np.sin(u * np.float32(0.11) + second)
    return u, v, w + np.float32(0.5) * np.sin(v * np.float32(0.16) + third)


def _posterior(vertebra: Vertebra, u: Array, v: Array, w: Array) -> Array:
    """Return the distance to the posterior elements; u is the distance from the midline."""
    s = vertebra
    wall = BACK * s.depth
    ped_u = s.canal_width / 2 + 0.42 * s.pedicle_width
    ped_w = (0.17 if s.is_lumbar else 0.22) * s.height
    back = wall + s.canal_depth
    scale = s.height / 28
    shape = _flat_z(u, v, w, (ped_u, 0.30 * s.depth, ped_w), (ped_u + 0.5, wall + 0.55 * s.canal_depth, ped_w - 1),
                    s.pedicle_width / 2, s.pedicle_height / 2)  # fmt: skip
    pillar = capsule(u, v, w, (ped_u, wall + 0.62 * s.canal_depth, ped_w + 1),
                     (min(ped_u, s.facets_below[0]), wall + 0.9 * s.canal_depth, -0.42 * s.height), 4.6 * scale, 4.8 * scale)  # fmt: skip
    shape = smooth_union(shape, pillar, 4.0)
    lamina = _flat_z(u, v, w, (s.canal_width / 2 + 1.5, wall + 0.85 * s.canal_depth, -0.08 * s.height),
                     (0, back + 4.0, -0.30 * s.height), 3.1, (0.36 if s.is_lumbar else 0.45) * s.height)  # fmt: skip
    shape = smooth_union(shape, lamina, 3.0)
    shape = smooth_union(shape, _spinous(s, u, v, w, back), 3.0)
    shape = smooth_union(shape, _transverse(s, u, v, w, ped_u, ped_w, wall), 4.0)
    for joint, angle, above in ((s.facets_above, s.facet_angles[0], True), (s.facets_below, s.facet_angles[1], False)):
        facet, merge = _facet(joint, angle, u, v, w, above=above, scale=scale), 3.0
        shape = smooth_union(shape, facet, merge)
    return shape


def _flat_z(
    u: Array, v: Array, w: Array, start: tuple[float, float, float], end: tuple[float, float, float], across: float, along: float
) -> Array:
    """Return a capsule ``across`` mm thick to each side and ``along`` mm high to each side."""
    squash = across / along
    return capsule(u, v, w * np.float32(squash), (*start[:2], start[2] * squash), (*end[:2], end[2] * squash), across, across)


def _spinous(s: Vertebra, u: Array, v: Array, w: Array, back: float) -> Array:
    """Return the spinous process: a plate in the midline with a thicker free edge, falling towards its tip."""
    fall = np.tan(np.radians(s.spinous_fall))
    length = s.spinous_length
    half_height = (0.33 if s.is_lumbar else 0.22) * s.height
    start = (0.0, back + 2.0, -0.30 * s.height)
    end = (0.0, back + length * np.cos(np.radians(s.spinous_fall)), start[2] - fall * length * np.cos(np.radians(s.spinous_fall)))
    plate = _flat_z(u, v, w, start, end, 3.0, half_height)
    edge = capsule(u, v, w, (0, end[1] - 1, end[2] + 0.6 * half_height), (0, end[1] - 1, end[2] - 0.8 * half_height), 3.4, 4.4)
    return smooth_union(plate, edge, 3.0)


def _transverse(s: Vertebra, u: Array, v: Array, w: Array, ped_u: float, ped_w: float, wall: float) -> Array:
    """Return the transverse process: long and flat in the lumbar spine, short and clubbed for a rib above it."""
    tip = s.transverse_width / 2
    if s.name in ("L5", "L6"):
        return capsule(u, v, w, (ped_u + 1, wall + 2, ped_w - 1), (tip - 4, wall + 11, ped_w + 4), 7.5, 4.2)
    if s.is_lumbar:
        squash = 0.62
        start, end = (ped_u, wall + 6, (ped_w - 2) * squash), (tip - 3, wall + 15, (ped_w - 1) * squash)
        return capsule(u, v, w * np.float32(squash), start, end, 3.7, 2.6)
    reach = wall + s.canal_depth * (0.55 if s.name in ("T11", "T12") else 0.95)
    if s.name.startswith("C"):
        return capsule(u, v, w, (ped_u, wall + 2, ped_w - 2), (tip - 4, wall - 2, ped_w - 4), 4.5, 3.5)
    return capsule(u, v, w, (ped_u, wall + 5, ped_w - 2), (tip - 5, reach + 2, ped_w + 1), 5.0, 5.2)


def _facet(joint: tuple[float, float, float], angle: float, u: Array, v: Array, w: Array, *, above: bool, scale: float) -> Array:
    """Return an articular process: a plate along the joint, in front of it (upper facet) or behind it (lower facet)."""
    c, s = np.float32(np.cos(np.radians(angle))), np.float32(np.sin(np.radians(angle)))
    thickness, half_width, half_height = 3.8 * scale, 7.6 * scale, 10.5 * scale
    side = (0.9 + thickness) * (1 if above else -1)
    du, dv, dw = u - np.float32(joint[0]), v - np.float32(joint[1]), w - np.float32(joint[2] + (-2.0 if above else 2.0))
    normal, tangent = du * c - dv * s - np.float32(side), du * s + dv * c
    bend = np.float32(0.024) * tangent * tangent  # the upper facets embrace the lower ones
    pn = (normal + bend) / np.float32(thickness)
    pt, pw = tangent / np.float32(half_width), dw / np.float32(half_height)
    square = pn * pn + pt * pt
    radius = np.sqrt(square + pw * pw * pw * pw)
    return (radius - 1) * np.float32(thickness)


def _body_box(vertebra: Vertebra) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    half = np.array([vertebra.width, vertebra.depth * 1.2, vertebra.height]) / 2 + 2 + vertebra.osteophyte
    return -half, half


def _box(vertebra: Vertebra) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the box in patient coordinates that holds the whole vertebra."""
    s = vertebra
    side = max(s.transverse_width / 2, s.width / 2 + s.osteophyte, s.facets_below[0] + 12) + 3
    fall = np.sin(np.radians(s.spinous_fall)) * s.spinous_length
    low = np.array([-side, -FRONT * s.depth - 4 - s.osteophyte, min(-0.75 * s.height - fall, s.facets_below[2] - 10) - 3])
    high = np.array([side, BACK * s.depth + s.canal_depth + s.spinous_length + 7, max(s.height / 2, s.facets_above[2] + 10) + 3])
    return _world_box(vertebra, low, high)


def _world_box(vertebra: Vertebra, low: NDArray[np.float64], high: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    corners = np.array([[a, b, c] for a in (low[0], high[0]) for b in (low[1], high[1]) for c in (low[2], high[2])])
    world = np.asarray(vertebra.centre) + corners @ vertebra.rotation.T
    return world.min(0), world.max(0)
