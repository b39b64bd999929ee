"""Rib cage, shoulder girdle, arms, and a plain skull: the bones above and beside the lumbar spine."""

# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.shapes import Material, Part, Piece, box_piece, ellipsoid_piece, rotation_xyz, tube
from msk_monai.phantoms.spine import Spine, Vertebra


@dataclass(frozen=True, kw_only=True)
class Cage:
    """The rib cage: scale of its width and depth, how steeply the ribs fall, and the last ribs' lengths.

    Args:
        rib12: length of the twelfth ribs in mm (left, right); 0: absent.
        lumbar_ribs: length of ribs at L1 in mm; 0: none.
        arms_down: whether the arms lie beside the trunk (else they are raised and only the shoulders are seen).
    """

    width: float
    depth: float
    fall: float
    rib12: tuple[float, float]
    lumbar_ribs: float
    arms_down: bool
    thickness: float = 1.0

    def half_width(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Half width of the cage in mm at a level: 1 at T1 … 12 at T12, running on below."""
        return self.width * np.interp(level, _LEVELS, _HALF_WIDTH)

    def half_depth(self, level: NDArray[np.float64]) -> NDArray[np.float64]:
        """Half depth of the cage in mm at a level."""
        return self.depth * np.interp(level, _LEVELS, _HALF_DEPTH)


_LEVELS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
_HALF_WIDTH = (45, 56, 76, 92, 103, 111, 118, 124, 129, 132, 134, 134, 132, 129, 126, 124, 122)
_HALF_DEPTH = (30, 38, 52, 64, 73, 80, 86, 91, 95, 98, 100, 100, 98, 95, 92, 90, 88)
_REACH = (168, 165, 160, 156, 153, 150, 147, 142, 136, 126, 96, 72)  # angle round the cage where the bone ends, degrees
_FALL = (26, 42, 56, 68, 80, 92, 102, 112, 122, 132, 140, 130)  # of the bony rib from its head to its end, mm


def cage_parts(spine: Spine, cage: Cage, *, cortical_hu: float) -> list[Part]:
    """Return ribs, costal cartilages and sternum."""
    ribs: list[Piece] = []
    cartilage: list[Piece] = []
    ends = []
    for number in range(1, 13):
        for side, length in ((1, cage.rib12[0]), (-1, cage.rib12[1])):
            path = rib_path(spine, cage, number, side)
            if number == 12:
                path = _cut(path, length)
            if len(path) < 2:
                continue
            ribs += tube(path, _rib_radius(number, len(path)) * cage.thickness, 0.55)
            if number <= 10:
                ends.append((number, side, path[-1]))
    if cage.lumbar_ribs:
        for side in (1, -1):
            ribs += tube(_cut(_lumbar_rib(spine, cage, side), cage.lumbar_ribs), (2.4,) * 40, 0.6)
    sternum, top, bottom = _sternum(spine, cage)
    for number, side, end in ends:
        share = min((number - 1) / 6, 1.0)
        goal = top + (bottom - top) * share + (side * 14, 0, 0)
        middle = (end + goal) / 2 + (side * 4, 0, -8 if number > 4 else 0)
        cartilage += tube(np.array([end, middle, goal]), (4.0, 4.0, 4.0), 0.7)
    return [
        Part(tuple(cartilage), Material(110)),
        Part(tuple(ribs), Material(0.85 * cortical_hu, 1.4, 160, texture_hu=30)),
        Part(tuple(sternum), Material(0.55 * cortical_hu, 1.2, 130, texture_hu=30)),
    ]


def rib_path(spine: Spine, cage: Cage, number: int, side: int) -> NDArray[np.float64]:
    """Return points ``(N, 3)`` along a rib, from its head at the spine to the end of its bone, LPS mm."""
    vertebra = spine[f"T{number}"]
    head = vertebra.to_patient(
        (side * (0.5 * vertebra.width + 1.0), 0.36 * vertebra.depth, (0.32 if number < 11 else 0.1) * vertebra.height)
    )
    tip = vertebra.to_patient((side * (vertebra.transverse_width / 2 + 1), _neck_y(vertebra) - 3, 0.20 * vertebra.height))
    middle_x, middle_y = vertebra.centre[0] * 0.75, vertebra.centre[1] + 8.0
    angle = np.radians(np.linspace(17 if number < 11 else 20, _REACH[number - 1], 16))
    share = np.linspace(0.02, 1, 16)
    front = middle_y - cage.depth * np.interp(number, _LEVELS, _HALF_DEPTH)
    back = tip[1] + 14 - 1.0 * max(number - 10, 0)
    centre_y, half_y = (front - 25 + back) / 2, (back - front + 25) / 2
    half_x = cage.half_width(np.array(float(number)) + share * 0.6)
    fall = cage.fall * _FALL[number - 1] * share**0.95
    arc = np.stack(
        [
            middle_x * (1 - share) + side * half_x * np.sin(angle),
            centre_y + half_y * np.cos(angle),
            tip[2] - 2 - fall,
        ],
        1,
    )
    return np.concatenate([head[None], ((head + tip) / 2 + (0, 2, 1))[None], tip[None], arc])


def _neck_y(vertebra: Vertebra) -> float:
    return 0.46 * vertebra.depth + vertebra.canal_depth * (0.55 if vertebra.name in ("T11", "T12") else 0.95)


def _lumbar_rib(spine: Spine, cage: Cage, side: int) -> NDArray[np.float64]:
    tip = spine["L1"].to_patient((side * spine["L1"].transverse_width / 2, 0.46 * spine["L1"].depth + 10, 3))
    return np.array([tip + (side * 0.9 * t, -0.10 * t * t / 50, -0.45 * t) for t in np.linspace(0, 60, 8)])


def _cut(path: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Cut a path to a length in mm."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    if length <= 0:
        return path[:0]
    stops = np.append(along[along < min(length, along[-1]) - 1], min(length, along[-1]))
    return np.stack([np.interp(stops, along, path[:, k]) for k in range(3)], 1)


def _rib_radius(number: int, count: int) -> NDArray[np.float64]:
    radius = np.full(count, 3.6 if number not in (1, 11, 12) else 3.0)
    radius[:3] = 3.6
    radius[-1] *= 0.6 if number > 10 else 1.0
    return radius


def _sternum(spine: Spine, cage: Cage) -> tuple[list[Piece], NDArray[np.float64], NDArray[np.float64]]:
    """Return manubrium, body and xiphoid process, and the ends of the line the cartilages reach."""
    first, last = spine["T3"], spine["T10"]
    top = np.array([0.3 * first.centre[0], first.centre[1] - cage.depth * 62, first.centre[2]])
    bottom = np.array([0.3 * last.centre[0], spine["T8"].centre[1] - cage.depth * 128, last.centre[2] + 8])
    line = bottom - top
    lean = rotation_xyz(-float(np.degrees(np.arctan2(line[1], line[2]))) + 180)
    length = float(np.linalg.norm(line))
    along = line / length
    pieces = [
        box_piece(top + 0.10 * line, (27, 5.5, 24), 5, lean),
        box_piece(top + along * (0.62 * length), (17, 5, 0.40 * length), 5, lean),
        box_piece(bottom + along * 12, (7, 3, 14), 3, lean),
    ]
    return pieces, top + 0.15 * line, bottom


def shoulder_parts(spine: Spine, cage: Cage, *, cortical_hu: float, hip: NDArray[np.float64]) -> list[Part]:
    """Return clavicles, shoulder blades and arms."""
    bone: list[Piece] = []
    shafts: list[Piece] = []
    up = int(not cage.arms_down)
    first = spine["T1"].centre
    for side in (1, -1):
        joints = arm_joints(spine, cage, hip, side)
        joint = joints[0]
        inner = np.array([side * 26, first[1] - 45, first[2] - 45])
        bone += tube(
            np.array([inner, inner + (side * 45, -8, 12), joint + (-side * 40, 8, 26), joint + (-side * 8, 8, 30)]), (6.5, 5.5, 5.5, 6.5)
        )
        blade = np.array([side * 112 * cage.width, first[1] + 66, first[2] - 92 + 18 * up])
        bone.append(box_piece(blade, (2.2, 34, 58), 2, rotation_xyz(0, side * (8 + 25 * up), side * 58)))
        bone += tube(np.array([blade + (-side * 40, 14, 40), blade + (side * 10, 10, 48), joint + (-side * 2, 28, 30)]), (4, 5, 7))
        bone.append(ellipsoid_piece(joint + (-side * 26, 8, 0), (10, 13, 18)))
        bone.append(ellipsoid_piece(joint, (24, 24, 24)))
        shafts += tube(joints[:2] + np.array([(0, 0, -20 if cage.arms_down else 20), (0, 0, 0)]), (13, 11))
        if cage.arms_down:
            elbow, wrist, hand = joints[1:]
            bone.append(ellipsoid_piece(elbow, (26, 16, 16)))
            for dx, dy in ((7, 0), (-8, 5)):
                shafts += tube(np.array([elbow + (dx, dy, -10), wrist + (dx, dy, 0)]), (7, 6))
            bone += [p for k in range(4) for p in tube(np.array([wrist, hand + (0, 12 * k - 18, 0)]), (4.5, 3.5))]
    return [
        Part(tuple(bone), Material(0.7 * cortical_hu, 1.5, 150, texture_hu=30)),
        Part(tuple(shafts), Material(cortical_hu, 4, 30)),
    ]


def arm_joints(spine: Spine, cage: Cage, hip: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Return the middles of shoulder, elbow, wrist and knuckles (of a raised arm: shoulder and elbow), LPS mm."""
    first = np.asarray(spine["T1"].centre)
    shoulder = np.array([side * 168 * cage.width, first[1] + 18, first[2] - (30 if cage.arms_down else -15)])
    if not cage.arms_down:
        return np.array([shoulder, shoulder + (side * 40, -40, 260)])
    wrist = np.array([side * (hip[0] + 118), hip[1] + 12, hip[2] + 20])
    elbow = np.array([side * max(205 * cage.width, hip[0] + 122), (shoulder[1] + wrist[1]) / 2 + 14, (shoulder[2] + wrist[2]) / 2 + 20])
    return np.array([shoulder, elbow, wrist, wrist + (-side * 6, -8, -80)])


def skull_parts(spine: Spine, *, cortical_hu: float) -> list[Part]:
    """Return atlas, skull, jaw and teeth, all crude."""
    axis = np.asarray(spine["C2"].centre)
    centre = axis + (0, -18, 95)
    atlas = [ellipsoid_piece(axis + (s * 20, 0, 15), (11, 10, 8)) for s in (1, -1)]
    ring = np.array([axis + (20 * np.cos(a), 12 + 20 * np.sin(a), 15) for a in np.linspace(0, np.pi, 8)])
    jaw = np.array([axis + (48 * np.cos(a), -22 - 72 * np.sin(a), -12 + 40 * np.cos(a) ** 4) for a in np.linspace(0, np.pi, 14)])
    arch = np.array([axis + (24 * np.cos(a), -55 - 30 * np.sin(a), 8) for a in np.linspace(0, np.pi, 10)])
    return [
        Part((ellipsoid_piece(centre, (76, 94, 72)),), Material(cortical_hu, 6.0, 35)),
        Part((ellipsoid_piece(centre + (0, -62, -58), (52, 38, 42)),), Material(380, texture_hu=240)),
        Part((*atlas, *tube(ring, (5,) * 8), *tube(jaw, (7,) * 14)), Material(cortical_hu, 2.5, 250)),
        Part(tube(arch, (5,) * 10, 0.5), Material(1900)),
    ]
