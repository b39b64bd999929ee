"""From the files of one series to a stack of planes: what does not belong is left out or named, what remains is put in order."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from msk_monai.dicom.decode import decode_frame
from msk_monai.dicom.instance import Frame, Instance
from msk_monai.dicom.orientations import few_localizers
from msk_monai.dicom.study import Series
from msk_monai.errors import DuplicateSliceError, GeometryError, MixedStackError, PixelDataError
from msk_monai.geometry.stack import (
    Stack,
    checked_orientation,
    coincident_groups,
    parallel_groups,
    regular_stack,
    stacking_direction,
)

SPACING_TOLERANCE = 1e-3
"""Relative difference of PixelSpacing between slices that rounding explains."""
DEFAULT_THICKNESS_MM = 1.0


@dataclass(frozen=True)
class Plane:
    """One frame of one file."""

    instance: Instance
    index: int

    @property
    def frame(self) -> Frame:
        """The frame's header."""
        return self.instance.frames[self.index]


@dataclass(frozen=True, kw_only=True)
class PlacedStack:
    """Planes in order, and where they lie.

    Attributes:
        planes: in order of k.
        stack: the regular grid they stand for.
        orientation: (2, 3) direction cosines of a row and a column.
        spacing: mm between rows, mm between columns.
        warnings: what was left out, and what is unusual.
    """

    planes: tuple[Plane, ...]
    stack: Stack
    orientation: npt.NDArray[np.float64]
    spacing: tuple[float, float]
    warnings: tuple[str, ...]

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """(N, 3) ImagePositionPatient of the planes."""
        return np.asarray([plane.frame.position for plane in self.planes], dtype=np.float64)


def place_series(series: Series, *, interpolate: bool) -> PlacedStack:
    """Order the planes of a series and check that they are one regular stack.

    Args:
        series: slices that its headers place in the patient.
        interpolate: accept uneven distances and missing slices, to be interpolated.

    Raises:
        GeometryError: position, orientation or spacing is missing, not finite or contradicts itself; its sub-classes name the kind.
        PixelDataError: an image has no pixels.
    """
    planes, dropped = without_localizers(planes_of(series))
    require_geometry(planes, series)
    planes, deviating = _without_deviating(planes, series)
    _require_one_matrix(planes, series)
    orientation = checked_orientation(planes[0].frame.orientation or (), subject=series.subject)
    direction = stacking_direction(orientation)
    planes, duplicates = _without_duplicates(planes, direction, series)
    stack = _stack(planes, direction, interpolate=interpolate, series=series)
    ordered = tuple(planes[index] for index in stack.order.tolist())
    return PlacedStack(
        planes=ordered,
        stack=stack,
        orientation=orientation,
        spacing=_spacing(planes[0]),
        warnings=(*dropped, *deviating, *duplicates, *_unusual(ordered, stack)),
    )


def planes_of(series: Series) -> list[Plane]:
    """All planes of all files of a series."""
    return [Plane(instance, index) for instance in series.instances for index in range(len(instance.frames))]


def without_localizers(planes: list[Plane]) -> tuple[list[Plane], list[str]]:
    """Leave out what ImageType calls a localizer, unless all of them are, and say so."""
    slices = [plane for plane in planes if not plane.instance.is_localizer]
    if not slices or len(slices) == len(planes):
        return planes, []
    return slices, [f"{len(planes) - len(slices)} localizer images among the slices were left out"]


