"""Write a phantom radiograph as a Computed Radiography or Digital X-Ray image (DICOM PS3.3 A.2 and A.26)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)

from msk_monai.phantoms.dicom_identity import EQUIPMENT, patient_and_study
from msk_monai.phantoms.radiograph import FULL_SCALE

Kind = Literal["CR", "DX"]
Calibration = Literal["geometry", "magnification", "imager", "none"]
CALIBRATIONS: tuple[Calibration, ...] = ("geometry", "magnification", "imager", "none")
"""What the header says about the scale: pixels measured in the patient; at the detector, with or without a magnification; nothing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Radiograph:
    """A film as it is to be written.

    Args:
        pixels: (rows, columns) uint16 as stored, 12 bits.
        inverted: stored as MONOCHROME1.
        imager_spacing: mm per pixel [x, y] at the detector.
        spacing: mm per pixel [x, y] in the patient, at the plane of interest.
        plane: that plane in words.
        magnification: of things in it.
        source_distance: from the focal spot to the detector, mm.
        calibration: what the header says of all this.
        series: Series Description.
        body_part: Body Part Examined (DICOM PS3.16 annex L).
        region: SNOMED CT code and meaning of the anatomic region.
        from_front: an AP film; otherwise PA.
        orientation: Patient Orientation: where rows and columns lead.
        laterality: R, L or B; U for what has no sides.
        sex, age: of the patient.
        family: tells the UIDs of different kinds of phantoms apart.
    """

    pixels: NDArray[np.uint16]
    inverted: bool
    imager_spacing: tuple[float, float]
    spacing: tuple[float, float]
    plane: str
    magnification: float
    source_distance: float
    calibration: Calibration
    series: str
    body_part: str
    region: tuple[str, str]
    from_front: bool
    orientation: tuple[str, str]
    laterality: Literal["R", "L", "B", "U"]
    sex: str
    age: float
    family: str = "film"

    @property
    def position(self) -> str:
        """View Position."""
        return "AP" if self.from_front else "PA"


@dataclass(frozen=True, kw_only=True)
class RadiographOptions:
    """How a film is written.

    Args:
        seed: all UIDs and the fictitious patient's name and ID follow from it.
        study: number of the study of that seed.
        kind: Computed Radiography or Digital X-Ray; a Digital X-Ray image must state ImagerPixelSpacing (PS3.3 C.8.11.4).
        kvp: tube voltage in kV.
    """

    seed: int
    study: int = 0
    kind: Kind = "DX"
    kvp: float = 80.0

    def uid(self, *parts: str) -> UID:
        """Return the UID that belongs to this seed and study and to ``parts``, the first of which is the film's family."""
        return generate_uid(entropy_srcs=[f"msk_monai phantom {parts[0]}", str(self.seed), str(self.study), *parts[1:]])


def write_radiograph(path: Path, film: Radiograph, options: RadiographOptions) -> Path:
    """Write a film; its folder is made if absent.

    Raises:
        ValueError: a film without any pixel spacing as a Digital X-Ray image.
    """
    if options.kind == "DX" and film.calibration == "none":
        raise ValueError("a Digital X-Ray image must have an ImagerPixelSpacing, got a film without calibration")
    dataset = _header(film, options)
    dataset.PixelData = film.pixels.astype("<u2").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def _header(film: Radiograph, options: RadiographOptions) -> FileDataset:
    storage = DigitalXRayImageStorageForPresentation if options.kind == "DX" else ComputedRadiographyImageStorage
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = options.uid(film.family, "instance")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    extra = _digital(film) if options.kind == "DX" else {"CassetteOrientation": "PORTRAIT", "PlateType": ""}
    for group in (_patient(film, options), _series_and_equipment(film, options, storage), _image(film), _spacing(film), extra):
        for name, value in group.items():
            setattr(header, name, value)
    return header


