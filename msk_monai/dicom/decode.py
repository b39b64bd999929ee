"""From the stored pixels of one frame to real values, written in place.

Native pixels are read from their place in the file without parsing the file again; encapsulated ones go through pydicom's decoders
(pylibjpeg for JPEG, JPEG lossless, JPEG 2000 and HTJ2K, pyjpegls for JPEG-LS, pydicom itself for RLE).
"""

import math
import os
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from pydicom import dcmread
from pydicom.pixels import get_decoder, pixel_array
from pydicom.uid import UID, ExplicitVRBigEndian

from msk_monai.dicom.instance import Frame, Instance, PixelFormat
from msk_monai.dicom.volumes import luminance
from msk_monai.errors import PixelDataError, UnsuitableImageError

PHYSICAL_SCALES = frozenset({"CT", "PT", "NM"})
"""Modalities whose rescaled values are a physical quantity (Hounsfield units, activity, counts):
MONOCHROME1 then only says how to show it."""
_EXACT_FLOAT32 = 2**24
"""Integers up to here are exact in float32."""


def decode_frame(instance: Instance, index: int, *, modality: str | None, out: npt.NDArray[np.float32]) -> None:
    """Decode one frame into an array: rescaled, MONOCHROME1 inverted, colour turned into luminance; no window is applied.

    MONOCHROME1 is inverted on the stored values, before the rescale: ``v`` becomes ``lowest + highest - v`` of the values that
    BitsStored can hold, so that the image keeps the range it was stored with. Physical scales are left alone.

    Args:
        instance: the image.
        index: which of its frames.
        modality: the series' modality.
        out: (rows, columns), filled.

    Raises:
        PixelDataError: there is no pixel data, less than there should be, or it cannot be decoded.
        UnsuitableImageError: the pixels are indices into a colour palette.
    """
    pixels, frame = instance.pixels, instance.frames[index]
    if pixels is None:
        raise PixelDataError("expected an image, got an object without pixels", subject=instance.path.name)
    if pixels.photometric == "PALETTE COLOR" and modality != "NM":  # counts that a palette only shows (PS3.3 section C.8.4.7)
        raise UnsuitableImageError("expected grey values or RGB, got palette colour", subject=instance.path.name)
    if not (math.isfinite(frame.slope) and math.isfinite(frame.intercept)):
        message = f"expected a finite rescale slope and intercept, got {frame.slope} and {frame.intercept}"
        raise PixelDataError(message, subject=instance.path.name)
    stored = _stored_values(instance, pixels, index)
    if stored.shape != out.shape:
        raise PixelDataError(f"expected {out.shape} pixels, got {stored.shape}", subject=instance.path.name)
    if pixels.photometric == "MONOCHROME1" and modality not in PHYSICAL_SCALES:
        stored = _inverted(stored, pixels)
    _rescale(stored, frame, pixels.bits_stored, out)


def _stored_values(instance: Instance, pixels: PixelFormat, index: int) -> npt.NDArray[Any]:
    syntax = UID(pixels.transfer_syntax)
    if pixels.offset is None and not syntax.is_deflated:
        raise PixelDataError("expected pixel data, got none", subject=instance.path.name)
    try:
        if pixels.samples == 1 and pixels.offset is not None:
            with instance.path.open("rb") as file:
                file.seek(pixels.offset)
                if syntax.is_encapsulated:
                    return _encapsulated(file, instance, pixels, index)
                if pixels.bits_allocated in (8, 16, 32):
                    return _native(file, instance, pixels, index)
        return luminance(pixel_array(dcmread(instance.path, force=True), index=index))
    except PixelDataError:
        raise
    except Exception as error:  # decoders raise whatever they please at damaged data
        message = f"cannot decode frame {index + 1} ({syntax.name}, {type(error).__name__})"
        raise PixelDataError(message, subject=instance.path.name) from error


def _native(file: BinaryIO, instance: Instance, pixels: PixelFormat, index: int) -> npt.NDArray[Any]:
    count = instance.rows * instance.columns
    order = ">" if pixels.transfer_syntax == ExplicitVRBigEndian else "<"
    dtype = np.dtype(f"{order}{'i' if pixels.signed else 'u'}{pixels.bits_allocated // 8}")
    needed = count * dtype.itemsize
    file.seek(index * needed, os.SEEK_CUR)
    stored = np.fromfile(file, dtype=dtype, count=count)
    if stored.size < count or (pixels.length is not None and pixels.length < (index + 1) * needed):
        got = max(min(stored.nbytes, (pixels.length or 0) - index * needed), 0)
        raise PixelDataError(f"expected {needed} bytes of pixel data in frame {index + 1}, got {got}", subject=instance.path.name)
    unused = pixels.bits_allocated - pixels.bits_stored
    if 0 < unused < pixels.bits_allocated:  # the bits above BitsStored may hold overlays or garbage (PS3.5 section 8.1.1)
        np.left_shift(stored, unused, out=stored)
        np.right_shift(stored, unused, out=stored)
    return stored.reshape(instance.rows, instance.columns)


def _encapsulated(file: BinaryIO, instance: Instance, pixels: PixelFormat, index: int) -> npt.NDArray[Any]:
    options: dict[str, Any] = {
        "rows": instance.rows,
        "columns": instance.columns,
        "number_of_frames": len(instance.frames),
        "samples_per_pixel": 1,
        "photometric_interpretation": pixels.photometric or "MONOCHROME2",
        "bits_allocated": pixels.bits_allocated,
        "bits_stored": pixels.bits_stored,
        "pixel_representation": int(pixels.signed),
        "pixel_keyword": "PixelData",
    }
    array, _ = get_decoder(pixels.transfer_syntax).as_array(file, index=index, raw=True, **options)
    return array


def _inverted(stored: npt.NDArray[Any], pixels: PixelFormat) -> npt.NDArray[Any]:
    if stored.dtype.kind == "f":
        return stored
    ends = -1 if pixels.signed else 2**pixels.bits_stored - 1
    return ends - stored.astype(np.int64)


def _rescale(stored: npt.NDArray[Any], frame: Frame, bits: int, out: npt.NDArray[np.float32]) -> None:
    slope, intercept = frame.slope, frame.intercept
    whole = slope.is_integer() and intercept.is_integer() and 2**bits * abs(slope) + abs(intercept) <= _EXACT_FLOAT32
    if slope == 1 and intercept == 0:
        out[...] = stored
    elif whole and slope == 1:
        np.add(stored, np.float32(intercept), out=out, dtype=np.float32, casting="unsafe")
    else:  # in float64 and rounded once, as the standard's arithmetic in decimal strings asks
        values = stored.astype(np.float64)
        values *= slope
        values += intercept
        out[...] = values
