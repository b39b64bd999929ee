"""Read one DICOM file's header: the elements this package uses, and where its pixels begin."""

import hashlib
import re
import struct
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.tag import BaseTag
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, MediaStorageDirectoryStorage

from msk_monai.dicom.fields import Fields, tag_of
from msk_monai.dicom.frames import read_frames
from msk_monai.dicom.instance import Header, Instance, PixelFormat, Projection, SeriesHeader
from msk_monai.dicom.scintigram import read_scintigram
from msk_monai.errors import UnreadableFileError

_PIXEL_DATA = 0x7FE00010
_UNDEFINED_LENGTH = 0xFFFFFFFF
_LONG_VRS = (b"OB", b"OW", b"UN", b"OF", b"OD", b"OL", b"OV")
_UNITS_IN_A_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}
_OLDEST = 130.0
_SPECIFIC_TAGS: list[BaseTag] = [
    tag_of(keyword)
    for keyword in (
        *("SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber"),
        *("AcquisitionNumber", "InstanceNumber", "TemporalPositionIdentifier", "FrameOfReferenceUID", "PatientID", "IssuerOfPatientID"),
        *("PatientAge", "PatientSex", "ScanningSequence"),
        *("Modality", "Manufacturer", "ManufacturerModelName", "StudyDescription", "SeriesDescription", "ProtocolName", "BodyPartExamined"),
        *("ConvolutionKernel", "ContrastBolusAgent", "RepetitionTime", "EchoTime", "InversionTime", "DiffusionBValue", "PatientPosition"),
        *("ViewPosition", "Laterality", "ImageLaterality", "PatientOrientation", "ImagePositionPatient", "ImageOrientationPatient"),
        *("SliceThickness", "SpacingBetweenSlices", "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"),
        *("PixelSpacingCalibrationType", "PixelSpacingCalibrationDescription", "EstimatedRadiographicMagnificationFactor"),
        *("SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "BitsStored"),
        *("PixelRepresentation", "RescaleIntercept", "RescaleSlope", "DetectorInformationSequence", "SharedFunctionalGroupsSequence"),
        *(
            "AcquisitionDate",
            "AcquisitionTime",
            "DetectorVector",
            "EnergyWindowVector",
            "NumberOfEnergyWindows",
            "NumberOfDetectors",
            "ImageID",
        ),
        "PerFrameFunctionalGroupsSequence",
    )
]


def read_header(path: Path) -> Header | None:
    """Read one DICOM file's header.

    Args:
        path: the file.

    Returns:
        The header, or None for a DICOMDIR.

    Raises:
        UnreadableFileError: the file is empty, no DICOM, or truncated before anything of use.
    """
    try:
        with path.open("rb") as file:
            dataset = _read_dataset(file, path)
            fields = Fields(dataset)
            if dataset.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
                return None
            pixels = _pixel_format(dataset, fields, file)
        series = _series_header(fields)
        instance = _instance(path, fields, series, pixels)
    except UnreadableFileError:
        raise
    except Exception as error:  # pydicom raises whatever it likes at damaged data, and may quote the header: hence "from None"
        message = f"expected a DICOM file, got one that cannot be parsed ({type(error).__name__})"
        raise UnreadableFileError(message, subject=path.name) from None
    if not (instance.sop_class or instance.sop_uid or pixels):
        raise UnreadableFileError("expected a DICOM object, got a file with neither UIDs nor an image", subject=path.name)
    return Header(instance=instance, series=series, patient=_patient_digest(fields, series))


def _read_dataset(file: BinaryIO, path: Path) -> FileDataset:
    start = file.read(132)
    if not start:
        raise UnreadableFileError("expected a DICOM file, got an empty one", subject=path.name)
    bare = start[128:] != b"DICM"  # without preamble the file begins with group 0002 or 0008, as ACR-NEMA and some archives write it
    if bare and start[:2] not in (b"\x02\x00", b"\x08\x00"):
        raise UnreadableFileError("expected a DICOM file, got something else (no DICM prefix)", subject=path.name)
    file.seek(0)
    return dcmread(file, stop_before_pixels=True, specific_tags=_SPECIFIC_TAGS, force=bare)


def _pixel_format(dataset: FileDataset, fields: Fields, file: BinaryIO) -> PixelFormat | None:
    if not fields.integer("Rows") or not fields.integer("Columns"):
        return None
    syntax = _transfer_syntax(dataset)
    offset, length = (None, None) if syntax.is_deflated else _pixel_data_at(file, syntax)
    allocated = fields.integer("BitsAllocated") or 0
    stored = fields.integer("BitsStored") or allocated
    return PixelFormat(
        transfer_syntax=syntax,
        photometric=(fields.text("PhotometricInterpretation") or "").upper(),
        samples=fields.integer("SamplesPerPixel") or 1,
        bits_allocated=allocated,
        bits_stored=stored,
        signed=fields.integer("PixelRepresentation") == 1,
        offset=offset,
        length=length,
    )


def _transfer_syntax(dataset: FileDataset) -> UID:
    """The one stated or, in files without meta information, the one pydicom found by trying."""
    stated = dataset.file_meta.get("TransferSyntaxUID")
    if stated:
        return UID(str(stated))
    implicit, little_endian = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian


def _pixel_data_at(file: BinaryIO, syntax: UID) -> tuple[int | None, int | None]:
    """Offset and length of the value of the pixel data element that pydicom stopped in front of."""
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    head = file.read(8)
    if len(head) < 8:
        return None, None
    group, element = struct.unpack(f"{order}HH", head[:4])
    if (group << 16 | element) != _PIXEL_DATA:
        return None, None
    explicit = head[4:6] in _LONG_VRS  # then two bytes VR and two reserved stand before the four of the length
    length = struct.unpack(f"{order}I", file.read(4) if explicit else head[4:])[0]
    return file.tell(), None if length == _UNDEFINED_LENGTH else length


def _series_header(fields: Fields) -> SeriesHeader:
    return SeriesHeader(
        study_uid=fields.text("StudyInstanceUID") or "",
        series_uid=fields.text("SeriesInstanceUID") or "",
        modality=_upper(fields.text("Modality")),
        description=fields.text("SeriesDescription"),
        study_description=fields.text("StudyDescription"),
        protocol=fields.text("ProtocolName"),
        body_part=_upper(fields.text("BodyPartExamined")),
        image_type=_image_type(fields),
        kernel=fields.text("ConvolutionKernel"),
        slice_thickness=fields.number("SliceThickness"),
        echo_time=fields.number("EchoTime"),
        repetition_time=fields.number("RepetitionTime"),
        inversion_time=fields.number("InversionTime"),
        sequence=tuple(part.upper() for part in fields.texts("ScanningSequence")),
        contrast=fields.text("ContrastBolusAgent"),
        laterality=_side(fields),
        view_position=_upper(fields.text("ViewPosition")),
        patient_position=_upper(fields.text("PatientPosition")),
        manufacturer=fields.text("Manufacturer"),
        model=fields.text("ManufacturerModelName"),
        frame_of_reference=fields.text("FrameOfReferenceUID"),
        series_number=fields.integer("SeriesNumber"),
        bits=fields.integer("BitsStored"),
        patient_age_years=_age(fields.text("PatientAge")),
        patient_sex=sex if (sex := _upper(fields.text("PatientSex"))) in ("M", "F") else None,
    )


def _instance(path: Path, fields: Fields, series: SeriesHeader, pixels: PixelFormat | None) -> Instance:
    frames, frames_are = read_frames(fields, series) if pixels else ((), "slice")
    return Instance(
        path=path,
        sop_uid=fields.text("SOPInstanceUID") or "",
        sop_class=fields.text("SOPClassUID") or "",
        instance_number=fields.integer("InstanceNumber"),
        acquisition_number=fields.integer("AcquisitionNumber"),
        image_type=series.image_type,
        laterality=series.laterality,
        rows=(fields.integer("Rows") or 0) if pixels else 0,
        columns=(fields.integer("Columns") or 0) if pixels else 0,
        frames=frames,
        frames_are=frames_are,
        pixels=pixels,
        projection=Projection(
            imager_spacing=fields.vector("ImagerPixelSpacing", 2),
            nominal_spacing=fields.vector("NominalScannedPixelSpacing", 2),
            magnification=fields.number("EstimatedRadiographicMagnificationFactor"),
            calibration=_calibration(fields),
            aspect_ratio=fields.vector("PixelAspectRatio", 2),
            view_position=series.view_position,
            patient_orientation=fields.texts("PatientOrientation"),
        ),
        scintigram=read_scintigram(fields, series, len(frames)) if frames else None,
    )


def _calibration(fields: Fields) -> str | None:
    kind, text = fields.text("PixelSpacingCalibrationType"), fields.text("PixelSpacingCalibrationDescription")
    return f"{kind}: {text}" if kind and text else kind


def _image_type(fields: Fields) -> tuple[str, ...]:
    return tuple(part.upper() for part in fields.texts("ImageType"))


def _patient_digest(fields: Fields, series: SeriesHeader) -> str:
    identity = fields.text("PatientID") or ""
    known = f"{fields.text('IssuerOfPatientID') or ''}\0{identity}" if identity else f"study\0{series.study_uid}"
    return hashlib.sha256(known.encode()).hexdigest()


def _side(fields: Fields) -> str | None:
    """R, L or B (PS3.3 C.7.3.1.1.1, C.8.11.2.1.1): an image that is said to be unpaired does not gainsay its series."""
    told = [_upper(fields.text(name)) for name in ("ImageLaterality", "Laterality")]
    return next((side for side in told if side in ("R", "L", "B")), told[0] or told[1])


def _age(text: str | None) -> float | None:
    """Years, from an age string (PS3.5 section 6.2: a number and D, W, M or Y); zero is what de-identification leaves, not an age."""
    parts = re.fullmatch(r"(\d{1,3}) ?([DWMY])", (text or "").upper())
    years = int(parts[1]) / _UNITS_IN_A_YEAR[parts[2]] if parts else 0.0
    return years if 0 < years <= _OLDEST else None


def _upper(text: str | None) -> str | None:
    return text.upper() if text else None
