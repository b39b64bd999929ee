"""Lumbar discs as MR shows them: annulus, nucleus, degeneration, herniation; and what a patient feels of them."""

from dataclasses import dataclass

import numpy as np

from msk_monai.anatomy.discs import LEVELS
from msk_monai.phantoms.shapes import rotation_xyz
from msk_monai.phantoms.spine import Disc, Spine, Vector
from msk_monai.phantoms.vertebra import BACK

KINDS = ("protrusion", "extrusion", "migrated")
_HERNIATED = (0.16, 0.24, 0.36, 0.52, 0.52)
"""Share of discs with a herniation, by level from L1-L2 down: far more than in any population, so that a set has enough of them."""
EVEN_SHARE, PER_SHARE, PER_YEAR, MIDDLE_AGE = 0.2, 40.0, 0.16, 52.0
"""What the odds of an outcome are made of, see :func:`sample_discs`."""
_HOLLOW = 0.94
"""The disc's outline is hollowed towards the canal by so much (:func:`msk_monai.phantoms.vertebra.cross_section`)."""


@dataclass(frozen=True, kw_only=True)
class Herniation:
    """Disc material beyond the disc's outline.

    Args:
        kind: one of ``KINDS``.
        side: of its middle to the patient's left of the midline, mm.
        depth: how far it reaches beyond the outline, mm.
        half_width: of its base, mm.
        rise: of its middle above the disc's (below: negative), mm.
        half_height: mm.
    """

    kind: str
    side: float
    depth: float
    half_width: float
    rise: float
    half_height: float


@dataclass(frozen=True, kw_only=True)
class LumbarDisc:
    """One disc and the dural sac behind it.

    Args:
        level: one of ``LEVELS``.
        disc: its place and sizes.
        grade: degeneration, 1 to 5 (Pfirrmann et al. 2001, doi:10.1097/00007632-200109010-00011).
        nucleus: half axes of the nucleus as shares of the disc's, left-right and front-back.
        nucleus_shift: of its middle to the back, mm.
        bulge: of the whole posterior outline, mm.
        herniation: if there is one.
        sac: width and anteroposterior diameter of the dural sac here, before anything indents it, mm.
        symptomatic: the outcome.
        odds: logarithm of the odds with which it was drawn.
    """

    level: str
    disc: Disc
    grade: int
    nucleus: tuple[float, float]
    nucleus_shift: float
    bulge: float
    herniation: Herniation | None
    sac: tuple[float, float]
    symptomatic: bool
    odds: float

    @property
    def rim(self) -> float:
        """Distance in mm from the disc's middle to its posterior outline in the midline."""
        return BACK * self.disc.depth * _HOLLOW

    @property
    def sac_centre(self) -> Vector:
        """Middle of the dural sac, LPS mm."""
        behind = self.rim + 0.8 + self.sac[1] / 2
        x, y, z = np.asarray(self.disc.centre) + rotation_xyz(*self.disc.turn) @ (0.0, behind, 0.0)
        return float(x), float(y), float(z)


def sample_discs(rng: np.random.Generator, spine: Spine, age: float) -> tuple[LumbarDisc, ...]:
    """Draw the discs L1-L2 to L5-S1 of a spine with five lumbar vertebrae.

    The outcome of a disc is drawn with the log-odds ``40 (share - 0.2) + 0.16 (age - 52)``, where the share is that part of the dural
    sac's own diameter that a herniation (or bulge) takes up. So both a large herniation in a wide canal and a small one in a narrow
    canal may be silent or felt, and age, which no pixel shows, adds to what the image says. Sex has no influence.

    Args:
        rng: of the patient.
        spine: its ``discs`` are named by the vertebra above.
        age: years.
    """
    by_name = {disc.below: disc for disc in spine.discs}
    wide = float(np.clip(rng.normal(1.0, 0.14), 0.68, 1.28))
    found = []
    for place, level in enumerate(LEVELS):
        above = level.split("-")[0]
        vertebra = spine[above]
        grade = int(np.clip(np.rint(0.6 + (age - 20) / 18 + (0.6 if place >= 3 else 0) + rng.normal(0, 0.8)), 1, 5))
        diameter = 0.84 * vertebra.canal_depth * wide * (1 + 0.05 * rng.standard_normal())
        sac = (float(0.74 * vertebra.canal_width * (0.5 + 0.5 * wide) * (1 + 0.05 * rng.standard_normal())), float(diameter))
        herniation = _herniation(rng, sac, by_name[above]) if rng.random() < _HERNIATED[place] else None
        bulge = float(rng.uniform(0, 0.5 + 0.35 * grade))
        occupied = (max(bulge, herniation.depth * _central(herniation, sac)) if herniation else bulge) / sac[1]
        odds = PER_SHARE * (occupied - EVEN_SHARE) + PER_YEAR * (age - MIDDLE_AGE)
        found.append(
            LumbarDisc(
                level=level,
                disc=by_name[above],
                grade=grade,
                nucleus=(float(rng.uniform(0.5, 0.72)), float(rng.uniform(0.5, 0.72))),
                nucleus_shift=float(rng.uniform(-0.5, 2.0)),
                bulge=bulge,
                herniation=herniation,
                sac=sac,
                symptomatic=bool(rng.random() < 1 / (1 + np.exp(-odds))),
                odds=float(odds),
            )
        )
    return tuple(found)


def _herniation(rng: np.random.Generator, sac: tuple[float, float], disc: Disc) -> Herniation:
    kind = str(rng.choice(KINDS, p=(0.6, 0.28, 0.12)))
    low, high = {"protrusion": (1.5, 5.0), "extrusion": (3.0, 8.0), "migrated": (3.0, 8.0)}[kind]
    side = float(rng.choice((-1, 1)) * rng.uniform(10, 15)) if rng.random() < 0.08 else float(np.clip(rng.normal(0, 4), -9, 9))
    return Herniation(
        kind=kind,
        side=side,
        depth=float(min(rng.uniform(low, high), 0.75 * sac[1])),
        half_width=float(rng.uniform(5, 11) if kind == "protrusion" else rng.uniform(3.5, 7)),
        rise=float(rng.choice((-1, 1)) * rng.uniform(2, 5)) if kind == "migrated" else float(rng.normal(0, 0.7)),
        half_height=float(0.5 * disc.height * rng.uniform(0.8, 1.1) + {"protrusion": 0.5, "extrusion": 3.0, "migrated": 3.0}[kind]),
    )


def _central(herniation: Herniation, sac: tuple[float, float]) -> float:
    """How much of a herniation's depth lies before the sac: all of it in the middle, less towards the foramen."""
    return float(np.clip(1.5 - abs(herniation.side) / sac[0], 0.25, 1.0))
