"""The key picture as a Secondary Capture image (PS3.3 A.8.1)."""

import hashlib
from pathlib import Path

import highdicom
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from msk_monai.report.dicom_origin import Origin


def secondary_capture(picture: Path, origin: Origin) -> highdicom.sc.SCImage:
    """A picture, pixel for pixel in colour, with references to the images it was made from.

    Args:
        picture: a PNG.
        origin: the case it is about.

    Raises:
        OSError: the picture cannot be read.
    """
    with Image.open(picture) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    source = origin.source
    capture = highdicom.sc.SCImage(
        pixel_array=pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),
        study_instance_uid=source.study_uid,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        **origin.object_arguments("SC", str(pixels.shape), hashlib.sha256(pixels.tobytes()).hexdigest()),
    )
    capture.PatientOrientation = None  # highdicom wants one; a picture of several panels has none (type 2C, PS3.3 C.7.6.1)
    capture.Laterality = None  # likewise: it may show both sides (type 2C, PS3.3 C.7.3.1)
    capture.DerivationDescription = "Picture of what was found. For research, not for clinical use."
    capture.SourceImageSequence = [_reference(image) for image in source.images]
    _inherit(capture, source.images)
    return origin.finish(capture)


def _reference(image: Dataset) -> Dataset:
    """An item of the Source Image Sequence (PS3.3 C.7.6.1.1.4, here of the General Reference module C.12.4)."""
    item = Dataset()
    item.ReferencedSOPClassUID = image.SOPClassUID
    item.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return item


def _inherit(capture: Dataset, images: tuple[Dataset, ...]) -> None:
    """What a derived image takes over: that pixels were compressed with loss, and that a name may be burnt in."""
    lossy = next((image for image in images if image.get("LossyImageCompression") == "01"), None)
    if lossy is not None:
        for keyword in ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            if keyword in lossy:
                capture.add(lossy[keyword])
    burnt = {image.get("BurnedInAnnotation") for image in images}
    if burnt and burnt <= {"YES", "NO"}:
        capture.BurnedInAnnotation = "YES" if "YES" in burnt else "NO"
