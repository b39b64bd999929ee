"""A label map as a DICOM Segmentation (PS3.3 A.51), on the pixels of the image it was drawn on."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import highdicom
import nibabel
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from msk_monai.anatomy.structures import ANATOMICAL_STRUCTURE, structure
from msk_monai.errors import DicomOutputError
from msk_monai.geometry import flip_lps_ras
from msk_monai.report.dicom_concepts import coded
from msk_monai.report.dicom_origin import Origin
from msk_monai.report.dicom_planes import CLOSE_MM, Plane, planes

_CLOSE_PX = 0.01
"""So exactly a label map's pixels have to lie on an image's."""


@dataclass(frozen=True, eq=False)
class LabelMap:
    """A label map as :class:`msk_monai.report.SegmentationFiles` wrote it.

    Args:
        labels: (columns, rows) uint8.
        affine: (4, 4) from its pixels (column, row, 0) to RAS mm; for a film that has no place in the patient, of no meaning.
        names: of the labels, the background's first.
    """

    labels: npt.NDArray[np.uint8]
    affine: npt.NDArray[np.float64]
    names: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> "LabelMap":
        """Read the NIfTI file, with the names in its header extension.

        Raises:
            DicomOutputError: it is not there, or not one of these.
        """
        try:
            image = nibabel.Nifti1Image.from_filename(path)
            labels = np.asarray(image.dataobj)[:, :, 0].astype(np.uint8)
            names = json.loads(image.header.extensions[0].get_content())["labels"]
        except (OSError, ValueError, LookupError, TypeError, nibabel.filebasedimages.ImageFileError) as fault:
            raise DicomOutputError(
                f"expected a label map with the names of its labels ({type(fault).__name__})", subject=path.name
            ) from fault
        return cls(labels, np.asarray(image.affine, dtype=np.float64), tuple(names))

    @property
    def present(self) -> tuple[tuple[int, str], ...]:
        """Number and name of the labels that it has pixels of."""
        return tuple((int(label), self.names[label]) for label in np.unique(self.labels) if label)


@dataclass(frozen=True, eq=False)
class Segments:
    """A Segmentation and where in it to find things.

    Args:
        dataset: the Segmentation.
        image: the image it was drawn on.
        image_frame: the frame of that, from 1, where it has several.
        places: of each label present: its segment number, and its frame's number.
    """

    dataset: highdicom.seg.Segmentation
    image: Dataset
    image_frame: int | None
    places: dict[str, tuple[int, int]]


def segmentation(label_map: LabelMap, origin: Origin) -> Segments | None:
    """The Segmentation of a label map, a binary segment for each label that it has pixels of.

    Args:
        label_map: on the pixels of one of the case's images, as they are or turned.
        origin: the case.

    Returns:
        ``None`` where the map is empty, or the image has a position but no frame of reference to have it in: PS3.3 C.7.4.1 asks for one.

    Raises:
        DicomOutputError: the map lies on none of the images.
    """
    if not label_map.present:
        return None
    plane, stored = _on_image(label_map, origin)
    count = int(plane.image.get("NumberOfFrames") or 1)
    stack = np.zeros((count, *stored.shape), dtype=np.uint8)
    for number, (label, _) in enumerate(label_map.present, 1):
        stack[plane.frame][stored == label] = number
    if plane.placed and "FrameOfReferenceUID" not in plane.image:
        return None
    image = plane.image if plane.placed else _unplaced(plane.image)
    descriptions = [_description(number, name, origin) for number, (_, name) in enumerate(label_map.present, 1)]
    digest = hashlib.sha256(stored.tobytes()).hexdigest()
    dataset = highdicom.seg.Segmentation(
        source_images=[image],
        pixel_array=stack if count > 1 else stack[0],
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=descriptions,
        content_label="SEGMENTATION",
        content_description=f"Label map of {origin.bundle.name}"[:64],
        **origin.object_arguments("SEG", json.dumps(label_map.present), digest),
    )
    if not plane.placed:
        dataset.PatientOrientation = plane.image.get("PatientOrientation")  # of the film, whose pixels these are
        if "PixelAspectRatio" in plane.image:
            dataset.PixelAspectRatio = plane.image.PixelAspectRatio
    _derive_dimensions(dataset, origin)
    return Segments(
        dataset=origin.finish(dataset),
        image=plane.image,
        image_frame=plane.frame + 1 if count > 1 else None,
        places={name: (number, _frame_of(dataset, number)) for number, (_, name) in enumerate(label_map.present, 1)},
    )


def _description(number: int, name: str, origin: Origin) -> highdicom.seg.SegmentDescription:
    return highdicom.seg.SegmentDescription(
        segment_number=number,
        segment_label=name[:64],
        segmented_property_category=coded(ANATOMICAL_STRUCTURE),
        segmented_property_type=coded(structure(name)),
        algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=origin.segmentation_algorithm(),
        tracking_id=name,
        tracking_uid=origin.uid("segment", name),
    )


def _derive_dimensions(dataset: Dataset, origin: Origin) -> None:
    """Give the dimensions' organization a UID that stays the same; highdicom draws one."""
    for item in (*dataset.DimensionOrganizationSequence, *dataset.DimensionIndexSequence):
        item.DimensionOrganizationUID = origin.uid("dimensions")


