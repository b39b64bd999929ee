"""The trunk's outline with its layers of fat and muscle, the body cavity, lungs, liver and spleen."""

# Points are arrays: adding a tuple to one is a sum of vectors.

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.canvas import Canvas
from msk_monai.phantoms.pelvis import Pelvis
from msk_monai.phantoms.shapes import Array, Material, Part, ellipsoid_piece, rotation_xyz
from msk_monai.phantoms.spine import Spine
from msk_monai.phantoms.thorax import Cage

Profile = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Habitus:
    """Body build and contents.

    Args:
        fat_mm: thickness of the subcutaneous fat at the flanks.
        visceral: amount of fat inside the abdomen, 0 lean to 1 obese.
        muscle: size of the muscles against the mean.
        muscle_hu: HU of muscle without contrast agent.
        contrast_hu: HU that contrast agent adds to the aorta; 0: none given.
        venous: share of the agent that reached veins and organs.
        oral_hu: HU of the bowel's contents where oral contrast was given, else 0.
        calcified: number of calcified plaques of the aorta and iliac arteries.
        diaphragm_mm: shift of the domes against the spine.
        stones: number of stones (kidney or gall bladder).
        seed: of everything placed by chance.
    """

    fat_mm: float
    visceral: float
    muscle: float
    muscle_hu: float
    contrast_hu: float
    venous: float
    oral_hu: float
    calcified: int
    diaphragm_mm: float
    stones: int
    seed: int


@dataclass(frozen=True)
class Outline:
    """The trunk's outline: half width, front and back as functions of height."""

    z: NDArray[np.float64]
    half_width: NDArray[np.float64]
    front: NDArray[np.float64]
    back: NDArray[np.float64]

    def at(self, z: NDArray[np.floating]) -> Profile:
        """Return half width, front y and back y at heights ``z``."""
        return np.interp(z, self.z, self.half_width), np.interp(z, self.z, self.front), np.interp(z, self.z, self.back)


def muscle_outline(spine: Spine, pelvis: Pelvis, cage: Cage, habitus: Habitus) -> Outline:
    """Return the outline of the trunk without its subcutaneous fat."""
    at = lambda name: spine[name].centre  # noqa: E731
    hip = pelvis.hip
    belly = 22 * habitus.visceral + 8
    crest = 45 * pelvis.scale + pelvis.crest_rise
    wide = pelvis.width * pelvis.scale
    w, d = cage.width, cage.depth
    rows = [  # z, half width, front (y), back (y)
        (hip[2] - 420, 150 * wide, -120, 70),
        (hip[2] - 60, 172 * wide, hip[1] - 66, hip[1] + 118),
        (hip[2], 170 * wide, hip[1] - 70, hip[1] + 128),
        (hip[2] + 50, 158 * wide, -104 - belly * 0.6, 100),
        (crest - 25, 142 * wide, -112 - belly, 80),
        (crest + 25, 134 * wide + 4 * habitus.visceral, -118 - belly, at("L3")[1] + 84),
        (at("L2")[2], 132 * w + 6 * habitus.visceral, at("L2")[1] - 104 - belly * 1.1, at("L2")[1] + 84),
        (at("T12")[2], 138 * w, at("T12")[1] - 118 - belly * 0.8, at("T12")[1] + 80),
        (at("T10")[2], 142 * w, at("T10")[1] - 138 * d - 8, at("T10")[1] + 76),
        (at("T8")[2], 146 * w, at("T8")[1] - 140 * d - 8, at("T8")[1] + 74),
        (at("T5")[2], 156 * w, at("T5")[1] - 118 * d - 10, at("T5")[1] + 72),
        (at("T3")[2], 172 * w, at("T3")[1] - 84 * d - 8, at("T3")[1] + 70),
        (at("T1")[2] - 10, 168 * w, at("T1")[1] - 58, at("T1")[1] + 72),
        (at("T1")[2] + 22, 90 * w, at("T1")[1] - 56, at("T1")[1] + 70),
        (at("C6")[2] + 5, 62, at("C6")[1] - 55, at("C6")[1] + 62),
        (at("C3")[2], 62, at("C3")[1] - 70, at("C3")[1] + 60),
        (at("C2")[2] + 30, 76, at("C2")[1] - 105, at("C2")[1] + 72),
        (at("C2")[2] + 95, 82, at("C2")[1] - 118, at("C2")[1] + 84),
        (at("C2")[2] + 150, 60, at("C2")[1] - 90, at("C2")[1] + 60),
        (at("C2")[2] + 172, 5, at("C2")[1] - 25, at("C2")[1] - 5),
    ]
    table = np.array(rows, float)
    z = np.arange(table[0, 0] - 30, table[-1, 0], 4.0)
    smooth = [np.convolve(np.pad(np.interp(z, table[:, 0], table[:, k]), 4, "edge"), np.ones(9) / 9, "valid") for k in (1, 2, 3)]
    return Outline(z, *smooth)


