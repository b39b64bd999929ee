"""Write a whole-body bone scan as Nuclear Medicine images (DICOM PS3.3 A.5 and C.8.4)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, NuclearMedicineImageStorage, generate_uid

from msk_monai.phantoms.dicom_identity import EQUIPMENT, patient_and_study

_VIEWS = (("399321004", "anterior projection"), ("399001007", "posterior projection"))
"""Of CID 26."""
_TRACERS = (("96390006", "Technetium Tc^99m^ medronate", "MDP"), ("53951001", "Technetium Tc^99m^ oxidronate", "HDP"))
"""Of CID 25."""
_VECTORS = (0x00540010, 0x00540020)  # EnergyWindowVector, DetectorVector


@dataclass(frozen=True, kw_only=True)
class NMOptions:
    """How a scan is written.

    Args:
        seed: all UIDs and the fictitious patient's name and ID follow from it.
        study: number of the study of that seed.
        sex, age: of the patient.
        pixel: mm.
        seconds: that the scan took.
        activity: injected, MBq.
        oxidronate: the tracer is HDP; otherwise MDP.
        feet_first: the patient lay so, and the images are turned by 180 degrees.
        one_object: both views in one object as two frames; otherwise an object a view.
    """

    seed: int
    study: int
    sex: str
    age: float
    pixel: float
    seconds: float = 1000.0
    activity: float = 600.0
    oxidronate: bool = False
    feet_first: bool = False
    one_object: bool = True

    def uid(self, *parts: str) -> UID:
        """The UID that belongs to this study and to ``parts``."""
        return generate_uid(entropy_srcs=["msk_monai NM phantom", str(self.seed), str(self.study), *parts])


def write_nm(folder: Path, counts: NDArray[np.uint16], options: NMOptions) -> list[Path]:
    """Write both views.

    Args:
        folder: made if absent.
        counts: (2, rows, columns), anterior and posterior as stored.
        options: see there.

    Returns:
        One file, or one for each view.

    Raises:
        ValueError: counts of another shape.
    """
    if counts.ndim != 3 or len(counts) != 2:
        raise ValueError(f"counts must be (2, rows, columns), got {counts.shape}")
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, views in enumerate([(0, 1)] if options.one_object else [(0,), (1,)], start=1):
        dataset = _dataset(counts[list(views)], views, number, options)
        path = folder / f"IM{number:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _dataset(counts: NDArray[np.uint16], views: tuple[int, ...], number: int, options: NMOptions) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = NuclearMedicineImageStorage
    meta.MediaStorageSOPInstanceUID = options.uid("instance", str(number))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    study = patient_and_study(
        seed=options.seed,
        study=options.study,
        study_uid=options.uid("study"),
        sex=options.sex,
        age=options.age,
        description="Whole body bone scan",
    )
    groups = (study, _series(number, options), _image(counts, views, options), _frames(views), _acquisition(counts.shape[1], options))
    for group in groups:
        for name, value in group.items():
            setattr(dataset, name, value)
    dataset.DetectorInformationSequence = [_detector(view, options) for view in views]
    dataset.PixelData = counts.astype("<u2").tobytes()
    return dataset


def _series(number: int, options: NMOptions) -> dict[str, object]:
    times = {
        f"{what}{unit}": value
        for what in ("Series", "Acquisition", "Content")
        for unit, value in (("Date", "20200101"), ("Time", "120000"))
    }
    return {
        **times,
        "Modality": "NM",
        "SOPClassUID": NuclearMedicineImageStorage,
        "SOPInstanceUID": options.uid("instance", str(number)),
        "SeriesInstanceUID": options.uid("series"),
        "SeriesNumber": "1",
        "InstanceNumber": str(number),
        "SeriesDescription": "WHOLE BODY",
        "BodyPartExamined": "WHOLEBODY",
        "FrameOfReferenceUID": options.uid("frame"),
        "PositionReferenceIndicator": "",
        **EQUIPMENT,
        "AcquisitionContextSequence": [],
    }


def _image(counts: NDArray[np.uint16], views: tuple[int, ...], options: NMOptions) -> dict[str, object]:
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"],
        "PatientOrientation": _directions(views[0], options) if len(views) == 1 else "",
        "ImageID": "/".join(("ANT", "POST")[view] for view in views),
        "NumberOfFrames": str(len(counts)),
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": counts.shape[1],
        "Columns": counts.shape[2],
        "PixelSpacing": [f"{options.pixel:.6g}"] * 2,
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 0,
        "SmallestImagePixelValue": int(counts.min()),
        "LargestImagePixelValue": int(counts.max()),
        "LossyImageCompression": "00",
        "CorrectedImage": ["UNIF", "NRGY", "LIN"],
        "CountsAccumulated": str(int(counts.sum(dtype=np.int64))),
    }


def _frames(views: tuple[int, ...]) -> dict[str, object]:
    """Both views have one energy window; each has its own detector (C.8.4.8)."""
    vector = list(range(1, len(views) + 1))
    return {
        "FrameIncrementPointer": list(_VECTORS),
        "EnergyWindowVector": [1] * len(views) if len(views) > 1 else 1,
        "NumberOfEnergyWindows": 1,
        "DetectorVector": vector if len(views) > 1 else 1,
        "NumberOfDetectors": len(views),
    }


def _acquisition(rows: int, options: NMOptions) -> dict[str, object]:
    length = rows * options.pixel
    window = Dataset()
    window.EnergyWindowLowerLimit, window.EnergyWindowUpperLimit = "126.5", "154.5"
    windows = Dataset()
    windows.EnergyWindowName, windows.EnergyWindowRangeSequence = "Tc99m", [window]
    code, meaning, name = _TRACERS[int(options.oxidronate)]
    drug = Dataset()
    drug.Radiopharmaceutical = f"Tc-99m {name}"
    drug.RadiopharmaceuticalRoute = "IV"
    drug.RadiopharmaceuticalStartTime = "090000"
    drug.RadionuclideTotalDose = f"{options.activity:.1f}"
    drug.RadionuclideCodeSequence = [_code("72454006", "^99m^Technetium")]
    drug.RadiopharmaceuticalCodeSequence = [_code(code, meaning)]
    drug.AdministrationRouteCodeSequence = [_code("47625008", "Intravenous route")]
    recumbent = _code("102538003", "recumbent")
    recumbent.PatientOrientationModifierCodeSequence = [_code("40199007", "supine")]
    return {
        "WholeBodyTechnique": "1PS",
        "ScanLength": str(round(length)),
        "ScanVelocity": f"{length / options.seconds:.6g}",  # mm/s; both are required of a whole-body image (C.8.4.9)
        "ActualFrameDuration": str(round(options.seconds * 1000)),
        "AcquisitionTerminationCondition": "MANU",
        "EnergyWindowInformationSequence": [windows],
        "RadiopharmaceuticalInformationSequence": [drug],
        "PatientOrientationCodeSequence": [recumbent],
        "PatientGantryRelationshipCodeSequence": [
            _code("102541007", "feet-first") if options.feet_first else _code("102540008", "headfirst")
        ],
    }


def _detector(view: int, options: NMOptions) -> Dataset:
    """What a head is and sees (C.8.4.11)."""
    turn = -1 if options.feet_first else 1
    item = Dataset()
    item.CollimatorGridName = "LEHR"
    item.CollimatorType = "PARA"
    item.FieldOfViewShape = "RECTANGLE"
    item.ZoomFactor = ["1", "1"]
    item.ViewCodeSequence = [_code(*_VIEWS[view])]
    item.ViewCodeSequence[0].ViewModifierCodeSequence = []
    item.ImagePositionPatient = ""
    item.ImageOrientationPatient = [str(v) for v in (turn * (1, -1)[view], 0, 0, 0, 0, -turn)]
    return item


def _directions(view: int, options: NMOptions) -> list[str]:
    """Where rows and columns of an image lead."""
    if options.feet_first:
        return ["RL"[view], "H"]
    return ["LR"[view], "F"]


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item
