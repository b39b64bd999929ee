"""What one bundle says about one case: measurements, landmarks, a slice, classes, and how far to trust them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """How a case ended."""

    OK = "ok"
    """An answer that the method stands behind."""
    FLAGGED = "flagged"
    """Read and run, but the answer asked for is withheld or doubtful; the reason says why."""
    FAILED = "failed"
    """The case could not be read or run."""
    SKIPPED = "skipped"
    """Nothing in the case is what the bundle takes."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One number with its unit and its uncertainty.

    Args:
        name: what is measured, in lower case with underscores, e.g. ``l4_l5_angle``.
        value: the number; ``None`` where it could not be measured (the flags say why).
        unit: UCUM code: ``mm``, ``deg``, ``1`` (a ratio or a count), ``{pixels}`` …
        lower: lower bound of the interval that holds the true value with ``confidence_level``.
        upper: upper bound of that interval.
        confidence_level: share of cases, 0 to 1, in which the interval holds the true value.
        flags: short warnings that belong to this number, e.g. ``spacing at detector plane``.
        method: how the number was made, in a few words.
    """

    name: str
    value: float | None
    unit: str
    lower: float | None = None
    upper: float | None = None
    confidence_level: float | None = None
    flags: tuple[str, ...] = ()
    method: str | None = None


@dataclass(frozen=True, kw_only=True)
class Landmark:
    """A named point.

    Args:
        name: the point's name in its data set or atlas.
        x: column in the original image, 0 = centre of the first pixel.
        y: row in the original image, 0 = centre of the first pixel.
        world_mm: the same point in DICOM's patient coordinate system (LPS), in mm, where the image has one.
        confidence: 0 (none) to 1.
    """

    name: str
    x: float
    y: float
    world_mm: tuple[float, float, float] | None = None
    confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class SliceLocation:
    """One slice of a stack.

    Args:
        index: counted towards the head (sagittal slices: towards the patient's left), from 0, among the slices that were acquired.
        position_mm: centre of the slice in DICOM's patient coordinate system (LPS), in mm.
        sop_instance_uid: the DICOM instance that holds the slice, where there is one.
    """

    index: int
    position_mm: tuple[float, float, float]
    sop_instance_uid: str | None = None


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything a bundle says about one case; a task leaves out what it does not have."""

    status: Status = Status.OK
    reason: str | None = None
    measurements: tuple[Measurement, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    slice: SliceLocation | None = None
    classes: Mapping[str, float] = field(default_factory=dict)
