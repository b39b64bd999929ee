"""Phantom radiographs of one or both knees from front or back, with the sixteen points of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.anatomy.knee import POINTS
from msk_monai.phantoms.canvas import texture_tile
from msk_monai.phantoms.dicom_radiograph import CALIBRATIONS, Radiograph, RadiographOptions, write_radiograph
from msk_monai.phantoms.film_marks import sample_collimation, sample_marks
from msk_monai.phantoms.integrals import Layer, body_integrals, scaled, seen_box, soft_canvas
from msk_monai.phantoms.knee import knee_parts
from msk_monai.phantoms.knee_points import knee_points
from msk_monai.phantoms.legs import Legs, sample_legs
from msk_monai.phantoms.phantom_set import PhantomSet
from msk_monai.phantoms.projection import Detector, Points, View, aim
from msk_monai.phantoms.radiograph import expose, present, sample_exposure, sample_look, to_stored
from msk_monai.phantoms.shapes import Array

SIDES = ("right", "left")
LANDMARK_NAMES = tuple(f"{side}_{point}" for side in SIDES for point in POINTS)
"""Of the points of a film with both knees; those of a film with one bear no side."""
_CALIBRATION_SHARES = (0.5, 0.35, 0.08, 0.07)
_LEAD = 1.6  # line integral of a letter
_SOFT_MM, _BONE_MM = (2.0, 3.0, 3.0), (0.6, 0.9, 0.9)
_FINE_PIXEL_MM = 0.3
"""Films of larger pixels (at the detector) are rendered from coarser grids."""
_FRONT, _BACK = -115.0, 125.0


@dataclass(frozen=True, kw_only=True, eq=False)
class KneeFilm:
    """One phantom radiograph.

    Args:
        radiograph: what its file says.
        points: of the knees that it shows whole, (16, 2) [x, y] in pixels by side, as ``msk_monai.anatomy.knee.POINTS`` orders them.
        grades: how worn these are, 0 to 4, by side.
        mirrored: hung as seen from the back: the patient's left is on the image's left.
    """

    radiograph: Radiograph
    points: dict[str, Points]
    grades: dict[str, int]
    mirrored: bool


def sample_knee_film(index: int, *, seed: int) -> KneeFilm:
    """Make film ``index`` of a seed; it depends on nothing else."""
    rng = np.random.default_rng((seed, index, 7))
    while True:  # a film whose every knee is cut is drawn again
        legs = sample_legs(rng)
        side = None if rng.random() < 0.5 else SIDES[int(rng.integers(2))]
        mirrored, from_front = bool(rng.random() < 0.05), bool(rng.random() < 0.6)
        view = _view(rng, legs, side, from_front=from_front, mirrored=mirrored)
        detector = _detector(rng, view, legs, side)
        collimation, marks = sample_collimation(rng), sample_marks(rng, mirrored=mirrored)
        pixel_mm = detector.spacing[::-1]
        field = collimation.field(detector.shape, pixel_mm)
        points = {
            name: spots
            for name, knee in zip(SIDES, legs.knees, strict=True)
            if (spots := _seen(knee_points(knee, view), detector, field)) is not None
        }
        if points:
            break
    exposure, look = sample_exposure(rng), sample_look(rng)
    integrals = _integrals(legs, view, detector)
    for mark in marks:
        if mark.lead:
            integrals += np.float32(_LEAD) * mark.mask(detector.shape)
    grey = present(expose(integrals, field, pixel_mm, exposure, rng), field, pixel_mm, look)
    if collimation.masked:
        grey *= field > 0.99
    for mark in marks:
        if not mark.lead:
            grey = np.maximum(grey, mark.mask(detector.shape))
    shown = [np.asarray(knee.centre) for name, knee in zip(SIDES, legs.knees, strict=True) if name in points]
    magnification = float(view.magnification(np.mean(shown, axis=0)))
    laterality = "B" if len(points) == 2 else next(iter(points))[0].upper()
    radiograph = Radiograph(
        pixels=to_stored(grey, inverted=look.inverted),
        inverted=look.inverted,
        imager_spacing=detector.spacing,
        spacing=(detector.spacing[0] / magnification, detector.spacing[1] / magnification),
        plane="plane of the knee joint",
        magnification=magnification,
        source_distance=view.distance,
        calibration=CALIBRATIONS[int(rng.choice(len(CALIBRATIONS), p=_CALIBRATION_SHARES))],
        series=f"{'Both knees' if len(points) == 2 else 'Knee'} {'AP' if from_front else 'PA'}",
        body_part="KNEE",
        region=("72696002", "Knee"),
        from_front=from_front,
        orientation=("R" if mirrored else "L", "F"),
        laterality=laterality,  # type: ignore[arg-type]
        sex=legs.sex,
        age=legs.age,
        family="knee film",
    )
    return KneeFilm(
        radiograph=radiograph, points=points, grades={name: legs.grades[SIDES.index(name)] for name in points}, mirrored=mirrored
    )


def _view(rng: np.random.Generator, legs: Legs, side: str | None, *, from_front: bool, mirrored: bool) -> View:
    centres = np.array([knee.centre for knee in legs.knees])
    at = centres.mean(axis=0) if side is None else centres[SIDES.index(side)]
    return aim(
        at=at + np.array((rng.normal(0, 5), 0, rng.normal(0, 8))),
        source_distance=float(rng.choice((1000, 1100, 1150, 1200, 1500, 1800))),
        detector_gap=float(rng.uniform(50, 130)),
        from_front=from_front,
        turn=float(np.clip(rng.normal(0, 2), -5, 5)),
        lean=float(np.clip(rng.normal(2 if from_front else -4, 3), -10, 8)),
        mirrored=mirrored,
    )


def _detector(rng: np.random.Generator, view: View, legs: Legs, side: str | None) -> Detector:
    """Draw the detector's size and pixels, about the central ray."""
    spots = view.onto_detector(np.array([knee.centre for knee in legs.knees]))
    apart = float(np.abs(spots[0, 0] - spots[1, 0]))
    width = apart + float(rng.uniform(120, 200)) if side is None else float(rng.uniform(125, 260))
    height = float(rng.uniform(160, 380))
    longest = max(width, height)
    pixel = float(np.clip(np.exp(rng.uniform(np.log(0.1), np.log(0.45))), longest / 1700, longest / 520))
    stretch = float(rng.uniform(0.8, 1.25)) if rng.random() < 0.06 else 1.0
    spacing = (round(pixel * stretch, 4), round(pixel, 4))
    shape = (int(height / spacing[1]), int(width / spacing[0]))
    corner = (-(shape[1] - 1) / 2 * spacing[0] + float(rng.normal(0, 6)), -(shape[0] - 1) / 2 * spacing[1] + float(rng.normal(0, 12)))
    tilt = float(rng.uniform(-15, 15)) if rng.random() < 0.15 else float(rng.normal(0, 2))
    return Detector(shape, spacing, corner, tilt)


