"""Write slices of a phantom as MR Image Storage instances (DICOM PS3.3 A.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from msk_monai.phantoms.dicom_identity import patient_and_study
from msk_monai.phantoms.mr_slab import Plane
from msk_monai.phantoms.mr_study import MRScanner, MRSeries
from msk_monai.version import __version__


@dataclass(frozen=True, kw_only=True)
class MROptions:
    """Whose images they are: UIDs and the fictitious patient's name and ID follow from ``seed`` and ``study``."""

    seed: int
    study: int
    sex: str
    age: float
    scanner: MRScanner

    def uid(self, *parts: str) -> str:
        """The UID that belongs to this study and to ``parts``."""
        return generate_uid(entropy_srcs=["msk_monai MR phantom", str(self.seed), str(self.study), *parts])

    def series_uid(self, series: MRSeries) -> str:
        """Series Instance UID."""
        return self.uid("series", str(series.number))


def write_mr_series(folder: Path, series: MRSeries, images: Sequence[NDArray[np.uint16]], options: MROptions) -> list[Path]:
    """Write one file a slice.

    Args:
        folder: made if absent.
        series: its header.
        images: (rows, columns) for each of its planes.
        options: see there.

    Returns:
        The files in the order of the planes, which is also that of InstanceNumber; their names are in another one, as in archives.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng((options.seed, options.study, series.number))
    names = rng.permutation(len(images)) + 1
    header = _header(series, options)
    paths = []
    for index, (plane, image) in enumerate(zip(series.planes, images, strict=True)):
        instance = FileDataset("", header, file_meta=FileMetaDataset(header.file_meta), preamble=header.preamble)
        for name, value in _place(plane, image).items():
            setattr(instance, name, value)
        instance.SOPInstanceUID = options.uid("series", str(series.number), "instance", str(index))
        instance.file_meta.MediaStorageSOPInstanceUID = instance.SOPInstanceUID
        instance.InstanceNumber = str(index + 1)
        instance.PixelData = image.astype("<u2").tobytes()
        path = folder / f"IM{names[index]:04d}.dcm"
        instance.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _header(series: MRSeries, options: MROptions) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    study = patient_and_study(
        seed=options.seed,
        study=options.study,
        study_uid=options.uid("study"),
        sex=options.sex,
        age=options.age,
        description="MRI LUMBAR SPINE",
    )
    localizer = series.kind == "localizer"
    for name, value in {
        **study,
        "Modality": "MR",
        "SeriesInstanceUID": options.series_uid(series),
        "SeriesNumber": str(series.number),
        "SeriesDescription": series.description,
        "ProtocolName": series.description,
        "SeriesDate": "20200101",
        "SeriesTime": "120000",
        "BodyPartExamined": "LSPINE",
        "PatientPosition": "HFS",
        "FrameOfReferenceUID": options.uid("frame"),
        "PositionReferenceIndicator": "",
        "Manufacturer": options.scanner.manufacturer,
        "ManufacturerModelName": "Procedural phantom",
        "SoftwareVersions": f"msk_monai {__version__}",
        "DeviceSerialNumber": "0",
        "SOPClassUID": MRImageStorage,
        "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"] if localizer else ["ORIGINAL", "PRIMARY", "M"],
        "ScanningSequence": "IR" if series.inversion_time else "GR" if localizer else "SE",
        "SequenceVariant": "SK",
        "ScanOptions": "FS" if series.contrast else "",
        "MRAcquisitionType": "2D",
        "EchoTime": _text(series.echo_time),
        "RepetitionTime": _text(series.repetition_time),
        "EchoTrainLength": "16",
        "MagneticFieldStrength": "1.5",
        "AcquisitionNumber": "1",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "ContentDate": "20200101",
        "ContentTime": "120000",
    }.items():
        setattr(header, name, value)
    if series.inversion_time:
        header.InversionTime = _text(series.inversion_time)
    if series.contrast:
        header.ContrastBolusAgent = "Gd phantom"
    return header


def _place(plane: Plane, image: NDArray[np.uint16]) -> dict[str, object]:
    low, high = (float(value) for value in np.percentile(image, (1, 99.5)))
    return {
        "Rows": plane.shape[0],
        "Columns": plane.shape[1],
        "PixelSpacing": [_text(plane.spacing)] * 2,
        "SliceThickness": _text(plane.thickness),
        "ImagePositionPatient": [_text(value) for value in plane.origin],
        "ImageOrientationPatient": [_text(value) for value in (*plane.along_row, *plane.along_column)],
        "WindowCenter": _text(round((low + high) / 2)),
        "WindowWidth": _text(max(1, round(high - low))),
    }


def _text(value: float) -> str:
    """A decimal string (at most 16 characters, PS3.5 6.2)."""
    text = f"{value:.8f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
