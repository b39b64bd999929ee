"""Tracer in the skeleton of head, trunk and arms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.uptake_solids import Blob, Place, Rod, Solid, Uptake, ball, chain, filled

_VERTEBRAE = ("C", 7, 0.0079), ("T", 12, 0.01375), ("L", 5, 0.0205)
_SPINE_TOP = 0.893
_RIB_WIDTH = (56.0, 84, 103, 116, 124, 129, 132, 133, 132, 127, 118, 104)
_RIB_DEPTH = (46.0, 60, 70, 76, 80, 82, 82, 80, 78, 75, 70, 64)
_RIB_END = (148.0, 146, 146, 145, 144, 142, 140, 132, 122, 108, 76, 52)
_RIB_DROP = (0.018, 0.03, 0.042, 0.05, 0.058, 0.064, 0.07, 0.07, 0.066, 0.058, 0.045, 0.03)


@dataclass(frozen=True, kw_only=True)
class ScanTrunk:
    """Head, trunk and arms of a patient who lies on the back.

    Args:
        height: of the patient standing, mm.
        width: of the skeleton, 1 is usual.
        girth: of the flesh, 1 is usual.
        curves: the spine's deviation to the patient's left: (mm, z as a share of the height, extent in the same unit) of each curve.
        kyphosis: mm by which the thoracic spine bends backwards.
        levels: uptake of each vertebra, C1 to L5.
        elbows: of the right and the left arm.
        wrists: the same.
    """

    height: float
    width: float
    girth: float
    curves: tuple[tuple[float, float, float], ...]
    kyphosis: float
    levels: tuple[float, ...]
    elbows: tuple[Place, Place]
    wrists: tuple[Place, Place]

    def z(self, share: float) -> float:
        """A height, mm from the soles."""
        return share * self.height

    def size(self) -> float:
        """Of bones, 1 is a man's of 175 cm."""
        return self.height / 1750

    def lateral(self, share: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """The spine's x at a height, which is given as a share."""
        return np.sum([a * np.exp(-(((np.asarray(share) - at) / wide) ** 2)) for a, at, wide in self.curves], axis=0)

    def shoulder(self, side: int) -> Place:
        """Centre of the head of a humerus."""
        return side * 152 * self.width + float(self.lateral(0.81)), 12.0, self.z(0.818)

    def vertebra(self, name: str) -> Place:
        """Centre of a vertebral body, such as ``L3``."""
        share = _SPINE_TOP
        for letter, count, high in _VERTEBRAE:
            for number in range(1, count + 1):
                if name == f"{letter}{number}":
                    return self._body(share - high / 2)
                share -= high
        raise ValueError(f"expected a vertebra from C1 to L5, got {name!r}")

    def _body(self, share: float) -> Place:
        depth = 48 + self.kyphosis * np.exp(-(((share - 0.77) / 0.06) ** 2)) - 16 * np.exp(-(((share - 0.62) / 0.05) ** 2))
        return float(self.lateral(share)), float(depth - 40 * np.clip((share - 0.84) / 0.06, 0, 1)), self.z(share)


NAMES = tuple(f"{letter}{number}" for letter, count, _ in _VERTEBRAE for number in range(1, count + 1))
"""Of the vertebrae, from the head down."""


def trunk_uptake(trunk: ScanTrunk) -> list[Uptake]:
    """All bones above the legs."""
    return [*_skull(trunk), *_spine(trunk), *_ribs(trunk), *_pelvis(trunk), *(u for s in (-1, 1) for u in _arm(trunk, s))]


def _skull(trunk: ScanTrunk) -> list[Uptake]:
    s, w = 1.06 * trunk.size() ** 0.5, trunk.width
    x, top = float(trunk.lateral(0.89)), trunk.height
    brain, face = (x, 12.0, top - 88 * s), (x, -45.0, top - 172 * s)
    jaw = [(x + side * 50 * w, -10.0, top - 165 * s) for side in (-1, 1)]
    chin = (x, -75.0, top - 218 * s)
    return [
        Uptake(Blob(brain, (75 * w, 94, 84 * s)), 0.36),
        Uptake(Blob(brain, (68 * w, 87, 77 * s)), -0.35),
        Uptake(Blob((x, 5.0, top - 138 * s), (54 * w, 60, 18)), 0.32),
        Uptake(Blob(face, (38 * w, 28, 32 * s)), 0.42),
        *filled([Blob((x + side * 30 * w, -62.0, top - 132 * s), (17, 16, 12)) for side in (-1, 1)], -0.3),
        Uptake(Blob((x, -62.0, face[2] + 8), (12, 20, 22)), 0.8),
        Uptake(Blob((x, -58.0, face[2] - 22), (27 * w, 18, 10)), 0.7),
        *filled([Rod(end, chin, (8, 9)) for end in jaw], 0.6),
        *filled([ball(end, 9) for end in jaw], 0.5),
    ]


def _spine(trunk: ScanTrunk) -> list[Uptake]:
    parts, s = [], trunk.size()
    for name, level in zip(NAMES, trunk.levels, strict=True):
        x, y, z = trunk.vertebra(name)
        number = int(name[1:])
        wide, deep, high = {"C": (11, 9, 7.5), "T": (12 + 0.5 * number, 11 + 0.4 * number, 13.0), "L": (22, 16, 18.5)}[name[0]]
        parts.append(Uptake(Blob((x, y, z), (wide * s, deep * s, high * s)), 0.85 * level))
        parts.append(Uptake(Blob((x, y + 26 * s, z - 3), (wide * s, 9, 0.85 * high * s)), 0.7 * level))
    return parts


def _ribs(trunk: ScanTrunk) -> list[Uptake]:
    parts: list[Uptake] = []
    for number in range(12):
        x, y, z = trunk.vertebra(f"T{number + 1}")
        turn = np.radians(np.linspace(14, _RIB_END[number], 10))
        wide, deep = _RIB_WIDTH[number] * trunk.width, _RIB_DEPTH[number]
        drop = _RIB_DROP[number] * trunk.height * (1 - np.cos(turn)) / (1 - np.cos(turn[-1]))
        middle = y + 22 - deep
        for side in (-1, 1):
            path = np.column_stack([x + side * wide * np.sin(turn) ** 0.75, middle + deep * np.cos(turn), z - drop])
            parts += filled(chain(path, [5.0] * 4 + [4.6] * 6), 0.72)
            parts.append(Uptake(ball((float(path[-1, 0]), float(path[-1, 1]), float(path[-1, 2])), 6), 0.55))
    x, s = float(trunk.lateral(0.77)), trunk.size()
    sternum = [Blob((x, -78.0, trunk.z(0.806)), (23 * s, 7, 22 * s)), Blob((x, -86.0, trunk.z(0.757)), (15 * s, 6, 62 * s))]
    return parts + filled(sternum, 1.15)


def _arm(trunk: ScanTrunk, side: int) -> list[Uptake]:
    x, y, z = trunk.shoulder(side)
    s, chest = trunk.size(), float(trunk.lateral(0.81))
    elbow, wrist = trunk.elbows[(side + 1) // 2], trunk.wrists[(side + 1) // 2]
    clavicle = chain([(chest + side * 20, -70.0, z + 2), (chest + side * 75, -62.0, z + 18), (x - side * 14, 0.0, z + 24)], (7, 5.5, 5.5))
    glenoid, corner = (x - side * 24, y + 12, z - 6), (chest + side * 84 * trunk.width, 80.0, z - 128 * s)
    scapula = [
        *chain([glenoid, corner], (8, 5)),
        *chain([corner, (chest + side * 70 * trunk.width, 82.0, z + 6)], (4.5, 4)),
        *chain([(chest + side * 72 * trunk.width, 84.0, z), (x - side * 6, 26.0, z + 22)], (4.5, 6)),
    ]
    hand = tuple(b + 0.30 * (b - a) for a, b in zip(elbow, wrist, strict=True))
    fingers = [
        Rod(wrist, (hand[0] + (k - 2) * 11 * s, hand[1] - 6 * abs(k - 2), hand[2] - (8 if k == 2 else 0)), (5.5 * s, 3.5 * s))
        for k in range(5)
    ]
    return [
        *filled(clavicle, 0.65),
        *filled([ball((chest + side * 22, -72.0, z + 1), 10)], 0.7),
        *filled(scapula, 0.6),
        *filled([ball(glenoid, 13), ball((x - side * 8, y + 6, z + 21), 10)], 0.6),
        *filled([ball((x, y, z), 23 * s)], 0.62),
        *filled(chain([(x + side * 3, y, z - 15), elbow], (11 * s, 9.5 * s)), 0.55),
        *filled([Blob(elbow, (22 * s, 12, 13 * s))], 0.6),
        *filled(chain([(elbow[0] - 8, elbow[1], elbow[2]), (wrist[0] - 11, wrist[1], wrist[2])], (6, 5.5)), 0.6),
        *filled(chain([(elbow[0] + 8, elbow[1], elbow[2]), (wrist[0] + 11, wrist[1], wrist[2])], (6, 6)), 0.6),
        *filled([Blob(wrist, (20 * s, 10, 13 * s))], 0.65),
        *filled([Blob((wrist[0] + 0.4 * (hand[0] - wrist[0]), wrist[1], wrist[2] + 0.4 * (hand[2] - wrist[2])), (28 * s, 7, 30 * s))], 0.3),
        *filled(fingers, 0.6),
    ]


def hips(trunk: ScanTrunk) -> tuple[Place, Place]:
    """Centres of the right and the left hip."""
    return (-89 * trunk.width, 6.0, trunk.z(0.52)), (89 * trunk.width, 6.0, trunk.z(0.52))


def _pelvis(trunk: ScanTrunk) -> list[Uptake]:
    s, w = trunk.size(), trunk.width
    base = float(trunk.lateral(0.56))
    parts = [Uptake(Blob((base / 2, 66.0, trunk.z(0.545)), (44 * w, 18, 48 * s)), 0.85), Uptake(ball((0.0, 70.0, trunk.z(0.51)), 10), 0.5)]
    for side, (x, y, z) in zip((-1, 1), hips(trunk), strict=True):

        def at(out: float, back: float, up: float, *, side: int = side, z: float = z) -> Place:
            return side * out * w, back, z + up * s

        crest = [at(48, 78, 92), at(82, 48, 128), at(118, 8, 122), at(130, -34, 82), at(120, -48, 60)]
        parts += [
            *filled(chain(crest, (10, 9, 8, 8, 8)), 0.5),
            *filled([Rod(at(43, 66, 80), at(46, 60, 36), (10, 9))], 1.15),
            *filled([Rod(at(50, 52, 62), at(88, 12, 22), (24, 24), 0.6)], 0.7),
            *filled([Rod(at(118, -44, 58), at(94, -8, 22), (12, 18), 0.6)], 0.5),
            Uptake(Blob(at(92, 20, 76), (42 * w, 9, 50 * s), side * 16.0), 0.62),
            *filled([Blob((x, y + 4, z + 14 * s), (31, 24, 22))], 0.6),
            *filled([Rod(at(84, 18, -20), at(62, 44, -76), (13, 14))], 0.6),
            *filled([Rod(at(74, -16, 4), at(14, -52, -26), (8, 8))], 0.65),
            *filled([Rod(at(10, -48, -34), at(54, 34, -80), (7, 8))], 0.65),
        ]
    return [*parts, Uptake(Blob((0.0, -52.0, trunk.z(0.52) - 34 * s), (9, 10, 18 * s)), 0.4)]


def trunk_flesh(trunk: ScanTrunk) -> list[Solid]:
    """Outline of head, trunk and arms."""
    g, w, z, neck = trunk.girth, trunk.width, trunk.z, float(trunk.lateral(0.88))
    chest, belly = 148 * w * (0.5 + 0.5 * g), 158 * g
    parts: list[Solid] = [
        Blob((neck, 4.0, trunk.height - 95 * trunk.size() ** 0.5), (82 * w, 104, 96)),
        Blob((neck, -38.0, trunk.height - 170 * trunk.size() ** 0.5), (62 * w, 62, 68)),
        Rod((neck, 10.0, z(0.90)), (0.0, 20.0, z(0.83)), (58 * g**0.5, 70 * g**0.5)),
        Rod((-112 * w, 14.0, z(0.795)), (112 * w, 14.0, z(0.795)), (62 * g**0.5, 62 * g**0.5)),
        *(Rod((neck, 14.0, z(0.872)), (side * 140 * w, 14.0, z(0.815)), (48 * g**0.5, 46 * g**0.5)) for side in (-1, 1)),
        Rod((0.0, 0.0, z(0.755)), (0.0, 0.0, z(0.67)), (chest, chest), 0.71),
        Rod((0.0, -4.0, z(0.67)), (0.0, -4.0, z(0.60)), (chest, belly), 0.68),
        Rod((0.0, -4.0, z(0.60)), (0.0, 4.0, z(0.555)), (belly, 164 * w * (0.4 + 0.6 * g)), 0.66),
    ]
    for side in (-1, 1):
        elbow, wrist = trunk.elbows[(side + 1) // 2], trunk.wrists[(side + 1) // 2]
        hand = tuple(b + 0.30 * (b - a) for a, b in zip(elbow, wrist, strict=True))
        parts += [
            Rod(trunk.shoulder(side), elbow, (56 * g**0.5, 45 * g**0.5), 0.95),
            Rod(elbow, wrist, (45 * g**0.5, 30 * g**0.3), 0.9),
            Rod(wrist, (hand[0], hand[1], hand[2]), (34 * trunk.size(), 26 * trunk.size()), 0.6),
        ]
    return parts
