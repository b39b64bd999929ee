"""Write a phantom radiograph as a Computed Radiography or Digital X-Ray image (DICOM PS3.3 A.2 and A.26)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)

from msk_monai.phantoms.dicom_identity import patient_and_study
from msk_monai.phantoms.radiograph import FULL_SCALE
from msk_monai.phantoms.spine_xray import Film
from msk_monai.version import __version__

Kind = Literal["CR", "DX"]


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
        """Return the UID that belongs to this seed and study and to ``parts``."""
        return generate_uid(entropy_srcs=["msk_monai phantom film", str(self.seed), str(self.study), *parts])


def write_radiograph(path: Path, film: Film, options: RadiographOptions) -> Path:
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


def _header(film: Film, options: RadiographOptions) -> FileDataset:
    storage = DigitalXRayImageStorageForPresentation if options.kind == "DX" else ComputedRadiographyImageStorage
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = options.uid("instance")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    extra = _digital(film) if options.kind == "DX" else {"CassetteOrientation": "PORTRAIT", "PlateType": ""}
    for group in (_patient(film, options), _series_and_equipment(film, options, storage), _image(film), _spacing(film), extra):
        for name, value in group.items():
            setattr(header, name, value)
    return header


def _patient(film: Film, options: RadiographOptions) -> dict[str, object]:
    return patient_and_study(
        seed=options.seed,
        study=options.study,
        study_uid=options.uid("study"),
        sex=film.sex,
        age=film.age,
        description="Procedural radiograph phantom",
    )


def _series_and_equipment(film: Film, options: RadiographOptions, storage: UID) -> dict[str, object]:
    lumbar = film.setup.region in ("lumbar", "cut")
    view = film.setup.view
    return {
        "SOPClassUID": storage,
        "SOPInstanceUID": options.uid("instance"),
        "Modality": options.kind,
        "SeriesInstanceUID": options.uid("series"),
        "SeriesNumber": "1",
        "SeriesDescription": f"{'L-spine' if lumbar else 'Spine'} {_position(film)}",
        "SeriesDate": "20200101",
        "SeriesTime": "120000",
        "InstanceNumber": "1",
        "BodyPartExamined": "LSPINE" if lumbar else "SPINE",
        "ViewPosition": _position(film),
        "PatientOrientation": ["R" if film.setup.mirrored else "L", "F"],
        "KVP": _text(options.kvp),
        "DistanceSourceToDetector": _text(view.distance),
        "Manufacturer": "msk_monai",
        "ManufacturerModelName": "Procedural phantom",
        "SoftwareVersions": __version__,
        "DeviceSerialNumber": "0",
        "ContentDate": "20200101",
        "ContentTime": "120000",
        "AcquisitionDate": "20200101",
        "AcquisitionTime": "120000",
    }


def _position(film: Film) -> str:
    return "AP" if film.setup.from_front else "PA"


def _image(film: Film) -> dict[str, object]:
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


def _spacing(film: Film) -> dict[str, object]:
    """Return what the header says about the scale (PS3.3 10.7.1.3); spacings are between rows, then between columns."""
    imager = [_text(v) for v in film.setup.detector.spacing[::-1]]
    aspect = film.setup.detector.spacing[::-1]
    if film.calibration == "none":
        if aspect[0] == aspect[1]:
            return {}
        return {"PixelAspectRatio": [str(round(v * 10_000)) for v in aspect]}
    if film.calibration == "geometry":
        return {
            "ImagerPixelSpacing": imager,
            "PixelSpacing": [_text(v) for v in film.spacing[::-1]],
            "PixelSpacingCalibrationType": "GEOMETRY",
            "PixelSpacingCalibrationDescription": "to the plane of the disc L4/L5",
        }
    if film.calibration == "magnification":
        return {
            "ImagerPixelSpacing": imager,
            "EstimatedRadiographicMagnificationFactor": _text(film.magnification),
            "DistanceSourceToPatient": _text(film.setup.view.distance / film.magnification),
        }
    return {"ImagerPixelSpacing": imager}


def _digital(film: Film) -> dict[str, object]:
    """Return what Digital X-Ray images have beyond Computed Radiography (PS3.3 C.8.11)."""
    return {
        "PresentationIntentType": "FOR PRESENTATION",
        "PresentationLUTShape": "INVERSE" if film.inverted else "IDENTITY",
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": 1 if film.inverted else -1,
        "ImageLaterality": "U",
        "AnatomicRegionSequence": [_code("421060004", "SCT", "Vertebral column")],
        "ViewCodeSequence": [
            _code("399348003", "SCT", "antero-posterior") if film.setup.from_front else _code("272460009", "SCT", "postero-anterior")
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
