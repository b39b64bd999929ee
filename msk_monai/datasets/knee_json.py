"""Knee radiographs with points in JSON: the eight ends of four lines, or all sixteen points.

The eight are numbered in pairs: 1-2 femoral condylar width, 3-4 tibial plateau width, 5-6 lateral joint space, 7-8 medial joint space.
These layouts are read:

- labelme's: ``{"shapes": [{"label": "1", "points": [[x, y]], "shape_type": "point"}, ...]}``; a line's two points may be one shape
  (``"shape_type": "line"``) that is called by the line's name, its number (``line_1``) or its points' (``1-2``)
- a list: ``{"points": [[x, y], ...]}``, eight in order
- by name: ``{"points": {"1": [x, y], ...}}``, or the same at the top

A point is called by its number (``1``, ``p1``, ``point_1``) or by its name in ``msk_monai.anatomy.knee.POINTS`` (``femur_1``, ``F1``);
names of other things are left out. Upper and lower case, spaces and signs make no difference. ``side`` is R, L, right or left.

Points are taken as they are, in pixels of the stored image, 0 = centre of the first pixel.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msk_monai.anatomy.knee import LINES, POINTS
from msk_monai.datasets.films import Converted, Film, FilmFolder
from msk_monai.datasets.json_files import read_object
from msk_monai.datasets.knees import (
    EIGHT,
    Array,
    FilmHeader,
    KneeFilm,
    MarkedKnee,
    knee_header,
    knee_lists,
    numbered,
    point_name,
    require_within,
    side_of,
)
from msk_monai.datasets.pairs import pair_by_stem
from msk_monai.errors import DataError, UnreadableFileError, UnsuitableImageError

_NUMBER = re.compile(r"(?:p|pt|point|landmark)?0*(\d{1,3})")
_LINE_KEYS = {
    key: ends
    for number, (line, ends) in enumerate(LINES.items(), start=1)
    for key in (line.replace("_", ""), f"line{number}", f"{2 * number - 1}{2 * number}")
}


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One JSON file.

    Attributes:
        knee: its points.
        size: columns and rows of the image they were drawn on, where it says so.
    """

    knee: MarkedKnee
    size: tuple[int, int] | None


def knee_json_datalist(
    folder: FilmFolder,
    out: Path,
    *,
    headers: Mapping[Path, FilmHeader] | None = None,
    validation: float = 0.0,
    seed: int = 0,
) -> Converted:
    """Turn films with JSON points into a data list.

    Args:
        folder: the films and their JSON files.
        out: folder of the data list.
        headers: pixel spacing and side by the films' own headers.
        validation: share of the films for validation.
        seed: for the split.

    Returns:
        Items as ``knee_lists`` makes them.
    """
    films = {film.path: film for film in folder.films}
    files = [path for path in folder.with_suffix(".json") if path.name != "datalist.json"]  # what an earlier run may have left
    matched = pair_by_stem(sorted([*films, *folder.faults]), files)
    skipped = [(path, folder.faults.get(path, reason)) for path, reason in matched.alone]
    marked = []
    for path, file in matched.pairs:
        if path in folder.faults:
            skipped.append((path, folder.faults[path]))
            continue
        try:
            knee = _checked(films[path], read_annotation(file))
        except DataError as fault:
            skipped.append((file, fault.message))
            continue
        marked.append(KneeFilm(film=films[path], knees=(knee,)))
    lists, notes = knee_lists(marked, headers or {}, out, validation=validation, seed=seed)
    description = "knee radiographs with the ends of four lines, or sixteen points; points are [x, y] in pixels"
    return Converted(
        content={**knee_header("knee_json", description), **lists},
        skipped=tuple((folder.name_of(path), reason) for path, reason in sorted(skipped)),
        notes=tuple((folder.name_of(path), note) for path, note in notes),
    )


def read_annotation(path: Path) -> Annotation:
    """Read one JSON file.

    Raises:
        UnreadableFileError: no JSON object, a point that is none, or one that is there twice.
        UnsuitableImageError: neither the eight points nor all sixteen.
    """
    content = read_object(path)
    found: dict[str, Array] = {}
    for name, point in _drawn(content):
        if name in found:
            raise UnreadableFileError(f"expected each point once, got {name} twice", subject=path.name)
        found[name] = _point(point, name, path)
    points, notes = _named(found, path)
    said = next((value for key, value in content.items() if key.lower() == "side"), None)
    side = side_of(said)
    if said not in (None, "") and side is None:
        notes = (*notes, "its side is neither R nor L")
    return Annotation(knee=MarkedKnee(points=points, side=side, notes=notes), size=_size(content))


def _drawn(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Numbers (as text) or names of all points, and the points."""
    shapes = content.get("shapes")
    for shape in shapes if isinstance(shapes, list) else ():
        if isinstance(shape, dict):
            yield from _of_shape(str(shape.get("label", "")), shape.get("points"))
    points = content.get("points")
    if isinstance(points, list):
        yield from ((str(number), point) for number, point in enumerate(points, start=1))
    yield from _by_name((*content.items(), *(points.items() if isinstance(points, dict) else ())))


def _of_shape(label: str, points: Any) -> Iterator[tuple[str, Any]]:
    """What a labelme shape stands for: a point, or a line's two."""
    ends = _LINE_KEYS.get(_plain(label))
    if isinstance(points, list) and len(points) == 2 and ends is not None:
        yield from ((str(EIGHT.index(end) + 1), point) for end, point in zip(ends, points, strict=True))
    elif (key := _key(label)) is not None:
        yield key, points[0] if isinstance(points, list) and len(points) == 1 else points


def _by_name(entries: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for text, point in entries:
        key = _key(text)
        if key is not None and point is not None:
            yield key, point


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _key(text: str) -> str | None:
    """A point's number as text, or its name; None for what is no point."""
    match = _NUMBER.fullmatch(_plain(text))
    return str(int(match[1])) if match else point_name(text)


def _point(value: Any, name: str, path: Path) -> Array:
    try:
        point = np.asarray(value, dtype=np.float64)
    except (ValueError, TypeError):
        point = np.empty(0)
    if point.shape != (2,) or not np.all(np.isfinite(point)):
        raise UnreadableFileError(f"expected [x, y] for point {name}, got something else", subject=path.name)
    return point


def _named(found: Mapping[str, Array], path: Path) -> tuple[dict[str, Array], tuple[str, ...]]:
    """The points by their names, and notes."""
    numbers = [str(number) for number in range(1, len(EIGHT) + 1)]
    if found.keys() == set(numbers):
        return numbered([found[number] for number in numbers])
    if found.keys() in (set(EIGHT), set(POINTS)):
        return {name: found[name] for name in POINTS if name in found}, ()
    message = f"expected the eight points of the four lines, or all {len(POINTS)} by name, got {len(found)}"
    raise UnsuitableImageError(message if len(found) != len(EIGHT) else f"{message} others", subject=path.name)


def _size(content: Mapping[str, Any]) -> tuple[int, int] | None:
    columns, rows = content.get("imageWidth"), content.get("imageHeight")
    return (columns, rows) if isinstance(columns, int) and isinstance(rows, int) else None


def _checked(film: Film, drawn: Annotation) -> MarkedKnee:
    if drawn.size is not None and drawn.size != (film.columns, film.rows):
        raise UnsuitableImageError(f"expected points drawn on {film.size}, got {drawn.size[0]} columns x {drawn.size[1]} rows")
    require_within(film, drawn.knee.points)
    return drawn.knee
