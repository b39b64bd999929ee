"""Measurements as content items of a report (PS3.16 TID 300), and the other way round."""

from collections.abc import Iterable
from typing import TypeAlias

from highdicom import sr
from pydicom.dataset import Dataset

from msk_monai.anatomy.concepts import Concept
from msk_monai.anatomy.measured import Measured, measured, unit
from msk_monai.anatomy.structures import SIDES, structure
from msk_monai.records import Measurement
from msk_monai.report.dicom_concepts import coded
from msk_monai.report.dicom_origin import Origin
from msk_monai.report.dicom_terms import (
    COMMENT,
    CONFIDENCE_LEVEL,
    LOWER_RANGE,
    METHOD,
    UPPER_RANGE,
    VALUE_UNKNOWN,
    WITHHELD_UNIT,
)

Properties = sr.RelationshipTypeValues.HAS_PROPERTIES
Template: TypeAlias = sr.Measurement | sr.QualitativeEvaluation


def as_content(measurement: Measurement, origin: Origin) -> Template:
    """A measurement as a NUM item; one without a value as a CODE item of the same concept with the value "Value unknown".

    Name, flags and method are told in words beside the codes. The interval's bounds are told as ranges from the value (TID 310), with
    the confidence level beside them.
    """
    what = measured(measurement.name)
    if measurement.value is None:
        return _withheld(measurement, what, origin)
    template = numeric(
        measurement.name,
        what.concept,
        float(measurement.value),
        measurement.unit,
        origin,
        sites=_sites(what),
        derivation=what.derivation,
    )
    _append(template, [*_interval(measurement), *_words(measurement)])
    return template


def numeric(
    name: str,
    concept: Concept,
    value: float,
    units: str,
    origin: Origin,
    *,
    sites: list[sr.FindingSite] | None = None,
    derivation: Concept | None = None,
) -> sr.Measurement:
    """A number of a concept, tracked by a name."""
    return sr.Measurement(
        name=coded(concept),
        value=value,
        unit=coded(unit(units)),
        tracking_identifier=sr.TrackingIdentifier(origin.uid("measurement", name), name),
        derivation=None if derivation is None else coded(derivation),
        finding_sites=sites,
    )


def comments(texts: Iterable[str], relationship: sr.RelationshipTypeValues = Properties) -> list[sr.TextContentItem]:
    """Remarks in words."""
    return [sr.TextContentItem(coded(COMMENT), text, relationship) for text in texts if text]


def site(name: str, side: str | None, modifier: Concept | None = None) -> sr.FindingSite:
    """Where something was found."""
    return sr.FindingSite(
        coded(structure(name)),
        laterality=None if side is None else coded(SIDES[side]),
        topographical_modifier=None if modifier is None else coded(modifier),
    )


def _sites(what: Measured) -> list[sr.FindingSite] | None:
    """Where the group's own site does not say it all."""
    if what.site is None or (what.level is None and what.modifier is None):
        return None
    return [site(what.site, what.side, what.modifier)]


def _withheld(measurement: Measurement, what: Measured, origin: Origin) -> sr.QualitativeEvaluation:
    # a NUM item may be without a value (PS3.3 C.18.1), but common readers, highdicom's among them, stop at one
    template = sr.QualitativeEvaluation(coded(what.concept), coded(VALUE_UNKNOWN))
    tracking = sr.TrackingIdentifier(origin.uid("measurement", measurement.name), measurement.name)
    items = [*tracking, sr.TextContentItem(coded(WITHHELD_UNIT), measurement.unit, Properties), *_words(measurement)]
    _append(template, items)
    return template


def _interval(measurement: Measurement) -> list[Dataset]:
    value, units = measurement.value, coded(unit(measurement.unit))
    assert value is not None
    items = []
    if measurement.upper is not None:
        items.append(sr.NumContentItem(coded(UPPER_RANGE), float(measurement.upper - value), units, relationship_type=Properties))
    if measurement.lower is not None:
        items.append(sr.NumContentItem(coded(LOWER_RANGE), float(value - measurement.lower), units, relationship_type=Properties))
    if measurement.confidence_level is not None:
        level = float(measurement.confidence_level)
        items.append(sr.NumContentItem(coded(CONFIDENCE_LEVEL), level, coded(unit("1")), relationship_type=Properties))
    return items


def _words(measurement: Measurement) -> list[Dataset]:
    method = [] if not measurement.method else [sr.TextContentItem(coded(METHOD), measurement.method, Properties)]
    return [*comments(measurement.flags), *method]


def _append(template: Template, items: list[Dataset]) -> None:
    """Items below a template's own: TID 300 may be extended."""
    item = template[0]
    if items and "ContentSequence" not in item:
        item.ContentSequence = sr.ContentSequence()
    for one in items:
        item.ContentSequence.append(one)
