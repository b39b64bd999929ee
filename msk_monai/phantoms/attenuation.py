"""How much of a beam a patient takes away along each ray: soft tissue coarsely, bones finely, the spine most finely."""

# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.canvas import Canvas, texture_tile
from msk_monai.phantoms.devices import implant_parts, object_parts
from msk_monai.phantoms.organs import arm_parts, organ_parts
from msk_monai.phantoms.patient import Patient
from msk_monai.phantoms.pelvis import hip_parts, sacrum_parts
from msk_monai.phantoms.projection import Detector, View, line_integrals, rays_to
from msk_monai.phantoms.shapes import Array, Material, Part, Piece, ellipsoid_piece, tube
from msk_monai.phantoms.spine import Spine, Vertebra
from msk_monai.phantoms.thorax import Cage, cage_parts, shoulder_parts, skull_parts
from msk_monai.phantoms.trunk import muscle_outline, paint_trunk
from msk_monai.phantoms.vertebra import disc_part, vertebra_parts

Box = tuple[NDArray[np.float64], NDArray[np.float64]]
Axes = tuple[Array, Array, Array]
Spacing = tuple[float, float, float]

WATER_PER_MM = 0.0206  # at 60 keV: NIST, doi:10.18434/T4D01F
# Grid across the beam, along it, and width of a surface. The last two are equal: then what a surface at right angles to the beam
# adds grows evenly with its depth, without contour lines from plane to plane.
_SOFT_MM = (2.0, 3.0, 3.0)
_BONE_MM = (1.2, 1.6, 1.6)
_SPINE_MM = (0.6, 0.9, 0.9)
_FINE_PIXEL_MM = 0.33
"""Films of larger pixels (at the detector) are rendered from coarser grids."""
_CHUNK_MM = 130.0
_FADE = 8  # planes in which two chunks overlap


def attenuation(hu: Array) -> Array:
    """Return the attenuation per mm of the softer beam of radiography: bone and metal stand out more than in CT."""
    return np.asarray(
        np.float32(WATER_PER_MM)
        * (1 + np.float32(0.001) * hu + np.float32(0.0006) * np.maximum(hu, 0) + np.float32(0.002) * np.maximum(hu - 3000, 0))
    )


def patient_integrals(patient: Patient, view: View, detector: Detector) -> Array:
    """Return the line integrals of the patient's attenuation, (rows, columns), unitless."""
    low, high = seen_box(patient, view, detector)
    tile = texture_tile(patient.habitus.seed)
    coarseness = max(1.0, min(detector.spacing) / _FINE_PIXEL_MM)
    soft_mm, bone_mm, spine_mm = (
        _scaled(s, f) for s, f in ((_SOFT_MM, coarseness / 3), (_BONE_MM, coarseness / 1.5), (_SPINE_MM, coarseness))
    )
    soft = Canvas(**_mesh(low, high, soft_mm), voxel=soft_mm[2], tile=tile)
    _paint_soft(soft, patient)
    rays = rays_to(detector, view)
    total = line_integrals(attenuation(soft.hu), soft.axes, view, rays)
    for parts, spacing, order in ((_skeleton(patient), bone_mm, 1), (_spine(patient), spine_mm, 3)):
        for mesh, weights in _chunks(parts, low, high, spacing):
            canvas = Canvas(**mesh, voxel=spacing[2], tile=tile)
            canvas.hu = _resampled(soft, canvas.axes)
            before = attenuation(canvas.hu)
            canvas.paint_all(parts)
            added = (attenuation(canvas.hu) - before) * weights[:, None, None]
            total += line_integrals(added, canvas.axes, view, rays, order=order)
    return total


