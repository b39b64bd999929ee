"""Phantom radiographs of the spine from front or back, with the corners of all vertebral bodies."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msk_monai.anatomy.spine import level_range
from msk_monai.measure.cobb import cobb_angles
from msk_monai.measure.segment import measure_segment
from msk_monai.measure.vertebra_corners import CORNER_NAMES, VertebraCorners
from msk_monai.phantoms.attenuation import patient_integrals
from msk_monai.phantoms.body_corners import body_corners
from msk_monai.phantoms.dicom_radiograph import CALIBRATIONS, Calibration, RadiographOptions, write_radiograph
from msk_monai.phantoms.film_marks import sample_collimation, sample_marks
from msk_monai.phantoms.film_region import Region, Setup, sample_setup
from msk_monai.phantoms.patient import Patient, sample_patient
from msk_monai.phantoms.phantom_set import PhantomSet
from msk_monai.phantoms.projection import Points
from msk_monai.phantoms.radiograph import expose, present, sample_exposure, sample_look, to_stored
from msk_monai.phantoms.recipe import Recipe, load_recipe
from msk_monai.phantoms.shapes import Array

LEVELS = level_range("T1", "L5")
LANDMARK_NAMES = tuple(f"{level}_{corner}" for level in LEVELS for corner in CORNER_NAMES)
"""Of the 68 points of a film, in SpineWeb dataset 16's order; left and right are the image's sides."""

_CALIBRATION_SHARES = (0.45, 0.25, 0.2, 0.1)
_LEAD = 1.6  # line integral of a letter


@dataclass(frozen=True, kw_only=True, eq=False)
class Film:
    """One phantom radiograph.

    Args:
        pixels: (rows, columns) uint16 as stored, 12 bits.
        inverted: stored as MONOCHROME1.
        points: (68, 2) corners [x, y] in pixels in the order of ``LANDMARK_NAMES``; nan where the film does not show them.
        spacing: true mm per pixel [x, y] in the patient, in the plane through the disc L4/L5 parallel to the detector.
        magnification: of things in that plane.
        setup: region, view and detector.
        calibration: what the film's header says about its scale.
        sex, age: of the patient.
        cobb: largest angle between mid-lines of vertebrae that the film shows whole, degrees; None with fewer than two.
        segment: angle and intervals between L4 and L5 (degrees, mm); None where the film does not show both whole.
        findings: what was operated or broken.
    """

    pixels: NDArray[np.uint16]
    inverted: bool
    points: Points
    spacing: tuple[float, float]
    magnification: float
    setup: Setup
    calibration: Calibration
    sex: str
    age: float
    cobb: float | None
    segment: dict[str, float] | None
    findings: tuple[str, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """Levels of which the film shows all four corners, from the head down."""
        return shown_levels(self.points)


def film_recipe() -> Recipe:
    """Return what the patients of radiographs are drawn from: the CT recipe with more curved spines, and five lumbar vertebrae."""
    return replace(
        load_recipe(),
        age=(45, 22),
        lumbar_count_shares=(0.0, 1.0, 0.0),
        scoliosis_share=0.6,
        cobb_range=(5.0, 70.0),
        trabecular_hu_range=(90, 330),
        cortical_hu_range=(800, 1600),
        fracture_share=0.1,
        screws_share=0.06,
        contrast_share=0.0,
        oral_contrast_share=0.03,
        arms_down_share=0.1,
        table_share=0.0,
    )


def sample_film(index: int, *, seed: int, recipe: Recipe, region: Region | None = None) -> Film:
    """Make film ``index`` of a seed; it depends on nothing else but the options.

    Args:
        index: number of the film.
        seed: of the whole collection.
        recipe: what patients are drawn from, see ``film_recipe``.
        region: what to show; default: drawn.
    """
    rng = np.random.default_rng((seed, index))
    patient = _film_patient(rng, recipe)
    setup = sample_setup(rng, patient, region=region)
    detector = setup.detector
    pixel_mm = detector.spacing[::-1]
    collimation, marks = sample_collimation(rng), sample_marks(rng, mirrored=setup.mirrored)
    exposure, look = sample_exposure(rng), sample_look(rng)
    field = collimation.field(detector.shape, pixel_mm)
    integrals = patient_integrals(patient, setup.view, detector)
    for mark in marks:
        if mark.lead:
            integrals += np.float32(_LEAD) * mark.mask(detector.shape)
    grey = present(expose(integrals, field, pixel_mm, exposure, rng), field, pixel_mm, look)
    if collimation.masked:
        grey *= field > 0.99
    for mark in marks:
        if not mark.lead:
            grey = np.maximum(grey, mark.mask(detector.shape))
    points = visible_corners(patient, setup, field)
    magnification = float(setup.view.magnification((np.asarray(patient.spine["L4"].centre) + patient.spine["L5"].centre) / 2))
    spacing = (detector.spacing[0] / magnification, detector.spacing[1] / magnification)
    return Film(
        pixels=to_stored(grey, inverted=look.inverted),
        inverted=look.inverted,
        points=points,
        spacing=spacing,
        magnification=magnification,
        setup=setup,
        calibration=CALIBRATIONS[int(rng.choice(len(CALIBRATIONS), p=_CALIBRATION_SHARES))],
        sex=patient.sex,
        age=patient.age,
        cobb=_cobb(points, spacing),
        segment=_segment(points, spacing),
        findings=_findings(patient),
    )


def _film_patient(rng: np.random.Generator, recipe: Recipe) -> Patient:
    """Draw a patient, with a cortex as thick as it looks on films and now and then a long fusion."""
    patient = sample_patient(rng, recipe)
    if patient.spine.cobb > 25 and rng.random() < 0.12:
        first, last = int(rng.integers(4, 9)), int(rng.integers(12, 16))
        patient = replace(patient, devices=replace(patient.devices, screws=LEVELS[first:last][::-1], cages=()))
    return replace(patient, shell_mm=float(rng.uniform(0.5, 1.0)))


def visible_corners(patient: Patient, setup: Setup, field: Array) -> Points:
    """Return the corners of T1 … L5 in pixels (68, 2); nan outside of the film or its collimated field."""
    spots = np.concatenate([body_corners(patient.spine[level], setup.view) for level in LEVELS])
    spots = setup.detector.to_pixels(spots)
    rows, columns = setup.detector.shape
    x, y = np.rint(spots).astype(int).T
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    inside[inside] = field[y[inside], x[inside]] > 0.5
    return np.where(inside[:, None], spots, np.nan)


def shown_levels(points: Points) -> tuple[str, ...]:
    """Return the levels of which all four corners are known, from the head down."""
    whole = np.all(np.isfinite(points.reshape(-1, 8)), axis=1)
    return tuple(level for level, known in zip(LEVELS, whole, strict=True) if known)


def _cobb(points: Points, spacing: tuple[float, float]) -> float | None:
    corners = points.reshape(-1, 4, 2)
    whole = corners[np.isfinite(corners).all((1, 2))] * spacing
    return cobb_angles(whole).main if len(whole) > 1 else None


def _segment(points: Points, spacing: tuple[float, float]) -> dict[str, float] | None:
    if not {"L4", "L5"} <= set(shown_levels(points)):
        return None
    corners = points.reshape(-1, 4, 2)
    upper, lower = (VertebraCorners(n, corners[LEVELS.index(n)], np.ones(4)).scaled(spacing) for n in ("L4", "L5"))
    segment = measure_segment(upper, lower)
    return {
        "angle_deg": segment.angle,
        "interval_mean_mm": segment.interval_mean,
        "interval_left_mm": segment.interval_left,
        "interval_right_mm": segment.interval_right,
        "interval_minimum_mm": segment.interval_minimum,
    }


def _findings(patient: Patient) -> tuple[str, ...]:
    found = [f"{v.name}: {v.finding}" for v in patient.spine.vertebrae if v.finding and v.name in LEVELS]
    devices = patient.devices
    found += [f"{name}: pedicle screws" for name in devices.screws]
    found += [f"{name}: cage below" for name in devices.cages]
    found += [f"{name}: cement" for name in devices.cement]
    return tuple(found)


def write_films(folder: Path, *, count: int, seed: int, workers: int = 1, split: str = "validation", recipe: Recipe | None = None) -> Path:
    """Write films with their truth and a datalist; see :meth:`msk_monai.phantoms.phantom_set.PhantomSet.write`.

    Film i depends on (seed, i) and the recipe only.

    Args:
        folder: as there.
        count: as there.
        seed: as there.
        workers: as there.
        split: as there.
        recipe: what patients are drawn from; default: ``film_recipe()``.

    Returns:
        The datalist.
    """
    films = PhantomSet(make=partial(_write_film, recipe or film_recipe()), listed=_LISTED, header=_HEADER)
    return films.write(folder, count=count, seed=seed, workers=workers, split=split)


def film_truth(film: Film) -> dict[str, Any]:
    """Return what is true of a film as plain values: first what the datalist holds, then how the film was made."""
    setup = film.setup
    return {
        "points": [None if np.isnan(point).any() else [round(float(v), 3) for v in point] for point in film.points],
        "spacing_mm": [round(v, 6) for v in film.spacing],
        "cobb_max_degrees": None if film.cobb is None else round(film.cobb, 3),
        "l4_l5": film.segment and {name: round(value, 4) for name, value in film.segment.items()},
        "size": list(film.pixels.shape[::-1]),
        "imager_spacing_mm": list(setup.detector.spacing),
        "magnification": round(film.magnification, 5),
        "source_distance_mm": round(setup.view.distance, 1),
        "region": setup.region,
        "position": "AP" if setup.from_front else "PA",
        "patient_left_is_image": "left" if setup.mirrored else "right",
        "calibration": film.calibration,
        "inverted": film.inverted,
        "sex": film.sex,
        "age": round(film.age),
        "findings": list(film.findings),
    }


_LISTED = ("points", "spacing_mm", "cobb_max_degrees", "l4_l5")
_HEADER = {
    "name": "spine_xray phantoms",
    "description": "procedural radiographs of invented patients (phantoms); 17 vertebrae x 4 corners; left/right are image sides",
    "modality": "DX",
    "licence": "Apache-2.0",
    "landmark_names": list(LANDMARK_NAMES),
    "labels": {"0": "background", **{str(i): level for i, level in enumerate(LEVELS, 1)}},
}


def _write_film(recipe: Recipe, path: Path, seed: int, index: int) -> dict[str, Any]:
    from msk_monai.phantoms.spine_radiograph import spine_radiograph

    film = sample_film(index, seed=seed, recipe=recipe)
    digital = film.calibration != "none" and (film.calibration == "magnification" or index % 3 > 0)
    write_radiograph(path, spine_radiograph(film), RadiographOptions(seed=seed, study=index, kind="DX" if digital else "CR"))
    return film_truth(film)