def require_geometry(planes: Sequence[Plane], series: Series) -> None:
    """Check that every plane has a finite place in the patient, and a positive pixel size.

    Raises:
        GeometryError: one has not.
    """
    vague = [plane for plane in planes if plane.instance.frames_are == "frame"]
    if vague:
        name = vague[0].instance.path.name
        raise GeometryError(f"expected a place for every frame, got a multi-frame image without any ({name})", subject=series.subject)
    for name, values in (
        ("ImagePositionPatient", [plane.frame.position for plane in planes]),
        ("ImageOrientationPatient", [plane.frame.orientation for plane in planes]),
        ("PixelSpacing", [plane.frame.spacing for plane in planes]),
    ):
        missing = [plane for plane, value in zip(planes, values, strict=True) if value is None]
        if missing:
            raise GeometryError(
                f"expected {name} in every slice, got none in {len(missing)} of {len(planes)} ({missing[0].instance.path.name})",
                subject=series.subject,
            )
        faulty = [plane for plane, value in zip(planes, values, strict=True) if not np.all(np.isfinite(np.asarray(value)))]
        if faulty:
            raise GeometryError(
                f"expected a finite {name} in every slice, got one that is not in {faulty[0].instance.path.name}", subject=series.subject
            )
    if any(min(plane.frame.spacing or (0.0,)) <= 0 for plane in planes):
        raise GeometryError("expected a positive PixelSpacing, got zero or less", subject=series.subject)


def _without_deviating(planes: list[Plane], series: Series) -> tuple[list[Plane], list[str]]:
    groups = parallel_groups([plane.frame.orientation or () for plane in planes])
    if len(groups) == 1:
        return planes, []
    others = len(planes) - len(groups[0])
    if not few_localizers(others, len(groups[0])):
        sizes = ", ".join(str(len(group)) for group in groups)
        message = f"expected slices of one orientation, got {len(groups)} orientations ({sizes} slices)"
        raise MixedStackError(message, subject=series.subject)
    kept = [planes[index] for index in sorted(groups[0])]
    return kept, [f"{others} slices of another orientation than the other {len(kept)} were left out as localizers"]


def _require_one_matrix(planes: Sequence[Plane], series: Series) -> None:
    sizes = Counter((plane.instance.rows, plane.instance.columns) for plane in planes)
    if len(sizes) > 1:
        listed = ", ".join(f"{count} of {rows}x{columns}" for (rows, columns), count in sizes.most_common())
        raise MixedStackError(f"expected slices of one matrix size, got {listed}", subject=series.subject)
    spacings = np.asarray([plane.frame.spacing for plane in planes])
    if not np.allclose(spacings, spacings[0], rtol=SPACING_TOLERANCE, atol=0):
        raise MixedStackError(
            f"expected slices of one pixel spacing, got {spacings.min():g} to {spacings.max():g} mm", subject=series.subject
        )


def _without_duplicates(planes: list[Plane], direction: npt.NDArray[np.float64], series: Series) -> tuple[list[Plane], list[str]]:
    """Leave out slices that repeat another one, pixel for pixel; refuse those that lie where another one does and differ."""
    groups = coincident_groups([plane.frame.position or () for plane in planes], direction)
    for group in groups:
        first = planes[group[0]]
        for index in group[1:]:
            if not _same_image(first, planes[index], series):
                raise _contradiction(first, planes[index], planes, direction, series)
    kept = [planes[group[0]] for group in groups]
    shared = [uid for uid, count in Counter((plane.instance.sop_uid, plane.index) for plane in kept).items() if uid[0] and count > 1]
    if shared:
        raise DuplicateSliceError(
            f"expected one image of each SOP Instance UID, got several at different positions of {shared[0][0]}", subject=series.subject
        )
    dropped = len(planes) - len(kept)
    return kept, [f"{dropped} slices repeat another one exactly and were left out"] if dropped else []


def _same_image(one: Plane, other: Plane, series: Series) -> bool:
    if not np.allclose(one.frame.position or (), other.frame.position or (), atol=SPACING_TOLERANCE):
        return False
    images = np.empty((2, one.instance.rows, one.instance.columns), dtype=np.float32)
    for plane, image in zip((one, other), images, strict=True):
        decode_frame(plane.instance, plane.index, modality=series.modality, out=image)
    return bool(np.array_equal(images[0], images[1]))


