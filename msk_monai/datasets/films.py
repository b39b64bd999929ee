"""Films with a label file each, turned into the items of a data list and their label maps."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.datasets.pairs import pair_by_stem, stem_of
from msk_monai.errors import DataError, UnsuitableImageError

LUMBAR = ("T12", "L1", "L2", "L3", "L4", "L5")
"""The six vertebrae of the reference system that tells vertebrae apart."""
FOLDER_OF_LABELS = "labels"

Mask = npt.NDArray[np.bool_]
LabelMap = npt.NDArray[np.uint8]
Said = tuple[tuple[str, str], ...]
"""Files, relative to the source, and what is to be said of each."""


@dataclass(frozen=True, kw_only=True)
class Film:
    """A radiograph, by its header.

    Attributes:
        path: its file.
        rows: height in pixels.
        columns: width in pixels.
        patient: the same text for films of one patient; says nothing about who that is.
    """

    path: Path
    rows: int
    columns: int
    patient: str

    @property
    def size(self) -> str:
        """Its size in words."""
        return f"{self.columns} columns x {self.rows} rows"


@dataclass(frozen=True, kw_only=True)
class FilmFolder:
    """What a source folder holds.

    Attributes:
        root: the folder.
        films: its radiographs.
        faults: why other images are none that can be used.
        files: every file, whatever it is.
    """

    root: Path
    films: tuple[Film, ...]
    faults: Mapping[Path, str]
    files: tuple[Path, ...]

    def name_of(self, path: Path) -> str:
        """A file's name in messages: its path below the folder."""
        return path.relative_to(self.root).as_posix()

    def with_suffix(self, suffix: str) -> list[Path]:
        """Its files with this ending, in small or capital letters."""
        return [path for path in self.files if path.suffix.lower() == suffix]


@dataclass(frozen=True)
class Converted:
    """A data list made from another layout.

    Attributes:
        content: what to write as ``datalist.json``.
        skipped: files left out, and why.
        notes: what is to be known of files that were taken.
    """

    content: dict[str, Any]
    skipped: Said = ()
    notes: Said = ()


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What a label file says of its film.

    Attributes:
        labels: (rows, columns) class numbers, 0 for background.
        fields: what else goes into the item.
        notes: what is to be said of it.
    """

    labels: LabelMap
    fields: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def convert_films(
    folder: FilmFolder,
    label_files: Sequence[Path],
    read: Callable[[Film, Path], Labelled],
    *,
    out: Path,
    header: Mapping[str, Any],
    validation: float,
    seed: int,
) -> Converted:
    """Pair films with label files, write the label maps as PNG under ``out/labels``, and list what was taken.

    Args:
        folder: where the films are.
        label_files: candidates for labels.
        read: reads one label file; a ``DataError`` leaves the pair out.
        out: folder of the data list.
        header: fields of the data list in front of its items.
        validation: share of the films that go into ``validation``; see ``split_by_patient``.
        seed: for the split.
    """
    films = {film.path: film for film in folder.films}
    matched = pair_by_stem(sorted([*films, *folder.faults]), label_files)
    skipped = [(path, folder.faults.get(path, reason)) for path, reason in matched.alone]
    notes: list[tuple[Path, str]] = []
    items: list[tuple[str, dict[str, Any]]] = []
    for path, label_file in matched.pairs:
        if path in folder.faults:
            skipped.append((path, folder.faults[path]))
            continue
        try:
            labelled = read(films[path], label_file)
        except DataError as fault:
            skipped.append((label_file, fault.message))
            continue
        target = (out / FOLDER_OF_LABELS / path.relative_to(folder.root)).with_name(f"{stem_of(path)}.png")
        _write_png(target, labelled.labels)
        items.append((films[path].patient, {"image": path_in(out, path), "label": path_in(out, target), **labelled.fields}))
        notes += [(label_file, note) for note in labelled.notes]
    return Converted(
        content={**header, **split_by_patient(items, validation=validation, seed=seed)},
        skipped=tuple((folder.name_of(path), reason) for path, reason in sorted(skipped)),
        notes=tuple((folder.name_of(path), note) for path, note in notes),
    )


def path_in(out: Path, path: Path) -> str:
    """A path as an item holds it: relative to the data list's folder where it lies below it, else absolute."""
    full, base = Path(os.path.abspath(path)), Path(os.path.abspath(out))
    return full.relative_to(base).as_posix() if full.is_relative_to(base) else str(full)


