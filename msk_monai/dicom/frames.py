"""The frames of a DICOM image: where each lies and how its values are scaled, whichever way the header says it.

Classic objects say it once at the top level, enhanced ones for each frame in functional groups (PS3.3 section C.7.6.16), reconstructed
NM volumes through their first slice and a distance.
"""

import math

from msk_monai.dicom.fields import Fields
from msk_monai.dicom.instance import Frame, SeriesHeader

SPLITTING = ("AcquisitionNumber", "TemporalPositionIdentifier", "EchoTime", "DiffusionBValue", "ImageType")
"""Elements whose value tells apart the stacks that may share one series."""


def read_frames(fields: Fields, series: SeriesHeader) -> tuple[tuple[Frame, ...], str]:
    """Read every frame's place and scale, and whether frames are a ``slice`` each or a ``frame`` of another kind.

    Args:
        fields: the data set of an image.
        series: what its series' header says; its slice thickness stands in for a frame's own.
    """
    count = max(fields.integer("NumberOfFrames") or 1, 1)
    groups = fields.items("PerFrameFunctionalGroupsSequence")
    shared = fields.item("SharedFunctionalGroupsSequence")
    if groups or shared:
        per_frame = [*groups, *[None] * (count - len(groups))][:count]
        return tuple(_enhanced_frame(fields, series, shared, own) for own in per_frame), "slice"
    frame = Frame(
        position=fields.vector("ImagePositionPatient", 3),
        orientation=fields.vector("ImageOrientationPatient", 6),
        spacing=fields.vector("PixelSpacing", 2),
        thickness=series.slice_thickness,
        slope=_rescale(fields, "RescaleSlope", 1.0),
        intercept=_rescale(fields, "RescaleIntercept", 0.0),
        labels=tuple((name, value) for name in SPLITTING if (value := fields.text(name))),
    )
    if count == 1:
        return (frame,), "frame" if "WHOLE BODY" in series.image_type else "slice"
    return _reconstructed_frames(fields, frame, count)


def _enhanced_frame(fields: Fields, series: SeriesHeader, shared: Fields | None, own: Fields | None) -> Frame:
    """A frame of an enhanced object: what its own functional groups say, else the shared ones, else the top level."""

    def group(name: str) -> Fields:
        for groups in (own, shared):
            found = groups.item(name) if groups is not None else None
            if found is not None:
                return found
        return fields

    measures, content = group("PixelMeasuresSequence"), group("FrameContentSequence")
    values, echo = group("PixelValueTransformationSequence"), group("MREchoSequence")
    diffusion = group("MRDiffusionSequence")
    labels = {
        "FrameAcquisitionNumber": content.text("FrameAcquisitionNumber"),
        "TemporalPositionIndex": _whole(content.integer("TemporalPositionIndex")),
        "StackID": content.text("StackID"),
        "EffectiveEchoTime": _decimal(echo.number("EffectiveEchoTime")),
        "DiffusionBValue": _decimal(diffusion.number("DiffusionBValue")),
    }
    return Frame(
        position=group("PlanePositionSequence").vector("ImagePositionPatient", 3),
        orientation=group("PlaneOrientationSequence").vector("ImageOrientationPatient", 6),
        spacing=measures.vector("PixelSpacing", 2),
        thickness=measures.number("SliceThickness") or series.slice_thickness,
        slope=_rescale(values, "RescaleSlope", 1.0),
        intercept=_rescale(values, "RescaleIntercept", 0.0),
        labels=tuple((name, value) for name, value in labels.items() if value is not None),
    )


def _reconstructed_frames(fields: Fields, frame: Frame, count: int) -> tuple[tuple[Frame, ...], str]:
    """Frames of a classic multi-frame object: slices only where a reconstructed NM volume says how they follow one another.

    PS3.3 section C.8.4.15: SpacingBetweenSlices is signed along the normal, from the first slice's ImagePositionPatient.
    """
    detector = fields.item("DetectorInformationSequence")
    spacing = fields.number("SpacingBetweenSlices")
    if "RECON TOMO" not in fields.texts("ImageType") or detector is None or not spacing:
        return (frame,) * count, "frame"
    position, orientation = detector.vector("ImagePositionPatient", 3), detector.vector("ImageOrientationPatient", 6)
    if position is None or orientation is None:
        return (frame,) * count, "frame"
    a, b = orientation[:3], orientation[3:]
    normal = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])

    def moved(index: int) -> Frame:
        place = tuple(start + index * spacing * part for start, part in zip(position, normal, strict=True))
        return Frame(
            position=place, orientation=orientation, spacing=frame.spacing, thickness=frame.thickness,
            slope=frame.slope, intercept=frame.intercept, labels=frame.labels,
        )  # fmt: skip

    return tuple(moved(index) for index in range(count)), "slice"


def _rescale(fields: Fields, keyword: str, default: float) -> float:
    """A rescale value as it stands: NaN where it is no number, so that reading it can refuse."""
    values = fields.numbers(keyword)
    return values[0] if values else default


def _whole(number: int | None) -> str | None:
    return None if number is None else str(number)


def _decimal(number: float | None) -> str | None:
    return None if number is None or math.isnan(number) else f"{number:g}"
