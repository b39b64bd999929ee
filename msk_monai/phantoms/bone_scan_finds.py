"""What a bone scan shows beside worn knees: urine, the injection, fractures, metastases, other worn joints, metal hips."""

from dataclasses import dataclass, field

import numpy as np

from msk_monai.phantoms.leg_uptake import ScanLeg
from msk_monai.phantoms.recipe import between, chance
from msk_monai.phantoms.trunk_uptake import NAMES, ScanTrunk, hips
from msk_monai.phantoms.uptake_solids import Blob, Place, Rod, Solid, Uptake, ball

SIDES = ("right", "left")


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things may be found: a patient's skeleton and age."""

    trunk: ScanTrunk
    legs: tuple[ScanLeg, ScanLeg]
    age: float


@dataclass(frozen=True, kw_only=True)
class Finds:
    """Names of what was found, its uptake, and metal that casts cold shadows."""

    names: list[str] = field(default_factory=list)
    uptake: list[Uptake] = field(default_factory=list)
    metal: list[Solid] = field(default_factory=list)

    def add(self, name: str, *uptake: Uptake) -> None:
        """Note one more."""
        self.names.append(name)
        self.uptake.extend(uptake)


def sample_finds(rng: np.random.Generator, places: Places, *, broken: tuple[bool, bool]) -> Finds:
    """Draw them; the urinary tract is always seen, most else in a few patients only.

    Args:
        rng: of the patient.
        places: where they may lie.
        broken: whether the right and the left tibial plateau are.
    """
    finds = Finds()
    _urine(rng, places, finds)
    _injection(rng, places, finds)
    for draw_some in (_joints, _fractures, _metastases, _metal_hips):
        draw_some(rng, places, finds)
    for leg, side, is_broken in zip(places.legs, SIDES, broken, strict=True):
        if is_broken:
            finds.add(f"tibial plateau fracture, {side}", Uptake(leg.knee.blob((0, 0, -17), (36, 22, 10)), between(rng, (2, 6))))
    return finds


def _urine(rng: np.random.Generator, places: Places, finds: Finds) -> None:
    """Bladder and kidneys, and urine where it should not be."""
    trunk, s = places.trunk, places.trunk.size()
    full = between(rng, (17, 42))
    centre = (float(rng.normal(0, 6)), -38.0, trunk.z(0.52) + (full - 12) * s)
    level = between(rng, (45, 260)) / full  # what it voided last is not in it
    finds.uptake.append(Uptake(Blob(centre, (full * between(rng, (1.0, 1.35)), full, full * between(rng, (0.65, 1.0)))), level))
    for side in (-1, 1):
        if chance(rng, 0.97):
            lean = -side * between(rng, (5, 18))
            middle = (side * between(rng, (58, 74)) * trunk.width, 52.0, trunk.z(0.655) + side * 8 + float(rng.normal(0, 10)))
            finds.uptake.append(Uptake(Blob(middle, (25 * s, 20 * s, 50 * s), lean), between(rng, (0.15, 0.9))))
    if chance(rng, 0.08):
        spot = (float(rng.normal(0, 25)), -30.0, trunk.z(0.44) - between(rng, (0, 120)))
        finds.add("urine on the skin", Uptake(Blob(spot, (between(rng, (5, 16)), 6, between(rng, (5, 20)))), between(rng, (5, 25))))


def _injection(rng: np.random.Generator, places: Places, finds: Finds) -> None:
    """The site of injection; some of the dose may have gone beside the vein."""
    if chance(rng, 0.12):
        return
    index = int(rng.integers(2))
    elbow, wrist = places.trunk.elbows[index], places.trunk.wrists[index]
    where = str(rng.choice(("elbow", "wrist", "hand"), p=(0.6, 0.15, 0.25)))
    share = {"elbow": between(rng, (-0.05, 0.1)), "wrist": between(rng, (0.85, 1.0)), "hand": between(rng, (1.05, 1.2))}[where]
    x, y, z = (a + share * (b - a) for a, b in zip(elbow, wrist, strict=True))
    spot = (x, y - 20, z)
    beside = chance(rng, 0.18)
    radius = between(rng, (9, 18)) if beside else between(rng, (3.5, 8))
    level = between(rng, (5, 25)) if beside else between(rng, (2, 22))
    finds.add(f"injection site{' with extravasation' if beside else ''}, {SIDES[index]} {where}", Uptake(ball(spot, radius), level))
    if beside:
        up = (x * 0.97, y - 15, z + between(rng, (40, 110)))
        finds.uptake.append(Uptake(Rod(spot, up, (3, 2)), between(rng, (2, 8))))