def seen_box(patient: Patient, view: View, detector: Detector) -> Box:
    """Return the box in space (LPS, mm) of what the rays meet, the patient's whole depth."""
    outline = muscle_outline(patient.spine, patient.pelvis, patient.cage, patient.habitus)
    fat = patient.habitus.fat_mm
    front, back = float(outline.front.min()) - 1.4 * fat - 15, float(outline.back.max()) + 1.2 * fat + 10
    rim = view.from_detector(detector.outline)
    ends = np.concatenate([view.source + (rim - view.source) * ((y - view.source[1]) / (rim - view.source)[:, 1:2]) for y in (front, back)])
    low, high = ends.min(0) - 15, ends.max(0) + 15
    return np.array([low[0], front, low[2]]), np.array([high[0], back, high[2]])


def _paint_soft(canvas: Canvas, patient: Patient) -> None:
    spine, pelvis, cage, habitus = patient.spine, patient.pelvis, patient.cage, patient.habitus
    outline = muscle_outline(spine, pelvis, cage, habitus)
    trunk = (outline.z > pelvis.hip[2]) & (outline.z < spine["T4"].centre[2])
    canvas.paint_all(object_parts(patient, float(outline.front[trunk].min()) - habitus.fat_mm - 3))
    canvas.paint_all(arm_parts(spine, pelvis, cage, habitus))
    paint_trunk(canvas, spine, pelvis, cage, habitus)
    canvas.paint_all(organ_parts(spine, pelvis, cage, habitus))
    rng = np.random.default_rng((habitus.seed, 2))
    canvas.paint_all([*_airways(rng, spine, cage), *_bowel_gas(rng, spine)])


def _airways(rng: np.random.Generator, spine: Spine, cage: Cage) -> list[Part]:
    """Return the windpipe, the main bronchi, and the vessels of the lungs, which films show and CT phantoms can do without."""
    top, fork = (spine[n].centre + np.array((0.0, -back, 0.0)) for n, back in (("C6", 34), ("T5", 42)))
    pipe = tube(np.array([top, fork]), (9.0, 8.5))
    vessels: list[Piece] = []
    for side in (1, -1):
        hilum = fork + (side * 42, -4, -32)
        pipe = (*pipe, *tube(np.array([fork, hilum]), (7.5, 5.0)))
        for angle in rng.uniform(-1.35, 1.5, 26):
            reach = rng.uniform(40, 95) * cage.width
            end = hilum + (side * reach * np.cos(angle), rng.normal(0, 30), -reach * 1.1 * np.sin(angle))
            bend = (hilum + end) / 2 + rng.normal(0, 5, 3)
            vessels += tube(np.array([hilum, bend, end]), np.array((3.6, 2.4, 1.2)) * rng.uniform(0.7, 1.2))
    return [Part(tuple(vessels), Material(30), in_cavity=True), Part(pipe, Material(-950))]


def _bowel_gas(rng: np.random.Generator, spine: Spine) -> list[Part]:
    """Return bubbles of gas in clusters, and the stool about them, in front of the spine."""
    parts = []
    front, high = spine["L3"].centre[1] - 60, spine["L1"].centre[2]
    for _ in range(int(rng.integers(0, 7))):
        middle = np.array((rng.uniform(-105, 105), front + rng.uniform(-25, 25), rng.uniform(-80, high)))
        size = rng.uniform(3, 13)
        bubbles = [
            ellipsoid_piece(middle + rng.normal(0, 1, 3) * (20, 10, 24), size * rng.uniform(0.4, 1.3, 3))
            for _ in range(rng.integers(2, 22))
        ]
        if rng.random() < 0.5:
            parts.append(Part((ellipsoid_piece(middle, (32, 20, 38)),), Material(45, texture_hu=70), in_cavity=True))
        parts.append(Part(tuple(bubbles), Material(float(rng.choice((-950, -950, -500)))), in_cavity=True))
    return parts


def _skeleton(patient: Patient) -> list[Part]:
    spine, pelvis, cage, bone = patient.spine, patient.pelvis, patient.cage, patient.cortical_hu
    return [
        *cage_parts(spine, cage, cortical_hu=bone),
        *shoulder_parts(spine, cage, cortical_hu=bone, hip=pelvis.hip),
        *skull_parts(spine, cortical_hu=bone),
        *(p for side in (1, -1) for p in hip_parts(pelvis, side, cortical_hu=bone)),
        *sacrum_parts(pelvis, cortical_hu=bone),
    ]


