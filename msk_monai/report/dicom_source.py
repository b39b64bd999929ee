"""The images that findings are about, as DICOM objects have to refer to them, and the patient and study that these belong to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from msk_monai.errors import DicomOutputError
from msk_monai.report.discreet import discreet

_REFERENCES = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_IMAGE = (
    *("Modality", "InstanceNumber", "Rows", "Columns", "NumberOfFrames", "BurnedInAnnotation", "PatientOrientation"),
    "PixelAspectRatio",
    *("FrameOfReferenceUID", "PositionReferenceIndicator", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
    *("SliceThickness", "SpacingBetweenSlices", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
)
_PATIENT = (
    *(
        "ReferencedPatientSequence",
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "TypeOfPatientID",
        "IssuerOfPatientIDQualifiersSequence",
    ),
    *("SourcePatientGroupIdentificationSequence", "GroupOfPatientsIdentificationSequence", "PatientBirthDate", "PatientBirthTime"),
    *("PatientBirthDateInAlternativeCalendar", "PatientDeathDateInAlternativeCalendar", "PatientAlternativeCalendar", "PatientSex"),
    *("QualityControlSubject", "StrainDescription", "StrainNomenclature", "StrainStockSequence", "StrainAdditionalInformation"),
    *("StrainCodeSequence", "GeneticModificationsSequence", "OtherPatientIDs", "OtherPatientNames", "OtherPatientIDsSequence"),
    *(
        "ReferencedPatientPhotoSequence",
        "EthnicGroup",
        "EthnicGroupCodeSequence",
        "PatientSpeciesDescription",
        "PatientSpeciesCodeSequence",
    ),
    *("PatientBreedDescription", "PatientBreedCodeSequence", "BreedRegistrationSequence", "ResponsiblePerson", "ResponsiblePersonRole"),
    *(
        "ResponsibleOrganization",
        "PatientComments",
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
    ),
    *("ClinicalTrialSponsorName", "ClinicalTrialProtocolID", "ClinicalTrialProtocolName", "IssuerOfClinicalTrialProtocolID"),
    *("OtherClinicalTrialProtocolIDsSequence", "ClinicalTrialSiteID", "ClinicalTrialSiteName", "IssuerOfClinicalTrialSiteID"),
    *("ClinicalTrialSubjectID", "IssuerOfClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID"),
    *("IssuerOfClinicalTrialSubjectReadingID", "ClinicalTrialProtocolEthicsCommitteeName"),
    "ClinicalTrialProtocolEthicsCommitteeApprovalNumber",
)
"""Attributes of the Patient and Clinical Trial Subject modules (PS3.3 C.7.1.1, C.7.1.3), with those that were retired from them."""
_STUDY = (
    *("StudyDate", "StudyTime", "AccessionNumber", "IssuerOfAccessionNumberSequence", "ReferringPhysicianName"),
    *("ReferringPhysicianIdentificationSequence", "ConsultingPhysicianName", "ConsultingPhysicianIdentificationSequence"),
    *("StudyDescription", "ProcedureCodeSequence", "PhysiciansOfRecord", "PhysiciansOfRecordIdentificationSequence"),
    *("NameOfPhysiciansReadingStudy", "PhysiciansReadingStudyIdentificationSequence", "ReferencedStudySequence", "StudyID"),
    *("RequestingService", "RequestingServiceCodeSequence", "ReasonForPerformedProcedureCodeSequence", "AdmittingDiagnosesDescription"),
    *("AdmittingDiagnosesCodeSequence", "PatientAge", "PatientSize", "PatientSizeCodeSequence", "PatientBodyMassIndex"),
    *("MeasuredAPDimension", "MeasuredLateralDimension", "PatientWeight", "MedicalAlerts", "Allergies", "Occupation", "SmokingStatus"),
    *("AdditionalPatientHistory", "PregnancyStatus", "LastMenstrualDate", "PatientSexNeutered", "ReasonForVisit"),
    *("ReasonForVisitCodeSequence", "AdmissionID", "IssuerOfAdmissionIDSequence", "ServiceEpisodeID", "ServiceEpisodeDescription"),
    *("IssuerOfServiceEpisodeIDSequence", "PatientState", "ClinicalTrialTimePointID", "ClinicalTrialTimePointDescription"),
    *("LongitudinalTemporalOffsetFromEvent", "LongitudinalTemporalEventType", "ClinicalTrialTimePointTypeCodeSequence"),
    *("IssuerOfClinicalTrialTimePointID", "ConsentForClinicalTrialUseSequence"),
)
"""Attributes of the General Study, Patient Study and Clinical Trial Study modules (PS3.3 C.7.2.1 to C.7.2.3) but for the study's UID."""
_PRESENT = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID"),
)
"""Of type 2: written empty where the source has none."""
_WHOSE = {"PatientID": "patient", "IssuerOfPatientID": "patient", "StudyInstanceUID": "study"}
"""What images of one study share."""
_CHARACTER_SET = "ISO_IR 192"
"""What is written is UTF-8, whatever the source has: findings may need letters that it lacks."""


