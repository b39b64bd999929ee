"""Draw a spine: sizes of the vertebrae from published means, then their poses, stacked from the sacrum upwards.

Sizes are linear measurements on cadavers, scaled to living adults: Panjabi et al. 1991, doi:10.1097/00007632-199108000-00006
(thoracic), Panjabi et al. 1992, doi:10.1097/00007632-199203000-00010 (lumbar), Berry et al. 1987,
doi:10.1097/00007632-198705000-00013 (both); Kunkel et al. 2010, doi:10.1111/j.1469-7580.2009.01187.x, compares them.
"""

# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.recipe import Recipe, between, chance, draw
from msk_monai.phantoms.shapes import rotation_xyz
from msk_monai.phantoms.spine import Disc, Spine, Vector, Vertebra, lumbar_names

_CERVICAL = tuple(f"C{i}" for i in range(7, 1, -1))
_THORACIC = tuple(f"T{i}" for i in range(12, 0, -1))

# name: body width, depth, height; canal width, depth; pedicle width, height; width over transverse processes;
# length of the spinous process, its fall (degrees); angle of the upper facets to the sagittal plane; half their distance
_TABLE = {
    "L5": (50.5, 36.0, 27.0, 26.0, 16.5, 17.0, 18.0, 90.0, 25.0, 8.0, 50.0, 18.0),
    "L4": (48.5, 36.0, 28.0, 24.0, 16.0, 13.5, 15.5, 80.0, 31.0, 6.0, 44.0, 15.5),
    "L3": (46.0, 35.0, 28.2, 23.0, 15.5, 10.5, 15.0, 92.0, 34.0, 4.0, 38.0, 14.0),
    "L2": (44.5, 34.0, 28.0, 22.5, 15.8, 8.8, 15.5, 80.0, 33.0, 5.0, 30.0, 13.0),
    "L1": (43.0, 33.0, 27.0, 22.0, 16.2, 8.2, 15.8, 69.0, 31.0, 8.0, 26.0, 12.5),
    "T12": (41.0, 32.0, 25.5, 21.5, 16.5, 8.5, 16.0, 46.0, 28.0, 14.0, 28.0, 12.5),
    "T11": (37.5, 31.5, 23.5, 19.5, 16.5, 9.0, 16.0, 48.0, 28.0, 24.0, 72.0, 12.5),
    "T10": (34.5, 31.0, 22.0, 18.0, 16.0, 8.0, 15.0, 56.0, 30.0, 38.0, 76.0, 12.5),
    "T9": (32.5, 30.5, 21.0, 17.5, 16.0, 7.5, 14.0, 60.0, 32.0, 48.0, 78.0, 12.5),
    "T8": (31.0, 29.5, 20.3, 17.3, 16.0, 6.8, 13.0, 62.0, 34.0, 55.0, 78.0, 12.5),
    "T7": (30.0, 28.5, 19.8, 17.3, 16.0, 6.2, 12.5, 62.0, 35.0, 57.0, 78.0, 12.5),
    "T6": (29.0, 27.0, 19.0, 17.5, 16.0, 5.8, 12.0, 62.0, 34.0, 55.0, 78.0, 12.5),
    "T5": (28.0, 25.5, 18.4, 17.8, 16.0, 5.6, 12.0, 63.0, 33.0, 52.0, 76.0, 12.5),
    "T4": (27.5, 24.0, 18.0, 18.0, 16.0, 5.8, 12.0, 64.0, 31.0, 46.0, 74.0, 13.0),
    "T3": (28.0, 22.5, 17.6, 18.5, 16.0, 6.3, 12.0, 66.0, 30.0, 40.0, 72.0, 13.5),
    "T2": (29.5, 20.5, 17.2, 19.5, 16.0, 7.5, 11.5, 70.0, 30.0, 34.0, 70.0, 15.0),
    "T1": (30.5, 19.0, 16.5, 21.0, 16.0, 8.8, 10.0, 75.0, 31.0, 26.0, 66.0, 17.0),
    "C7": (29.0, 17.5, 14.5, 24.0, 15.5, 6.5, 8.0, 68.0, 32.0, 22.0, 62.0, 19.0),
    "C6": (27.0, 17.0, 13.2, 24.5, 15.5, 6.0, 7.5, 56.0, 24.0, 22.0, 60.0, 20.0),
    "C5": (25.0, 16.5, 13.0, 24.5, 15.5, 5.8, 7.5, 54.0, 18.0, 18.0, 58.0, 20.0),
    "C4": (24.0, 16.0, 13.2, 24.0, 15.5, 5.6, 7.5, 53.0, 16.0, 15.0, 58.0, 19.5),
    "C3": (23.5, 16.0, 13.6, 23.5, 15.5, 5.6, 7.5, 52.0, 16.0, 12.0, 58.0, 19.0),
    "C2": (23.0, 16.5, 18.0, 24.0, 17.0, 7.0, 8.0, 54.0, 18.0, 10.0, 60.0, 18.0),
}
_COLUMNS = (
    "width", "depth", "height", "canal_width", "canal_depth", "pedicle_width", "pedicle_height", "transverse_width",
    "spinous_length", "spinous_fall", "facet_angle", "facet_half",
)  # fmt: skip
_DISC_MM = {
    "L5": 10.0, "L4": 11.0, "L3": 10.5, "L2": 9.5, "L1": 8.3, "T12": 7.0, "T11": 6.0, "T10": 5.3, "T9": 5.0, "T8": 4.8,
    "T7": 4.6, "T6": 4.4, "T5": 4.2, "T4": 4.2, "T3": 4.3, "T2": 4.6, "T1": 5.0,
}  # fmt: skip
_DISC_CERVICAL_MM = 5.0
_LUMBAR_SHARES = np.array([0.30, 0.26, 0.19, 0.14, 0.11])  # of the lordosis, from L5/S1 up (segment: disc and body)


