"""Muscles along the spine, organs, vessels and bowel, loosely placed about the skeleton."""

# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.pelvis import Pelvis
from msk_monai.phantoms.shapes import Material, Part, Piece, box_piece, ellipsoid_piece, rotation_xyz, tube
from msk_monai.phantoms.spine import Spine
from msk_monai.phantoms.thorax import Cage, arm_joints
from msk_monai.phantoms.trunk import Habitus

_AIR = Material(-980)


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
    muscle = Material(habitus.muscle_hu + 3, texture_hu=5 + 0.2 * habitus.fat_mm)
    pieces: list[Piece] = []
    fat: list[Piece] = []
    levels = [v for v in spine.vertebrae if v.is_lumbar][::-1]
    for side in (1, -1):
        path = [
            spine["T12"].to_patient((side * 24, 4, -6)),
            *(v.to_patient((side * (v.width / 2 + 5 + 3.4 * k), 2, 0)) for k, v in enumerate(levels)),
        ]
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
    fat: list[Piece] = []
    for side in (1, -1):
        hip = pelvis.hip * (side, 1, 1)
        fat += tube(np.array([hip + (-40 * side, 50, 50), hip + (-30 * side, 58, -20), hip + (-20 * side, 70, -60)]), (8, 10, 12))
        fat += tube(np.array([hip + (-5 * side, -58, 30), hip + (-8 * side, -62, -30)]), (8, 12))
    gap = box_piece((0, -10, pelvis.hip[2] - 330), (12 - 0.2 * habitus.fat_mm, 150, 240), 6)
    return [Part(tuple(fat), Material(-95)), Part((gap,), _AIR)]


def arm_parts(spine: Spine, pelvis: Pelvis, cage: Cage, habitus: Habitus) -> list[Part]:
    """Return the flesh of the arms: beside the trunk, or of the shoulders alone where they are raised."""
    fat: list[Piece] = []
    muscle: list[Piece] = []
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
    jitter = lambda *sd: rng.normal(0, 1, 3) * sd  # noqa: E731
    stomach = np.array((58, y - 66, dome - 62)) + jitter(10, 8, 12)
    heart = np.array((20, spine["T8"].centre[1] - 76, dome + 38)) + jitter(6, 5, 5)
    parts = [
        Part((ellipsoid_piece(heart, (58, 46, 52), rotation_xyz(0, 20, 35)),), Material(42 + 0.5 * given)),
        Part((ellipsoid_piece(stomach, (40, 44, 62), rotation_xyz(20, 20)),), Material(45, 5, habitus.oral_hu or 20), in_cavity=True),
        Part((ellipsoid_piece(stomach + (2, -20, 4), (28, 18, 34)),), Material(-950 if rng.random() < 0.8 else 30), in_cavity=True),
        Part((ellipsoid_piece(np.array((-42, y - 84, dome - 112)) + jitter(8, 8, 10), (16, 17, 30)),), Material(12)),
        Part(
            tube(np.array([(-34, y - 50, dome - 128), (0, y - 62, dome - 112), (48, y - 34, dome - 92)]) + jitter(3, 3, 8), (14, 9, 9)),
            Material(40 + 0.35 * given, texture_hu=10),
        ),
    ]
    for side in (1, -1):
        centre = np.array((side * rng.uniform(58, 68), spine["L1"].centre[1] + 5, spine["L1"].centre[2] - 8 + 6 * side)) + jitter(0, 5, 14)
        turn = rotation_xyz(rng.uniform(-12, 4), side * rng.uniform(-20, -5), side * rng.uniform(20, 50))
        long = rng.uniform(48, 60)
        parts += [
            Part((ellipsoid_piece(centre, (28, 32, long), turn),), Material(34 + 0.9 * given, texture_hu=8)),
            Part((ellipsoid_piece(centre + (-side * 8, -6, 0), (15, 15, long * 0.5), turn),), Material(-70)),
            Part(
                (ellipsoid_piece(centre + (-side * 12, -8, -4), (7, 8, 16), turn),),
                Material(8 + (600 if habitus.contrast_hu and habitus.venous < 0.3 else 0)),
            ),
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
    cross = np.array(
        [(-86, front + 10, high), (-40, front - 14, high - 45), (20, front - 16, high - 50), (70, front, high), (94, -14, high + 25)], float
    )
    low_end = np.array([(84, -30, -40), (40, -44, -62), (4, -20, -58), (0, 34, -80), (0, 36, -130)], float)
    for path in (right, left, cross, low_end):
        path = path + rng.normal(0, 7, path.shape) * (1, 0.7, 1)
        parts += _loop(rng, path, rng.uniform(12, 22), habitus, gas=0.6)
    for _ in range(20):
        centre = np.array((rng.uniform(-70, 75), rng.uniform(front - 12, front + 34), rng.uniform(low - 20, high)))
        path = centre + np.cumsum(rng.normal(0, 22, (4, 3)) * (1, 0.4, 0.8), 0)
        path[:, 1] = np.clip(path[:, 1], front - 20, spine["L3"].centre[1] - 34)
        parts += _loop(rng, path, rng.uniform(8, 15), habitus, gas=0.2)
    parts.append(_mesentery(rng, spine, front, habitus))
    full = rng.uniform(0.4, 1.15)
    bladder = np.array((0, pelvis.hip[1] - 8, pelvis.hip[2] + 6 + 18 * full))
    urine = rng.choice((5, 300), p=(0.9, 0.1)) if habitus.contrast_hu else 5
    return [*parts, Part((ellipsoid_piece(bladder, np.array((46, 38, 40)) * full),), Material(35, 3, float(urine)))]


def _mesentery(rng: np.random.Generator, spine: Spine, front: float, habitus: Habitus) -> Part:
    """Return the small vessels of the fat in front of the spine."""
    pieces: list[Piece] = []
    for _ in range(24):
        start = np.array((rng.uniform(-50, 60), spine["L3"].centre[1] - 42, rng.uniform(-20, spine["L1"].centre[2])))
        end = start + (rng.normal(0, 30), -rng.uniform(10, abs(start[1] - front) + 12), rng.normal(-15, 25))
        pieces += tube(np.array([start, end]), (2.6, 1.4))
    return Part(tuple(pieces), Material(30 + 0.5 * habitus.contrast_hu * habitus.venous), in_cavity=True)


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
        run = np.array(
            [
                fork,
                (side * 34, -28, 2),
                (side * 56, -34, -45),
                pelvis.hip * (side, 1, 1) + (-12 * side, -52, 0),
                pelvis.hip * (side, 1, 1) + (-6 * side, -48, -80),
            ]
        )
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
