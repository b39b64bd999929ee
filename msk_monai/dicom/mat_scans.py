"""Whole-body scans in MATLAB files: a variable ``V`` of rows x columns x 2 counts, the anterior view and the posterior one.

The files hold no pixel spacing, and their other variables are left alone.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from msk_monai.dicom.instance import Frame, Header, Instance, Projection, Scintigram, SeriesHeader
from msk_monai.errors import PixelDataError, UnreadableFileError, UnsuitableImageError
from msk_monai.mat_files import LARGEST, Variable, list_variables, read_variable

NAME = "V"
VIEWS = ("anterior", "posterior")
ELONGATION = 1.7
"""A whole-body scan is at least so many times as high as it is wide."""
_BITS = {"uint8": 8, "int8": 8, "uint16": 16, "int16": 16, "uint32": 32, "int32": 32, "uint64": 64, "int64": 64, "single": 32, "double": 64}
_EXACT_FLOAT32 = 2**24


def read_mat_header(path: Path) -> Header:
    """Describe a MATLAB file as an NM series of two frames, without reading its counts.

    Raises:
        UnreadableFileError: it is no MATLAB file of version 5 to 7.3, is damaged, or holds no ``V`` of numbers.
        UnsuitableImageError: ``V`` is not rows x columns x 2, upright.
    """
    variable = list_variables(path).get(NAME)
    if variable is None:
        raise UnreadableFileError(f"expected counts in a variable {NAME}, got a MATLAB file without it", subject=path.name)
    _require_scan(variable, path)
    rows, columns, count = variable.shape
    frame = Frame(position=None, orientation=None, spacing=None, thickness=None, slope=1.0, intercept=0.0, labels=())
    return Header(
        instance=Instance(
            path=path, sop_uid="", sop_class="", instance_number=None, acquisition_number=None, image_type=(), laterality=None,
            rows=rows, columns=columns, frames=(frame,) * count, frames_are="frame", pixels=None, projection=Projection(),
            scintigram=Scintigram(views=VIEWS, sources=(f"the planes of {NAME}",) * count),
        ),
        series=SeriesHeader(modality="NM", bits=_BITS[variable.kind]),
        patient=str(path),
    )  # fmt: skip


def read_counts(path: Path) -> npt.NDArray[np.float32]:
    """Read the counts of a MATLAB file.

    Returns:
        (rows, columns, 2): anterior, posterior; each number as it is stored.

    Raises:
        UnreadableFileError: as for ``read_mat_header``; or the counts are cut off.
        UnsuitableImageError: as for ``read_mat_header``.
        PixelDataError: values that are no counts: negative, not whole, or too large to be exact in float32.
    """
    header = read_mat_header(path).instance
    shape = (header.rows, header.columns, len(header.frames))
    stored = read_variable(path, NAME)
    if not isinstance(stored, np.ndarray) or stored.shape != shape or stored.dtype.kind not in "iuf":
        raise UnreadableFileError(f"expected {NAME} as the file announces it, got something else", subject=path.name)
    lowest, highest = stored.min(), stored.max()
    if not (lowest >= 0 and highest <= _EXACT_FLOAT32):  # so written, NaN is no count either
        raise PixelDataError(f"expected counts from 0 to {_EXACT_FLOAT32}, got {lowest:g} to {highest:g}", subject=path.name)
    counts = stored.astype(np.float32)
    if stored.dtype.kind == "f" and not np.array_equal(np.rint(stored), stored):
        raise PixelDataError(f"expected whole numbers of counts in {NAME}, got fractions", subject=path.name)
    return counts


def _require_scan(variable: Variable, path: Path) -> None:
    if variable.kind not in _BITS:
        raise UnreadableFileError(f"expected numbers in {NAME}, got a variable of class {variable.kind}", subject=path.name)
    shape = variable.shape
    if len(shape) != 3 or shape[2] != len(VIEWS) or min(shape) < 1 or shape[0] < ELONGATION * shape[1]:
        size = " x ".join(map(str, shape))
        message = f"expected {NAME} of rows x columns x 2, rows at least {ELONGATION:g} times the columns, got {size}"
        raise UnsuitableImageError(message, subject=path.name)
    if shape[0] * shape[1] * shape[2] > LARGEST:
        raise UnsuitableImageError(f"expected at most {LARGEST} counts, got {shape[0]} x {shape[1]} x {shape[2]}", subject=path.name)
