"""A lumbar MR examination as hospitals make it: its series, where their slices lie, and what vendors call them."""

# Points are arrays: adding a tuple to one is a sum of vectors.
# ruff: noqa: RUF005

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from msk_monai.phantoms.lumbar_mr import LumbarPatient
from msk_monai.phantoms.mr_slab import Plane
from msk_monai.phantoms.shapes import Array, rotation_xyz

KINDS = (
    "localizer", "sagittal T2", "sagittal T1", "sagittal STIR", "coronal T2", "axial T2", "axial T1", "axial PD", "axial diffusion",
    "myelogram", "sagittal T1 contrast", "axial T1 contrast",
)  # fmt: skip
"""Series of a whole study."""
LAYOUTS = ("blocks", "single", "stack", "two stacks")
"""How the axial slices lie: several a disc, each parallel to it to within some degrees; one a disc; one stack; an upper and a lower stack
of different tilt."""
_NAMES = {
    "SIEMENS": ("localizer", "t2_tse_sag", "t1_tse_sag", "t2_tirm_sag", "t2_tse_cor", "t2_tse_tra_msma", "t1_tse_tra", "pd_tse_tra",
                "ep2d_diff_tra_ADC", "t2_haste_myelo", "t1_tse_fs_sag_KM", "t1_tse_fs_tra_KM"),
    "GE MEDICAL SYSTEMS": ("3-pl Loc", "Sag T2 FRFSE", "Sag T1 FSE", "Sag STIR", "Cor T2", "AX T2 FRFSE", "Ax T1 FSE", "Ax PD", "Ax DWI",
                           "MYELO", "Sag T1 FS +C", "Ax T1 FS +C"),
    "Philips Medical Systems": ("Survey", "T2W_TSE_SAG", "T1W_TSE_SAG", "STIR_longTE_SAG", "T2W_TSE_COR", "T2_TSE_TRA", "T1W_TSE_TRA",
                                "PDW_TSE_TRA", "DWI_b1000_TRA", "MYELO_SSh", "T1W_SPIR_SAG_GD", "T1W_SPIR_TRA_GD"),
    "TOSHIBA": ("Locator", "FSE2D_T2 sag", "SE_T1 sag", "FASE_STIR sag", "T2 cor", "Ax T2", "Ax T1", "Ax PD", "DWI axial",
                "FASE MRMyelography", "T1 sag FatSat CE", "T1 ax FatSat CE"),
}  # fmt: skip
"""SeriesDescription of each of ``KINDS`` by manufacturer, as seen in public studies."""
_TIMES = {
    "localizer": (5.0, 9.0), "sagittal T2": (105.0, 3600.0), "sagittal T1": (11.0, 580.0), "sagittal STIR": (62.0, 4300.0),
    "coronal T2": (95.0, 3900.0), "axial T2": (102.0, 4100.0), "axial T1": (12.0, 620.0), "axial PD": (24.0, 2600.0),
    "axial diffusion": (88.0, 5200.0), "myelogram": (950.0, 8000.0), "sagittal T1 contrast": (11.0, 600.0),
    "axial T1 contrast": (12.0, 640.0),
}  # fmt: skip
"""Echo and repetition time in ms, about."""
_WEIGHTINGS = {
    "localizer": "T2", "sagittal T2": "T2", "sagittal T1": "T1", "sagittal STIR": "STIR", "coronal T2": "T2", "axial T2": "T2",
    "axial T1": "T1", "axial PD": "PD", "axial diffusion": "STIR", "myelogram": "STIR", "sagittal T1 contrast": "T1 contrast",
    "axial T1 contrast": "T1 contrast",
}  # fmt: skip
"""Which of the signals each shows."""
_LEFT, _BACK, _DOWN = np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, -1.0])


@dataclass(frozen=True, kw_only=True)
class MRSeries:
    """One series; times in ms, ``inversion_time`` 0 where there is none."""

    kind: str
    number: int
    description: str
    weighting: str
    planes: tuple[Plane, ...]
    echo_time: float
    repetition_time: float
    inversion_time: float
    contrast: bool


