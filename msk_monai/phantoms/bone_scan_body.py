"""An invented patient for a bone scan: skeleton, knees worn to a known grade, organs, and what else is bright."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from msk_monai.phantoms.bone_scan_finds import Finds, Places, sample_finds
from msk_monai.phantoms.leg_uptake import COMPARTMENTS, ScanKnee, ScanLeg, leg_flesh, leg_uptake, metal_joint, metal_rim
from msk_monai.phantoms.recipe import between, chance, draw
from msk_monai.phantoms.trunk_uptake import NAMES, ScanTrunk, hips, trunk_flesh, trunk_uptake
from msk_monai.phantoms.uptake_solids import Place, Solid, Uptake

SIDES = ("right", "left")
READER_SD = 0.15
"""Of the reader's judgement of how worn a knee is, in grades."""
_WORST = (0.62, 0.16, 0.22)
_PROSTHESES, _BROKEN = 0.05, 0.012


@dataclass(frozen=True, kw_only=True)
class BoneScanBody:
    """A patient on the table, before any camera.

    Args:
        trunk: skeleton above the legs.
        legs: the right one, the left one.
        wear: how worn each knee is, 0 to 5; what the reader saw of it is its grade.
        grades: 0 normal, 1 minimal, 2 mild, 3 moderate, 4 severe; ``None`` where the knee is a metal one or broken.
        finds: what else is bright or cold.
        soft: uptake of the soft tissue; the cortical bone of the shafts has 1.
        sex, age: of the patient, years.
    """

    trunk: ScanTrunk
    legs: tuple[ScanLeg, ScanLeg]
    wear: tuple[float, float]
    grades: tuple[int | None, int | None]
    finds: Finds
    soft: float
    sex: str
    age: float

    @property
    def knees(self) -> tuple[ScanKnee, ScanKnee]:
        """The right one, the left one."""
        return self.legs[0].knee, self.legs[1].knee

    def uptake(self) -> list[Uptake]:
        """All that holds more tracer than soft tissue does and may lie behind metal."""
        return [*trunk_uptake(self.trunk), *(part for leg in self.legs for part in leg_uptake(leg)), *self.finds.uptake]

    def metal(self) -> list[Solid]:
        """What casts cold shadows."""
        return [*(part for knee in self.knees if knee.prosthesis for part in metal_joint(knee)), *self.finds.metal]

    def rims(self) -> list[Uptake]:
        """What surrounds metal and is not hidden by it."""
        return [part for knee in self.knees if knee.prosthesis for part in metal_rim(knee)]

    def flesh(self) -> list[Solid]:
        """Its outline."""
        return [*trunk_flesh(self.trunk), *(part for leg in self.legs for part in leg_flesh(leg))]

    def truth(self) -> dict[str, Any]:
        """What is true of it, as plain values."""
        return {
            "grades": dict(zip(SIDES, self.grades, strict=True)),
            "compartments": {
                side: None if knee.prosthesis else {name: round(v, 4) for name, v in zip(COMPARTMENTS, knee.excess, strict=True)}
                for side, knee in zip(SIDES, self.knees, strict=True)
            },
            "wear": {side: round(v, 4) for side, v in zip(SIDES, self.wear, strict=True)},
            "distractors": [*self.finds.names, *(f"knee prosthesis, {s}" for s, k in zip(SIDES, self.knees, strict=True) if k.prosthesis)],
            "height_mm": round(self.trunk.height),
            "sex": self.sex,
            "age": round(self.age),
        }


def excess_of(wear: float) -> float:
    """Uptake that wear (0 to 5) adds in the worst compartment; it grows by more than it did from grade to grade.

    >>> [round(excess_of(grade), 2) for grade in (0, 1, 2, 3, 4)]
    [0.0, 0.29, 0.77, 1.58, 2.94]
    """
    return float(0.42 * np.expm1(0.52 * wear))


def sample_body(rng: np.random.Generator) -> BoneScanBody:
    """Draw a patient; older ones have more worn knees, and a patient's two knees are alike but not the same."""
    sex = "F" if chance(rng, 0.6) else "M"
    age = between(rng, (28, 90))
    height = float(np.clip(rng.normal(1610 if sex == "F" else 1740, 80), 1380, 2000))
    girth = float(np.clip(rng.normal(1.0, 0.12) + (0.02 if sex == "F" else 0), 0.75, 1.4))
    trunk = _trunk(rng, sex, age, height, girth)
    typical = rng.normal(2.4 + (age - 60) / 22, 1.2)
    wear = (_wear(rng, typical), _wear(rng, typical))
    base, eager = draw(rng, (1.0, 0.07)), float(np.exp(rng.normal(0, 0.04)))
    feet, bow = between(rng, (32, 120)), draw(rng, (10, 9))
    legs = [_leg(rng, side, trunk, worn, base, eager, feet, bow) for side, worn in zip((-1, 1), wear, strict=True)]
    grades: list[int | None] = []
    broken = []
    for index, worn in enumerate(wear):
        seen = int(np.clip(worn + rng.normal(0, READER_SD), 0, 4.999))
        broken.append(not legs[index].knee.prosthesis and chance(rng, _BROKEN))
        grades.append(None if legs[index].knee.prosthesis or broken[-1] else seen)
    places = Places(trunk=trunk, legs=(legs[0], legs[1]), age=age)
    return BoneScanBody(
        trunk=trunk,
        legs=(legs[0], legs[1]),
        wear=wear,
        grades=(grades[0], grades[1]),
        finds=sample_finds(rng, places, broken=(broken[0], broken[1])),
        soft=float(np.exp(rng.uniform(np.log(0.035), np.log(0.12)))),
        sex=sex,
        age=age,
    )


