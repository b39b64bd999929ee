"""Phantom whole-body bone scans: the counts of both heads as a camera stores them, and where the knees are seen."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from msk_monai.phantoms.bone_scan_body import SIDES, BoneScanBody, sample_body
from msk_monai.phantoms.gamma_camera import CameraSetup, Motion, expected_counts
from msk_monai.phantoms.recipe import between, chance
from msk_monai.phantoms.uptake_solids import Array

VIEWS = ("anterior", "posterior")
Matrix = Literal["1024x256", "512x128", "1024x512", "2048x512"]
MATRICES: tuple[Matrix, ...] = ("1024x256", "512x128", "1024x512", "2048x512")
"""Rows and columns of a view. The wide one has empty columns beside the heads' field; pixels of the others are 2.3, 4.6 and 1.15 mm."""
_SHARES = (0.55, 0.2, 0.15, 0.1)
_ROWS, _COLUMNS = 1024, 256
_KNEE_ROWS = 505.0, 690.0
_PAD = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class BoneScan:
    """A scan as it is stored.

    Args:
        counts: (2, rows, columns) uint16: anterior, posterior. Head first, the anterior view has the patient's right at the image's left,
            the posterior one the patient's left. Feet first, both are turned by 180 degrees.
        pixel: mm.
        feet_first: see there.
        knees: [column, row] of each knee's joint by side and view, 0 = centre of the first pixel.
        half_widths: of the joints, pixels.
        body: the patient.
        setup: of the camera, before the matrix was changed.
    """

    counts: NDArray[np.uint16]
    pixel: float
    feet_first: bool
    knees: dict[str, dict[str, tuple[float, float]]]
    half_widths: dict[str, float]
    body: BoneScanBody
    setup: CameraSetup

    def truth(self) -> dict[str, Any]:
        """What is true of it, as plain values."""
        return {
            **self.body.truth(),
            "knees": {side: {view: [round(v, 2) for v in place] for view, place in views.items()} for side, views in self.knees.items()},
            "half_width": {side: round(v, 2) for side, v in self.half_widths.items()},
            "size": list(self.counts.shape[:0:-1]),
            "spacing_mm": [round(self.pixel, 4)] * 2,
            "patient_position": "FFS" if self.feet_first else "HFS",
            "counts": int(self.counts.sum()),
            "motion_mm": {"step": round(self.setup.motion.step, 1), "tremor": round(self.setup.motion.tremor, 1)},
        }


def sample_bone_scan(index: int, *, seed: int, matrix: Matrix | None = None, feet_first: bool | None = None) -> BoneScan:
    """Make scan ``index`` of a seed.

    Args:
        index: of the scan; the patient depends on it and the seed only.
        seed: of the set.
        matrix: one of ``MATRICES``; drawn where none is given.
        feet_first: drawn (few are) where it is not given.

    Raises:
        ValueError: another matrix.
    """
    if matrix is not None and matrix not in MATRICES:
        raise ValueError(f"matrix must be one of {', '.join(MATRICES)}, got {matrix!r}")
    body = sample_body(np.random.default_rng((seed, index, 11)))
    rng = np.random.default_rng((seed, index, 12))
    setup = sample_setup(rng, body)
    drawn, turned = MATRICES[int(rng.choice(len(MATRICES), p=_SHARES))], chance(rng, 0.1)
    return scan(body, setup, rng, matrix=matrix or drawn, feet_first=turned if feet_first is None else feet_first)


