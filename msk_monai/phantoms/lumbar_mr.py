"""A patient's lumbar spine in MR: the tissues of vertebrae, discs, dural sac, muscle and fat, and their signals by weighting."""

# Points are arrays: adding a tuple to one is a sum of vectors.

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from msk_monai.phantoms.lumbar_discs import LumbarDisc, sample_discs
from msk_monai.phantoms.mr_slab import Tissue
from msk_monai.phantoms.patient import Patient, sample_patient
from msk_monai.phantoms.pelvis import iliac_piece, sacrum_parts
from msk_monai.phantoms.recipe import Recipe, load_recipe
from msk_monai.phantoms.shapes import Array, Distance, Part, capsule, ellipsoid, in_frame, rotation_xyz, smooth_intersection, smooth_union
from msk_monai.phantoms.spine import Disc, Vertebra
from msk_monai.phantoms.trunk import Outline, muscle_outline
from msk_monai.phantoms.vertebra import cross_section, vertebra_parts

VERTEBRA, ANNULUS, NUCLEUS, CANAL = 1, 2, 3, 4
"""Labels of a rendered slice; what is herniated counts as annulus."""
LABELS = 4

_NUCLEUS_T2 = (0.88, 0.74, 0.56, 0.40, 0.26)
"""Signal of the nucleus by grade of degeneration."""
SIGNALS: dict[str, dict[str, float]] = {
    "T2": {
        "air": 0.01, "fat": 0.72, "muscle": 0.20, "marrow": 0.42, "cortex": 0.05, "annulus": 0.09, "sac": 1.0, "nerve": 0.42,
        "vessel": 0.04, "bowel": 0.45, "herniation": 0.20, **{f"nucleus {grade}": value for grade, value in enumerate(_NUCLEUS_T2, 1)},
    },
    "T1": {
        "air": 0.01, "fat": 0.95, "muscle": 0.36, "marrow": 0.58, "cortex": 0.06, "annulus": 0.24, "sac": 0.16, "nerve": 0.33,
        "vessel": 0.05, "bowel": 0.45, "herniation": 0.30, **{f"nucleus {grade}": 0.34 for grade in range(1, 6)},
    },
    "T1 contrast": {
        "air": 0.01, "fat": 0.10, "muscle": 0.45, "marrow": 0.30, "cortex": 0.05, "annulus": 0.26, "sac": 0.15, "nerve": 0.35,
        "vessel": 0.9, "bowel": 0.5, "herniation": 0.33, **{f"nucleus {grade}": 0.32 for grade in range(1, 6)},
    },
    "STIR": {
        "air": 0.01, "fat": 0.07, "muscle": 0.28, "marrow": 0.17, "cortex": 0.04, "annulus": 0.10, "sac": 1.0, "nerve": 0.45,
        "vessel": 0.05, "bowel": 0.5, "herniation": 0.22, **{f"nucleus {grade}": 0.8 * value for grade, value in enumerate(_NUCLEUS_T2, 1)},
    },
    "PD": {
        "air": 0.01, "fat": 0.85, "muscle": 0.45, "marrow": 0.6, "cortex": 0.06, "annulus": 0.22, "sac": 0.7, "nerve": 0.55,
        "vessel": 0.05, "bowel": 0.55, "herniation": 0.35,
        **{f"nucleus {grade}": 0.4 + 0.4 * value for grade, value in enumerate(_NUCLEUS_T2, 1)},
    },
}  # fmt: skip
"""Signal of each tissue by weighting, against that of cerebrospinal fluid in T2."""


@dataclass(frozen=True, kw_only=True)
class LumbarPatient:
    """A patient, and the discs L1-L2 to L5-S1."""

    patient: Patient
    discs: tuple[LumbarDisc, ...]


def lumbar_recipe() -> Recipe:
    """The CT recipe with five lumbar vertebrae and no implants."""
    return replace(
        load_recipe(), age=(52, 16), lumbar_count_shares=(0.0, 1.0, 0.0), screws_share=0.0, cement_share=0.0, hip_prosthesis_share=0.0,
        scoliosis_share=0.25, cobb_range=(4.0, 18.0), contrast_share=0.0, disc_narrowing_share=0.35,
    )  # fmt: skip


