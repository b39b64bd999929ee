"""The AASCE challenge's own layout (SpineWeb dataset 16, https://doi.org/10.1016/j.media.2021.102115).

::

    data/training/NAME.jpg      labels/training/NAME.jpg.mat                              (variable p2: 68 x 2)
    data/test/NAME.jpg          labels/test/{filenames,landmarks,angles}.csv              (a row for each film)

Each film has 68 corners: T1 to L5, top left, top right, bottom left, bottom right. ``p2`` holds ``[x, y]`` in pixels, often as
uint16, which would wrap around when subtracted. ``landmarks.csv`` holds 68 x and then 68 y as shares of the image's width and
height, ``angles.csv`` the three Cobb angles in degrees.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from msk_monai.anatomy import level_range
from msk_monai.datasets.films import Converted, Film, FilmFolder, path_in
from msk_monai.datasets.pairs import stem_of
from msk_monai.errors import DataError, UnreadableFileError, UnsuitableImageError
from msk_monai.measure.cobb import cobb_angles
from msk_monai.measure.vertebra_corners import CORNER_NAMES

Points = npt.NDArray[np.float64]
Skipped = list[tuple[Path, str]]

LEVELS = level_range("T1", "L5")
LANDMARKS = tuple(f"{level}_{corner}" for level in LEVELS for corner in CORNER_NAMES)
SECTIONS = {"training": "training", "validation": "test"}
"""Lists of the data list, and the challenge's folders that they come from."""
OUTSIDE = 0.05
"""A few of the set's corners lie beyond the film's edge, by up to 3 % of its width; points further out belong to another film."""
_CASE = re.compile(r"(\d+) [A-Z] AP")


@dataclass(frozen=True)
class _Row:
    """A film's rows in the csv files; None where they are missing or no numbers."""

    shares: Points | None
    angles: Points | None


def aasce_datalist(folder: FilmFolder, out: Path) -> Converted:
    """Turn the challenge's folders into a data list with its own split: ``test`` becomes ``validation``.

    Args:
        folder: the challenge's folder, or one above it, with its JPEG files as films.
        out: folder of the data list.

    Returns:
        Items hold ``image``, ``case`` (the patient's number in the set where the file's name has it, else the name), ``points`` in
        pixels, by ``landmark_names``, and ``cobb_degrees``: those of ``angles.csv``, or computed from the points where there is none.

    Raises:
        UnreadableFileError: there are no folders ``data`` and ``labels`` in it.
    """
    root = _root(folder)
    content: dict[str, Any] = {
        "name": "aasce",
        "modality": "DX",
        "description": "AP spine radiographs, 17 vertebrae x 4 corners; left/right are image sides; no pixel spacing is known",
        "landmark_names": list(LANDMARKS),
        "reference": "doi:10.1016/j.media.2021.102115 (AASCE challenge, SpineWeb dataset 16)",
        "licence": "research use with citation; no redistribution licence found",
    }
    skipped: Skipped = []
    for section, name in SECTIONS.items():
        content[section], left_out = _section(folder, root, name, out)
        skipped += left_out
    return Converted(content, tuple((folder.name_of(path), reason) for path, reason in skipped), _shared_cases(content))


def read_corners(path: Path) -> Points:
    """Read a ``.mat`` file's corners.

    Returns:
        (68, 2) ``[x, y]`` in pixels.

    Raises:
        UnreadableFileError: it is no MATLAB file, or holds no finite ``p2`` of that shape.
    """
    from scipy.io import loadmat

    try:
        points = np.asarray(loadmat(path, variable_names=["p2"])["p2"], dtype=np.float64)
    except Exception as fault:  # SciPy raises whatever it likes at damaged files
        raise UnreadableFileError(f"expected a MATLAB file with p2, got none ({type(fault).__name__})", subject=path.name) from fault
    if points.shape != (len(LANDMARKS), 2) or not np.all(np.isfinite(points)):
        raise UnreadableFileError(f"expected {len(LANDMARKS)} finite points in p2, got shape {points.shape}", subject=path.name)
    return points


def _root(folder: FilmFolder) -> Path:
    """The folder that holds ``data`` and ``labels``."""
    for path in (*(film.path for film in folder.films), *folder.faults):
        for parent in path.parents:
            if parent.name == "data" and parent.parent.is_relative_to(folder.root) and parent.with_name("labels").is_dir():
                return parent.parent
    raise UnreadableFileError("expected folders data and labels with JPEG films in data, got none", subject=folder.root.name)


