"""Tracer in the bones of a leg, and in the compartments of its knee."""

from dataclasses import dataclass

import numpy as np

from msk_monai.phantoms.uptake_solids import Blob, Place, Rod, Solid, Uptake, ball, chain, filled

COMPARTMENTS = ("medial", "lateral", "patellofemoral")
HALF_WIDTH = 41.0
"""Of the joint of a knee of size 1, mm."""
_MARGIN = 38.0


@dataclass(frozen=True, kw_only=True)
class ScanKnee:
    """A knee as a bone scan sees it.

    Args:
        side: -1 the right one, 1 the left one.
        centre: of its joint.
        lean: by which the thigh's end of its axis leans to the patient's left, degrees.
        turn: of the leg outwards about its axis, degrees.
        size: 1 is a man's of 175 cm.
        base: uptake of its bone where nothing is worn; the cortical bone of the shafts has 1.
        excess: uptake that wear adds in the compartments, in their order.
        spots: share of it that small spots at the joint's edge add on top, in the same order.
        prosthesis: whether the joint is a metal one.
        rim: uptake round a metal joint.
    """

    side: int
    centre: Place
    lean: float
    turn: float
    size: float
    base: float
    excess: tuple[float, float, float]
    spots: tuple[float, float, float] = (0.0, 0.0, 0.0)
    prosthesis: bool = False
    rim: float = 0.0

    @property
    def half_width(self) -> float:
        """Of the joint, mm."""
        return HALF_WIDTH * self.size

    def at(self, outwards: float, forwards: float, upwards: float) -> Place:
        """Where a place of the knee's own frame lies in the patient; mm of a knee of size 1."""
        (st, sl), (ct, cl) = (f(np.radians([self.turn, self.lean])) for f in (np.sin, np.cos))
        x, up = self.side * (outwards * ct + forwards * st) * self.size, upwards * self.size
        y = (outwards * st - forwards * ct) * self.size
        return (float(self.centre[0] + x * cl + up * sl), float(self.centre[1] + y), float(self.centre[2] - x * sl + up * cl))

    def blob(self, place: Place, radii: Place) -> Blob:
        """An ellipsoid at a place of the knee's own frame."""
        wide, deep, high = (r * self.size for r in radii)
        return Blob(self.at(*place), (wide, deep, high), self.lean)


def knee_uptake(knee: ScanKnee) -> list[Uptake]:
    """Bone and wear of a knee; of a metal joint, what of its bone is left."""
    patella = Uptake(knee.blob((0, 42, 26), (21, 9, 21)), 0.5 * knee.base)
    if knee.prosthesis:
        return [patella]
    bone = [Uptake(knee.blob((out, -4, 20), (20, 26, 21)), 0.26 * knee.base) for out in (-22, 22)]
    bone += [Uptake(knee.blob((0, 0, -16), (43, 25, 17)), 0.36 * knee.base), patella]
    bone.append(Uptake(knee.blob((0, 0, 4), (44, 27, 33)), 0.42 * knee.base))
    return bone + [part for k in range(3) for part in _worn(knee, k)]


def _worn(knee: ScanKnee, compartment: int) -> list[Uptake]:
    """What wear adds in one compartment: on both sides of the joint's gap, more on the tibia's, and at its edge."""
    level, spot = knee.excess[compartment], knee.excess[compartment] * knee.spots[compartment]
    if COMPARTMENTS[compartment] == "patellofemoral":
        return [
            Uptake(knee.blob((0, 40, 26), (17, 10, 17)), 1.5 * level),
            Uptake(knee.blob((0, 22, 22), (16, 8, 14)), 0.9 * level),
            Uptake(ball(knee.at(0, 40, 46), 6 * knee.size), 2 * spot),
        ]
    out = -1 if COMPARTMENTS[compartment] == "medial" else 1
    return [
        Uptake(knee.blob((out * 23, 0, -8), (18, 20, 10)), level),
        Uptake(knee.blob((out * 23, -4, 9), (16, 19, 9)), 0.6 * level),
        Uptake(ball(knee.at(out * _MARGIN, 4, -6), 6 * knee.size), 3 * spot),
    ]


def metal_joint(knee: ScanKnee) -> list[Solid]:
    """The femoral part, the tray and its stem: what lies behind them is not seen."""
    parts: list[Solid] = [knee.blob((0, 0, 15), (38, 24, 18))]
    return [*parts, knee.blob((0, 0, -9), (40, 22, 8)), Rod(knee.at(0, 0, -10), knee.at(0, 0, -48), (8 * knee.size, 6 * knee.size))]


def metal_rim(knee: ScanKnee) -> list[Uptake]:
    """Bone that the metal stirs: under the tray, about the tip of its stem, above the femoral part."""
    under = [Uptake(knee.blob((out * 20, 0, -20), (17, 18, 5)), knee.rim) for out in (-1, 1)]
    above = [Uptake(knee.blob((out * 20, 0, 35), (16, 18, 5)), 0.6 * knee.rim) for out in (-1, 1)]
    return [*under, *above, Uptake(ball(knee.at(0, 0, -54), 9 * knee.size), 1.2 * knee.rim)]


