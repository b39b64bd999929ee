"""Label maps of films and slices, as a result's file holds the found one and a datalist the true one: rows x columns."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage.draw import polygon2mask

from msk_monai.errors import DataError, UnreadableFileError
from msk_monai.metrics.points import true_points, vertebra

Labels = npt.NDArray[np.int64]
"""(rows, columns): 0 background, k the k-th of the levels asked for, counted from 1."""

FOLDER_KEY = "datalist_folder"
"""As ``msk_monai.runner.datalist`` names the folder that paths in the truth are relative to."""


def found_labels(path: Path, levels: int) -> Labels:
    """Read a result's segmentation.

    Args:
        path: PNG or NIfTI of label numbers, or ``.npy`` of them or of rows x columns x channels (background first), where the
            strongest channel wins. A NIfTI's axes are told by its affine: the one that runs more towards the patient's head, or
            else back, holds the rows.
        levels: how many labels there may be beside the background.

    Raises:
        UnreadableFileError: there is no such file, or it is damaged or of another kind.
        DataError: it holds another number of channels, or labels beyond the levels.
    """
    values = _read(path)
    if values.ndim == 3:
        if values.shape[-1] != levels + 1:
            raise DataError(f"expected background and {levels} channels, got {values.shape[-1]}", subject=path.name)
        values = values.argmax(axis=-1)
    if values.ndim != 2:
        raise DataError(f"expected rows x columns, got shape {values.shape}", subject=path.name)
    labels = np.rint(values).astype(np.int64)
    if labels.min() < 0 or labels.max() > levels:
        raise DataError(f"expected labels from 0 to {levels}, got {labels.min()} to {labels.max()}", subject=path.name)
    return labels


def true_labels(truth: Mapping[str, Any], levels: Sequence[str], shape: tuple[int, int] | None) -> Labels:
    """Read the true label map: the file ``label``, or the vertebrae drawn from ``points``.

    Args:
        truth: ``label``, an image of class numbers, with the classes' names in ``labels`` (background first; left out, they are the
            levels); or ``points`` with ``landmark_names`` such as ``L4_bottom_left``.
        levels: names of the labels 1, 2, …; other classes are background.
        shape: rows and columns of what it is compared with; ``None`` takes the label's own, or the smallest that hold the points.

    Raises:
        DataError: the truth has neither, or its size is another.
    """
    if "label" not in truth:
        return _drawn(truth, levels, shape)
    path = Path(truth.get(FOLDER_KEY, "")) / truth["label"]
    classes = _read(path).astype(np.int64)
    if shape is not None and classes.shape != shape:
        raise DataError(f"expected the label's {classes.shape} rows and columns, got a segmentation of {shape}", subject=path.name)
    names = list(truth.get("labels", ["background", *levels]))
    if classes.min() < 0 or classes.max() >= len(names):
        raise DataError(f"expected classes from 0 to {len(names) - 1}, got up to {classes.max()}", subject=path.name)
    numbers = np.array([levels.index(name) + 1 if name in levels else 0 for name in names])
    return numbers[classes]


def _drawn(truth: Mapping[str, Any], levels: Sequence[str], shape: tuple[int, int] | None) -> Labels:
    points = true_points(truth)
    outlines = {number: known.polygon for number, level in enumerate(levels, 1) if (known := vertebra(points, level)) is not None}
    if shape is None:
        ends = [np.ceil(outline.max(axis=0)) for outline in outlines.values()]
        columns, rows = np.max([np.zeros(2), *ends], axis=0).astype(int) + 1
        shape = (int(rows), int(columns))
    labels = np.zeros(shape, dtype=np.int64)
    for number, outline in outlines.items():
        labels[polygon2mask(shape, outline[:, ::-1])] = number
    return labels


def _read(path: Path) -> np.ndarray:
    try:
        if path.suffix == ".npy":
            return np.load(path, allow_pickle=False)
        if path.name.endswith((".nii", ".nii.gz")):
            return _rows_first(nib.load(path))
        with Image.open(path) as picture:
            return np.asarray(picture)
    except (OSError, ValueError, nib.filebasedimages.ImageFileError) as fault:
        raise UnreadableFileError(f"expected a label map ({type(fault).__name__})", subject=path.name) from fault


def _rows_first(image: Any) -> np.ndarray:
    values = np.asarray(image.dataobj)
    values = values.reshape(values.shape[:2] + tuple(n for n in values.shape[2:] if n > 1))
    first, second = np.abs(image.affine[:3, :2]).argmax(axis=0)
    return values.swapaxes(0, 1) if first < second else values