def _patient(film: Radiograph, options: RadiographOptions) -> dict[str, object]:
    return patient_and_study(
        seed=options.seed,
        study=options.study,
        study_uid=options.uid(film.family, "study"),
        sex=film.sex,
        age=film.age,
        description="Procedural radiograph phantom",
    )


def _series_and_equipment(film: Radiograph, options: RadiographOptions, storage: UID) -> dict[str, object]:
    return {
        "SOPClassUID": storage,
        "SOPInstanceUID": options.uid(film.family, "instance"),
        "Modality": options.kind,
        "SeriesInstanceUID": options.uid(film.family, "series"),
        "SeriesNumber": "1",
        "SeriesDescription": film.series,
        "SeriesDate": "20200101",
        "SeriesTime": "120000",
        "InstanceNumber": "1",
        "BodyPartExamined": film.body_part,
        "ViewPosition": film.position,
        "PatientOrientation": list(film.orientation),
        "KVP": _text(options.kvp),
        "DistanceSourceToDetector": _text(film.source_distance),
        **EQUIPMENT,
        **_laterality(film, options),
        "ContentDate": "20200101",
        "ContentTime": "120000",
        "AcquisitionDate": "20200101",
        "AcquisitionTime": "120000",
    }


def _laterality(film: Radiograph, options: RadiographOptions) -> dict[str, object]:
    """Return Laterality: of what has sides, where Image Laterality does not tell; it has no value for both (PS3.3 C.7.3.1)."""
    if options.kind == "DX" or film.laterality == "U":
        return {}
    return {"Laterality": "" if film.laterality == "B" else film.laterality}


def _image(film: Radiograph) -> dict[str, object]:
    rows, columns = film.pixels.shape
    return {
        "ImageType": ["DERIVED", "PRIMARY"],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME1" if film.inverted else "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "US",
        "WindowCenter": _text((FULL_SCALE + 1) / 2),
        "WindowWidth": str(FULL_SCALE + 1),
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
    }


def _spacing(film: Radiograph) -> dict[str, object]:
    """Return what the header says about the scale (PS3.3 10.7.1.3); spacings are between rows, then between columns."""
    imager = [_text(v) for v in film.imager_spacing[::-1]]
    aspect = film.imager_spacing[::-1]
    if film.calibration == "none":
        if aspect[0] == aspect[1]:
            return {}
        return {"PixelAspectRatio": [str(round(v * 10_000)) for v in aspect]}
    if film.calibration == "geometry":
        return {
            "ImagerPixelSpacing": imager,
            "PixelSpacing": [_text(v) for v in film.spacing[::-1]],
            "PixelSpacingCalibrationType": "GEOMETRY",
            "PixelSpacingCalibrationDescription": f"to the {film.plane}",
        }
    if film.calibration == "magnification":
        return {
            "ImagerPixelSpacing": imager,
            "EstimatedRadiographicMagnificationFactor": _text(film.magnification),
            "DistanceSourceToPatient": _text(film.source_distance / film.magnification),
        }
    return {"ImagerPixelSpacing": imager}


def _digital(film: Radiograph) -> dict[str, object]:
    """Return what Digital X-Ray images have beyond Computed Radiography (PS3.3 C.8.11)."""
    return {
        "PresentationIntentType": "FOR PRESENTATION",
        "PresentationLUTShape": "INVERSE" if film.inverted else "IDENTITY",
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": 1 if film.inverted else -1,
        "ImageLaterality": film.laterality,
        "AnatomicRegionSequence": [_code(film.region[0], "SCT", film.region[1])],
        "ViewCodeSequence": [
            _code("399348003", "SCT", "antero-posterior") if film.from_front else _code("272479007", "SCT", "postero-anterior")
        ],
        "DetectorType": "SCINTILLATOR",
        "DetectorConfiguration": "AREA",
        "AcquisitionContextSequence": [],
        "AcquisitionDeviceProcessingDescription": "",
        "PositionerType": "NONE",
        "ExposureInuAs": "",
    }


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _text(value: float) -> str:
    """Return a decimal string (at most 16 characters, PS3.5 6.2)."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