@dataclass(frozen=True, kw_only=True)
class ScanLeg:
    """A leg: hip, knee, ankle, and how its foot points.

    Args:
        knee: its knee; its side is the leg's.
        hip, ankle: centres of these joints.
        foot: mm from the ankle to the toes along x, y, z.
        girth: radius of its flesh, 1 is usual.
    """

    knee: ScanKnee
    hip: Place
    ankle: Place
    foot: Place
    girth: float

    @property
    def toes(self) -> Place:
        """Where the foot ends."""
        x, y, z = (a + b for a, b in zip(self.ankle, self.foot, strict=True))
        return x, y, z

    def between(self, start: Place, end: Place, share: float, outwards: float = 0.0) -> Place:
        """A place on the way from one joint to another, so many mm further out."""
        x, y, z = (a + share * (b - a) for a, b in zip(start, end, strict=True))
        return x + self.knee.side * outwards, y, z


def leg_uptake(leg: ScanLeg) -> list[Uptake]:
    """Femur, tibia, fibula, knee, ankle and foot."""
    knee, side, size = leg.knee, leg.knee.side, leg.knee.size
    head = leg.hip
    trochanter = (head[0] + side * 40 * size, head[1] + 12, head[2] - 12 * size)
    below = (trochanter[0] - side * 8 * size, trochanter[1], trochanter[2] - 45 * size)
    top, bottom = knee.at(0, 0, 55), knee.at(0, 0, -40)
    gone = 0.55 if knee.prosthesis else 1.0
    return [
        *filled([ball(head, 23 * size)], 0.55),
        *filled([Rod(head, trochanter, (15 * size, 17 * size)), Rod(trochanter, below, (15 * size, 15 * size))], 0.6),
        *filled(chain([below, top], (12 * size, 12.5 * size)), 0.75),
        *filled(chain([top, knee.at(0, 0, 24)], (13 * size, 26 * size)), 0.42 * gone * knee.base),
        *knee_uptake(knee),
        *filled(chain([knee.at(0, 0, -20), bottom], (25 * size, 13 * size)), 0.42 * gone * knee.base),
        *filled(chain([bottom, leg.between(bottom, leg.ankle, 0.92)], (11 * size, 9.5 * size)), 0.8),
        *filled(chain([leg.between(bottom, leg.ankle, 0.92), leg.ankle], (10 * size, 18 * size)), 0.6),
        *filled(chain([knee.at(34, -14, -28), leg.between(bottom, leg.ankle, 0.95, 24 * size)], (5 * size, 6 * size)), 0.65),
        *filled([ball(knee.at(34, -14, -26), 9 * size)], 0.6),
        *_foot_uptake(leg),
    ]


def _foot_uptake(leg: ScanLeg) -> list[Uptake]:
    side, size = leg.knee.side, leg.knee.size
    x, y, z = leg.ankle
    heel = (x - side * 4 * size, y + 22 * size, z - 25 * size)
    middle = leg.between(leg.ankle, leg.toes, 0.45)
    rays = [leg.between(middle, leg.toes, 1.0 - 0.06 * k, (k - 2) * 11 * size) for k in range(5)]
    roots = [(middle[0] + side * (k - 2) * 7 * size, middle[1], middle[2]) for k in range(5)]
    return [
        *filled([Blob(leg.ankle, (24 * size, 18 * size, 12 * size)), ball((x, y, z - 18 * size), 17 * size)], 0.65),
        *filled([ball(heel, 19 * size)], 0.55),
        *filled([Rod(leg.between(leg.ankle, leg.toes, 0.18), middle, (19 * size, 22 * size))], 0.5),
        *(Uptake(Rod(root, ray, (7 * size, 5 * size)), 0.8) for root, ray in zip(roots, rays, strict=True)),
    ]


def leg_flesh(leg: ScanLeg) -> list[Solid]:
    """Outline of thigh, calf and foot."""
    knee, g, size = leg.knee, leg.girth, leg.knee.size
    calf = leg.between(knee.centre, leg.ankle, 0.3)
    return [
        Rod((leg.hip[0] + knee.side * 8, leg.hip[1], leg.hip[2] - 30), knee.at(0, -4, 40), (92 * g, 62 * size * (0.4 + 0.6 * g)), 0.88),
        Rod(knee.at(0, -4, 40), knee.at(0, -2, -50), (61 * size * (0.4 + 0.6 * g), 55 * size * (0.4 + 0.6 * g)), 0.95),
        Rod(knee.at(0, -4, -50), (calf[0], calf[1] + 8, calf[2]), (55 * size * (0.4 + 0.6 * g), 56 * size * (0.4 + 0.6 * g)), 0.95),
        Rod((calf[0], calf[1] + 8, calf[2]), leg.ankle, (56 * size * (0.4 + 0.6 * g), 36 * size), 0.95),
        Rod(leg.ankle, leg.toes, (40 * size, 36 * size), 0.8),
        ball((leg.ankle[0], leg.ankle[1] + 20 * size, leg.ankle[2] - 25 * size), 34 * size),
    ]
