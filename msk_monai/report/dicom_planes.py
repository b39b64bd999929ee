"""Where the frames of images lie in the patient, from what is needed to refer to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

CLOSE_MM = 0.05
"""What lies so near to a plane lies in it: headers round positions."""


@dataclass(frozen=True, eq=False)
class Plane:
    """One frame of an image.

    Args:
        image: its header.
        frame: counted from 0.
        affine: (4, 4) from its pixels (column, row, 0) to LPS mm, with a unit vector across it; ``None`` for a film, which has no place.
    """

    image: Dataset
    frame: int
    affine: npt.NDArray[np.float64] | None

    @property
    def placed(self) -> bool:
        """Whether it lies in the patient."""
        return self.affine is not None


def planes(images: Iterable[Dataset]) -> list[Plane]:
    """The frames that lie in the patient, as classic or enhanced headers say it (PS3.3 C.7.6.2, C.7.6.16)."""
    return [plane for image in images for plane in _of(image)]


def _of(image: Dataset) -> Iterator[Plane]:
    groups = image.get("PerFrameFunctionalGroupsSequence") or ()
    shared = (image.get("SharedFunctionalGroupsSequence") or (Dataset(),))[0]
    if not groups:
        yield from _placed(image, 0, image.get("ImagePositionPatient"), image.get("ImageOrientationPatient"), image.get("PixelSpacing"))
        return
    for frame, own in enumerate(groups):
        position = _group(own, shared, "PlanePositionSequence").get("ImagePositionPatient")
        orientation = _group(own, shared, "PlaneOrientationSequence").get("ImageOrientationPatient")
        spacing = _group(own, shared, "PixelMeasuresSequence").get("PixelSpacing")
        yield from _placed(image, frame, position, orientation, spacing)


def _group(own: Dataset, shared: Dataset, name: str) -> Dataset:
    return next((groups[name][0] for groups in (own, shared) if groups.get(name)), Dataset())


def _placed(image: Dataset, frame: int, position: object, orientation: object, spacing: object) -> Iterator[Plane]:
    if not (position and orientation and spacing):
        return
    place, cosines, between = (np.array(value, dtype=np.float64) for value in (position, orientation, spacing))
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = cosines[:3] * between[1], cosines[3:] * between[0]
    affine[:3, 2] = np.cross(cosines[:3], cosines[3:])
    affine[:3, 3] = place
    yield Plane(image, frame, affine)
