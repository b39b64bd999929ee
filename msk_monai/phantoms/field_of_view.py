"""Fields of view as they occur: from a narrow lumbar reconstruction to thigh-to-skull, some cut off above or below L3."""

from typing import Literal

import numpy as np

from msk_monai.phantoms.canvas import Grid
from msk_monai.phantoms.patient import Patient
from msk_monai.phantoms.recipe import Recipe, between, chance

Region = Literal["lumbar", "abdomen", "abdomen_pelvis", "torso", "thigh_to_skull", "above_l3", "below_l3"]
REGIONS: tuple[Region, ...] = ("lumbar", "abdomen", "abdomen_pelvis", "torso", "thigh_to_skull")
_THICKNESS_MM = (0.6, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 5.0, 5.0, 6.0, 7.5, 8.0, 10.0)


def sample_field_of_view(
    rng: np.random.Generator, patient: Patient, recipe: Recipe, *, region: Region | None = None, thickness: float | None = None
) -> Grid:
    """Draw a field of view.

    Args:
        rng: source of chance.
        patient: who is scanned.
        recipe: gives the matrix sizes, the share of scans without L3, and the largest number of slices.
        region: what to scan; default: drawn.
        thickness: slice thickness in mm; default: drawn from 0.6 to 10 mm.

    Returns:
        A grid whose slices abut, overlap or leave gaps, as scanners do.
    """
    if region is None:
        missing = chance(rng, recipe.missing_l3_share)
        choices = ("above_l3", "below_l3") if missing else REGIONS
        shares = (0.6, 0.4) if missing else recipe.region_shares
        region = choices[int(rng.choice(len(choices), p=shares))]
    low, high = z_extent(rng, patient, region)
    thick = float(thickness or rng.choice(_THICKNESS_MM))
    step = thick * float(rng.choice((1.0, 1.0, 1.0, 0.8, 0.5, 1.2)))
    step = max(step, (high - low) / recipe.most_slices)
    thick = max(thick, step * 0.8)
    count = max(int((high - low) / step), 3)
    matrix = recipe.matrix
    width = _width(rng, patient, recipe, region)
    pixel = width / matrix
    middle = (low + high) / 2
    if region == "lumbar":
        centre = (
            float(patient.spine.lateral(np.array([middle]))[0]) + between(rng, (-15, 15)),
            patient.spine["L3"].centre[1] + between(rng, (-12, 35)),
        )
    else:
        centre = (between(rng, (-15, 15)), -32 + between(rng, (-25, 25)))
    start = (centre[0] - (matrix - 1) / 2 * pixel, centre[1] - (matrix - 1) / 2 * pixel, low)
    return Grid(start, (pixel, pixel, step), (count, matrix, matrix), thick)


def z_extent(rng: np.random.Generator, patient: Patient, region: Region) -> tuple[float, float]:
    """Draw the lowest and highest z of a scan of a region, mm."""
    at = {v.name: v.centre[2] for v in patient.spine.vertebrae}
    third = patient.spine["L3"]
    hip = float(patient.pelvis.hip[2])
    bottom, top = {
        "lumbar": ((-75, -25), (at["T12"] - 8, at["T10"])),
        "abdomen": ((hip + 60, at["L4"]), (at["T11"], at["T8"])),
        "abdomen_pelvis": ((hip - 75, hip - 15), (at["T11"], at["T8"])),
        "torso": ((hip - 80, hip - 10), (at["T2"], at["C7"])),
        "thigh_to_skull": ((hip - 260, hip - 90), (at["C3"], at["C2"] + 130)),
        "above_l3": ((third.centre[2] + 5, at["T12"]), (at["T7"], at["C7"])),
        "below_l3": ((hip - 140, hip - 20), (0.0, third.centre[2] - 5)),
    }[region]
    return between(rng, (min(bottom), max(bottom))), between(rng, (min(top), max(top)))


def _width(rng: np.random.Generator, patient: Patient, recipe: Recipe, region: Region) -> float:
    """Draw the side of the reconstructed square, mm."""
    if region == "lumbar" or chance(rng, recipe.narrow_share):
        return between(rng, (120, 220))
    body = 2 * 150 * patient.pelvis.scale + 2.4 * patient.habitus.fat_mm
    return float(min(max(between(rng, (0.95, 1.35)) * body, 300), 700 if region == "thigh_to_skull" else 500))