@dataclass(frozen=True, kw_only=True)
class _Blank:
    """The sizes of a vertebra that has no place yet (see ``Vertebra``), and its upper facets' angle and half distance."""

    name: str
    width: float
    depth: float
    height: float
    canal_width: float
    canal_depth: float
    pedicle_width: float
    pedicle_height: float
    transverse_width: float
    spinous_length: float
    spinous_fall: float
    heights: Vector
    finding: str
    osteophyte: float
    trabecular_hu: float
    wobble: Vector
    facet_angle: float
    facet_half: float


def sample_spine(rng: np.random.Generator, recipe: Recipe, *, scale: float, trabecular_hu: float) -> Spine:
    """Draw a spine; ``scale`` multiplies all published sizes."""
    count = int(rng.choice((4, 5, 6), p=recipe.lumbar_count_shares))
    names = lumbar_names(count) + _THORACIC + _CERVICAL
    bodies = _sample_bodies(rng, recipe, names, scale=scale, trabecular_hu=trabecular_hu)
    heights = _sample_disc_heights(rng, recipe, names, scale)
    slope = float(np.clip(draw(rng, recipe.sacral_slope), 12, 60))
    sagittal = _sagittal_angles(rng, recipe, names, slope, count)
    coronal, cobb = _coronal_angles(rng, recipe, len(names))
    return _stack(rng, recipe, names, bodies, heights, sagittal, coronal, slope=slope, count=count, scale=scale, cobb=cobb)


def _sample_bodies(rng: np.random.Generator, recipe: Recipe, names: tuple[str, ...], *, scale: float, trabecular_hu: float) -> list[_Blank]:
    """Draw the sizes of each vertebra, without its pose."""
    slenderness = 1 + 0.04 * rng.standard_normal(12)
    spurs = rng.uniform(0.5, 4.5) if chance(rng, recipe.osteophyte_share) else 0.0
    broken = set()
    if chance(rng, recipe.fracture_share):
        broken = set(rng.choice(9, size=rng.integers(1, 4), replace=False) + max(len(names) - 18 - 6, 0))
    bodies = []
    for i, name in enumerate(names):
        row = np.array(_TABLE["L5" if name == "L6" else name]) * slenderness
        row[:9] *= scale * (1 + 0.025 * np.clip(rng.standard_normal(9), -2, 2))
        heights, finding = (1.0, 1.0, 1.0), ""
        if i in broken:
            heights, finding = _fracture(rng, recipe)
        named = dict(zip(_COLUMNS, (float(v) for v in row), strict=True))
        named["transverse_width"] *= rng.uniform(0.9, 1.12)
        named["facet_angle"] += 4 * rng.standard_normal()
        named["facet_half"] *= scale
        bodies.append(
            _Blank(
                name=name,
                **named,
                heights=heights,
                finding=finding,
                osteophyte=spurs * rng.uniform(0.2, 1.2) * float(rng.random() < 0.7),
                trabecular_hu=max(trabecular_hu * (1 + 0.08 * rng.standard_normal()) + (60 if finding else 0), 20),
                wobble=_vector(rng.uniform(0, 6.28, 3)),
            )
        )
    return bodies