def _section(folder: FilmFolder, root: Path, name: str, out: Path) -> tuple[list[dict[str, Any]], Skipped]:
    """The items of ``data/name`` and ``labels/name``, and what could not be used."""
    images, labels = root / "data" / name, root / "labels" / name
    mats = {stem_of(path): path for path in folder.with_suffix(".mat") if path.parent == labels}
    rows, skipped = _rows(labels)
    skipped += [(path, reason) for path, reason in folder.faults.items() if path.parent == images]
    seen = {stem_of(path) for path, _ in skipped}
    items = []
    for film in folder.films:
        if film.path.parent != images:
            continue
        stem = stem_of(film.path)
        seen.add(stem)
        try:
            points, angles = _labels(film, mats.get(stem), rows.get(stem))
        except DataError as fault:
            skipped.append((film.path, fault.message))
            continue
        case = _CASE.search(stem)
        image = path_in(out, film.path)
        items.append({"image": image, "case": case[1] if case else stem, "points": points.round(2).tolist(), "cobb_degrees": angles})
    skipped += [(path, "expected a film of that name, got none") for stem, path in mats.items() if stem not in seen]
    skipped += [(labels / "filenames.csv", f"expected a film {stem}, got none") for stem in rows if stem not in seen and stem not in mats]
    return items, skipped


def _labels(film: Film, mat: Path | None, row: _Row | None) -> tuple[Points, list[float]]:
    """Points in pixels, and Cobb angles."""
    size = np.array([film.columns, film.rows])
    if mat is not None:
        points = read_corners(mat)
    elif row is None:
        raise UnsuitableImageError("expected a .mat file or a row in filenames.csv, got neither")
    elif row.shares is None:
        raise UnsuitableImageError(f"expected {2 * len(LANDMARKS)} numbers in its row of landmarks.csv, got something else")
    else:
        points = row.shares.reshape(2, -1).T * size
    if np.any(points < -OUTSIDE * size) or np.any(points > (1 + OUTSIDE) * size):
        raise UnsuitableImageError(f"expected corners within {film.size}, got some outside")
    if row is not None and row.angles is not None:
        return points, row.angles.tolist()
    try:
        cobb = cobb_angles(points.reshape(len(LEVELS), len(CORNER_NAMES), 2), image_height=film.rows)
    except ValueError as fault:
        raise UnsuitableImageError(str(fault)) from fault
    return points, [round(angle, 3) for angle in (cobb.main, cobb.proximal, cobb.distal)]


def _rows(labels: Path) -> tuple[dict[str, _Row], Skipped]:
    """The csv files' rows by the film's stem, none where they do not fit together; and what is wrong with them."""
    names = _table(labels / "filenames.csv")
    shares, angles = _table(labels / "landmarks.csv"), _table(labels / "angles.csv")
    for table, name in ((shares, "landmarks.csv"), (angles, "angles.csv")):
        if table and len(table) != len(names):
            reason = f"expected {len(names)} rows, as in filenames.csv, got {len(table)}; the csv files were left out"
            return {}, [(labels / name, reason)]
    rows: dict[str, _Row] = {}
    skipped: Skipped = []
    for place, row in enumerate(names):
        stem = stem_of(Path(row[0].strip()))
        if stem in rows:
            skipped.append((labels / "filenames.csv", f"expected every film once, got {stem} twice; its first row was taken"))
            continue
        rows[stem] = _Row(
            _numbers(shares[place], 2 * len(LANDMARKS)) if shares else None,
            _numbers(angles[place], 3) if angles else None,
        )
    return rows, skipped


def _table(path: Path) -> list[list[str]]:
    """Rows of a csv file, blank ones left out; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return [row for row in csv.reader(file) if any(cell.strip() for cell in row)]


def _numbers(row: list[str], count: int) -> Points | None:
    try:
        numbers = np.array([float(cell) for cell in row if cell.strip()])
    except ValueError:
        return None
    return numbers if len(numbers) == count and np.all(np.isfinite(numbers)) else None


def _shared_cases(content: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """A note where the challenge's split has a patient on both sides."""
    training, validation = ({item["case"] for item in content[section]} for section in SECTIONS)
    both = training & validation
    return (("data/test", f"{len(both)} patients have films in training too, by the challenge's own split"),) if both else ()
