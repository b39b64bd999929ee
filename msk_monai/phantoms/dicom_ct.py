"""Write a rendered scan as a series of CT Image Storage instances (DICOM PS3.3 A.3)."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from msk_monai.phantoms.ct import CTVolume
from msk_monai.phantoms.dicom_identity import EQUIPMENT, patient_and_study
from msk_monai.phantoms.scanner import Scanner

_INTERCEPT = -1024
_KERNELS = {"soft": "Soft 20", "standard": "Standard 40", "bone": "Bone 70"}


@dataclass(frozen=True, kw_only=True)
class SeriesOptions:
    """How a series is written.

    Args:
        seed: all UIDs and the fictitious patient's name and ID follow from it.
        study: number of the study of that seed.
        series: SeriesNumber; also tells apart the series of one study.
        description: SeriesDescription.
        scanner: gives kernel, kV and mAs of the header.
        descending: whether InstanceNumber runs from the head to the feet.
        shuffled: whether file names and InstanceNumbers are in no order.
    """

    seed: int
    study: int = 0
    series: int = 2
    description: str = "Phantom abdomen"
    scanner: Scanner = field(default_factory=Scanner)
    descending: bool = True
    shuffled: bool = False

    def uid(self, *parts: str) -> str:
        """Return the UID that belongs to this seed and study and to ``parts``."""
        return generate_uid(entropy_srcs=["msk_monai phantom", str(self.seed), str(self.study), *parts])

    @property
    def series_uid(self) -> str:
        """Series Instance UID."""
        return self.uid("series", str(self.series))


def write_ct_series(folder: Path, volume: CTVolume, options: SeriesOptions) -> list[Path]:
    """Write one file a slice.

    Args:
        folder: made if absent.
        volume: HU within int16; stored unsigned with a rescale intercept of -1024.
        options: see there.

    Returns:
        The files, from the lowest slice upwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = len(volume.hu)
    numbers = np.arange(count, 0, -1) if options.descending else np.arange(1, count + 1)
    names = numbers
    if options.shuffled:
        rng = np.random.default_rng((options.seed, options.study))
        numbers, names = rng.permutation(numbers), rng.permutation(numbers)
    header = _header(volume, options)
    paths = []
    for index, plane in enumerate(volume.hu):
        path = folder / f"IM{names[index]:05d}.dcm"
        dataset = _instance(header, volume, options, index, int(numbers[index]))
        dataset.PixelData = _stored(plane).tobytes()
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _stored(plane: NDArray[np.int16]) -> NDArray[np.uint16]:
    return (plane.astype(np.int32) - _INTERCEPT).clip(0, 65535).astype("<u2")


def _header(volume: CTVolume, options: SeriesOptions) -> FileDataset:
    """Return what all instances share: patient, study, series, equipment, frame of reference, pixel description."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    grid, truth, scanner = volume.grid, volume.truth, options.scanner
    rows, columns = grid.shape[1:]
    for name, value in {**_patient(truth.sex, truth.age, options), **_series(options)}.items():
        setattr(header, name, value)
    for name, value in {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "KVP": _text(scanner.kvp),
        "Exposure": str(round(scanner.mas)),
        "ConvolutionKernel": _KERNELS[scanner.kernel],
        "GantryDetectorTilt": "0",
        "SliceThickness": _text(grid.slice_thickness),
        "SpacingBetweenSlices": _text(grid.spacing[2]),
        "PixelSpacing": [_text(grid.spacing[1]), _text(grid.spacing[0])],
        "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
        "ReconstructionDiameter": _text(grid.spacing[0] * columns),
        "AcquisitionNumber": "1",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "RescaleIntercept": str(_INTERCEPT),
        "RescaleSlope": "1",
        "RescaleType": "HU",
        "WindowCenter": "40",
        "WindowWidth": "400",
    }.items():
        setattr(header, name, value)
    return header


def _patient(sex: str, age: float, options: SeriesOptions) -> dict[str, object]:
    return patient_and_study(
        seed=options.seed, study=options.study, study_uid=options.uid("study"), sex=sex, age=age, description="Procedural CT phantom"
    )


def _series(options: SeriesOptions) -> dict[str, object]:
    return {
        "Modality": "CT",
        "SeriesInstanceUID": options.series_uid,
        "SeriesNumber": str(options.series),
        "SeriesDescription": options.description,
        "SeriesDate": "20200101",
        "SeriesTime": "120000",
        "BodyPartExamined": "ABDOMEN",
        "PatientPosition": "HFS",
        "FrameOfReferenceUID": options.uid("frame"),
        "PositionReferenceIndicator": "",
        **EQUIPMENT,
        "SOPClassUID": CTImageStorage,
    }


def _instance(header: FileDataset, volume: CTVolume, options: SeriesOptions, index: int, number: int) -> FileDataset:
    """Return the header of one slice."""
    instance = FileDataset("", header, file_meta=FileMetaDataset(header.file_meta), preamble=header.preamble)
    grid = volume.grid
    z = grid.origin[2] + index * grid.spacing[2]
    instance.SOPInstanceUID = options.uid("series", str(options.series), "instance", str(index))
    instance.file_meta.MediaStorageSOPInstanceUID = instance.SOPInstanceUID
    instance.InstanceNumber = str(number)
    instance.ImagePositionPatient = [_text(grid.origin[0]), _text(grid.origin[1]), _text(z)]
    instance.SliceLocation = _text(z)
    instance.ContentDate, instance.ContentTime = "20200101", "120000"
    instance.AcquisitionDate, instance.AcquisitionTime = "20200101", "120000"
    return instance


def _text(value: float) -> str:
    """Return a decimal string (at most 16 characters, PS3.5 6.2)."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