def _joints(rng: np.random.Generator, places: Places, finds: Finds) -> None:
    """Other worn joints, each side for itself; shares are of patients of 65."""
    trunk, s = places.trunk, places.trunk.size()
    for index, side in enumerate((-1, 1)):
        leg, shoulder = places.legs[index], trunk.shoulder(side)
        out, wrist, elbow = hips(trunk)[index], trunk.wrists[index], trunk.elbows[index]
        great_toe = leg.between(leg.ankle, leg.toes, 0.8, -18 * s)
        head = (shoulder[0] - side * 4, shoulder[1], shoulder[2] + between(rng, (0, 25)))
        possible: tuple[tuple[str, float, Solid], ...] = (
            ("shoulder", 0.22, ball(head, between(rng, (9, 17)))),
            ("hip", 0.10, Blob((out[0], out[1], out[2] + 16 * s), (20, 18, 9))),
            ("wrist", 0.16, Blob((wrist[0] + between(rng, (-10, 10)), wrist[1], wrist[2] - 8), (9, 8, 7))),
            ("elbow", 0.06, ball((elbow[0] + between(rng, (-14, 14)), elbow[1], elbow[2]), 8)),
            ("ankle", 0.16, Blob(leg.ankle, (22 * s, 16, 9))),
            ("midfoot", 0.13, Blob(leg.between(leg.ankle, leg.toes, between(rng, (0.25, 0.5))), (13, 12, 10))),
            ("great toe", 0.14, ball(great_toe, between(rng, (6, 9)))),
        )
        for name, share, solid in possible:
            if chance(rng, share * float(np.clip((places.age - 25) / 40, 0.2, 1.5))):
                finds.add(f"{name} arthritis, {SIDES[index]}", Uptake(solid, between(rng, (0.5, 3.5))))
    if chance(rng, 0.2):
        tooth = (float(rng.normal(0, 16)), -55.0, trunk.height - between(rng, (185, 215)) * s)
        finds.add("teeth", Uptake(ball(tooth, 6), between(rng, (1.5, 5))))


def _fractures(rng: np.random.Generator, places: Places, finds: Finds) -> None:
    trunk, s = places.trunk, places.trunk.size()
    if chance(rng, 0.12):
        side, first, x = int(rng.choice((-1, 1))), int(rng.integers(3, 9)), between(rng, (0.55, 0.95))
        for number in range(first, first + int(rng.integers(1, 5))):
            _, y, z = trunk.vertebra(f"T{number}")
            spot = (side * 128 * x * trunk.width, y - 70 if x < 0.8 else y - 45, z - 55 * s)
            finds.uptake.append(Uptake(ball(spot, 6), between(rng, (2, 8))))
        finds.names.append("rib fractures")
    if chance(rng, 0.11 * places.age / 65):
        name = str(rng.choice(NAMES[10:]))
        finds.add(f"{name} fracture", Uptake(Blob(trunk.vertebra(name), (20 * s, 15 * s, 7 * s)), between(rng, (1, 4))))
    for leg, of in zip(places.legs, SIDES, strict=True):
        shin = leg.knee.at(0, 0, -40)
        if chance(rng, 0.025):
            spot = leg.between(shin, leg.ankle, between(rng, (0.1, 0.95)), -6)
            finds.add(f"tibial stress fracture, {of}", Uptake(Blob(spot, (9, 9, between(rng, (10, 24)))), between(rng, (1.5, 6))))
        if chance(rng, 0.015):
            ends = (shin, leg.ankle) if chance(rng, 0.5) else ((leg.hip[0], leg.hip[1], leg.hip[2] - 70 * s), leg.knee.at(0, 0, 70))
            finds.add(f"Paget's disease, {of} leg", Uptake(Rod(ends[0], ends[1], (15 * s, 13 * s)), between(rng, (1, 3))))


def _metastases(rng: np.random.Generator, places: Places, finds: Finds) -> None:
    if not chance(rng, 0.08):
        return
    trunk = places.trunk
    for _ in range(int(rng.integers(3, 16))):
        spot = _somewhere(rng, trunk, places.legs)
        finds.uptake.append(Uptake(ball(spot, between(rng, (5, 16))), between(rng, (1, 6))))
    finds.names.append("metastases")


def _somewhere(rng: np.random.Generator, trunk: ScanTrunk, legs: tuple[ScanLeg, ScanLeg]) -> Place:
    """A place in red marrow: mostly spine, ribs and pelvis, some in the thighs and arms."""
    side = int(rng.choice((-1, 1)))
    kind = str(rng.choice(("spine", "ribs", "pelvis", "thigh", "arm"), p=(0.4, 0.25, 0.2, 0.1, 0.05)))
    x, y, z = trunk.vertebra(str(rng.choice(NAMES[5:])))
    if kind == "ribs":
        return side * between(rng, (50, 130)) * trunk.width, between(rng, (-60, 70)), between(rng, (trunk.z(0.68), trunk.z(0.82)))
    if kind == "pelvis":
        return side * between(rng, (20, 118)) * trunk.width, between(rng, (0, 60)), trunk.z(0.52) + between(rng, (-10, 115))
    if kind == "thigh":
        leg = legs[(side + 1) // 2]
        return leg.between(leg.hip, leg.knee.centre, between(rng, (0.1, 0.6)), 12)
    if kind == "arm":
        start, end, share = trunk.shoulder(side), trunk.elbows[(side + 1) // 2], between(rng, (0.0, 0.7))
        return start[0] + share * (end[0] - start[0]), start[1], start[2] + share * (end[2] - start[2])
    return x + float(rng.normal(0, 8)), y, z


def _metal_hips(rng: np.random.Generator, places: Places, finds: Finds) -> None:
    s = places.trunk.size()
    for index, side in enumerate((-1, 1)):
        if chance(rng, 0.05 * places.age / 65):
            x, y, z = places.legs[index].hip
            neck = (x + side * 34 * s, y + 10, z - 10 * s)
            stem = (x + side * 22 * s, y + 10, z - 150 * s)
            finds.metal.extend([ball((x, y, z), 24 * s), Rod((x, y, z), neck, (10, 10)), Rod(neck, stem, (11, 6))])
            finds.add(f"hip prosthesis, {SIDES[index]}")