@dataclass(frozen=True, kw_only=True)
class MRScanner:
    """How images come out.

    Args:
        manufacturer: decides how series are called.
        noise: standard deviation in each of the two channels, as a share of the signal of cerebrospinal fluid in T2.
        shading: (3,) logarithm of the gain per m along x, y, z: the coil lies at the patient's back.
        full_scale: stored value of a signal of 1.
        blur: mm (standard deviation).
    """

    manufacturer: str
    noise: float
    shading: tuple[float, float, float]
    full_scale: float
    blur: float


def sample_mr_scanner(rng: np.random.Generator) -> MRScanner:
    """Draw a scanner."""
    return MRScanner(
        manufacturer=str(rng.choice(list(_NAMES))),
        noise=float(rng.uniform(0.012, 0.05)),
        shading=(float(rng.normal(0, 1.0)), float(rng.uniform(0.5, 6.0)), float(rng.normal(0, 1.5))),
        full_scale=float(rng.choice((400, 900, 1800, 3500))),
        blur=float(rng.uniform(0.25, 0.5)),
    )


def acquire(signal: Array, plane: Plane, scanner: MRScanner, rng: np.random.Generator) -> NDArray[np.uint16]:
    """What the scanner stores of a perfect slice: the coil's shading, blur, and noise with the Rician distribution of magnitudes.

    Gudbjartsson & Patz 1995, doi:10.1002/mrm.1910340618.
    """
    rows, columns = plane.shape
    corner, across, down = (np.asarray(scanner.shading) @ axis / 1000 for axis in (plane.origin, plane.along_row, plane.along_column))
    gain = np.exp(corner + plane.spacing * (down * np.arange(rows)[:, None] + across * np.arange(columns)[None, :]))
    blurred = gaussian_filter(signal, scanner.blur / plane.spacing) * gain.astype(np.float32)
    real, imaginary = (scanner.noise * rng.standard_normal(plane.shape, np.float32) for _ in range(2))
    return np.clip(np.hypot(blurred + real, imaginary) * scanner.full_scale, 0, 65535).astype(np.uint16)


def sample_series(
    rng: np.random.Generator, lumbar: LumbarPatient, scanner: MRScanner, *, whole: bool, layout: str | None = None
) -> tuple[MRSeries, ...]:
    """Lay out a study's series, in the order they are made.

    Args:
        rng: of the study.
        lumbar: the patient.
        scanner: whose names are used.
        whole: all of ``KINDS``; else sagittal T2 with few slices and axial T2, all that training needs.
        layout: one of ``LAYOUTS``; default: drawn.
    """
    axial = axial_planes(rng, lumbar, layout or str(rng.choice(LAYOUTS, p=(0.6, 0.1, 0.18, 0.12))))
    sagittal = _sagittal_planes(rng, lumbar, 11 if whole else 3)
    planes = {
        "localizer": _localizer_planes(lumbar),
        "coronal T2": _coronal_planes(lumbar, 7, 4.0),
        "myelogram": _coronal_planes(lumbar, 1, 40.0),
        "axial diffusion": _coarser(axial[::2], 2.0),
    }
    found = []
    for number, kind in enumerate(KINDS if whole else ("sagittal T2", "axial T2"), 1):
        echo, repetition = (value * float(rng.uniform(0.9, 1.1)) for value in _TIMES[kind])
        found.append(
            MRSeries(
                kind=kind,
                number=number,
                description=_NAMES[scanner.manufacturer][KINDS.index(kind)],
                weighting=_WEIGHTINGS[kind],
                planes=planes.get(kind, sagittal if kind.startswith("sagittal") else axial),
                echo_time=round(echo, 1),
                repetition_time=round(repetition, 1),
                inversion_time=150.0 if kind == "sagittal STIR" else 0.0,
                contrast=kind.endswith("contrast"),
            )
        )
    return tuple(found)


