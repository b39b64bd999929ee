"""Radiographs with one channel for each vertebra in a MATLAB file: rows x columns x 7, background first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.datasets.films import LUMBAR, Converted, Film, FilmFolder, Labelled, Mask, convert_films, label_map
from msk_monai.errors import DataError, UnreadableFileError, UnsuitableImageError

PREFERRED_NAMES = frozenset({"label", "labels", "mask", "masks"})
"""A variable of such a name goes before others."""
_NUMERIC = frozenset({"logical", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "single", "double"})


def spine_channel_datalist(
    folder: FilmFolder, out: Path, *, levels: Sequence[str] = LUMBAR, validation: float = 0.0, seed: int = 0
) -> Converted:
    """Turn films with ``.mat`` channels into a data list and label maps.

    Args:
        folder: the films and their ``.mat`` files.
        out: folder of the data list; label maps are written to ``out/labels``.
        levels: what the channels are, background left out; the label map's class ``k + 1`` is ``levels[k]``.
        validation: share of the films for validation.
        seed: for the split.

    Returns:
        Items hold ``image`` and ``label``.
    """
    header = {
        "name": "spine_channels",
        "modality": "DX",
        "description": "spine radiographs with label maps of vertebrae",
        "labels": ["background", *levels],
    }

    def read(film: Film, path: Path) -> Labelled:
        return _labelled(film, read_channels(path), levels)

    return convert_films(folder, folder.with_suffix(".mat"), read, out=out, header=header, validation=validation, seed=seed)


def read_channels(path: Path) -> Mask:
    """Read the masks of a MATLAB file (version 5 to 7, not 7.3).

    Args:
        path: the file. Of its variables, one called ``label`` or ``mask`` is taken, else the first numeric one of three dimensions.

    Returns:
        (rows, columns, channels).

    Raises:
        UnreadableFileError: it is no such file, or holds no such array.
        UnsuitableImageError: values other than 0 and 1, or 0 and 255.
    """
    from scipy.io import loadmat, whosmat

    try:
        arrays = [name for name, shape, kind in whosmat(path) if len(shape) == 3 and kind in _NUMERIC]
        name = next((name for name in arrays if name.lower() in PREFERRED_NAMES), next(iter(arrays), None))
        values = None if name is None else np.asarray(loadmat(path, variable_names=[name])[name])
    except Exception as fault:  # SciPy raises whatever it likes at damaged files
        raise _unreadable(path, fault) from fault
    if values is None:
        raise UnreadableFileError("expected an array of rows x columns x channels, got none", subject=path.name)
    return _as_masks(values, path)


def _unreadable(path: Path, fault: Exception) -> DataError:
    if isinstance(fault, NotImplementedError):
        message = "expected a MATLAB file of version 5 to 7, got 7.3 (HDF5): save it again with save(..., '-v7')"
    else:
        message = f"expected a MATLAB file, got one that cannot be parsed ({type(fault).__name__})"
    return UnreadableFileError(message, subject=path.name)


def _as_masks(values: npt.NDArray[Any], path: Path) -> Mask:
    masks = values != 0
    for high in (1, 255):
        if np.array_equal(values == high, masks):
            return masks
    odd = values[masks & (values != 1) & (values != 255)]
    message = f"got {odd.flat[0]:g}" if odd.size else "got both 1 and 255"
    raise UnsuitableImageError(f"expected values 0 and 1, or 0 and 255, {message}", subject=path.name)


def _labelled(film: Film, channels: Mask, levels: Sequence[str]) -> Labelled:
    rows, columns, count = channels.shape
    if (rows, columns) != (film.rows, film.columns):
        raise UnsuitableImageError(f"expected channels of {film.size}, got {columns} columns x {rows} rows")
    if count not in (len(levels), len(levels) + 1):
        raise UnsuitableImageError(f"expected {len(levels) + 1} channels, background first, or {len(levels)} without, got {count}")
    vertebrae = channels[..., -len(levels) :]
    column: Mask = np.asarray(vertebrae.any(axis=2))
    notes = _notes_on_background(channels[..., 0], column) if count > len(levels) else ()
    labels, more = label_map({level: vertebrae[..., k] for k, level in enumerate(levels)}, levels)
    return Labelled(labels=labels, notes=(*notes, *more))


def _notes_on_background(background: Mask, vertebrae: Mask) -> tuple[str, ...]:
    """Whether the first channel is where no vertebra is.

    Raises:
        UnsuitableImageError: it lies over most of the vertebrae, so that it must be something else.
    """
    if 2 * np.count_nonzero(background & vertebrae) > np.count_nonzero(vertebrae):
        raise UnsuitableImageError("expected the background in the first channel, got one that covers most of the vertebrae")
    wrong = int(np.count_nonzero(background == vertebrae))
    return (f"{wrong} pixels of the background channel contradict the vertebrae's, which were believed",) if wrong else ()
