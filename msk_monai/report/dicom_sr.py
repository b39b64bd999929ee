"""Findings as a Comprehensive 3D SR document (PS3.3 A.35.13), an Imaging Measurement Report by TID 1500 (PS3.16).

Groups of measurements: the result as a whole; each level, joint or side; the slice that was found; and each landmark.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from msk_monai.anatomy.measured import PROBABILITY, measured
from msk_monai.anatomy.structures import ANATOMICAL_STRUCTURE, landmark_site, structure
from msk_monai.records import Findings, Landmark, Measurement
from msk_monai.report.dicom_concepts import coded
from msk_monai.report.dicom_measurements import as_content, comments, numeric, site
from msk_monai.report.dicom_origin import Origin
from msk_monai.report.dicom_seg import Segments
from msk_monai.report.dicom_terms import (
    CLASS_PREFIX,
    LANDMARK_CONFIDENCE,
    NO_IMAGE,
    OUTSIDE,
    RESULT,
    SLICE,
    SLICE_INDEX,
    STATUS,
    STATUSES,
)

Place: TypeAlias = tuple[Dataset, int | None]
"""An image and, where it has several, the number of one of its frames, from 1."""
Group: TypeAlias = sr.MeasurementsAndQualitativeEvaluations | sr.PlanarROIMeasurementsAndQualitativeEvaluations
_PROCEDURES = {
    "CT": codes.cid100.CTUnspecifiedBodyRegion,
    "MR": codes.cid100.MRIUnspecifiedBodyRegion,
    "NM": codes.cid100.NMUnspecifiedBodyRegion,
    **dict.fromkeys(("CR", "DX", "RG", "RF", "XA"), codes.cid100.XRUnspecifiedBodyRegion),
}
_FEW = 2
"""A case of more images than these is a stack, of which one slice has to be named before it is referred to."""


@dataclass(frozen=True, eq=False)
class Report:
    """What a report is made of.

    Args:
        origin: the case, as it is recorded, and its images.
        segments: the label map that was drawn, where there is one.
        level_images: SOP Instance UID of the image that a level was measured in, by the level's name.
        views: where the views of a scan are, by their names: SOP Instance UID and number of the frame.
    """

    origin: Origin
    segments: Segments | None = None
    level_images: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def findings(self) -> Findings:
        """What was found."""
        return self.origin.result.findings

    def document(self) -> sr.Comprehensive3DSR:
        """The document, complete and unverified."""
        origin, source = self.origin, self.origin.source
        evidence = [*source.everything, *([] if self.segments is None else [self.segments.dataset])]
        content = sr.MeasurementReport(
            observation_context=sr.ObservationContext(observer_device_context=origin.observer()),
            procedure_reported=_PROCEDURES.get(source.images[0].get("Modality", ""), codes.cid100.ImagingProcedure),
            imaging_measurements=[self._result(), *self._sites(), *self._slice(), *self._landmarks()],
            title=codes.cid7021.ImagingMeasurementReport,
        )
        told = _told(origin.result.to_json())
        segments = "" if self.segments is None else self.segments.dataset.SOPInstanceUID
        document = sr.Comprehensive3DSR(
            evidence=evidence,
            content=content,
            is_complete=True,
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            **origin.object_arguments("SR", told, segments),
        )
        origin.finish(document)
        return document

    def _result(self) -> Group:
        """Status, reason, what is of the image as a whole, and the probabilities of classes."""
        findings, origin = self.findings, self.origin
        contents = [as_content(one, origin) for one in findings.measurements if measured(one.name).site is None]
        contents += [numeric(CLASS_PREFIX + name, PROBABILITY, float(value), "1", origin) for name, value in findings.classes.items()]
        status = sr.QualitativeEvaluation(coded(STATUS), coded(STATUSES[findings.status.value]))
        outside = [f"landmark {one.name} {self._why_not(one)}" for one in findings.landmarks if self._region(one) is None]
        group = self._group(RESULT, [status, *contents], self._usual_images())
        for comment in comments([findings.reason or "", *outside], sr.RelationshipTypeValues.CONTAINS):
            group[0].ContentSequence.append(comment)
        return group

    def _sites(self) -> list[Group]:
        """A group for each vertebra, disc or joint, and side."""
        grouped: dict[tuple[str, str | None], list[Measurement]] = {}
        for one in self.findings.measurements:
            what = measured(one.name)
            if what.site is not None:
                grouped.setdefault((what.level or what.site, what.side), []).append(one)
        return [self._at(name, side, measurements) for (name, side), measurements in grouped.items()]

    def _at(self, name: str, side: str | None, measurements: Sequence[Measurement]) -> Group:
        contents = [as_content(one, self.origin) for one in measurements]
        sites = [site(name, side)]
        tracking = name if side is None else f"{side} {name}"
        if self.segments is not None and name in self.segments.places:
            number, frame = self.segments.places[name]
            image, image_frame = self.segments.image, self.segments.image_frame
            reference = sr.ReferencedSegmentationFrame(
                self.segments.dataset.SOPClassUID,
                self.segments.dataset.SOPInstanceUID,
                frame_number=frame,
                segment_number=number,
                source_image=sr.SourceImageForSegmentation(
                    image.SOPClassUID, image.SOPInstanceUID, None if image_frame is None else [image_frame]
                ),
            )
            del reference[0].ReferencedSOPSequence[0].ReferencedSegmentNumber  # the frame tells it; not beside one (PS3.3 C.18.4)
            return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
                **self._arguments(tracking, contents),
                finding_sites=sites,
                finding_type=coded(structure(name)),
                referenced_segment=reference,
            )
        named = self.origin.source.image(self.level_images.get(name, ""))
        return self._group(tracking, contents, self._usual_images() if named is None else [(named, None)], sites)

    def _slice(self) -> list[Group]:
        """The slice that was found: its instance and, in a frame of reference, its centre."""
        where, source = self.findings.slice, self.origin.source
        if where is None:
            return []
        image = source.image(where.sop_instance_uid or "")
        index = numeric(SLICE_INDEX.value, SLICE_INDEX, float(where.index), "1", self.origin)
        if image is not None:
            index[0].ContentSequence.append(sr.SourceImageForMeasurement(image.SOPClassUID, image.SOPInstanceUID))
        if source.frame_of_reference is None:
            return [self._group(SLICE, [index], [] if image is None else [(image, None)])]
        region = sr.ImageRegion3D(sr.GraphicTypeValues3D.POINT, np.array([where.position_mm], dtype=np.float64), source.frame_of_reference)
        return [
            sr.PlanarROIMeasurementsAndQualitativeEvaluations(
                **self._arguments(SLICE, [index]), referenced_region=region, geometric_purpose=codes.cid219.RepresentativePoint
            )
        ]

    def _landmarks(self) -> list[Group]:
        regions = ((one, self._region(one)) for one in self.findings.landmarks)
        return [self._landmark(one, region) for one, region in regions if region is not None]

    def _landmark(self, landmark: Landmark, region: sr.ImageRegion | sr.ImageRegion3D) -> Group:
        name, side = landmark_site(landmark.name)
        sure = landmark.confidence
        contents = [] if sure is None else [numeric(f"{landmark.name} confidence", LANDMARK_CONFIDENCE, float(sure), "1", self.origin)]
        return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            **self._arguments(landmark.name, contents),
            finding_category=coded(ANATOMICAL_STRUCTURE),
            finding_type=coded(structure(name)),
            finding_sites=[site(name, side)],
            referenced_region=region,
            geometric_purpose=codes.cid219.RepresentativePoint,
        )

    def _region(self, landmark: Landmark) -> sr.ImageRegion | sr.ImageRegion3D | None:
        """A landmark's point, in the patient where that is known; ``None`` outside of the image, or where it is in no single one."""
        source = self.origin.source
        if landmark.world_mm is not None and source.frame_of_reference is not None:
            point = np.array([landmark.world_mm], dtype=np.float64)
            return sr.ImageRegion3D(sr.GraphicTypeValues3D.POINT, point, source.frame_of_reference)
        image, frame = self._seen_in(landmark.name)
        x, y = landmark.x + 0.5, landmark.y + 0.5  # SCOORD counts from the first pixel's corner (PS3.3 C.18.6.1.1)
        if image is None or not (0 <= x <= image.Columns and 0 <= y <= image.Rows):
            return None
        reference = sr.SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID, None if frame is None else [frame])
        return sr.ImageRegion(sr.GraphicTypeValues.POINT, np.array([[x, y]], dtype=np.float64), reference)

    def _why_not(self, landmark: Landmark) -> str:
        """Why a landmark has no region."""
        return NO_IMAGE if self._seen_in(landmark.name)[0] is None else OUTSIDE

    def _seen_in(self, name: str) -> tuple[Dataset | None, int | None]:
        """The image, and its frame, that a landmark's coordinates are of."""
        view = self.views.get(name.rsplit("_", 1)[-1])
        if view is not None:
            image = self.origin.source.image(view[0])
            several = image is not None and int(image.get("NumberOfFrames") or 1) > 1
            return image, view[1] if several else None
        images = self.origin.source.images
        return (images[0], None) if len(images) == 1 and int(images[0].get("NumberOfFrames") or 1) == 1 else (None, None)

    def _usual_images(self) -> list[Place]:
        """What a number without a place of its own was measured in; of a stack, nothing but the slice that was chosen."""
        source, where = self.origin.source, self.findings.slice
        if len(source.images) <= _FEW:
            return [(image, None) for image in source.images]
        image = None if where is None else source.image(where.sop_instance_uid or "")
        return [] if image is None else [(image, None)]

    def _group(self, name: str, contents: Sequence[object], images: Sequence[Place], sites: list[sr.FindingSite] | None = None) -> Group:
        return sr.MeasurementsAndQualitativeEvaluations(
            **self._arguments(name, contents),
            finding_sites=sites,
            source_images=[
                sr.SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID, None if frame is None else [frame])
                for image, frame in images
            ],
        )

    def _arguments(self, name: str, contents: Sequence[object]) -> dict[str, object]:
        return {
            "tracking_identifier": sr.TrackingIdentifier(self.origin.uid("group", name), name),
            "algorithm_id": self.origin.algorithm(),
            "measurements": [one for one in contents if isinstance(one, sr.Measurement)],
            "qualitative_evaluations": [one for one in contents if isinstance(one, sr.QualitativeEvaluation)],
        }


def _told(line: str) -> str:
    """A recorded line without what may differ when the same is found again."""
    row = json.loads(line)
    return json.dumps({key: value for key, value in row.items() if key not in ("case", "source", "outputs", "seconds", "dicom_reason")})