def sample_lumbar_patient(rng: np.random.Generator, recipe: Recipe) -> LumbarPatient:
    """Draw a patient."""
    patient = sample_patient(rng, recipe)
    return LumbarPatient(patient=patient, discs=sample_discs(rng, patient.spine, patient.age))


def tissues(lumbar: LumbarPatient) -> tuple[Tissue, ...]:
    """Everything of a patient between T11 and the sacrum, in the order to paint it."""
    patient, spine = lumbar.patient, lumbar.patient.spine
    vertebrae = [vertebra for vertebra in spine.vertebrae if vertebra.name[0] == "L" or vertebra.name in ("T12", "T11", "T10")]
    upper = [disc for disc in spine.discs if disc.below in ("T12", "T11", "T10")]
    sac = _Sac(lumbar)
    bones = [tissue for vertebra in vertebrae for tissue in _vertebra(vertebra)]
    sacrum = [tissue for part in sacrum_parts(patient.pelvis, cortical_hu=1000.0) for tissue in _bone(part)]
    return (
        *_trunk(lumbar),
        Tissue("fat", *sac.box, sac.distance(1.22, 1.2, 1.5), soft=0.5, texture=0.05),
        *(_plain_disc(disc) for disc in upper),
        *(tissue for disc in lumbar.discs for tissue in _disc(disc)),
        *sacrum,
        *(tissue for side in (1, -1) for tissue in _wing(patient, side)),
        *bones,
        Tissue("sac", *sac.box, sac.distance(1.0, 1.0, 0.0), CANAL, texture=0.03),
        Tissue("nerve", *sac.box, sac.nerves, CANAL, soft=0.3),
        *(tissue for disc in lumbar.discs for tissue in _beyond(disc)),
    )