def axial_planes(rng: np.random.Generator, lumbar: LumbarPatient, layout: str) -> tuple[Plane, ...]:
    """Planes of an axial series, in the order they are made."""
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    spacing, size = float(rng.uniform(0.55, 0.75)), int(rng.choice((256, 288, 320)))
    thickness = float(rng.choice((3.0, 3.5, 4.0)))
    step = thickness + float(rng.choice((0.3, 0.4, 0.8)))
    if layout in ("blocks", "single"):
        count = 1 if layout == "single" else int(rng.choice((3, 4)))
        offsets = (np.arange(count) - (count - 1) / 2) * step
        found: list[Plane] = []
        for place in range(len(lumbar.discs)):
            shift, error = float(rng.normal(0, 0.5)), float(rng.normal(0, 2.5))
            found += _block(lumbar, place, offsets + shift, spacing=spacing, size=size, thickness=thickness, error=error)
        return tuple(found)
    groups = [range(len(lumbar.discs))] if layout == "stack" else [range(3), range(3, 5)]
    planes: list[Plane] = []
    for group in groups:
        tilt = float(np.mean([lumbar.discs[place].disc.turn[0] for place in group])) * (0.5 if layout == "stack" else 1.0)
        planes += _stack(lumbar, list(group), tilt, spacing=spacing, size=size, thickness=thickness, step=step)
    return tuple(planes)


def _block(lumbar: LumbarPatient, place: int, offsets: Array, *, spacing: float, size: int, thickness: float, error: float) -> list[Plane]:
    """Slices parallel to a disc to within what a technician sees on the sagittal images: no tilt to the side."""
    disc = lumbar.discs[place].disc
    turn = rotation_xyz(disc.turn[0] + error, 0, 0)
    return [
        Plane.about(
            np.asarray(disc.centre) + turn @ (0.0, 18.0, offset), turn[:, 0], turn[:, 1], spacing=spacing, shape=(size, size),
            thickness=thickness,
        )
        for offset in offsets
    ]  # fmt: skip


def _stack(
    lumbar: LumbarPatient, places: list[int], tilt: float, *, spacing: float, size: int, thickness: float, step: float
) -> list[Plane]:
    turn = rotation_xyz(tilt, 0, 0)
    centres = np.array([lumbar.discs[place].disc.centre for place in places])
    heights = centres @ turn[:, 2]
    middle = centres.mean(axis=0) + turn @ (0.0, 18.0, 0.0)
    low, high = heights.min() - 9.0, heights.max() + 9.0
    offsets = np.arange(low, high + step, step) - middle @ turn[:, 2]
    return [
        Plane.about(middle + offset * turn[:, 2], turn[:, 0], turn[:, 1], spacing=spacing, shape=(size, size), thickness=thickness)
        for offset in offsets
    ]


def _sagittal_planes(rng: np.random.Generator, lumbar: LumbarPatient, count: int) -> tuple[Plane, ...]:
    spacing, rows, columns = float(rng.uniform(0.8, 1.0)), 320, 288
    centre = np.asarray(lumbar.patient.spine["L3"].centre) + (float(rng.normal(0, 1.5)), 12.0, float(rng.normal(-8, 8)))
    turn = rotation_xyz(0, 0, float(rng.normal(0, 1.5)))
    return tuple(
        Plane.about(centre + offset * turn[:, 0], turn[:, 1], _DOWN, spacing=spacing, shape=(rows, columns), thickness=4.0)
        for offset in (np.arange(count) - (count - 1) / 2) * 4.4
    )


def _coronal_planes(lumbar: LumbarPatient, count: int, thickness: float) -> tuple[Plane, ...]:
    centre = np.asarray(lumbar.patient.spine["L3"].centre) + (0.0, 15.0, 0.0)
    return tuple(
        Plane.about(centre + offset * _BACK, _LEFT, _DOWN, spacing=1.3, shape=(224, 192), thickness=thickness)
        for offset in (np.arange(count) - (count - 1) / 2) * 5.0
    )


def _localizer_planes(lumbar: LumbarPatient) -> tuple[Plane, ...]:
    centre = np.asarray(lumbar.patient.spine["L3"].centre)
    return tuple(
        Plane.about(centre + offset * np.cross(across, down), across, down, spacing=1.9, shape=(192, 192), thickness=8.0)
        for across, down in ((_LEFT, _BACK), (_BACK, _DOWN), (_LEFT, _DOWN))
        for offset in (-20.0, 0.0, 20.0)
    )


def _coarser(planes: tuple[Plane, ...], times: float) -> tuple[Plane, ...]:
    return tuple(
        Plane.about(
            plane.centre, plane.along_row, plane.along_column, spacing=plane.spacing * times,
            shape=(int(plane.shape[0] / times), int(plane.shape[1] / times)), thickness=plane.thickness,
        )
        for plane in planes
    )  # fmt: skip