def scan(body: BoneScanBody, setup: CameraSetup, rng: np.random.Generator, *, matrix: Matrix, feet_first: bool = False) -> BoneScan:
    """Count a patient: Poisson's numbers about what is expected.

    Args:
        body: the patient.
        setup: of the camera, 1024 x 256.
        rng: of the counts and the soft tissue's texture.
        matrix: as stored.
        feet_first: as there.
    """
    texture = zoom(np.exp(rng.normal(0, 0.1, (32, 8))).astype(np.float32), (_ROWS / 32, _COLUMNS / 8), order=1)
    counts = rng.poisson(_resized(expected_counts(body, setup, texture=texture), matrix)).astype(np.uint16)
    counts[1] = counts[1, :, ::-1]
    if feet_first:
        counts = counts[:, ::-1, ::-1]
    scale = {"512x128": 0.5, "2048x512": 2.0}.get(matrix, 1.0)
    shape = counts.shape[1:]
    knees = {}
    for side, knee in zip(SIDES, body.knees, strict=True):
        column, row = (float(v) for v in setup.pixel_of(np.array(knee.centre[0]), np.array(knee.centre[2])))
        column, row = scale * (column + 0.5) - 0.5 + (_PAD if matrix == "1024x512" else 0), scale * (row + 0.5) - 0.5
        mirrored = shape[1] - 1 - column
        across = (mirrored, column) if feet_first else (column, mirrored)
        down = shape[0] - 1 - row if feet_first else row
        knees[side] = {view: (x, down) for view, x in zip(VIEWS, across, strict=True)}
    return BoneScan(
        counts=np.ascontiguousarray(counts),
        pixel=setup.pixel / scale,
        feet_first=feet_first,
        knees=knees,
        half_widths={side: knee.half_width / setup.pixel * scale for side, knee in zip(SIDES, body.knees, strict=True)},
        body=body,
        setup=setup,
    )


def sample_setup(rng: np.random.Generator, body: BoneScanBody) -> CameraSetup:
    """Draw how a patient is scanned; the knees are always in the field, head, feet and arms may be cut."""
    pixel = round(between(rng, (2.2, 2.4)), 2)
    height, knee_z = body.trunk.height, float(np.mean([knee.centre[2] for knee in body.knees]))
    head = between(rng, (20, 105))
    knee_row = float(np.clip(head + (height - knee_z) / pixel, *_KNEE_ROWS))
    head = knee_row - (height - knee_z) / pixel
    feet = knee_row + (knee_z - min(leg.toes[2] - 30 for leg in body.legs)) / pixel
    first = head + (between(rng, (5, 40)) if chance(rng, 0.06) else -between(rng, (6, 45)))
    last = feet - between(rng, (20, 110)) if chance(rng, 0.13) else feet + between(rng, (5, 70))
    return CameraSetup(
        shape=(_ROWS, _COLUMNS),
        pixel=pixel,
        top=knee_z + knee_row * pixel,
        aside=float(np.clip(rng.normal(0, 9), -24, 24)),
        tilt=float(np.clip(rng.normal(0, 0.9), -2.5, 2.5)),
        gaps=(between(rng, (140, 200)), between(rng, (140, 175))),
        rows=(int(max(first, 0)), int(min(max(last, knee_row + 60), _ROWS))),
        width=between(rng, (500, 560)),
        counts=float(np.exp(rng.uniform(np.log(0.7e6), np.log(4e6)))),
        haze=between(rng, (0.04, 0.16)),
        resolution=(between(rng, (3.6, 5.0)), between(rng, (0.036, 0.05))),
        motion=_motion(rng, knee_row),
    )


def _motion(rng: np.random.Generator, knee_row: float) -> Motion:
    """Most patients lie still; the knees move as often as the rest."""
    motion = Motion(row=between(rng, (80, knee_row + 200)))
    if chance(rng, 0.12):
        motion = replace(motion, step=float(rng.choice((-1, 1))) * between(rng, (4, 18)))
    if chance(rng, 0.06):
        motion = replace(motion, tremor=between(rng, (2, 8)), rows=int(rng.integers(50, 220)))
    return motion


def _resized(expected: Array, matrix: Matrix) -> Array:
    """What the pixels of another matrix are expected to count."""
    if matrix == "512x128":
        return expected.reshape(2, _ROWS // 2, 2, _COLUMNS // 2, 2).sum((2, 4))
    if matrix == "1024x512":
        return np.pad(expected, ((0, 0), (0, 0), (_PAD, _PAD)))
    if matrix == "2048x512":
        return zoom(expected, (1, 2, 2), order=1, mode="nearest", grid_mode=True) / 4
    return expected