class _Sac:
    """The dural sac with the cord's end and the nerve roots: a tube whose course and size change with height."""

    def __init__(self, lumbar: LumbarPatient) -> None:
        patient, spine = lumbar.patient, lumbar.patient.spine
        nodes: list[tuple[float, ...]] = []
        slope = rotation_xyz(patient.pelvis.sacral_slope, 0, 0)
        width, depth = lumbar.discs[-1].sac
        behind = 0.46 * patient.pelvis.s1_depth
        for down, out, share in ((-52.0, 16.0, 0.15), (-30.0, 12.0, 0.6), (-12.0, 8.0, 0.85)):
            nodes.append((*(slope @ (0.0, behind + out, down)), width * share, depth * share))
        for disc in lumbar.discs[::-1]:
            nodes.append((*disc.sac_centre, *disc.sac))
            above = spine[disc.level.split("-")[0]]
            nodes.append(
                (*above.to_patient((0.0, 0.46 * above.depth + 1.0 + 0.5 * 1.06 * disc.sac[1], 0.0)), disc.sac[0], 1.06 * disc.sac[1])
            )
        for name in ("T12", "T11", "T10", "T9"):
            level = spine[name]
            nodes.append(
                (
                    *level.to_patient((0.0, 0.46 * level.depth + 0.5 * level.canal_depth, 0.0)),
                    0.75 * level.canal_width,
                    0.8 * level.canal_depth,
                )
            )
        table = np.array(nodes)
        table = table[np.concatenate([[True], np.diff(np.maximum.accumulate(table[:, 2])) > 1.0])]
        self._z = np.arange(table[0, 2], table[-1, 2], 1.0)
        along = PchipInterpolator(table[:, 2], table[:, [0, 1, 3, 4]])(self._z)
        self._x, self._y, self._half_width, self._half_depth = along[:, 0], along[:, 1], along[:, 2] / 2, along[:, 3] / 2
        self._upright = 1 / np.hypot(1.0, np.gradient(self._y, self._z))
        self._conus = float(spine["L1"].centre[2]) + float(np.random.default_rng((patient.habitus.seed, 7)).normal(0, 12))
        reach = np.array([30.0, 25.0, 5.0])
        low = np.array([self._x.min(), self._y.min(), self._z[0]]) - reach
        self.box = low, np.array([self._x.max(), self._y.max(), self._z[-1]]) + reach
        self._roots = self._sample_roots(np.random.default_rng((patient.habitus.seed, 8)))

    def distance(self, wider: float, deeper: float, back: float) -> Distance:
        """Distance to the tube, made wider and deeper and moved back by so many mm."""

        def field(x: Array, y: Array, z: Array) -> Array:
            across, ahead, half_width, half_depth = self._own(x, y - np.float32(back), z)
            first, second = half_width * np.float32(wider), half_depth * np.float32(deeper)
            out = np.hypot(across / first, ahead / second)
            steep = np.hypot(across / (first * first), ahead / (second * second))
            tube = out * (out - 1) / np.maximum(steep, np.float32(1e-4))
            return np.asarray(np.maximum(tube, np.maximum(np.float32(self._z[0]) - z, z - np.float32(self._z[-1]))), np.float32)

        return field

    def nerves(self, x: Array, y: Array, z: Array) -> Array:
        """Distance to the cord's conus and, below it, the roots of the cauda equina."""
        across, ahead, half_width, half_depth = self._own(x, y, z)
        cord = np.hypot(across / np.float32(1.3), ahead) - np.clip((z - np.float32(self._conus)) / 6, 0, 3.6)
        field = np.where(z > self._conus, cord, np.float32(99))
        below = np.clip((np.float32(self._conus + 20) - z) / 40, 0.1, 1.0)  # they spread on their way down
        for u, v, radius in self._roots:
            root = np.hypot(across - u * half_width * below, ahead - v * half_depth) - radius
            field = np.minimum(field, root)
        return np.asarray(np.where(z > self._conus + 12, cord, field), np.float32)

    def _own(self, x: Array, y: Array, z: Array) -> tuple[Array, Array, Array, Array]:
        middle_x, middle_y, half_width, half_depth, upright = (
            np.interp(z, self._z, values).astype(np.float32)
            for values in (self._x, self._y, self._half_width, self._half_depth, self._upright)
        )
        return x - middle_x, (y - middle_y) * upright, half_width, half_depth

    @staticmethod
    def _sample_roots(rng: np.random.Generator) -> NDArray[np.float32]:
        """(N, 3) place as shares of the sac's half axes, and radius in mm: lying on their back, patients have them at the back."""
        side = rng.uniform(-0.75, 0.75, 16)
        back = np.sqrt(np.clip(0.85 - side**2, 0.05, None)) * rng.uniform(0.15, 0.9, 16)
        return np.stack([side, back, rng.uniform(0.45, 0.75, 16)], 1).astype(np.float32)


def _vertebra(vertebra: Vertebra) -> list[Tissue]:
    whole, filling = vertebra_parts(vertebra, cortical_hu=1000.0, shell_mm=0.6)
    piece, inner = whole.pieces[0], filling.pieces[0]
    return [
        Tissue("cortex", piece.low, piece.high, piece.distance, VERTEBRA),
        Tissue("marrow", piece.low, piece.high, _inside(piece.distance, 1.0), VERTEBRA, soft=0.4, texture=0.08),
        Tissue("marrow", inner.low, inner.high, inner.distance, VERTEBRA, texture=0.08),
    ]


def _bone(part: Part) -> list[Tissue]:
    low, high = np.min([piece.low for piece in part.pieces], axis=0), np.max([piece.high for piece in part.pieces], axis=0)

    def joined(x: Array, y: Array, z: Array) -> Array:
        return np.asarray(np.min(np.broadcast_arrays(*(piece.distance(x, y, z) for piece in part.pieces)), axis=0))

    if not part.label:
        return [Tissue("muscle", low, high, joined)]
    return [Tissue("cortex", low, high, joined), Tissue("marrow", low, high, _inside(joined, 1.0), soft=0.4, texture=0.08)]


def _wing(patient: Patient, side: int) -> list[Tissue]:
    piece = iliac_piece(patient.pelvis, side)
    return [
        Tissue("cortex", piece.low, piece.high, piece.distance),
        Tissue("marrow", piece.low, piece.high, _inside(piece.distance, 1.5), texture=0.08),
    ]


