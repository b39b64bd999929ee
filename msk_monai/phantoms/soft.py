"""Soft tissue: the body's outline, fat, muscle, lungs, organs, vessels and bowel, loosely placed about the skeleton."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.canvas import Canvas
from msk_monai.phantoms.pelvis import Pelvis
from msk_monai.phantoms.shapes import Array, Material, Part, Piece, box_piece, ellipsoid_piece, rotation_xyz, tube
from msk_monai.phantoms.spine import Spine
from msk_monai.phantoms.thorax import Cage, arm_joints

_AIR = Material(-980)


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

    def inset(self, z: Array, side: float, front: float, back: float) -> tuple[Array, Array, Array]:
        """Return half width, front y and back y at heights ``z``, moved inwards by so many mm."""
        return (
            (np.interp(z, self.z, self.half_width) - side).astype(np.float32),
            (np.interp(z, self.z, self.front) + front).astype(np.float32),
            (np.interp(z, self.z, self.back) - back).astype(np.float32),
        )


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
    fat = habitus.fat_mm * np.interp(z, (pelvis.hip[2] - 60, pelvis.hip[2], 20, spine["T10"].centre[2], spine["T1"].centre[2]), (1.2, 1.3, 1.0, 0.6, 0.3))
    x, y = canvas.axes[2][None, None, :], canvas.axes[1][None, :, None]
    sizes = outline.inset(z, 0, 0, 0)
    skin_sizes = (sizes[0] + fat, sizes[1] - 1.0 * fat, sizes[2] + 0.8 * fat)
    region_y = _span(canvas.axes[1], float(skin_sizes[1].min()) - 8, float(skin_sizes[2].max()) + 8)
    region_x = _span(canvas.axes[2], float(-(skin_sizes[0] - shift).max()) - 10, float((skin_sizes[0] + shift).max()) + 10)
    region = (planes, region_y, region_x)
    x, y = x[:, :, region_x], y[:, region_y]
    skin = _superellipse(x, y, shift, skin_sizes, 2.4)
    canvas.blend(skin, Material(10, 2.0, -104, texture_hu=5), region)
    muscle = _superellipse(x, y, shift, sizes, 2.5)
    canvas.blend(muscle, Material(habitus.muscle_hu, texture_hu=6), region)
    _paint_cavity(canvas, region, (x, y), shift, sizes, spine, pelvis, cage, habitus)


def _paint_cavity(
    canvas: Canvas,
    region: tuple[slice, slice, slice],
    mesh: tuple[Array, Array],
    shift: NDArray[np.float64],
    sizes: tuple[Array, Array, Array],
    spine: Spine,
    pelvis: Pelvis,
    cage: Cage,
    habitus: Habitus,
) -> None:
    z = canvas.axes[0][region[0]].astype(np.float64)
    spots = (pelvis.hip[2] - 40, pelvis.hip[2] + 30, 20.0, spine["L2"].centre[2], spine["T10"].centre[2], spine["T3"].centre[2], spine["T1"].centre[2])
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
    liver = ellipsoid_piece(
        np.array((-88 * w, y - 50, dome - 66)) + rng.normal(0, 5, 3), (82 * w, 98, 92 * size), rotation_xyz(0, -22)
    )
    lobe = ellipsoid_piece(np.array((-8, y - 92, dome - 42)) + rng.normal(0, 6, 3), (86 * w, 46, 46 * size), rotation_xyz(0, -14))
    spleen = ellipsoid_piece(
        np.array((112 * w, y - 2, dome - 62)) + rng.normal(0, 1, 3) * (3, 6, 12), (36, 52, 56 * rng.uniform(0.75, 1.2)), rotation_xyz(15, 10, 30)
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
    inner: tuple[Array, Array, Array],
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
    height = np.float32(dome) - np.where(dx > 0, np.float32(12), np.float32(0)) - np.float32(0.010) * side * side - np.float32(0.009) * np.square(y - ycentre + 45)
    deep = np.float32(spine["L1"].centre[2] + 6 + 0.5 * habitus.diaphragm_mm)
    below = np.maximum(height, deep) - zz
    back_limit = np.maximum(np.float32(0), (y - ycentre + 5)) * 0.5
    mediastinum = middle - np.abs(dx) - np.where(y < ycentre, 0, back_limit * 0.6)
    return np.maximum(np.maximum(lung, np.float32(0.8) * below), mediastinum)


def _superellipse(x: Array, y: Array, shift: NDArray[np.float64], sizes: tuple[Array, ...], power: float) -> Array:
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


def organ_parts(spine: Spine, pelvis: Pelvis, cage: Cage, habitus: Habitus) -> list[Part]:
    """Return muscles along the spine, organs, vessels and bowel in the order to paint them."""
    rng = np.random.default_rng(habitus.seed)
    return [
        *_muscles(rng, spine, pelvis, habitus),
        *_thighs(pelvis, habitus),
        *_organs(rng, spine, cage, habitus),
        *_bowel(rng, spine, pelvis, habitus),
        *_vessels(rng, spine, pelvis, habitus),
        *_canal(spine),
    ]


def _muscles(rng: np.random.Generator, spine: Spine, pelvis: Pelvis, habitus: Habitus) -> list[Part]:
    """Psoas and quadratus lumborum; fat between and behind the spinal muscles."""
    muscle = Material(habitus.muscle_hu + 5, texture_hu=7)
    pieces: list[Piece] = []
    fat: list[Piece] = []
    levels = [v for v in spine.vertebrae if v.is_lumbar][::-1]
    for side in (1, -1):
        path = [spine["T12"].to_patient((side * 24, 4, -6)), *(v.to_patient((side * (v.width / 2 + 5 + 3.4 * k), 2, 0)) for k, v in enumerate(levels))]
        path += [np.array([side * 64, -28, -30]), np.array([side * 78, -52, -70]), pelvis.hip * (side, 1, 1) + (0, -34, 10)]
        radii = np.interp(np.linspace(0, 1, len(path)), (0, 0.2, 0.6, 0.8, 1), (4, 10, 20, 19, 15)) * habitus.muscle * rng.uniform(0.9, 1.1)
        pieces += tube(np.array(path), radii)
        crest = np.array([side * 92 * pelvis.width, 38, 38])
        top = spine["T12"].to_patient((side * 48, 30, -14))
        pieces += tube(np.array([top, (top + crest) / 2, crest]), np.array([8, 13, 15]) * habitus.muscle)
        iliacus = np.array([side * 92 * pelvis.width, -12, -8])
        pieces.append(ellipsoid_piece(iliacus, (16, 46, 46), rotation_xyz(0, 18 * side, 34 * side)))
    for side in (1, -1):
        spots = [np.array((side * 30.0, 52.0, -60.0)), np.array((side * 32.0, 44.0, -12.0))]
        column = [v for v in spine.vertebrae if v.name[0] != "C"]
        spots += [v.to_patient((side * (33 - 0.5 * k), 0.46 * v.depth + v.canal_depth + 9, -4)) for k, v in enumerate(column)]
        radii = np.interp(np.arange(len(spots)), (0, 1, 4, 8, 18), (8, 18, 25, 22, 12)) * habitus.muscle
        pieces += tube(np.array(spots), radii)
    for v in levels:
        back = 0.46 * v.depth + v.canal_depth
        fat.append(ellipsoid_piece(v.to_patient((0, back + v.spinous_length + 12, -9)), (11, 11, 20)))
        for side in (1, -1):
            fat.append(ellipsoid_piece(v.to_patient((side * 26, back + 3, -12)), (5, 3, 8)))
            fat.append(ellipsoid_piece(v.to_patient((side * (v.canal_width / 2 + 6), 0.5 * v.depth + 5, -16)), (7, 7, 7)))
    return [Part(tuple(pieces), muscle), Part(tuple(fat), Material(-85))]


def _thighs(pelvis: Pelvis, habitus: Habitus) -> list[Part]:
    """Fat folds about the hip muscles, and the gap between the thighs."""
    fat, gap = [], []
    for side in (1, -1):
        hip = pelvis.hip * (side, 1, 1)
        fat += tube(np.array([hip + (-40 * side, 50, 50), hip + (-30 * side, 58, -20), hip + (-20 * side, 70, -60)]), (8, 10, 12))
        fat += tube(np.array([hip + (-5 * side, -58, 30), hip + (-8 * side, -62, -30)]), (8, 12))
    gap.append(box_piece((0, -10, pelvis.hip[2] - 330), (12 - 0.2 * habitus.fat_mm, 150, 240), 6))
    return [Part(tuple(fat), Material(-95)), Part(tuple(gap), _AIR)]


def arm_parts(spine: Spine, pelvis: Pelvis, cage: Cage, habitus: Habitus) -> list[Part]:
    """Return the flesh of the arms: beside the trunk, or of the shoulders alone where they are raised."""
    fat, muscle = [], []
    for side in (1, -1):
        joints = arm_joints(spine, cage, pelvis.hip, side)
        thick = np.array((46, 40, 30, 24))[: len(joints)] * (0.75 + 0.25 * habitus.muscle)
        muscle += tube(joints, thick)
        fat += tube(joints, thick + 0.35 * habitus.fat_mm + 3)
    return [Part(tuple(fat), Material(10, 2.0, -104)), Part(tuple(muscle), Material(habitus.muscle_hu, texture_hu=6))]


def _organs(rng: np.random.Generator, spine: Spine, cage: Cage, habitus: Habitus) -> list[Part]:
    given = habitus.contrast_hu * habitus.venous
    dome = spine["T10"].centre[2] + 8 + habitus.diaphragm_mm
    y = spine["T11"].centre[1]
    w = cage.width
    jitter = lambda *sd: rng.normal(0, 1, 3) * sd  # noqa: E731
    stomach = np.array((58, y - 66, dome - 62)) + jitter(10, 8, 12)
    heart = np.array((20, spine["T8"].centre[1] - 76, dome + 38)) + jitter(6, 5, 5)
    parts = [
        Part((ellipsoid_piece(heart, (58, 46, 52), rotation_xyz(0, 20, 35)),), Material(42 + 0.5 * given)),
        Part((ellipsoid_piece(stomach, (40, 44, 62), rotation_xyz(20, 20)),), Material(45, 5, habitus.oral_hu or 20), in_cavity=True),
        Part((ellipsoid_piece(stomach + (2, -20, 4), (28, 18, 34)),), Material(-950 if rng.random() < 0.8 else 30), in_cavity=True),
        Part((ellipsoid_piece(np.array((-42, y - 84, dome - 112)) + jitter(8, 8, 10), (16, 17, 30)),), Material(12)),
        Part(tube(np.array([(-34, y - 50, dome - 128), (0, y - 62, dome - 112), (48, y - 34, dome - 92)]) + jitter(3, 3, 8), (14, 9, 9)), Material(40 + 0.35 * given, texture_hu=10)),
    ]
    for side in (1, -1):
        centre = np.array((side * rng.uniform(58, 68), spine["L1"].centre[1] + 5, spine["L1"].centre[2] - 8 + 6 * side)) + jitter(0, 5, 14)
        turn = rotation_xyz(rng.uniform(-12, 4), side * rng.uniform(-20, -5), side * rng.uniform(20, 50))
        long = rng.uniform(48, 60)
        parts += [
            Part((ellipsoid_piece(centre, (28, 32, long), turn),), Material(34 + 0.9 * given, texture_hu=8)),
            Part((ellipsoid_piece(centre + (-side * 8, -6, 0), (15, 15, long * 0.5), turn),), Material(-70)),
            Part((ellipsoid_piece(centre + (-side * 12, -8, -4), (7, 8, 16), turn),), Material(8 + (600 if habitus.contrast_hu and habitus.venous < 0.3 else 0))),
        ]
        for _ in range(habitus.stones):
            parts.append(Part((ellipsoid_piece(centre + jitter(8, 8, 20), rng.uniform(1.5, 5, 3)),), Material(rng.uniform(400, 1400))))
    return parts


def _bowel(rng: np.random.Generator, spine: Spine, pelvis: Pelvis, habitus: Habitus) -> list[Part]:
    """Colon framing the abdomen, small bowel in front of the spine, bladder; gas rises to the front."""
    high, low = spine["L2"].centre[2], -30.0
    front = spine["L3"].centre[1] - 62 - 20 * habitus.visceral
    parts = []
    right = np.array([(-88, -45, -20), (-98, -34, 30), (-98, -26, 70), (-88, -30, high + 10)], float)
    left = np.array([(86, -45, -40), (98, -30, 10), (102, -22, 60), (98, -14, high + 20)], float)
    cross = np.array([(-86, front + 10, high), (-40, front - 14, high - 45), (20, front - 16, high - 50), (70, front, high), (94, -14, high + 25)], float)
    low_end = np.array([(84, -30, -40), (40, -44, -62), (4, -20, -58), (0, 34, -80), (0, 36, -130)], float)
    for path in (right, left, cross, low_end):
        path = path + rng.normal(0, 7, path.shape) * (1, 0.7, 1)
        parts += _loop(rng, path, rng.uniform(12, 22), habitus, gas=0.6)
    for _ in range(14):
        centre = np.array((rng.uniform(-70, 75), rng.uniform(front - 12, front + 34), rng.uniform(low - 20, high)))
        path = centre + np.cumsum(rng.normal(0, 22, (4, 3)) * (1, 0.4, 0.8), 0)
        path[:, 1] = np.clip(path[:, 1], front - 20, spine["L3"].centre[1] - 34)
        parts += _loop(rng, path, rng.uniform(9, 14), habitus, gas=0.2)
    full = rng.uniform(0.4, 1.15)
    bladder = np.array((0, pelvis.hip[1] - 8, pelvis.hip[2] + 6 + 18 * full))
    urine = rng.choice((5, 300), p=(0.9, 0.1)) if habitus.contrast_hu else 5
    return [*parts, Part((ellipsoid_piece(bladder, np.array((46, 38, 40)) * full),), Material(35, 3, float(urine)))]


def _loop(rng: np.random.Generator, path: NDArray[np.float64], radius: float, habitus: Habitus, *, gas: float) -> list[Part]:
    radii = radius * rng.uniform(0.75, 1.2, len(path))
    content = habitus.oral_hu * rng.uniform(0.4, 1.3) if habitus.oral_hu else rng.uniform(0, 45)
    parts = [Part(tube(path, radii), Material(40, 3.0, content, texture_hu=10), in_cavity=True)]
    if rng.random() < gas:
        rise = path + (0, -0.35 * radius, 0)
        parts.append(Part(tube(rise, radii * rng.uniform(0.3, 0.65)), Material(-900), in_cavity=True))
    elif gas > 0.5:
        parts.append(Part(tube(path, radii * 0.75), Material(-120, texture_hu=110), in_cavity=True))
    return parts


def _vessels(rng: np.random.Generator, spine: Spine, pelvis: Pelvis, habitus: Habitus) -> list[Part]:
    """Aorta in front and to the left of the spine down to about L4, vena cava on the right, iliac vessels."""
    split = spine["L4"].centre[2] + rng.normal(0, 12)
    upper = [v for v in spine.vertebrae[::-1] if split < v.centre[2] < spine["T4"].centre[2]]
    ahead = lambda v, x, k: np.asarray(v.centre) + (x, -0.54 * v.depth - k, 0)  # noqa: E731
    bend = rng.normal(0, 4, len(upper))
    artery = np.array([ahead(v, 9 + 6 * (v.name > "T") + b, 11) for v, b in zip(upper, bend, strict=True)])
    vein = np.array([ahead(v, -17, 11) for v in upper if v.centre[2] < spine["T9"].centre[2]])
    radius = rng.uniform(8, 12.5)
    fork = np.array((2.0, artery[-1][1] + 2, split))
    arteries = [*tube(np.vstack([artery, fork]), np.full(len(artery) + 1, radius))]
    veins = [*tube(np.vstack([vein, fork + (-16, 4, -12)]), np.full(len(vein) + 1, rng.uniform(8, 13)), 1.0)]
    for side in (1, -1):
        run = np.array([fork, (side * 34, -28, 2), (side * 56, -34, -45), pelvis.hip * (side, 1, 1) + (-12 * side, -52, 0), pelvis.hip * (side, 1, 1) + (-6 * side, -48, -80)])
        arteries += tube(run, (6, 5.5, 5, 5, 4.5))
        veins += tube(run + (-side * 4, 10, -4), (8, 7, 7, 7, 6))
    given, venous = habitus.contrast_hu, habitus.contrast_hu * habitus.venous
    parts = [Part(tuple(veins), Material(42 + venous)), Part(tuple(arteries), Material(42 + given))]
    for _ in range(habitus.calcified):
        spot = artery[rng.integers(len(artery))] if rng.random() < 0.7 else fork + (rng.uniform(-30, 30), 3, rng.uniform(-30, 5))
        turn = rng.uniform(0, 6.28)
        spot = spot + (radius * np.cos(turn), radius * np.sin(turn), rng.uniform(-12, 12))
        parts.append(Part((ellipsoid_piece(spot, rng.uniform((1, 1, 2), (4, 3, 8))),), Material(float(rng.uniform(300, 1100)))))
    return parts


def _canal(spine: Spine) -> list[Part]:
    """Fat of the spinal canal and the dural sac in it."""
    path = np.array([v.to_patient((0, 0.46 * v.depth + 0.5 * v.canal_depth, 0)) for v in spine.vertebrae])
    path = np.vstack([path[0] + (0, 24, -38), path])
    wide = np.append(8.0, [v.canal_depth * 0.52 for v in spine.vertebrae])
    return [Part(tube(path, wide), Material(-60)), Part(tube(path, 0.78 * wide), Material(28))]