def _frame_of(dataset: Dataset, segment: int) -> int:
    if len(dataset.SegmentSequence) == 1:
        return 1  # highdicom then says once for all frames which segment they are of
    frames = dataset.PerFrameFunctionalGroupsSequence
    return next(n for n, one in enumerate(frames, 1) if one.SegmentIdentificationSequence[0].ReferencedSegmentNumber == segment)


def _on_image(label_map: LabelMap, origin: Origin) -> tuple[Plane, npt.NDArray[np.uint8]]:
    """The plane that a map was drawn on, and the map (rows, columns) on the plane's own pixels."""
    images = origin.source.images
    if len(images) == 1 and int(images[0].get("NumberOfFrames") or 1) == 1 and not planes(images):
        plane = Plane(images[0], 0, None)
        if label_map.labels.shape != (images[0].Columns, images[0].Rows):
            raise _elsewhere(origin)
        return plane, np.ascontiguousarray(label_map.labels.T)
    for plane in planes(images):
        stored = _turned(label_map, plane)
        if stored is not None:
            return plane, stored
    raise _elsewhere(origin)


def _turned(label_map: LabelMap, plane: Plane) -> npt.NDArray[np.uint8] | None:
    """A map on a plane's own pixels (rows, columns); ``None`` where it lies elsewhere."""
    assert plane.affine is not None
    to_plane = np.linalg.inv(plane.affine) @ flip_lps_ras(label_map.affine)
    shape = np.array(label_map.labels.shape)
    corners = np.array([[0, 0], [shape[0] - 1, 0], [0, shape[1] - 1]], dtype=np.float64)
    there = (to_plane @ np.column_stack([corners, np.zeros(3), np.ones(3)]).T)[:3].T
    nearest = np.rint(there)
    if np.abs(there - nearest)[:, :2].max() > _CLOSE_PX or np.abs(there[:, 2]).max() > CLOSE_MM:
        return None
    axes = np.abs(np.rint(to_plane[:2, :2])).astype(int)
    turned = label_map.labels if axes[0, 0] else label_map.labels.T
    size = np.array([plane.image.Columns, plane.image.Rows])
    if not np.array_equal(np.sort(axes, axis=0), [[0, 0], [1, 1]]) or tuple(turned.shape) != tuple(size):
        return None
    low, high = nearest[:, :2].min(axis=0), nearest[:, :2].max(axis=0)
    if (low != 0).any() or (high != size - 1).any():
        return None
    steps = to_plane[:2, :2].sum(axis=1)
    turned = turned[:: 1 if steps[0] > 0 else -1, :: 1 if steps[1] > 0 else -1]
    return np.ascontiguousarray(turned.T)


def _unplaced(image: Dataset) -> Dataset:
    """An image without what would place it in the patient."""
    kept = Dataset()
    kept.update({element.tag: element for element in image})
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient"):
        if keyword in kept:
            del kept[keyword]
    return kept


def _elsewhere(origin: Origin) -> DicomOutputError:
    return DicomOutputError(
        "expected a label map on the pixels of one of the images, got one on none of them", subject=origin.source.series_uid
    )