def _inside(distance: Distance, depth: float) -> Distance:
    return lambda x, y, z: distance(x, y, z) + np.float32(depth)


def _plain_disc(disc: Disc) -> Tissue:
    low, high = _disc_box(disc)
    return Tissue("annulus", low, high, _layer(disc, 0.0, 1.0, disc.height / 2 + 4), ANNULUS)


def _disc(disc: LumbarDisc) -> list[Tissue]:
    """The disc without what reaches beyond the vertebrae; its upper and lower side are left to the vertebrae to cut."""
    low, high = _disc_box(disc.disc)
    height = disc.disc.height / 2
    return [
        Tissue("annulus", low, high, _layer(disc.disc, 0.0, 1.0, height + 4), ANNULUS, texture=0.06),
        Tissue(f"nucleus {disc.grade}", low, high, _nucleus(disc), NUCLEUS, soft=0.4, texture=0.07),
    ]


def _nucleus(disc: LumbarDisc) -> Distance:
    frame, centre = rotation_xyz(*disc.disc.turn), disc.disc.centre
    wide, deep = (share * size / 2 for share, size in zip(disc.nucleus, (disc.disc.width, disc.disc.depth), strict=True))
    lid = max(disc.disc.height / 2 - 0.6, 0.6)

    def distance(x: Array, y: Array, z: Array) -> Array:
        u, v, w = in_frame(x, y, z, centre, frame)
        rim = (cross_section(u, v - np.float32(disc.nucleus_shift), wide, deep) - 1) * np.float32(deep)
        return smooth_intersection(rim, np.abs(w) - np.float32(lid), 2.0)

    return distance


def _beyond(disc: LumbarDisc) -> list[Tissue]:
    """What reaches beyond the vertebrae: a bulge of the whole posterior outline, and a herniation."""
    low, high = _disc_box(disc.disc)
    frame, centre = rotation_xyz(*disc.disc.turn), disc.disc.centre

    def bulge(x: Array, y: Array, z: Array) -> Array:
        u, v, w = in_frame(x, y, z, centre, frame)
        half = np.float32(disc.disc.depth / 2)
        rim = (cross_section(u, v, disc.disc.width / 2, disc.disc.depth / 2) - 1) * half
        shell = np.maximum(rim - np.float32(disc.bulge) * np.clip(v / (half * np.float32(0.5)), 0, 1), -rim - 2)
        return np.maximum(np.maximum(shell, np.abs(w) - np.float32(disc.disc.height / 2)), -v)

    found = [Tissue("annulus", low, high, bulge, ANNULUS)]
    if disc.herniation is not None:
        shape = disc.herniation
        radii = (shape.half_width, max(shape.depth, 3.0), shape.half_height)
        middle = (shape.side, disc.rim + shape.depth - radii[1], shape.rise)

        def herniated(x: Array, y: Array, z: Array) -> Array:
            u, v, w = in_frame(x, y, z, centre, frame)
            body = ellipsoid(u, v, w, middle, radii)
            neck = capsule(u, v, w, (shape.side * 0.9, disc.rim - 3, 0), middle, 0.35 * disc.disc.height, 0.6 * min(radii))
            outside = -(cross_section(u, v, disc.disc.width / 2, disc.disc.depth / 2) - 1) * np.float32(disc.disc.depth / 2)
            return np.maximum(smooth_union(body, neck, 1.5), outside - np.float32(0.3))

        reach = np.asarray(centre) + frame @ (0.0, disc.rim + 4, 0.0)
        found.append(Tissue("herniation", reach - 22, reach + 22, herniated, ANNULUS, texture=0.1))
    return found


def _layer(disc: Disc, shift: float, share: float, half_height: float) -> Distance:
    frame, half_width, half_depth = rotation_xyz(*disc.turn), share * disc.width / 2, share * disc.depth / 2

    def distance(x: Array, y: Array, z: Array) -> Array:
        u, v, w = in_frame(x, y, z, disc.centre, frame)
        rim = (cross_section(u, v - np.float32(shift), half_width, half_depth) - 1) * np.float32(half_depth)
        return smooth_intersection(rim, np.abs(w) - np.float32(half_height), 3.0)

    return distance


