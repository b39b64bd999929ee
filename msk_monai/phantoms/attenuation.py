"""How much of a beam a trunk takes away along each ray: soft tissue coarsely, bones finely, the spine most finely."""

# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

from dataclasses import replace

import numpy as np

from msk_monai.phantoms.canvas import Canvas, texture_tile
from msk_monai.phantoms.devices import implant_parts, object_parts
from msk_monai.phantoms.integrals import Layer, body_integrals, scaled, seen_box, soft_canvas
from msk_monai.phantoms.organs import arm_parts, organ_parts
from msk_monai.phantoms.patient import Patient
from msk_monai.phantoms.pelvis import hip_parts, sacrum_parts
from msk_monai.phantoms.projection import Detector, View
from msk_monai.phantoms.shapes import Array, Material, Part, Piece, ellipsoid_piece, tube
from msk_monai.phantoms.spine import Spine, Vertebra
from msk_monai.phantoms.thorax import Cage, cage_parts, shoulder_parts, skull_parts
from msk_monai.phantoms.trunk import muscle_outline, paint_trunk
from msk_monai.phantoms.vertebra import disc_part, vertebra_parts

_SOFT_MM = (2.0, 3.0, 3.0)
_BONE_MM = (1.2, 1.6, 1.6)
_SPINE_MM = (0.6, 0.9, 0.9)
_FINE_PIXEL_MM = 0.33
"""Films of larger pixels (at the detector) are rendered from coarser grids."""


def patient_integrals(patient: Patient, view: View, detector: Detector) -> Array:
    """Return the line integrals of the patient's attenuation, (rows, columns), unitless."""
    front, back = _depth(patient)
    box = seen_box(view, detector, front=front, back=back, margin=15)
    tile = texture_tile(patient.habitus.seed)
    coarseness = max(1.0, min(detector.spacing) / _FINE_PIXEL_MM)
    soft_mm, bone_mm, spine_mm = (
        scaled(s, f) for s, f in ((_SOFT_MM, coarseness / 3), (_BONE_MM, coarseness / 1.5), (_SPINE_MM, coarseness))
    )
    soft = soft_canvas(box, soft_mm, tile)
    _paint_soft(soft, patient)
    layers = Layer(_skeleton(patient), bone_mm), Layer(_spine(patient), spine_mm, order=3)
    return body_integrals(soft, layers, box, view, detector, tile=tile)


def _depth(patient: Patient) -> tuple[float, float]:
    """Where the patient begins and ends from front to back, mm."""
    outline = muscle_outline(patient.spine, patient.pelvis, patient.cage, patient.habitus)
    fat = patient.habitus.fat_mm
    return float(outline.front.min()) - 1.4 * fat - 15, float(outline.back.max()) + 1.2 * fat + 10


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
