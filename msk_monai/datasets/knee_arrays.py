"""Knee radiographs with the ends of four lines in NumPy arrays, drawn on films that were resized to 512 pixels.

Beside the films (DICOM, PNG or JPEG) lies one ``.npz`` with these arrays, or a ``.npy`` of each name:

- ``label``: (N, 8, 2) ``[x, y]`` in pixels of the resized films; pairs of points as ``msk_monai.datasets.knee_json`` numbers them
- ``reduce_ratio``: (N,), or (N, 2) along x and y: resized size / original size
- ``pixel_spacing``: (N,), or (N, 2) as in DICOM: mm between rows, mm between columns, of the original films; may be left out
- ``names`` (``name``, ``file``, ``files``): (N,) the films' names; where there are none, the films in the order of their paths

Resizing keeps the image's edges where they are, so that with 0 = centre of the first pixel, ``original = (label + 0.5) / ratio - 0.5``.
A ratio that was stored the other way round (original / resized) or as rows and columns is recognised: of these readings, that is taken
which puts the points of most films within them; of several such, that which brings the films nearest to 512 pixels.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.datasets.films import Converted, Film, FilmFolder
from msk_monai.datasets.knees import (
    EIGHT,
    Array,
    FilmHeader,
    FilmsByName,
    KneeFilm,
    MarkedKnee,
    knee_header,
    knee_lists,
    numbered,
    require_within,
)
from msk_monai.datasets.pairs import stem_of
from msk_monai.errors import DataError, UnreadableFileError, UnsuitableImageError

RESIZED = 512
NAMES = ("names", "name", "files", "file")
_ARRAYS = ("label", "reduce_ratio", "pixel_spacing", *NAMES)


@dataclass(frozen=True, kw_only=True)
class Arrays:
    """What the arrays hold.

    Attributes:
        path: the ``.npz``, or ``label.npy``.
        label: (N, 8, 2) ``[x, y]`` in pixels of the resized films.
        ratio: (N, 1) or (N, 2), as it is stored.
        spacing: (N, 2) mm between columns, mm between rows; None where there is none.
        names: the films' names without endings; None where there are none.
    """

    path: Path
    label: Array
    ratio: Array
    spacing: Array | None
    names: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A way to understand ``reduce_ratio``.

    Attributes:
        ratio: (N, 2) resized / original size along x and y; NaN where what is stored is not positive.
        note: what to say of it.
    """

    ratio: Array
    note: str | None


def knee_arrays_datalist(
    folder: FilmFolder,
    out: Path,
    *,
    headers: Mapping[Path, FilmHeader] | None = None,
    validation: float = 0.0,
    seed: int = 0,
) -> Converted:
    """Turn films with arrays into a data list.

    Args:
        folder: the films and the arrays.
        out: folder of the data list.
        headers: pixel spacing and side by the films' own headers; the arrays' spacing goes before.
        validation: share of the films for validation.
        seed: for the split.

    Returns:
        Items as ``knee_lists`` makes them.

    Raises:
        UnreadableFileError: there are no such arrays, or they do not fit together.
        UnsuitableImageError: without names, there is not one film for each row.
    """
    arrays = read_arrays(folder)
    films, skipped = _films(folder, arrays)
    reading = _reading(arrays, films)
    points = (arrays.label + 0.5) / reading.ratio[:, None] - 0.5
    marked = []
    for row, film in films.items():
        try:
            marked.append(KneeFilm(film=film, knees=(_knee(film, points[row], None if arrays.spacing is None else arrays.spacing[row]),)))
        except DataError as fault:
            skipped.append((arrays.path, f"row {row}: {fault.message}"))
    lists, notes = knee_lists(marked, headers or {}, out, validation=validation, seed=seed)
    said = [(arrays.path, reading.note)] if reading.note else []
    if arrays.names is None:
        said.append((arrays.path, "it names no films: they were taken in the order of their paths"))
    description = "knee radiographs with the ends of four lines; points are [x, y] in pixels of the original film"
    return Converted(
        content={**knee_header("knee_arrays", description), **lists},
        skipped=tuple((folder.name_of(path), reason) for path, reason in skipped),
        notes=tuple((folder.name_of(path), note) for path, note in (*said, *notes)),
    )