def split_by_patient(items: Sequence[tuple[str, dict[str, Any]]], *, validation: float, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Deal items out to ``training`` and ``validation``, all of a patient's to the same list.

    Args:
        items: patient and item.
        validation: share of the items wanted for validation, 0 to 1. It is never exceeded, so that one patient alone stays in
            training.
        seed: the same seed gives the same split of the same items.
    """
    sizes: dict[str, int] = {}
    for patient, _ in items:
        sizes[patient] = sizes.get(patient, 0) + 1
    patients = list(sizes)
    room = round(validation * len(items))
    chosen = set()
    for number in np.random.default_rng(seed).permutation(len(patients)):
        patient = patients[number]
        if sizes[patient] <= room:
            room -= sizes[patient]
            chosen.add(patient)
    return {
        "training": [item for patient, item in items if patient not in chosen],
        "validation": [item for patient, item in items if patient in chosen],
    }


def polygon_mask(points: npt.NDArray[np.float64], film: Film) -> Mask:
    """(rows, columns): the pixels whose centre lies within a polygon.

    Args:
        points: (N, 2) ``[x, y]`` in pixels, 0 = centre of the first pixel.
        film: gives the size.
    """
    from skimage.draw import polygon2mask

    mask: Mask = polygon2mask((film.rows, film.columns), points[:, ::-1])
    return mask


def label_map(masks: Mapping[str, Mask], levels: Sequence[str]) -> tuple[LabelMap, tuple[str, ...]]:
    """Join masks into one map of classes that exclude each other.

    A pixel that several masks claim goes to the one whose own pixels, claimed by no other, are nearest (of two equally near, to the
    first of the class list).

    Args:
        masks: (rows, columns) of each vertebra; empty ones are taken for vertebrae that are not seen.
        levels: the class list; ``levels[k]`` has number k + 1. Masks of other levels are left out.

    Returns:
        (rows, columns) class numbers, and notes.

    Raises:
        UnsuitableImageError: there is no vertebra of the class list, or one without a pixel of its own.
    """
    present = {number: masks[level] for number, level in enumerate(levels, start=1) if level in masks and masks[level].any()}
    if not present:
        raise UnsuitableImageError(f"expected a vertebra among {', '.join(levels)}, got none")
    claims = np.sum(list(present.values()), axis=0, dtype=np.uint8)
    own = {number: mask & (claims == 1) for number, mask in present.items()}
    labels = np.zeros(claims.shape, dtype=np.uint8)
    for number, mask in own.items():
        if not mask.any():
            raise UnsuitableImageError(f"expected separate vertebrae, got {levels[number - 1]} wholly within others")
        labels[mask] = number
    contested: Mask = np.asarray(claims > 1)
    if not contested.any():
        return labels, ()
    labels[contested] = _nearest(contested, present, own)
    return labels, (f"{int(contested.sum())} pixels belong to several vertebrae; each was given to the nearest",)


def _nearest(contested: Mask, masks: Mapping[int, Mask], own: Mapping[int, Mask]) -> LabelMap:
    """(M,): for each contested pixel, the class among those that claim it whose own pixels are nearest."""
    from scipy.ndimage import distance_transform_edt

    least = np.full(contested.shape, np.inf)
    winner = np.zeros(contested.shape, dtype=np.uint8)
    for number, mask in masks.items():
        box = _bounding_box(mask)  # holds all that a vertebra claims, and so all that matters to its distances
        claimed = (mask & contested)[box]
        if claimed.any():
            distance = np.where(claimed, distance_transform_edt(~own[number][box]), np.inf)
            winner[box][distance < least[box]] = number
            least[box] = np.minimum(least[box], distance)
    return winner[contested]


def _bounding_box(mask: Mask) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _write_png(path: Path, labels: LabelMap) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(labels).save(path)
