"""One procedural patient: everything that a scan of him needs, and how he is drawn from a recipe."""

from dataclasses import dataclass

import numpy as np

from msk_monai.phantoms.pelvis import Pelvis
from msk_monai.phantoms.recipe import Recipe, between, chance, draw
from msk_monai.phantoms.spine import Spine
from msk_monai.phantoms.spine_sampling import sample_spine
from msk_monai.phantoms.thorax import Cage
from msk_monai.phantoms.trunk import Habitus


@dataclass(frozen=True, kw_only=True)
class Devices:
    """Things that are not the patient: ``screws`` names vertebrae with pedicle screws, ``cages`` those above a cage.

    Args:
        cement: vertebrae filled with bone cement.
        table: shape of the couch: ``none``, ``curved``, ``flat`` or ``cradle``.
        table_hu: HU of its shell.
        objects: number of metal things in the clothing.
    """

    screws: tuple[str, ...] = ()
    cages: tuple[str, ...] = ()
    cement: tuple[str, ...] = ()
    table: str = "curved"
    table_hu: float = -150.0
    objects: int = 0


@dataclass(frozen=True, kw_only=True)
class Patient:
    """A patient lying supine, head first; the middle of the sacrum's upper endplate is the origin of LPS.

    ``age`` in years, ``stature`` in m, ``cortical_hu`` of dense bone, ``shell_mm`` the cortex of the vertebral bodies.
    """

    sex: str
    age: float
    stature: float
    spine: Spine
    pelvis: Pelvis
    cage: Cage
    habitus: Habitus
    devices: Devices
    cortical_hu: float
    shell_mm: float


def sample_patient(rng: np.random.Generator, recipe: Recipe) -> Patient:
    """Draw a patient."""
    sex = "F" if rng.random() < 0.48 else "M"
    age = float(np.clip(draw(rng, recipe.age), 18, 92))
    stature = draw(rng, recipe.stature) + (0.06 if sex == "M" else -0.06)
    scale = stature / 1.70 * (1.05 if sex == "M" else 0.99) * (1 + recipe.size_sd * 0.5 * float(np.clip(rng.standard_normal(), -2, 2)))
    low, high = recipe.trabecular_hu_range
    youth = np.clip((95 - age) / 70, 0, 1)
    trabecular = float(np.clip(low + (high - low) * (0.15 + 0.7 * youth) + 32 * rng.standard_normal(), low, high))
    spine = sample_spine(rng, recipe, scale=scale, trabecular_hu=trabecular)
    build = scale * (1 + recipe.size_sd * float(np.clip(rng.standard_normal(), -2, 2)))
    return Patient(
        sex=sex,
        age=age,
        stature=stature,
        spine=spine,
        pelvis=_sample_pelvis(rng, recipe, spine, sex, build, trabecular),
        cage=_sample_cage(rng, recipe, build, sex),
        habitus=_sample_habitus(rng, recipe),
        devices=_sample_devices(rng, recipe, spine),
        cortical_hu=between(rng, recipe.cortical_hu_range),
        shell_mm=float(rng.uniform(0.35, 0.95)),
    )


def _sample_pelvis(rng: np.random.Generator, recipe: Recipe, spine: Spine, sex: str, build: float, trabecular: float) -> Pelvis:
    last = spine.vertebrae[0]
    scale = 0.5 + 0.5 * build
    natural = spine["L4"].centre[2] - 0.5 * spine["L4"].height - 5  # the crests reach about L4/L5
    return Pelvis(
        scale=scale,
        width=(1.03 if sex == "F" else 0.99) * float(rng.uniform(0.94, 1.06)),
        crest_rise=float(np.clip(natural - 51 * scale + draw(rng, recipe.crest_shift), -22, 26)),
        pitch=float(np.clip(0.35 * (spine.sacral_slope - 38) + rng.normal(0, 4), -14, 14)),
        flare=float(rng.uniform(0.7, 1.25)),
        sacral_slope=spine.sacral_slope,
        sacral_tilt=spine.sacral_tilt,
        s1_width=last.width * 1.02,
        s1_depth=last.depth * 0.98,
        trabecular_hu=trabecular * 0.8 + 20,
        prosthesis=tuple(s for s in (1, -1) if rng.random() < 0.6) if chance(rng, recipe.hip_prosthesis_share) else (),
    )


def _sample_cage(rng: np.random.Generator, recipe: Recipe, build: float, sex: str) -> Cage:
    length = between(rng, recipe.rib12_range)
    lengths = (max(length + rng.normal(0, 8), 20.0), max(length + rng.normal(0, 8), 20.0))
    if chance(rng, recipe.missing_rib12_share):
        lengths = (0.0, 0.0)
    return Cage(
        width=build * (0.95 if sex == "F" else 1.01) * float(rng.uniform(0.93, 1.08)),
        depth=build * (0.95 if sex == "F" else 1.01) * float(rng.uniform(0.9, 1.12)),
        fall=float(rng.uniform(0.75, 1.2)),
        rib12=lengths,
        lumbar_ribs=float(rng.uniform(15, 45)) if chance(rng, recipe.lumbar_rib_share) else 0.0,
        arms_down=chance(rng, recipe.arms_down_share),
        thickness=float(rng.uniform(0.85, 1.15)),
    )


def _sample_habitus(rng: np.random.Generator, recipe: Recipe) -> Habitus:
    low, high = recipe.fat_range
    fatness = float(rng.beta(1.6, 2.6))
    given = chance(rng, recipe.contrast_share)
    return Habitus(
        fat_mm=low + (high - low) * fatness,
        visceral=float(
            np.clip(
                recipe.visceral_range[0] + (recipe.visceral_range[1] - recipe.visceral_range[0]) * (0.6 * fatness + 0.5 * rng.random()),
                0,
                1,
            )
        ),
        muscle=between(rng, recipe.muscle_range),
        muscle_hu=float(rng.uniform(30, 62)),
        contrast_hu=float(rng.uniform(60, 330)) if given else 0.0,
        venous=float(rng.uniform(0.2, 0.95)),
        oral_hu=float(rng.uniform(120, 400)) if chance(rng, recipe.oral_contrast_share) else 0.0,
        calcified=int(rng.integers(2, 18)) if chance(rng, recipe.calcification_share) else 0,
        diaphragm_mm=float(rng.normal(0, 16)),
        stones=int(rng.integers(1, 3)) if chance(rng, recipe.stone_share) else 0,
        seed=int(rng.integers(2**31)),
    )


def _sample_devices(rng: np.random.Generator, recipe: Recipe, spine: Spine) -> Devices:
    names = [v.name for v in spine.vertebrae[:10]]
    screws: tuple[str, ...] = ()
    cages: tuple[str, ...] = ()
    if chance(rng, recipe.screws_share):
        start, count = int(rng.integers(0, 4)), int(rng.integers(2, 5))
        screws = tuple(names[start : start + count])
        cages = screws[1:] if chance(rng, recipe.cage_share) else ()
    cement = tuple(rng.choice(names, size=rng.integers(1, 3), replace=False)) if chance(rng, recipe.cement_share) else ()
    table = str(rng.choice(("curved", "flat", "cradle"))) if chance(rng, recipe.table_share) else "none"
    objects = int(rng.integers(1, 4)) if chance(rng, recipe.metal_object_share) else 0
    return Devices(
        screws=screws,
        cages=cages,
        cement=tuple(str(c) for c in cement),
        table=table,
        table_hu=float(rng.uniform(-400, 500)),
        objects=objects,
    )