def with_knee(body: BoneScanBody, side: str, **changes: Any) -> BoneScanBody:
    """The same patient with one knee changed, e.g. ``excess=(1.0, 0.0, 0.0)`` or ``prosthesis=True``."""
    index = SIDES.index(side)
    legs = list(body.legs)
    legs[index] = replace(legs[index], knee=replace(legs[index].knee, **changes))
    return replace(body, legs=(legs[0], legs[1]))


def _wear(rng: np.random.Generator, typical: float) -> float:
    return float(np.clip(rng.normal(typical, 0.8), 0.05, 4.95))


def _trunk(rng: np.random.Generator, sex: str, age: float, height: float, girth: float) -> ScanTrunk:
    width = float(height / 1750 * np.clip(rng.normal(0.97 if sex == "F" else 1.02, 0.035), 0.9, 1.1))
    bend = rng.normal(0, 3) if chance(rng, 0.75) else rng.choice((-1, 1)) * between(rng, (10, 32))
    thoracic = (float(bend), between(rng, (0.73, 0.78)), 0.055)
    lumbar = (float(-bend * between(rng, (0.5, 1.0))), between(rng, (0.61, 0.65)), 0.045)
    levels = np.exp(rng.normal(0, 0.07, len(NAMES)))
    for index, name in enumerate(NAMES):  # worn facets and discs, mostly of the neck and the lumbar spine
        if chance(rng, max(age - 35, 0) / 45 * {"C": 0.10, "T": 0.06, "L": 0.22}[name[0]]):
            levels[index] *= between(rng, (1.2, 1.8))
    elbows, wrists = zip(*(_arm(rng, side, height, width, girth) for side in (-1, 1)), strict=True)
    return ScanTrunk(
        height=height,
        width=width,
        girth=girth,
        curves=(thoracic, lumbar),
        kyphosis=between(rng, (8, 18)) + max(age - 65, 0) * between(rng, (0, 0.8)),
        levels=tuple(float(v) for v in levels),
        elbows=(elbows[0], elbows[1]),
        wrists=(wrists[0], wrists[1]),
    )


def _arm(rng: np.random.Generator, side: int, height: float, width: float, girth: float) -> tuple[Place, Place]:
    """Elbow and wrist beside the body; few patients lay a hand on the hip."""
    out = max(158 * girth + 42, 205 * width) + between(rng, (-8, 28))
    elbow = (side * out, between(rng, (5, 45)), height * 0.625 + rng.normal(0, 8))
    reach = out + between(rng, (-35, 22)) if chance(rng, 0.93) else out - between(rng, (60, 100))
    wrist = (side * reach, between(rng, (-45, 15)) if reach > out - 40 else -110.0, height * 0.488 + rng.normal(0, 8))
    return elbow, wrist


def _leg(rng: np.random.Generator, side: int, trunk: ScanTrunk, wear: float, base: float, eager: float, feet: float, bow: float) -> ScanLeg:
    """Draw a leg whose knee is worn; wear bends it a little towards the worst compartment."""
    size, height = trunk.size() * draw(rng, (1.0, 0.02)), trunk.height
    hip = hips(trunk)[(side + 1) // 2]
    worst = int(rng.choice(3, p=_WORST))
    bent = (0.0, 0.0) if worst == 2 else (4.0, 14.0) if worst == 0 else (-14.0, -4.0)
    out = bow + rng.normal(0, 3) + wear / 5 * between(rng, bent)
    flexion = abs(rng.normal(0, 5)) if chance(rng, 0.8) else between(rng, (10, 28))
    lifted = np.sin(np.radians(flexion / 2)) * 0.24 * height
    ankle_out = max(feet + rng.normal(0, 8), 30.0)
    z = float(0.283 * height * draw(rng, (1.0, 0.012)))
    knee_out = max(0.5 * abs(hip[0]) + 0.5 * ankle_out + out, 47 * size)
    ankle = (side * ankle_out, 42.0, 0.045 * height + 0.24 * height * (1 - np.cos(np.radians(flexion / 2))))
    turn = draw(rng, (13, 9))
    toes = np.radians(turn + between(rng, (-5, 12)))
    point = np.radians(between(rng, (25, 68)))
    foot = np.array((side * np.sin(toes) * np.cos(point / 2), -np.cos(point) * np.cos(toes), -np.sin(point))) * 175 * size
    excess = excess_of(wear) * eager * np.where(np.arange(3) == worst, 1.0, rng.uniform(0.05, 0.55, 3))
    spots = rng.uniform(0.15, 0.6, 3) * (rng.random(3) < 0.1 + 0.12 * wear)
    knee = ScanKnee(
        side=side,
        centre=(side * float(knee_out), float(8 - lifted), z),
        lean=float(np.degrees(np.arctan2(hip[0] - ankle[0], hip[2] - ankle[2]))),
        turn=turn,
        size=size,
        base=base * draw(rng, (1.0, 0.03)),
        excess=(float(excess[0]), float(excess[1]), float(excess[2])),
        spots=(float(spots[0]), float(spots[1]), float(spots[2])),
        prosthesis=chance(rng, _PROSTHESES * wear / 2.5),
        rim=between(rng, (0.3, 2.2)),
    )
    girth = trunk.girth * trunk.size() * draw(rng, (1.0, 0.03))
    return ScanLeg(knee=knee, hip=hip, ankle=ankle, foot=(float(foot[0]), float(foot[1]), float(foot[2])), girth=girth)