def _seen(spots: Points, detector: Detector, field: Array) -> Points | None:
    """A knee's points in pixels, or None where the film or its open field cuts it."""
    pixels = detector.to_pixels(spots)
    x, y = np.rint(pixels).astype(int).T
    rows, columns = detector.shape
    margin = 0.02 * min(rows, columns)
    if x.min() < margin or y.min() < margin or x.max() >= columns - margin or y.max() >= rows - margin:
        return None
    return pixels if float(field[y, x].min()) > 0.5 else None


def _integrals(legs: Legs, view: View, detector: Detector) -> Array:
    coarseness = min(detector.spacing) / _FINE_PIXEL_MM
    box = seen_box(view, detector, front=_FRONT, back=_BACK, margin=10)
    tile = texture_tile(legs.seed)
    soft = soft_canvas(box, scaled(_SOFT_MM, coarseness / 2), tile)
    legs.paint_soft(soft)
    bone_mm = scaled(_BONE_MM, coarseness)
    layers = [Layer(knee_parts(knee), bone_mm, order=3) for knee in legs.knees]
    return body_integrals(soft, layers, box, view, detector, tile=tile)


def write_knee_films(folder: Path, *, count: int, seed: int, workers: int = 1, split: str = "validation") -> Path:
    """Write films with their truth and a datalist; see :meth:`msk_monai.phantoms.phantom_set.PhantomSet.write`.

    Items of films with both knees name their own 32 landmarks.

    Args:
        folder: as there.
        count: as there.
        seed: as there.
        workers: as there.
        split: as there.

    Returns:
        The datalist.
    """
    return PhantomSet(make=_write_film, listed=_LISTED, header=_HEADER).write(folder, count=count, seed=seed, workers=workers, split=split)


def film_truth(film: KneeFilm) -> dict[str, Any]:
    """Return what is true of a film as plain values: first what the datalist holds, then how the film was made."""
    both = len(film.points) == 2
    points = np.concatenate(list(film.points.values()))
    radiograph = film.radiograph
    return {
        "points": [[round(float(v), 3) for v in point] for point in points],
        "landmark_names": list(LANDMARK_NAMES if both else POINTS),
        "side": "B" if both else next(iter(film.points))[0].upper(),
        "spacing_mm": [round(v, 6) for v in radiograph.spacing],
        "grades": film.grades,
        "size": list(radiograph.pixels.shape[::-1]),
        "imager_spacing_mm": list(radiograph.imager_spacing),
        "magnification": round(radiograph.magnification, 5),
        "source_distance_mm": round(radiograph.source_distance, 1),
        "position": radiograph.position,
        "patient_left_is_image": "left" if film.mirrored else "right",
        "calibration": radiograph.calibration,
        "inverted": radiograph.inverted,
        "sex": radiograph.sex,
        "age": round(radiograph.age),
    }


_LISTED = ("points", "landmark_names", "side", "spacing_mm")
_HEADER = {
    "name": "knee_xray phantoms",
    "description": "procedural radiographs of invented patients' knees (phantoms); 16 points a knee",
    "modality": "DX",
    "licence": "Apache-2.0",
    "landmark_names": list(POINTS),
}


def _write_film(path: Path, seed: int, index: int) -> dict[str, Any]:
    film = sample_knee_film(index, seed=seed)
    digital = film.radiograph.calibration != "none" and (film.radiograph.calibration == "magnification" or index % 3 > 0)
    options = RadiographOptions(seed=seed, study=index, kind="DX" if digital else "CR", kvp=60.0)
    write_radiograph(path, film.radiograph, options)
    return film_truth(film)