def _fracture(rng: np.random.Generator, recipe: Recipe) -> tuple[Vector, str]:
    """Draw heights left by a compression fracture (wedge, biconcave or crush; Genant, doi:10.1002/jbmr.5650080915)."""
    left = 1 - between(rng, recipe.fracture_loss_range)
    kind = str(rng.choice(("wedge", "biconcave", "crush"), p=(0.55, 0.3, 0.15)))
    heights = {
        "wedge": (left, (left + 1) / 2, 1.0),
        "biconcave": (0.5 + left / 2, left, 0.96),
        "crush": (left, left, 0.4 + 0.6 * left),
    }[kind]
    return heights, f"{kind} fracture"


def _sample_disc_heights(rng: np.random.Generator, recipe: Recipe, names: tuple[str, ...], scale: float) -> list[float]:
    """Draw the height of the disc below each vertebra."""
    general = scale * rng.uniform(0.8, 1.12)
    worn = chance(rng, recipe.disc_narrowing_share)
    heights = []
    for name in names:
        height = _DISC_MM.get("L5" if name == "L6" else name, _DISC_CERVICAL_MM) * general * rng.uniform(0.88, 1.12)
        if worn and rng.random() < (0.4 if name.startswith("L") else 0.2):
            height *= rng.uniform(0.25, 0.7)
        heights.append(max(height, 1.5))
    return heights


def _sagittal_angles(rng: np.random.Generator, recipe: Recipe, names: tuple[str, ...], slope: float, count: int) -> NDArray[np.float64]:
    """Return each vertebra's flexion in degrees (positive: the upper endplate looks forwards)."""
    lordosis = float(np.clip(draw(rng, recipe.lordosis) + 0.6 * (slope - recipe.sacral_slope[0]), slope + 2, slope + 26))
    kyphosis = max(draw(rng, recipe.kyphosis), 12.0)
    shares = np.interp(np.linspace(0, 4, count), np.arange(5), _LUMBAR_SHARES)
    lumbar = slope - lordosis * np.cumsum(shares / shares.sum())
    lumbar = lumbar + 0.35 * (lordosis / count)  # a body's middle lies between its endplates
    start = lumbar[-1] - 2
    thoracic = np.interp(np.arange(12), (0, 2.5, 9, 11), (start, start + 1, start + kyphosis * 0.9, start + kyphosis + 4))
    thoracic += _balance(rng, lumbar, thoracic)
    cervical = thoracic[-1] - np.linspace(4, min(max(thoracic[-1], 0) + 10, 32), 6)
    angles = np.concatenate([lumbar, thoracic, cervical])
    return np.asarray(angles + rng.normal(0, 1.2, len(names)))