def read_arrays(folder: FilmFolder) -> Arrays:
    """Read and check the arrays of a folder.

    Raises:
        UnreadableFileError: see ``knee_arrays_datalist``.
    """
    path, stored = _stored(folder)
    label = _numbers(stored, "label", path)
    count = len(label) if label.ndim else 0
    if label.shape != (count, len(EIGHT), 2):
        raise UnreadableFileError(f"expected a label of shape (N, {len(EIGHT)}, 2), got {label.shape}", subject=path.name)
    ratio = _for_each(stored, "reduce_ratio", count, path)
    spacing = _for_each(stored, "pixel_spacing", count, path)[:, ::-1] if "pixel_spacing" in stored else None  # now x, y
    names = next((stored[name] for name in NAMES if name in stored), None)
    if names is not None and (names.shape != (count,) or names.dtype.kind not in "US"):
        raise UnreadableFileError(f"expected {count} names as text, got {names.dtype} of shape {names.shape}", subject=path.name)
    return Arrays(
        path=path,
        label=label,
        ratio=ratio,
        spacing=None if spacing is None else np.broadcast_to(spacing, (count, 2)),
        names=None if names is None else tuple(_stem(name) for name in names),
    )


def _stored(folder: FilmFolder) -> tuple[Path, dict[str, npt.NDArray[Any]]]:
    """The file that messages name, and the arrays by name."""
    archives = folder.with_suffix(".npz")
    if len(archives) > 1:
        raise UnreadableFileError(f"expected one .npz, got {len(archives)}", subject=folder.root.name)
    if archives:
        return archives[0], _load(archives[0])
    files = [path for path in folder.with_suffix(".npy") if path.stem.lower() in _ARRAYS]
    labels = [path for path in files if path.stem.lower() == "label"]
    if len(labels) != 1:
        raise UnreadableFileError(f"expected an .npz or one label.npy, got {len(labels) or 'neither'}", subject=folder.root.name)
    return labels[0], {path.stem.lower(): _load(path)[""] for path in files if path.parent == labels[0].parent}


