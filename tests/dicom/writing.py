"""Small DICOM files for the tests: valid unless a test asks for a fault."""

from pathlib import Path

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    EnhancedCTImageStorage,
    ExplicitVRLittleEndian,
    NuclearMedicineImageStorage,
    generate_uid,
)

AXIAL = (1, 0, 0, 0, 1, 0)
SAGITTAL = (0, 1, 0, 0, 0, -1)
CORONAL = (1, 0, 0, 0, 0, -1)
ABSENT = object()
"""Give this as an attribute's value to leave the attribute out."""


def noise(*shape, seed=0, low=-1000, high=2000, dtype=np.int16):
    """Stored values that tell every pixel from every other."""
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def uid(name):
    """The same UID for the same name."""
    return generate_uid(entropy_srcs=["msk_monai tests", str(name)])


def image(pixels, *, sop_class, syntax=ExplicitVRLittleEndian, **attributes):
    """A data set around pixels (rows, columns) or (frames, rows, columns)."""
    dataset = FileDataset("", {}, preamble=b"\0" * 128, file_meta=FileMetaDataset())
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.PatientID, dataset.PatientName = "secret-id", "Secret^Name"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid("study"), uid("series")
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        dataset.NumberOfFrames = len(pixels)
    dataset.BitsAllocated = dataset.BitsStored = pixels.dtype.itemsize * 8
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    change(dataset, attributes)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", uid("none"))
    return dataset


def change(dataset, attributes):
    """Set attributes by keyword, or leave them out."""
    for keyword, value in attributes.items():
        if value is ABSENT:
            dataset.pop(keyword, None)
        else:
            setattr(dataset, keyword, value)


def ct_slice(pixels, *, position, orientation=AXIAL, spacing=(0.7, 0.5), number=1, **attributes):
    """A CT slice; ``position`` is ImagePositionPatient."""
    defaults = {
        "SOPInstanceUID": uid((tuple(position), number, attributes.get("SeriesInstanceUID"), attributes.get("AcquisitionNumber"))),
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SeriesDescription": "Abdomen",
        "FrameOfReferenceUID": uid("frame"),
        "SliceThickness": "2",
        "InstanceNumber": number,
        "ImagePositionPatient": list(position),
        "ImageOrientationPatient": list(orientation),
        "PixelSpacing": list(spacing),
        "RescaleSlope": "1",
        "RescaleIntercept": "-1024",
    }
    return image(pixels, sop_class=CTImageStorage, **(defaults | attributes))


def save(dataset, path: Path):
    """Write a data set and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if dataset.file_meta.TransferSyntaxUID.is_little_endian:
        dataset.save_as(path, enforce_file_format=True)
    else:
        dcmwrite(path, dataset, implicit_vr=False, little_endian=False, force_encoding=True)
    return path


def write_stack(folder: Path, volume, *, step=(0, 0, 2), origin=(-10, -20, 30), **attributes):
    """Write one CT file for each slice of (slice, row, column) values; returns their paths in order."""
    return [
        save(ct_slice(pixels, position=np.add(origin, np.multiply(k, step)).tolist(), number=k + 1, **attributes), folder / f"{k:03d}.dcm")
        for k, pixels in enumerate(volume)
    ]


def radiograph(pixels, **attributes):
    """A digital radiograph."""
    defaults = {
        "SOPInstanceUID": uid(("radiograph", attributes.get("InstanceNumber"))),
        "Modality": "DX",
        "ViewPosition": "AP",
        "ImageLaterality": "R",
    }
    return image(pixels, sop_class=DigitalXRayImageStorageForPresentation, **(defaults | attributes))


def scintigram(frames, **attributes):
    """A multi-frame NM image whose frames are detectors."""
    defaults = {"SOPInstanceUID": uid("nm"), "Modality": "NM", "ImageType": ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"]}
    return image(frames, sop_class=NuclearMedicineImageStorage, **(defaults | {"PixelSpacing": [2.2, 2.2]} | attributes))


def item(**attributes):
    """A data set that is an item of a sequence."""
    dataset = Dataset()
    change(dataset, attributes)
    return dataset


def sequence(**attributes):
    """A sequence of one item."""
    return Sequence([item(**attributes)])


def enhanced_ct(frames, *, positions, temporal=None, slopes=None, **attributes):
    """An enhanced multi-frame CT; one position for each frame, and what differs between them."""
    dataset = image(frames, sop_class=EnhancedCTImageStorage, SOPInstanceUID=uid("enhanced"), Modality="CT", **attributes)
    dataset.FrameOfReferenceUID = uid("frame")
    dataset.SharedFunctionalGroupsSequence = sequence(
        PixelMeasuresSequence=sequence(PixelSpacing=[0.7, 0.5], SliceThickness="2"),
        PlaneOrientationSequence=sequence(ImageOrientationPatient=list(AXIAL)),
    )
    groups = []
    for index, position in enumerate(positions):
        own = item(
            PlanePositionSequence=sequence(ImagePositionPatient=list(position)),
            PixelValueTransformationSequence=sequence(
                RescaleSlope=str(slopes[index] if slopes else 1), RescaleIntercept="-1024", RescaleType="HU"
            ),
        )
        if temporal:
            own.FrameContentSequence = sequence(TemporalPositionIndex=temporal[index])
        groups.append(own)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return dataset


def encapsulated(dataset, frames, syntax):
    """The data set with its pixels replaced by frames that are encoded already."""
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    return dataset
