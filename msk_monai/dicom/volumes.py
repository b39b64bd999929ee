"""Headers and pixels of images that are no DICOM: NIfTI volumes (nibabel) and PNG, JPEG and TIFF pictures (Pillow)."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.dicom.instance import Frame, Header, Instance, Projection, SeriesHeader
from msk_monai.errors import GeometryError, PixelDataError, UnreadableFileError, UnsuitableImageError
from msk_monai.geometry import flip_lps_ras, spacing_of

ANISOTROPY = 1.5
"""A NIfTI axis whose spacing is so many times that of the others is the one its slices were acquired along; else nobody can tell."""
_BITS_OF_MODE = {"1": 1, "I16": 16, "I": 32, "F": 32}
"""Bits of a channel in Pillow's modes (byte order left out) that do not have 8."""
LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601), as DICOM's own YBR_FULL uses (PS3.3 section C.7.6.3.1.2)."""


def read_nifti_header(path: Path) -> Header:
    """Describe a NIfTI file as a series of slices along the axis of its widest spacing.

    Raises:
        UnreadableFileError: it is no NIfTI file, or one with less than two dimensions.
    """
    image = _load_nifti(path)
    shape = tuple(int(size) for size in image.shape)
    spatial = (*shape, 1)[:3]
    frames: tuple[Frame, ...] = ()
    thickness = None
    if _has_orientation(image) and np.all(np.isfinite(image.affine)):
        axis, known = _slice_axis(image.affine)
        thickness = float(spacing_of(image.affine)[axis]) if known else None
        frames = _nifti_frames(flip_lps_ras(image.affine), spatial, axis, known)
    return Header(
        instance=_plain_instance(path, rows=spatial[1], columns=spatial[0], frames=frames or (_no_geometry(),) * spatial[2]),
        series=SeriesHeader(slice_thickness=thickness, bits=image.get_data_dtype().itemsize * 8),
        patient=str(path),
    )


def read_nifti(path: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64], tuple[str, ...]]:
    """Read a NIfTI volume.

    Args:
        path: .nii or .nii.gz.

    Returns:
        The array in its stored index order (2-D images get a third axis of one), its RAS affine, warnings.

    Raises:
        UnreadableFileError: it is no NIfTI file.
        PixelDataError: it is cut off.
        GeometryError: its affine is not finite or not invertible.
        UnsuitableImageError: it has more than three dimensions.
    """
    image = _load_nifti(path)
    shape = tuple(int(size) for size in image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) > 3:
        raise UnsuitableImageError(f"expected a volume, got {len(shape)} dimensions {shape}", subject=path.name)
    affine = np.asarray(image.affine, dtype=np.float64)
    if not np.all(np.isfinite(affine)) or abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise GeometryError("expected a finite, invertible affine, got one that is not", subject=path.name)
    try:
        array = image.get_fdata(dtype=np.float32, caching="unchanged").reshape((*shape, 1)[:3], order="F")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise PixelDataError(f"expected {shape} voxels, got a file that is cut off or damaged", subject=path.name) from error
    warnings = () if _has_orientation(image) else ("NIfTI without qform and sform: left, right, head and foot are unknown",)
    return array, affine, warnings


def read_raster_header(path: Path) -> Header:
    """Describe a PNG, JPEG or TIFF file as a series of one image.

    Raises:
        UnreadableFileError: it is no image that Pillow knows.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            columns, rows = image.size
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            bits = _BITS_OF_MODE.get(image.mode.partition(";")[0] + image.mode.partition(";")[2][:2], 8)
    except (OSError, ValueError, SyntaxError) as error:
        raise UnreadableFileError("expected a PNG, JPEG or TIFF image, got a file that is none", subject=path.name) from error
    rows, columns = (columns, rows) if turned else (rows, columns)
    return Header(
        instance=_plain_instance(path, rows=rows, columns=columns, frames=(_no_geometry(),)),
        series=SeriesHeader(bits=bits),
        patient=str(path),
    )


def read_raster(path: Path) -> npt.NDArray[np.float32]:
    """Read a picture as (rows, columns) grey values: EXIF orientation applied, 16 bits kept, colour turned into luminance.

    Raises:
        UnreadableFileError: it is no image that Pillow knows, or cut off.
        UnsuitableImageError: it has several pages.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            pages = getattr(image, "n_frames", 1)
            if pages > 1:
                raise UnsuitableImageError(f"expected one picture, got {pages} pages", subject=path.name)
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("P", "PA", "CMYK", "YCbCr", "LAB", "HSV"):
                upright = upright.convert("RGB")
            pixels = np.asarray(upright)
    except (OSError, ValueError, SyntaxError) as error:
        raise UnreadableFileError("expected a whole PNG, JPEG or TIFF image, got a damaged one", subject=path.name) from error
    return luminance(pixels)


def luminance(pixels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Grey values of (rows, columns) or (rows, columns, channels) pixels; an alpha channel is left out."""
    if pixels.ndim == 2:
        return pixels.astype(np.float32)
    if pixels.shape[2] < 3:
        return pixels[..., 0].astype(np.float32)
    return (pixels[..., :3].astype(np.float32) @ np.asarray(LUMINANCE, dtype=np.float32)).astype(np.float32)


def _load_nifti(path: Path) -> Any:
    import nibabel
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    try:
        image = nibabel.load(path)
    except (ImageFileError, HeaderDataError, OSError, EOFError, ValueError, zlib.error) as error:
        raise UnreadableFileError("expected a NIfTI file, got one that cannot be parsed", subject=path.name) from error
    if len(image.shape) < 2:
        raise UnreadableFileError(f"expected at least two dimensions, got {len(image.shape)}", subject=path.name)
    return image


def _has_orientation(image: Any) -> bool:
    return bool(image.header["qform_code"] > 0 or image.header["sform_code"] > 0)


def _slice_axis(affine: npt.NDArray[np.float64]) -> tuple[int, bool]:
    """The axis that slices were acquired along, and whether the spacing tells."""
    spacing = spacing_of(affine)
    axis = int(np.argmax(spacing))
    known = bool(spacing[axis] >= ANISOTROPY * np.delete(spacing, axis).max())
    return (axis, True) if known else (2, False)


def _nifti_frames(lps: npt.NDArray[np.float64], shape: tuple[int, ...], axis: int, known: bool) -> tuple[Frame, ...]:
    spacing = spacing_of(lps)
    column, row = (other for other in range(3) if other != axis)
    cosines = lps[:3, :3] / np.where(spacing > 0, spacing, 1.0)
    orientation = tuple(float(part) for part in (*cosines[:, column], *cosines[:, row])) if known else None
    return tuple(
        Frame(
            position=tuple((lps[:3, 3] + index * lps[:3, axis]).tolist()),
            orientation=orientation,
            spacing=(float(spacing[row]), float(spacing[column])),
            thickness=None,
            slope=1.0,
            intercept=0.0,
            labels=(),
        )
        for index in range(shape[axis])
    )


def _no_geometry() -> Frame:
    return Frame(position=None, orientation=None, spacing=None, thickness=None, slope=1.0, intercept=0.0, labels=())


def _plain_instance(path: Path, *, rows: int, columns: int, frames: tuple[Frame, ...]) -> Instance:
    return Instance(
        path=path, sop_uid="", sop_class="", instance_number=None, acquisition_number=None, image_type=(), laterality=None,
        rows=rows, columns=columns, frames=frames, frames_are="slice", pixels=None, projection=Projection(),
    )  # fmt: skip
