"""Render a patient as CT: HU values, vertebra labels and the exact truth, on any grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.canvas import Canvas, Grid, texture_tile
from msk_monai.phantoms.devices import couch_parts, implant_parts, object_parts
from msk_monai.phantoms.organs import arm_parts, organ_parts
from msk_monai.phantoms.patient import Patient
from msk_monai.phantoms.pelvis import hip_parts, sacrum_parts
from msk_monai.phantoms.shapes import Array, Part
from msk_monai.phantoms.thorax import cage_parts, shoulder_parts, skull_parts
from msk_monai.phantoms.trunk import muscle_outline, paint_trunk
from msk_monai.phantoms.truth import Truth, scan_truth
from msk_monai.phantoms.vertebra import disc_part, vertebra_parts

_CHUNK_VOXELS = 6_000_000
_FINEST_MM = 2.0


@dataclass(frozen=True)
class CTVolume:
    """A rendered scan; arrays are (Z, Y, X): the first axis towards the head, the second to the back, the third to the left.

    Args:
        hu: int16 Hounsfield units.
        labels: uint8 vertebrae with their posterior elements, values as in ``spine.LABELS`` (S1: the whole sacrum).
        bodies: uint8 vertebral bodies alone, same values (S1: the first sacral body).
        grid: where the voxels lie.
        truth: exact positions in this scan.
    """

    hu: NDArray[np.int16]
    labels: NDArray[np.uint8]
    bodies: NDArray[np.uint8]
    grid: Grid
    truth: Truth


def render_ct(patient: Patient, grid: Grid) -> CTVolume:
    """Render a patient without the scanner's noise (see ``scanner.acquire``); slices average over their thickness."""
    x, y, z = (
        (np.float32(o) + np.arange(n, dtype=np.float32) * np.float32(s))
        for o, s, n in zip(grid.origin, grid.spacing, grid.shape[::-1], strict=True)
    )
    repeats = 2 * int(np.ceil((grid.slice_thickness / _FINEST_MM - 1) / 2)) + 1 if grid.slice_thickness > 1.6 * _FINEST_MM else 1
    offsets = (np.arange(repeats, dtype=np.float32) - (repeats - 1) / 2) * np.float32(grid.slice_thickness / repeats)
    parts, tile = anatomy(patient), texture_tile(patient.habitus.seed)
    voxel = float(np.mean([grid.spacing[0], grid.spacing[1], grid.slice_thickness / repeats]))
    hu = np.empty(grid.shape, np.int16)
    labels, bodies = np.empty(grid.shape, np.uint8), np.empty(grid.shape, np.uint8)
    step = max(1, _CHUNK_VOXELS // (len(x) * len(y) * repeats))
    for start in range(0, len(z), step):
        planes = slice(start, min(start + step, len(z)))
        count = planes.stop - start
        canvas = Canvas(x=x, y=y, z=np.sort((z[planes, None] + offsets).ravel()), voxel=voxel, tile=tile)
        _paint(canvas, patient, parts)
        hu[planes] = _averaged(canvas.hu, count, repeats)
        labels[planes] = canvas.labels[repeats // 2 :: repeats]
        bodies[planes] = canvas.bodies[repeats // 2 :: repeats]
    return CTVolume(hu, labels, bodies, grid, scan_truth(patient, grid))


def anatomy(patient: Patient) -> list[Part]:
    """Return all parts that lie inside the trunk, in the order to paint them."""
    spine, pelvis, cage = patient.spine, patient.pelvis, patient.cage
    bone = patient.cortical_hu
    return [
        *organ_parts(spine, pelvis, cage, patient.habitus),
        *cage_parts(spine, cage, cortical_hu=bone),
        *shoulder_parts(spine, cage, cortical_hu=bone, hip=pelvis.hip),
        *skull_parts(spine, cortical_hu=bone),
        *(p for side in (1, -1) for p in hip_parts(pelvis, side, cortical_hu=bone)),
        *sacrum_parts(pelvis, cortical_hu=bone),
        *(p for d in spine.discs for p in disc_part(d)),
        *(p for v in spine.vertebrae for p in vertebra_parts(v, cortical_hu=bone, shell_mm=patient.shell_mm)),
        *implant_parts(patient),
    ]


def _paint(canvas: Canvas, patient: Patient, parts: list[Part]) -> None:
    outline = muscle_outline(patient.spine, patient.pelvis, patient.cage, patient.habitus)
    trunk = (outline.z > patient.pelvis.hip[2]) & (outline.z < patient.spine["T4"].centre[2])
    canvas.paint_all(couch_parts(patient, float(outline.back[trunk].max()) + 0.9 * patient.habitus.fat_mm))
    canvas.paint_all(object_parts(patient, float(outline.front[trunk].min()) - patient.habitus.fat_mm - 3))
    canvas.paint_all(arm_parts(patient.spine, patient.pelvis, patient.cage, patient.habitus))
    paint_trunk(canvas, patient.spine, patient.pelvis, patient.cage, patient.habitus)
    canvas.paint_all(parts)


def _averaged(hu: Array, slices: int, repeats: int) -> NDArray[np.int16]:
    mean = hu if repeats == 1 else hu.reshape(slices, repeats, *hu.shape[1:]).mean(1)
    return np.clip(np.rint(mean), -1024, 12000).astype(np.int16)
