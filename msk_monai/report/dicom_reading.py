"""Findings read back from a report that :mod:`msk_monai.report.dicom_sr` wrote."""

from collections.abc import Iterator
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from msk_monai.anatomy.concepts import Concept
from msk_monai.errors import DataError
from msk_monai.records import Findings, Landmark, Measurement, SliceLocation, Status
from msk_monai.report.dicom_terms import (
    CLASS_PREFIX,
    COMMENT,
    CONFIDENCE_LEVEL,
    LANDMARK_CONFIDENCE,
    LOWER_RANGE,
    METHOD,
    NO_IMAGE,
    OUTSIDE,
    RESULT,
    SLICE,
    SLICE_INDEX,
    STATUS,
    STATUSES,
    UPPER_RANGE,
    WITHHELD_UNIT,
)

_DIGITS = 6
"""Of recorded numbers; a bound is told as a range from the value, whose last bit may differ."""
_TRACKING = Concept("112039", "DCM", "Tracking Identifier")
_IMAGING_MEASUREMENTS = Concept("126010", "DCM", "Imaging Measurements")
_MEASUREMENT_GROUP = Concept("125007", "DCM", "Measurement Group")


def read_findings(path: Path) -> Findings:
    """The findings of a report: all numbers as they were recorded, coordinates in the 32 bits that DICOM has for them.

    Landmarks that were told in the patient (SCOORD3D) have no place in an image: their x and y are NaN. Those outside of the image
    are not in a report. Without a Frame of Reference the slice has no position: NaN.

    Raises:
        DataError: it is not such a report.
    """
    try:
        return _findings(dcmread(path))
    except (AttributeError, LookupError, ValueError, TypeError) as fault:
        raise DataError(f"expected a report of msk_monai, got something else ({type(fault).__name__})", subject=path.name) from None


def _findings(document: Dataset) -> Findings:
    (container,) = _children(document, _IMAGING_MEASUREMENTS)
    groups = {_text(group, _TRACKING): group for group in _children(container, _MEASUREMENT_GROUP)}
    result = groups.pop(RESULT)
    (status,) = _children(result, STATUS)
    statuses = {concept.value: name for name, concept in STATUSES.items()}
    remarks = [item.TextValue for item in _children(result, COMMENT)]
    reasons = [text for text in remarks if not text.endswith((OUTSIDE, NO_IMAGE))]
    where = groups.pop(SLICE, None)
    numbers = [number for group in (result, *groups.values()) for number in _numbers(group)]
    named = [(name, item) for name, item in numbers if not name.startswith(CLASS_PREFIX)]
    return Findings(
        status=Status(statuses[_code(status.ConceptCodeSequence[0])]),
        reason=reasons[0] if reasons else None,
        measurements=tuple(_measurement(name, item) for name, item in named if not _is(item, LANDMARK_CONFIDENCE)),
        landmarks=tuple(_landmark(str(name), group) for name, group in groups.items() if _points(group)),
        slice=None if where is None else _slice(where),
        classes={name.removeprefix(CLASS_PREFIX): _value(item) for name, item in numbers if name.startswith(CLASS_PREFIX)},
    )


def _numbers(group: Dataset) -> Iterator[tuple[str, Dataset]]:
    """Items that are tracked by a name: measurements, also those that were withheld."""
    for item in group.ContentSequence:
        name = _text(item, _TRACKING) if item.ValueType in ("NUM", "CODE") else None
        if name is not None:
            yield name, item


def _measurement(name: str, item: Dataset) -> Measurement:
    flags = tuple(one.TextValue for one in _children(item, COMMENT))
    method = _text(item, METHOD)
    if item.ValueType == "CODE":
        return Measurement(name=name, value=None, unit=_text(item, WITHHELD_UNIT) or "1", flags=flags, method=method)
    value = _value(item)
    above, below, level = (_number(item, concept) for concept in (UPPER_RANGE, LOWER_RANGE, CONFIDENCE_LEVEL))
    return Measurement(
        name=name,
        value=value,
        unit=_code(item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0]),
        upper=None if above is None else round(value + above, _DIGITS),
        lower=None if below is None else round(value - below, _DIGITS),
        confidence_level=level,
        flags=flags,
        method=method,
    )


def _landmark(name: str, group: Dataset) -> Landmark:
    (point,) = _points(group)
    coordinates = [float(one) for one in point.GraphicData]
    sure = _number(group, LANDMARK_CONFIDENCE)
    if point.ValueType == "SCOORD3D":
        x, y, z = coordinates
        return Landmark(name=name, x=float("nan"), y=float("nan"), world_mm=(x, y, z), confidence=sure)
    return Landmark(name=name, x=coordinates[0] - 0.5, y=coordinates[1] - 0.5, confidence=sure)


def _slice(group: Dataset) -> SliceLocation:
    (index,) = _children(group, SLICE_INDEX)
    images = [one for item in (index, group) for one in item.get("ContentSequence", ()) if one.ValueType == "IMAGE"]
    x, y, z = (float(one) for one in _points(group)[0].GraphicData) if _points(group) else (float("nan"),) * 3
    uid = str(images[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID) if images else None
    return SliceLocation(index=round(_value(index)), position_mm=(x, y, z), sop_instance_uid=uid)


def _points(group: Dataset) -> list[Dataset]:
    return [item for item in group.ContentSequence if item.ValueType in ("SCOORD", "SCOORD3D")]


def _children(item: Dataset, concept: Concept) -> list[Dataset]:
    return [child for child in item.get("ContentSequence", ()) if _is(child, concept)]


def _is(item: Dataset, concept: Concept) -> bool:
    named = item.get("ConceptNameCodeSequence")
    return bool(named) and (_code(named[0]), named[0].CodingSchemeDesignator) == (concept.value, concept.scheme)


def _code(item: Dataset) -> str:
    return str(item.get("CodeValue") or item.LongCodeValue)


def _text(item: Dataset, concept: Concept) -> str | None:
    found = _children(item, concept)
    return str(found[0].TextValue) if found else None


def _number(item: Dataset, concept: Concept) -> float | None:
    found = _children(item, concept)
    return _value(found[0]) if found else None


def _value(item: Dataset) -> float:
    """In double precision: DS alone has 16 characters."""
    held = item.MeasuredValueSequence[0]
    return float(held.FloatingPointValue if "FloatingPointValue" in held else held.NumericValue)