def _contradiction(one: Plane, other: Plane, planes: Sequence[Plane], direction: npt.NDArray[np.float64], series: Series) -> GeometryError:
    mixed = _mixed_acquisitions(planes, direction, series)
    if mixed is not None:
        return mixed
    names = ", ".join(dict.fromkeys((one.instance.path.name, other.instance.path.name)))
    message = f"expected one slice at each position, got different ones at {one.frame.position} ({names})"
    return DuplicateSliceError(message, subject=series.subject)


def _stack(planes: Sequence[Plane], direction: npt.NDArray[np.float64], *, interpolate: bool, series: Series) -> Stack:
    positions = [plane.frame.position or () for plane in planes]
    thickness = planes[0].frame.thickness or DEFAULT_THICKNESS_MM
    try:
        return regular_stack(positions, direction, thickness=thickness, subject=series.subject)
    except GeometryError as error:
        mixed = _mixed_acquisitions(planes, direction, series)
        if mixed is not None:
            raise mixed from error
        if not interpolate:
            raise
    return regular_stack(positions, direction, interpolate=True, subject=series.subject)


def _mixed_acquisitions(planes: Sequence[Plane], direction: npt.NDArray[np.float64], series: Series) -> MixedStackError | None:
    """The error to raise if some header element splits the planes into regular stacks that overlap; else None."""
    for name in dict.fromkeys(name for plane in planes for name, _ in plane.frame.labels):
        parts: dict[str, list[Plane]] = defaultdict(list)
        for plane in planes:
            parts[dict(plane.frame.labels).get(name, "none")].append(plane)
        if len(parts) > 1 and all(_is_regular(part, direction) for part in parts.values()) and _overlap(parts.values(), direction):
            listed = ", ".join(f"{value} ({len(part)} slices)" for value, part in sorted(parts.items()))
            return MixedStackError(
                f"expected one stack, got {len(parts)} that {name} tells apart: {listed}; read the files of one of them",
                subject=series.subject,
            )
    return None


def _is_regular(planes: Sequence[Plane], direction: npt.NDArray[np.float64]) -> bool:
    positions = [plane.frame.position or () for plane in planes]
    if len(planes) < 2 or any(len(group) > 1 for group in coincident_groups(positions, direction)):
        return False
    try:
        regular_stack(positions, direction)
    except GeometryError:
        return False
    return True


def _overlap(parts: Iterable[Sequence[Plane]], direction: npt.NDArray[np.float64]) -> bool:
    """Whether any two stacks share a part of their range."""
    ranges = sorted(
        (float(offsets.min()), float(offsets.max()))
        for offsets in (np.asarray([plane.frame.position for plane in part]) @ direction for part in parts)
    )
    return any(later[0] < earlier[1] for earlier, later in pairwise(ranges))


def _spacing(plane: Plane) -> tuple[float, float]:
    rows, columns = plane.frame.spacing or (1.0, 1.0)
    return rows, columns


def _unusual(planes: Sequence[Plane], stack: Stack) -> list[str]:
    warnings: list[str] = []
    if stack.tilt_deg > 0:
        warnings.append(f"the slices are sheared against their normal by {stack.tilt_deg:.1f} degrees (tilted gantry); the affine says so")
    if stack.interpolated:
        gaps = np.diff(stack.offsets)
        warnings.append(
            f"slices {gaps.min():g} to {gaps.max():g} mm apart were interpolated onto a regular grid of {np.linalg.norm(stack.step):g} mm"
        )
    if len(planes) == 1 and not planes[0].frame.thickness:
        warnings.append(f"a single slice of unknown thickness: {DEFAULT_THICKNESS_MM:g} mm was assumed")
    return warnings


def require_pixels(series: Series) -> None:
    """Check that the series holds images.

    Raises:
        PixelDataError: it holds none.
    """
    if not any(instance.frames for instance in series.instances):
        raise PixelDataError(f"expected images, got objects without pixels (modality {series.modality})", subject=series.subject)