def _balance(rng: np.random.Generator, lumbar: NDArray[np.float64], thoracic: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a lean of the thoracic spine that brings T1 above or a little behind the sacrum, as it lies on a couch."""
    steps = np.concatenate([np.full(len(lumbar), 38.0), np.full(12, 25.0)])
    forward = float(np.sin(np.radians(np.concatenate([lumbar, thoracic]))) @ steps)
    lean = float(np.clip(np.degrees((forward + rng.normal(30, 18)) / (25.0 * 12)), -12, 14))
    return -lean * np.interp(np.arange(12), (0, 3), (0.4, 1.0))


def _coronal_angles(rng: np.random.Generator, recipe: Recipe, count: int) -> tuple[NDArray[np.float64], float]:
    """Return each vertebra's tilt sideways in degrees, and the Cobb angle of the curve."""
    tilt = rng.normal(0, 0.7, count)
    if not chance(rng, recipe.scoliosis_share):
        return tilt, 0.0
    low, high = recipe.cobb_range
    cobb = low + (high - low) * rng.random() ** 2
    middle, length = rng.uniform(1, 11), rng.uniform(5, 9)
    level = np.arange(count)
    main = np.sin(np.clip((level - middle) / length, -1, 1) * np.pi) * np.exp(-np.square((level - middle) / (1.4 * length)))
    main -= main[:18].mean()  # the head stays above the pelvis
    main *= cobb / max(np.ptp(main), 1e-3) * rng.choice((-1, 1))
    return tilt + main, float(cobb)


def _stack(
    rng: np.random.Generator,
    recipe: Recipe,
    names: tuple[str, ...],
    bodies: list[_Blank],
    gaps: list[float],
    sagittal: NDArray[np.float64],
    coronal: NDArray[np.float64],
    *,
    slope: float,
    count: int,
    scale: float,
    cobb: float,
) -> Spine:
    """Put the vertebrae one on another, from the sacrum's endplate upwards."""
    tilt = float(rng.normal(0, 1.0))
    slip_at = int(rng.integers(0, 3)) if chance(rng, recipe.listhesis_share) else -1
    slip = rng.uniform(3, 9) * rng.choice((-1, 1), p=(0.7, 0.3))
    top, turn = np.zeros(3), np.array([slope, tilt, 0.0])
    axial = -0.35 * np.cumsum(coronal - coronal.mean()) * 0.25
    discs, placed, joints = [], [], []
    for i, name in enumerate(names):
        own = np.array([sagittal[i], coronal[i], axial[i]])
        size = bodies[i]
        gap = gaps[i]
        between_turn = (turn + own) / 2
        frame = rotation_xyz(*between_turn)
        middle = top + frame @ (0, 0, gap / 2)
        rise = size.height / 2 * float(np.mean(size.heights))
        shift = np.array([0, slip if i == slip_at else 0.0, 0])
        bottom = middle + frame @ ((0, 0, gap / 2) + shift)
        centre = bottom + rotation_xyz(*own) @ (0, 0, rise)
        discs.append(_disc(rng, name, middle + frame @ (shift / 2), between_turn, size, gap))
        joint_y = size.depth * 0.47 + size.canal_depth * (0.95 if i else 1.05)
        half = _joint_half(bodies, i, scale)
        joints.append((middle + frame @ (half, joint_y, -1.0), middle + frame @ (-half, joint_y, -1.0)))
        placed.append((centre, own, size))
        top = centre + rotation_xyz(*own) @ (0, 0, rise)
        turn = own
    vertebrae = tuple(_vertebra(placed, joints, bodies, i) for i in range(len(names)))
    return Spine(vertebrae=vertebrae, discs=tuple(discs), sacral_slope=slope, sacral_tilt=tilt, lumbar_count=count, scale=scale, cobb=cobb)


def _joint_half(bodies: list[_Blank], i: int, scale: float) -> float:
    """Half the distance of the facet joints below vertebra i: that of the lower partner's upper facets."""
    return 21.0 * scale if i == 0 else bodies[i - 1].facet_half


def _disc(rng: np.random.Generator, below: str, centre: NDArray[np.float64], turn: NDArray[np.float64], size: _Blank, gap: float) -> Disc:
    return Disc(
        below=below,
        centre=_vector(centre),
        turn=_vector(turn),
        width=size.width,
        depth=size.depth,
        height=gap,
        hu=float(rng.uniform(65, 110)),
        vacuum=bool(gap < 5 and below.startswith("L") and rng.random() < 0.5),
    )


def _vertebra(
    placed: list[tuple[NDArray[np.float64], NDArray[np.float64], _Blank]],
    joints: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    bodies: list[_Blank],
    i: int,
) -> Vertebra:
    centre, turn, size = placed[i]
    above = min(i + 1, len(joints) - 1)
    rest = {k: v for k, v in vars(size).items() if k not in ("facet_angle", "facet_half")}
    angle_below = 52.0 if i == 0 else bodies[i - 1].facet_angle
    return Vertebra(
        centre=_vector(centre),
        turn=_vector(turn),
        facets_above=_own_joint(joints[above], centre, turn),
        facets_below=_own_joint(joints[i], centre, turn),
        facet_angles=(size.facet_angle, angle_below),
        **rest,
    )


def _own_joint(pair: tuple[NDArray[np.float64], NDArray[np.float64]], centre: NDArray[np.float64], turn: NDArray[np.float64]) -> Vector:
    """Average the left and the mirrored right joint in the vertebra's own frame."""
    left, right = (rotation_xyz(*turn).T @ (joint - centre) for joint in pair)
    return _vector((left + right * (-1, 1, 1)) / 2)


def _vector(values: NDArray[np.float64]) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])