def _load(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an ``.npz`` by their names in small letters; that of an ``.npy`` under an empty one."""
    try:
        with path.open("rb") as file:  # np.load itself leaves a broken archive open
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"": loaded}
            return {name.lower(): loaded[name] for name in loaded.files if name.lower() in _ARRAYS}
    except Exception as fault:  # NumPy and zipfile raise whatever they like at damaged files
        message = f"expected NumPy arrays without pickled objects, got a file that cannot be read ({type(fault).__name__})"
        raise UnreadableFileError(message, subject=path.name) from fault


def _numbers(stored: Mapping[str, npt.NDArray[Any]], name: str, path: Path) -> Array:
    if name not in stored:
        raise UnreadableFileError(f"expected an array {name}, got {', '.join(sorted(stored)) or 'none'}", subject=path.name)
    if stored[name].dtype.kind not in "iuf":
        raise UnreadableFileError(f"expected numbers in {name}, got {stored[name].dtype}", subject=path.name)
    return stored[name].astype(np.float64)


def _for_each(stored: Mapping[str, npt.NDArray[Any]], name: str, count: int, path: Path) -> Array:
    """(N, 1) or (N, 2): what each film has of an array."""
    values = _numbers(stored, name, path)
    if values.shape not in ((count,), (count, 1), (count, 2)):
        raise UnreadableFileError(f"expected {name} of shape ({count},) or ({count}, 2), got {values.shape}", subject=path.name)
    return values.reshape(count, -1)


def _stem(name: Any) -> str:
    text = name.decode("utf-8", errors="replace") if isinstance(name, bytes) else str(name)
    return stem_of(Path(text.strip().replace("\\", "/")))


def _films(folder: FilmFolder, arrays: Arrays) -> tuple[dict[int, Film], list[tuple[Path, str]]]:
    """The films by their rows, and what could not be used."""
    films: dict[int, Film] = {}
    skipped = list(folder.faults.items())
    if arrays.names is None:
        by_path = {film.path: film for film in folder.films}
        paths = sorted([*by_path, *folder.faults])
        if len(paths) != len(arrays.label):
            message = f"expected {len(arrays.label)} films, one for each row, as it names none, got {len(paths)}"
            raise UnsuitableImageError(message, subject=arrays.path.name)
        return {row: by_path[path] for row, path in enumerate(paths) if path in by_path}, skipped
    by_name = FilmsByName(folder)
    for row, name in enumerate(arrays.names):
        try:
            film = by_name(name)
            if film in films.values():
                raise UnsuitableImageError("expected each film once, got it again; its first row was taken")
            films[row] = film
        except DataError as fault:
            skipped.append((arrays.path, f"row {row}: {fault.message}"))
    taken = {film.path for film in films.values()}
    skipped += [(film.path, "expected a row of its name, got none") for film in folder.films if film.path not in taken]
    return films, skipped


def _reading(arrays: Arrays, films: Mapping[int, Film]) -> _Reading:
    """The reading of the ratios that fits the films best; of equal ones, the first."""
    rows = list(films)
    sizes = np.array([(film.columns, film.rows) for film in films.values()], dtype=np.float64).reshape(-1, 2)
    return max(_readings(arrays.ratio), key=lambda reading: _fit(arrays.label[rows], reading.ratio[rows], sizes))


def _readings(stored: Array) -> list[_Reading]:
    """What the ratios may mean, the documented meaning first."""
    readings = []
    positive = np.where(np.isfinite(stored) & (stored > 0), stored, np.nan)
    for swapped, inverse in itertools.product((False, True) if stored.shape[1] == 2 else (False,), (False, True)):
        ratio = positive[:, ::-1] if swapped else positive
        said = [*(["along y and x"] if swapped else []), *(["as original / resized size"] if inverse else [])]
        note = f"its reduce_ratio was taken {' and '.join(said)}, which fits the films" if said else None
        readings.append(_Reading(ratio=np.broadcast_to(1 / ratio if inverse else ratio, (len(stored), 2)), note=note))
    return readings


def _fit(label: Array, ratio: Array, sizes: Array) -> tuple[int, float]:
    """How many films hold all their points, and how near to 512 pixels the films come (0: exactly, else negative)."""
    usable = np.all(np.isfinite(ratio), axis=1) & np.all(np.isfinite(label), axis=(1, 2))
    if not usable.any():
        return 0, 0.0
    label, ratio, sizes = label[usable], ratio[usable], sizes[usable]
    points = (label + 0.5) / ratio[:, None]
    within = np.all((points >= 0) & (points <= sizes[:, None]), axis=(1, 2))
    return int(within.sum()), -float(np.median(np.abs(np.log(sizes * ratio / RESIZED)).sum(axis=1)).round(2))


def _knee(film: Film, points: Array, spacing: Array | None) -> MarkedKnee:
    if not np.all(np.isfinite(points)):
        raise UnsuitableImageError("expected finite points and a ratio above 0, got something else")
    named, notes = numbered(points)
    require_within(film, named)
    if spacing is None:
        return MarkedKnee(points=named, notes=notes)
    if not np.all(np.isfinite(spacing) & (spacing > 0)):
        return MarkedKnee(points=named, notes=(*notes, "its pixel_spacing is not positive and was ignored"))
    return MarkedKnee(points=named, spacing_mm=(float(spacing[0]), float(spacing[1])), notes=notes)
