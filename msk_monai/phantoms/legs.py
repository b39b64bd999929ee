"""An invented patient's two legs, and how they are drawn."""

from dataclasses import dataclass

import numpy as np

from msk_monai.phantoms.canvas import Canvas
from msk_monai.phantoms.knee import Knee
from msk_monai.phantoms.recipe import between, chance
from msk_monai.phantoms.shapes import Material, Part, tube

_FAT, _MUSCLE = Material(-90), Material(45, texture_hu=15)
_HEIGHTS = (-330.0, -110.0, -20.0, 40.0, 150.0, 330.0)
_SKIN, _UNDER_SKIN = np.array((45.0, 58, 54, 58, 72, 85)), np.array((6.0, 8, 5, 6, 12, 16))
_BACK = np.array((5.0, 12, -2, -4, 0, 0))


@dataclass(frozen=True, kw_only=True)
class Legs:
    """Both legs, standing; between the knees, at the height of their joints, is the origin of LPS.

    Args:
        knees: the right one, the left one.
        grades: how worn each is, 0 to 4.
        girth: of the soft tissue, 1 is usual.
        fat: of the layer under the skin, 1 is usual.
        sex, age: of the patient, years.
        seed: of the texture.
    """

    knees: tuple[Knee, Knee]
    grades: tuple[int, int]
    girth: float
    fat: float
    sex: str
    age: float
    seed: int

    def paint_soft(self, canvas: Canvas) -> None:
        """Paint skin, fat and muscle."""
        for shrink, material in ((0.0, _FAT), (self.fat, _MUSCLE)):
            for knee in self.knees:
                line = np.column_stack([np.zeros(len(_HEIGHTS)), _BACK, _HEIGHTS]) + knee.centre
                canvas.paint(Part(tube(line, self.girth * _SKIN - shrink * _UNDER_SKIN), material))


def sample_legs(rng: np.random.Generator) -> Legs:
    """Draw a patient; older ones have more worn knees."""
    sex = "F" if chance(rng, 0.55) else "M"
    age = between(rng, (30, 85))
    size = float(np.clip(rng.normal(0.93 if sex == "F" else 1.04, 0.045), 0.8, 1.15))
    apart = between(rng, (80, 120))
    bone = (between(rng, (900, 1500)), between(rng, (110, 330)), between(rng, (0.6, 1.2)))
    worn = [int(np.clip(rng.normal((age - 40) / 18, 1.2), 0, 4)) for _ in range(2)]
    girth = between(rng, (0.88, 1.3))
    knees = [_knee(rng, side, grade, size, apart, bone) for side, grade in zip((-1, 1), worn, strict=True)]
    return Legs(
        knees=(knees[0], knees[1]),
        grades=(worn[0], worn[1]),
        girth=girth,
        fat=between(rng, (0.5, 2.2)),
        sex=sex,
        age=age,
        seed=int(rng.integers(1 << 31)),
    )


def _knee(rng: np.random.Generator, side: int, grade: int, size: float, apart: float, bone: tuple[float, float, float]) -> Knee:
    """Draw a knee; wear takes one compartment, mostly the medial one, narrows it, and bends the leg to that side."""
    lateral, medial = rng.normal(5.6, 0.9), rng.normal(4.7, 0.8)
    loss = grade / 4 * between(rng, (0.5, 1.0))
    medially = chance(rng, 0.75)
    spaces = (
        (lateral * (1 - 0.25 * loss), medial * (1 - 0.92 * loss)) if medially else (lateral * (1 - 0.92 * loss), medial * (1 - 0.25 * loss))
    )
    lean = float(rng.normal(-1.0, 2.5) + (-1 if medially else 1) * 4 * loss)
    reach = grade * rng.uniform(0.3, 1.6, 4) * (rng.random(4) < 0.25 + 0.15 * grade)
    return Knee(
        side=side,
        centre=(side * apart + float(rng.normal(0, 3)), float(rng.normal(0, 4)), float(rng.normal(0, 4))),
        turn=float(np.clip(rng.normal(0, 5), -12, 12)),
        size=size * float(np.clip(rng.normal(1, 0.008), 0.98, 1.02)),
        breadth=float(np.clip(rng.normal(1, 0.03), 0.93, 1.07)),
        spaces=(float(np.clip(spaces[0], 0.3, 9)), float(np.clip(spaces[1], 0.3, 9))),
        slope=between(rng, (1, 9)),
        flexion=between(rng, (0, 14)),
        lean=lean,
        spines=(between(rng, (5.5, 9.5)), between(rng, (6.5, 11.5))),
        osteophytes=(float(reach[0]), float(reach[1]), float(reach[2]), float(reach[3])),
        patella=(float(rng.normal(3, 3)), float(rng.normal(0, 6))),
        cortical_hu=bone[0],
        trabecular_hu=bone[1],
        shell_mm=bone[2],
        wobble=(between(rng, (0, 6.28)), between(rng, (0, 6.28)), between(rng, (0, 6.28))),
    )