def _spine(patient: Patient) -> list[Part]:
    return [
        *(p for d in patient.spine.discs for p in disc_part(d)),
        *(p for v in patient.spine.vertebrae for p in _bone(v, patient)),
        *implant_parts(patient),
    ]


def _bone(vertebra: Vertebra, patient: Patient) -> tuple[Part, Part]:
    """Return a vertebra whose arch has a thin cortex, so that a pedicle seen end on is a ring."""
    whole, filling = vertebra_parts(vertebra, cortical_hu=patient.cortical_hu, shell_mm=patient.shell_mm)
    arch = Material(patient.cortical_hu, 1.2 * patient.shell_mm + 0.4, vertebra.trabecular_hu + 60, texture_hu=25)
    return replace(whole, material=arch), filling


def _chunks(
    parts: Sequence[Part], low: NDArray[np.float64], high: NDArray[np.float64], spacing: Spacing
) -> Iterator[tuple[dict[str, Array], Array]]:
    """Cut the parts within a box into stretches along the body.

    Yields:
        A mesh no larger than the parts there need, and a weight for each of its planes; where two stretches overlap, one fades out
        as the other fades in, so that no seam is seen.
    """
    boxes = np.array([(piece.low, piece.high) for part in parts for piece in part.pieces])
    planes = np.arange(low[2], high[2], spacing[0])
    step = max(int(_CHUNK_MM / spacing[0]), 2 * _FADE)
    fade = np.arange(1, _FADE + 1, dtype=np.float32) / (_FADE + 1)
    for start in range(0, max(len(planes) - _FADE, 1), step):
        z = planes[start : start + step + _FADE]
        here = boxes[(boxes[:, 0] < (high[0], high[1], z[-1])).all(1) & (boxes[:, 1] > (low[0], low[1], z[0])).all(1)]
        if not len(here):
            continue
        first, last = np.maximum(here[:, 0].min(0), low), np.minimum(here[:, 1].max(0), high)
        x, y = (np.arange(np.floor(first[k] / s), np.ceil(last[k] / s) + 1) * s for k, s in ((0, spacing[0]), (1, spacing[1])))
        weights = np.ones(len(z), np.float32)
        if start > 0:
            weights[:_FADE] = fade
        if start + step + _FADE < len(planes):
            weights[-_FADE:] = fade[::-1]
        if min(len(x), len(y), len(z)) > 1:
            yield {"x": x.astype(np.float32), "y": y.astype(np.float32), "z": z.astype(np.float32)}, weights


def _scaled(spacing: Spacing, factor: float) -> Spacing:
    across, along, width = (v * max(factor, 1.0) for v in spacing)
    return across, along, width


def _mesh(low: NDArray[np.float64], high: NDArray[np.float64], spacing: Spacing) -> dict[str, Array]:
    steps = {"x": spacing[0], "y": spacing[1], "z": spacing[0]}
    return {name: np.arange(low[k], high[k] + s, s).astype(np.float32) for k, (name, s) in enumerate(steps.items())}


def _resampled(canvas: Canvas, axes: Axes) -> Array:
    """Interpolate a canvas linearly at the points of a finer mesh."""
    values = canvas.hu
    for k, (old, new) in enumerate(zip(canvas.axes, axes, strict=True)):
        at = np.clip((new - old[0]) / (old[1] - old[0]), 0, len(old) - 1)
        first = np.minimum(at.astype(int), len(old) - 2)
        shape = [1, 1, 1]
        shape[k] = -1
        share = (at - first).astype(np.float32).reshape(shape)
        lower = values.take(first, axis=k)
        lower += share * (values.take(first + 1, axis=k) - lower)
        values = lower
    return values