@dataclass(frozen=True, eq=False)
class DicomSource:
    """The images of a case.

    Args:
        images: what is needed to refer to them and to place something in them; in the order of their SOP Instance UIDs. Of the
            patient they say nothing, but hold the empty attributes that highdicom asks for.
        beside: those of the series that was read along with them.
        identity: attributes of the patient and the study. Not printed with the rest.
    """

    images: tuple[Dataset, ...]
    beside: tuple[Dataset, ...] = ()
    identity: Dataset = field(default_factory=Dataset, repr=False)

    @property
    def study_uid(self) -> str:
        """Study Instance UID."""
        return str(self.images[0].StudyInstanceUID)

    @property
    def series_uid(self) -> str:
        """Series Instance UID of the images."""
        return str(self.images[0].SeriesInstanceUID)

    @property
    def everything(self) -> tuple[Dataset, ...]:
        """All images, those of the other series last."""
        return (*self.images, *self.beside)

    def image(self, sop_instance_uid: str) -> Dataset | None:
        """The image of a SOP Instance UID, ``None`` where it is not among them."""
        return next((one for one in self.everything if one.SOPInstanceUID == sop_instance_uid), None)

    @property
    def frame_of_reference(self) -> str | None:
        """Frame of Reference UID of the images, where they state one and the same."""
        stated = {str(one.get("FrameOfReferenceUID") or "") for one in self.images}
        return (stated.pop() or None) if len(stated) == 1 else None

    def identify(self, dataset: Dataset) -> None:
        """Put the patient and the study into an object: what the source states, as it states it, and nothing else."""
        for keyword in (*_PATIENT, *_STUDY):
            if keyword in self.identity:
                dataset.add(self.identity[keyword])
            elif keyword in _PRESENT:
                setattr(dataset, keyword, None)
            elif keyword in dataset:
                del dataset[keyword]
        dataset.SpecificCharacterSet = _CHARACTER_SET


def read_source(files: Sequence[str | Path], beside: Sequence[str | Path] = ()) -> DicomSource:
    """Read the headers of a case's images.

    Args:
        files: of one series.
        beside: of a second series of the study.

    Raises:
        DicomOutputError: a file cannot be read, or lacks one of the UIDs by which it is referred to; or they are of several patients or
            studies, of whom none can be told the results of all.
    """
    with discreet():
        headers, others_headers = ([_read(path, (*_REFERENCES, *_IMAGE, *_WHOSE)) for path in paths] for paths in (files, beside))
        images = sorted(map(_image, headers, files), key=lambda one: one.SOPInstanceUID)
        others = sorted(map(_image, others_headers, beside), key=lambda one: one.SOPInstanceUID)
        _require_one_study([*headers, *others_headers])
        identity = _read(min(files, key=str), ("SpecificCharacterSet", *_PATIENT, *_STUDY))
        identity.decode()
    if not images:
        raise ValueError("expected the files of an image, got none")
    return DicomSource(images=tuple(images), beside=tuple(others), identity=identity)


def _require_one_study(headers: Sequence[Dataset]) -> None:
    for keyword, what in _WHOSE.items():
        if len({str(header.get(keyword) or "").strip() for header in headers}) > 1:
            raise DicomOutputError(f"expected images of one {what}, got those of several", subject=str(headers[0].SeriesInstanceUID))


def _image(dataset: Dataset, path: str | Path) -> Dataset:
    absent = [keyword for keyword in _REFERENCES if not dataset.get(keyword)]
    if absent:
        raise DicomOutputError(f"expected an image that can be referred to, got one without {', '.join(absent)}", subject=Path(path).name)
    image = Dataset()
    unneeded = {"SpecificCharacterSet", *_WHOSE} - {*_REFERENCES}  # highdicom would refuse what it does not know of the former
    image.update({element.tag: element for element in dataset if element.keyword not in unneeded})
    for keyword in _PRESENT:
        setattr(image, keyword, "")
    for keyword in ("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        if keyword in image and not image.get(keyword):
            del image[keyword]  # empty, it counts as absent
    if "ImagePositionPatient" in image and "SliceThickness" not in image:
        image.SliceThickness = None  # highdicom asks for it
    return image


def _read(path: str | Path, keywords: Iterable[str]) -> Dataset:
    tags = [tag for tag in map(tag_for_keyword, keywords) if tag is not None]
    try:
        return dcmread(path, stop_before_pixels=True, specific_tags=tags, force=True)
    except Exception as fault:  # pydicom raises whatever it likes, and may quote the header: hence "from None"
        raise DicomOutputError(f"its header cannot be read ({type(fault).__name__})", subject=Path(path).name) from None
