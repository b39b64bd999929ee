"""What a film of the spine shows: where it begins and ends, and how source, patient and detector stand."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from msk_monai.phantoms.patient import Patient
from msk_monai.phantoms.projection import Detector, View, aim
from msk_monai.phantoms.trunk import muscle_outline

Region = Literal["lumbar", "thoracolumbar", "whole", "cut"]
REGIONS: tuple[Region, ...] = ("lumbar", "thoracolumbar", "whole", "cut")
SHARES = (0.60, 0.07, 0.25, 0.08)
FEWEST_PIXELS, MOST_PIXELS = 900, 2200
"""Of a film's longer side."""
_MOST_TILT = 6.0
_MOST_TURN = 12.0


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A film's geometry.

    Args:
        region: what it shows; ``cut`` films end above L5 or L4.
        view: source and detector.
        detector: the pixels.
        from_front: an AP film; otherwise PA.
        mirrored: hung as seen from the back: the patient's left is on the image's left.
    """

    region: Region
    view: View
    detector: Detector
    from_front: bool
    mirrored: bool


def sample_setup(rng: np.random.Generator, patient: Patient, *, region: Region | None = None) -> Setup:
    """Draw a film's geometry; ``region`` is drawn, too, where none is given."""
    if region is None:
        region = REGIONS[int(rng.choice(len(REGIONS), p=SHARES))]
    low, high = _ends(rng, patient, region)
    middle = np.array([(low + high) / 2])
    at = np.array([patient.spine.lateral(middle)[0] + rng.normal(0, 6), patient.spine.sagittal(middle)[0], middle[0]])
    from_front = bool(rng.random() < 0.65)
    distance = float(rng.uniform(1400, 1800) if region == "whole" else rng.choice((1000, 1100, 1150, 1200, 1500, 1800)))
    mirrored = bool(rng.random() < 0.06)
    view = aim(
        at=at,
        source_distance=distance,
        detector_gap=_gap(patient, at, from_front) + float(rng.uniform(15, 80)),
        from_front=from_front,
        turn=float(np.clip(rng.normal(0, 4.5), -_MOST_TURN, _MOST_TURN)),
        lean=float(np.clip(rng.normal(0, 2.5), -6, 6)),
        mirrored=mirrored,
    )
    return Setup(
        region=region, view=view, detector=_detector(rng, patient, view, (low, high), region), from_front=from_front, mirrored=mirrored
    )


def _ends(rng: np.random.Generator, patient: Patient, region: Region) -> tuple[float, float]:
    """Draw the z of the film's lower and upper end at the spine, mm."""
    at = {v.name: v.centre[2] for v in patient.spine.vertebrae}
    bottom, top = {
        "lumbar": ((-95, -35), (at["T12"], at["T10"])),
        "thoracolumbar": ((-85, -30), (at["T8"], at["T5"])),
        "whole": ((-150, -35), (at["T1"] + 12, at["C4"])),
        "cut": ((at["L5"] - 8, at["L3"]), (at["T9"], at["T5"])),
    }[region]
    return float(rng.uniform(*bottom)), float(rng.uniform(*top))


def _gap(patient: Patient, at: NDArray[np.float64], from_front: bool) -> float:
    """Return how far the skin next to the detector lies from a point of the spine, mm."""
    _, front, back = patient_outline_at(patient, at[2])
    return float(back - at[1]) if from_front else float(at[1] - front)


def patient_outline_at(patient: Patient, z: float) -> tuple[float, float, float]:
    """Return half width, front and back of the skin at a height, mm."""
    half, front, back = muscle_outline(patient.spine, patient.pelvis, patient.cage, patient.habitus).at(np.array([z]))
    fat = patient.habitus.fat_mm
    return float(half[0]) + fat, float(front[0]) - fat, float(back[0]) + 0.8 * fat


def _detector(rng: np.random.Generator, patient: Patient, view: View, ends: tuple[float, float], region: Region) -> Detector:
    """Draw the detector's size and pixels, about the central ray."""
    middles = np.array([v.centre for v in patient.spine.vertebrae if ends[0] < v.centre[2] < ends[1]])
    spots = view.onto_detector(middles)
    height = (ends[1] - ends[0]) * float(view.magnification(middles).mean())
    wide = 2 * float(np.abs(spots[:, 0]).max()) + float(rng.uniform(90, 130))
    if region == "whole":
        width = float(np.clip(rng.uniform(0.33, 0.55) * height, wide, 430))
    else:
        width = float(np.clip(rng.uniform(150, 400), wide, 430))
    longest = max(height, width)
    pixel = float(np.clip(rng.uniform(0.14, 0.35), longest / MOST_PIXELS, longest / FEWEST_PIXELS))
    if region == "whole":
        pixel = longest / float(rng.uniform(FEWEST_PIXELS, 0.95 * MOST_PIXELS))
    stretch = float(rng.uniform(0.8, 1.25)) if rng.random() < 0.05 else 1.0
    spacing = (round(pixel * (stretch if height >= width else 1), 4), round(pixel * (stretch if height < width else 1), 4))
    shape = (min(int(height / spacing[1]), MOST_PIXELS), min(int(width / spacing[0]), MOST_PIXELS))
    corner = (-(shape[1] - 1) / 2 * spacing[0] + float(rng.normal(0, 4)), -(shape[0] - 1) / 2 * spacing[1])
    tilt = float(np.clip(rng.normal(0, 2), -_MOST_TILT, _MOST_TILT))
    return Detector(shape, spacing, corner, tilt)