def _disc_box(disc: Disc) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    reach = float(np.hypot(max(disc.width, disc.depth) / 2, disc.height)) + 8
    return np.asarray(disc.centre) - reach, np.asarray(disc.centre) + reach


def _trunk(lumbar: LumbarPatient) -> list[Tissue]:
    """Skin with fat, muscle, what lies before the spine, and the psoas muscles and great vessels beside it."""
    patient, spine = lumbar.patient, lumbar.patient.spine
    outline = muscle_outline(spine, patient.pelvis, patient.cage, patient.habitus)
    low, high = np.array([-260.0, -330.0, -400.0]), np.array([260.0, 220.0, 420.0])
    fat = patient.habitus.fat_mm

    def column(dx: float, dy: float, wide: float, deep: float) -> Distance:
        def distance(x: Array, y: Array, z: Array) -> Array:
            middle_x, middle_y = spine.lateral(z).astype(np.float32), spine.sagittal(z).astype(np.float32)
            out = np.hypot((x - middle_x - np.float32(dx)) / np.float32(wide), (y - middle_y - np.float32(dy)) / np.float32(deep))
            return np.asarray((out - 1) * np.float32(min(wide, deep)), np.float32)

        return distance

    def septum(x: Array, y: Array, z: Array) -> Array:
        middle_x, middle_y = spine.lateral(z).astype(np.float32), spine.sagittal(z).astype(np.float32)
        plate = np.maximum(np.abs(x - middle_x) - 1.2, middle_y + 45 - y)
        return np.asarray(np.maximum(plate, skin(x, y, z)), np.float32)

    skin = _outline(outline, 0.0, 0.0, 0.0)
    muscle = patient.habitus.muscle
    found = [
        Tissue("fat", low, high, _outline(outline, fat, fat, 0.8 * fat), texture=0.05),
        Tissue("muscle", low, high, skin, soft=1.0, texture=0.12),
        Tissue("fat", low, high, septum, soft=1.5, texture=0.1),
        Tissue("bowel", low, high, _cavity(outline, patient), soft=2.0, texture=0.35, grain=14.0),
        *(Tissue("fat", low, high, column(side * 38.0, 4.0, 27.0 * muscle, 29.0 * muscle), soft=2.0, texture=0.05) for side in (1, -1)),
        *(Tissue("muscle", low, high, column(side * 38.0, 6.0, 20.0 * muscle, 22.0 * muscle), soft=1.0, texture=0.1) for side in (1, -1)),
        Tissue("fat", low, high, column(0.0, -27.0, 40.0, 14.0), soft=2.0, texture=0.05),
        Tissue("vessel", low, high, column(9.0, -31.0, 8.5, 8.5)),
        Tissue("vessel", low, high, column(-15.0, -29.0, 11.0, 8.0)),
    ]
    return [replace(tissue, coarse=True) for tissue in found]


def _outline(outline: Outline, side: float, front: float, back: float) -> Distance:
    """Distance (to first order) to the trunk's outline, widened by so many mm."""

    def distance(x: Array, y: Array, z: Array) -> Array:
        half, ahead, behind = (values.astype(np.float32) for values in outline.at(z))
        half, ahead, behind = half + np.float32(side), ahead - np.float32(front), behind + np.float32(back)
        middle = np.float32(0.42) * ahead + np.float32(0.58) * behind
        down = y - middle
        across = np.abs(x) / np.maximum(half, 1)
        along = np.where(down < 0, down / np.minimum(ahead - middle, -1), down / np.maximum(behind - middle, 1))
        return np.asarray((across**2.4 + along**2.4 - 1) * np.minimum(half, (behind - ahead) / 2) / 2.4, np.float32)

    return distance


def _cavity(outline: Outline, patient: Patient) -> Distance:
    body = _outline(outline, -22.0 * patient.habitus.muscle, -12.0, 0.0)
    spine = patient.spine

    def distance(x: Array, y: Array, z: Array) -> Array:
        back = spine.sagittal(z).astype(np.float32) + np.float32(4) + np.float32(0.0025) * np.square(x)
        return np.asarray(np.maximum(body(x, y, z), y - back), np.float32)

    return distance