def paint_trunk(canvas: Canvas, spine: Spine, pelvis: Pelvis, cage: Cage, habitus: Habitus) -> None:
    """Paint skin, fat, muscle, the body cavity and the lungs."""
    outline = muscle_outline(spine, pelvis, cage, habitus)
    z = canvas.axes[0].astype(np.float64)
    present = np.flatnonzero((z > outline.z[0]) & (z < outline.z[-1]))
    if not present.size:
        return
    planes = slice(int(present[0]), int(present[-1]) + 1)
    z = z[planes]
    shift = np.interp(z, (0, spine["T1"].centre[2]), (0, 1)) * spine.lateral(z) * 0.5
    fat = habitus.fat_mm * np.interp(
        z, (pelvis.hip[2] - 60, pelvis.hip[2], 20, spine["T10"].centre[2], spine["T1"].centre[2]), (1.2, 1.3, 1.0, 0.6, 0.3)
    )
    x, y = canvas.axes[2][None, None, :], canvas.axes[1][None, :, None]
    sizes = outline.at(z)
    skin_sizes = (sizes[0] + fat, sizes[1] - 1.0 * fat, sizes[2] + 0.8 * fat)
    region_y = _span(canvas.axes[1], float(skin_sizes[1].min()) - 8, float(skin_sizes[2].max()) + 8)
    region_x = _span(canvas.axes[2], float(-(skin_sizes[0] - shift).max()) - 10, float((skin_sizes[0] + shift).max()) + 10)
    region = (planes, region_y, region_x)
    x, y = x[:, :, region_x], y[:, region_y]
    skin = _superellipse(x, y, shift, skin_sizes, 2.4)
    canvas.blend(skin, Material(10, 2.0, -104, texture_hu=5), region)
    muscle = _superellipse(x, y, shift, sizes, 2.5)
    canvas.blend(muscle, Material(habitus.muscle_hu, texture_hu=4 + 0.15 * habitus.fat_mm), region)
    _paint_cavity(canvas, region, (x, y), shift, sizes, spine, pelvis, cage, habitus)


def _paint_cavity(
    canvas: Canvas,
    region: tuple[slice, slice, slice],
    mesh: tuple[Array, Array],
    shift: NDArray[np.float64],
    sizes: Profile,
    spine: Spine,
    pelvis: Pelvis,
    cage: Cage,
    habitus: Habitus,
) -> None:
    z = canvas.axes[0][region[0]].astype(np.float64)
    spots = (
        pelvis.hip[2] - 40,
        pelvis.hip[2] + 30,
        20.0,
        spine["L2"].centre[2],
        spine["T10"].centre[2],
        spine["T3"].centre[2],
        spine["T1"].centre[2],
    )
    wall = np.interp(z, spots, (110, 84, 24, 17, 14, 60, 120)) * (0.7 + 0.3 * habitus.muscle)
    front = np.interp(z, spots, (60, 24, 12, 12, 14, 26, 40))
    back_y = np.interp(
        z,
        (pelvis.hip[2], 0.0, *(spine[n].centre[2] for n in ("L3", "L1", "T10", "T6", "T2"))),
        (62, 30, *(spine[n].centre[1] + k for n, k in (("L3", 30), ("L1", 44), ("T10", 54), ("T6", 54), ("T2", 40)))),
    )
    inner = (sizes[0] - wall, sizes[1] + front, back_y)
    floor, ceiling = pelvis.hip[2] - 45, spine["T1"].centre[2]
    cavity = _superellipse(*mesh, shift, inner, 2.6)
    zz = z.astype(np.float32)[:, None, None]
    lid = np.maximum(np.float32(floor) - zz, zz - np.float32(ceiling))
    inside = np.maximum(cavity, lid)
    canvas.blend(inside, Material(-100, texture_hu=6), region)
    canvas.cavity[region] = inside
    canvas.paint_all(_liver_and_spleen(spine, cage, habitus))
    lungs = _lungs(mesh, zz, z, shift, inner, spine, habitus)
    canvas.blend(lungs, Material(-860, texture_hu=40), region)


def _liver_and_spleen(spine: Spine, cage: Cage, habitus: Habitus) -> list[Part]:
    """Return liver and spleen, larger than they are: the body cavity, and the lungs painted next, cut them to shape."""
    rng = np.random.default_rng((habitus.seed, 1))
    given = habitus.contrast_hu * habitus.venous
    dome = spine["T10"].centre[2] + 8 + habitus.diaphragm_mm
    y = spine["T11"].centre[1]
    w = cage.width
    size = rng.uniform(0.88, 1.15)
    liver = ellipsoid_piece(np.array((-88 * w, y - 50, dome - 66)) + rng.normal(0, 5, 3), (82 * w, 98, 78 * size), rotation_xyz(0, -22))
    lobe = ellipsoid_piece(np.array((-8, y - 92, dome - 42)) + rng.normal(0, 6, 3), (86 * w, 46, 46 * size), rotation_xyz(0, -14))
    spleen = ellipsoid_piece(
        np.array((112 * w, y - 2, dome - 62)) + rng.normal(0, 1, 3) * (3, 6, 12),
        (36, 52, 56 * rng.uniform(0.75, 1.2)),
        rotation_xyz(15, 10, 30),
    )
    tissue = Material(float(rng.uniform(38, 64)) + 0.4 * given, texture_hu=5)
    return [
        Part((lobe, liver), tissue, in_cavity=True),
        Part((spleen,), Material(50 + 0.45 * given, texture_hu=5), in_cavity=True),
    ]


def _lungs(
    mesh: tuple[Array, Array],
    zz: Array,
    z: NDArray[np.float64],
    shift: NDArray[np.float64],
    inner: Profile,
    spine: Spine,
    habitus: Habitus,
) -> Array:
    x, y = mesh
    dome = spine["T10"].centre[2] + 8 + habitus.diaphragm_mm
    lung = _superellipse(x, y, shift, (inner[0] - 2, inner[1] + 2, inner[2] - 1), 2.3)
    middle = np.interp(z, (dome - 60, dome + 40, dome + 130, dome + 230), (30, 42, 30, 45)).astype(np.float32)[:, None, None]
    dx = x - shift.astype(np.float32)[:, None, None]
    ycentre = np.float32(spine["T9"].centre[1])
    side = np.abs(dx + 6) - 62
    height = (
        np.float32(dome)
        - np.where(dx > 0, np.float32(12), np.float32(0))
        - np.float32(0.010) * side * side
        - np.float32(0.009) * np.square(y - ycentre + 45)
    )
    deep = np.float32(spine["L1"].centre[2] + 6 + 0.5 * habitus.diaphragm_mm)
    below = np.maximum(height, deep) - zz
    back_limit = np.maximum(np.float32(0), (y - ycentre + 5)) * 0.5
    mediastinum = middle - np.abs(dx) - np.where(y < ycentre, 0, back_limit * 0.6)
    return np.maximum(np.maximum(lung, np.float32(0.8) * below), mediastinum)


def _superellipse(x: Array, y: Array, shift: NDArray[np.float64], sizes: Profile, power: float) -> Array:
    """Return the distance (to first order) to an outline whose widest place lies two thirds of the way back."""
    half, front, back = (np.asarray(s, np.float32)[:, None, None] for s in sizes)
    centre = np.float32(0.42) * front + np.float32(0.58) * back
    a = np.abs(x - shift.astype(np.float32)[:, None, None]) / np.maximum(half, 1)
    dy = y - centre
    b = np.where(dy < 0, dy / np.minimum(front - centre, -1), dy / np.maximum(back - centre, 1))
    size = np.minimum(half, (back - front) / 2) / np.float32(power)
    return np.asarray((a**power + np.where(dy < 0, b**power, b ** (power + 0.6)) - 1) * size, np.float32)


def _span(axis: Array, low: float, high: float) -> slice:
    return slice(int(np.searchsorted(axis, low)), int(np.searchsorted(axis, high)))
