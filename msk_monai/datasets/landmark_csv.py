"""Knee radiographs with their sixteen points in CSV files beside them.

The film of a row is told by a column ``file`` (``image``, ``filename``, ``path``: its name, endings and folders left out), or by ``ID``
(``subject_id``, ``patient_id``) with ``SIDE`` (R, L, right, left, or as in the OAI 1 = right and 2 = left), ``visit`` and ``kl`` where
they are there: ``9002316R``, ``9002316_R``, ``9002316_V00_R`` or ``9002316_1_R``; else ``9002316``. Points stand in one of these forms:

- wide: ``femur_1_x, femur_1_y, …`` (``F1x``, ``T1y``; blank where a point is not known), or ``x0, y0, … x15, y15``, or from 1 to 16, in
  the order of ``msk_monai.anatomy.knee.POINTS``
- long: a row for each point: ``landmark`` (``point``, ``name``), ``x``, ``y``
- text: ``points`` (``landmarks``), sixteen ``x,y`` in that order; or KNEEL's own ``tibia`` and ``femur`` (arXiv:1907.12237), which are
  pixels of the crops that its script writes, with left knees mirrored, of the size of its ``bbox``

Coordinates are pixels, 0 = centre of the first one, or mm from there where a column ``unit`` says so. ``spacing_mm`` is one number or
x, y; ``pixel_spacing`` one number or, as in DICOM, between rows, between columns. Upper and lower case of columns makes no difference.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from msk_monai.anatomy.knee import FEMUR, POINTS, TIBIA
from msk_monai.datasets.films import Converted, Film, FilmFolder
from msk_monai.datasets.knees import (
    Array,
    FilmHeader,
    FilmsByName,
    KneeFilm,
    MarkedKnee,
    knee_header,
    knee_lists,
    point_name,
    require_within,
    side_of,
)
from msk_monai.datasets.pairs import stem_of
from msk_monai.errors import DataError, UnreadableFileError, UnsuitableImageError

Row = Mapping[str, str]
"""Cells that are not blank, by their columns in small letters."""
Said = list[tuple[Path, str]]

CROP_PX = 2
"""KNEEL's crops may differ from their boxes by so many pixels."""
_FILES = ("file", "image", "filename", "file_name", "path", "image_path")
_IDS = ("id", "subject_id", "subject", "patient_id", "patientid")
_SIDES = ("side", "knee", "laterality")
_VISITS = ("visit", "timepoint")
_NAMES = ("landmark", "point", "name")
_TEXTS = ("points", "landmarks")
_OAI_SIDES = {"1": "R", "2": "L"}
_NAMED = (
    re.compile(r"(?P<point>[a-z]+[_\-. ]*\d+)[_\-. ]*(?P<axis>[xy])"),
    re.compile(r"(?P<axis>[xy])[_\-. ]+(?P<point>[a-z]+[_\-. ]*\d+)"),
)
_NUMBERED = re.compile(r"([xy])_?(\d+)")


@dataclass(frozen=True, kw_only=True)
class _Mark:
    """What one row, or the rows of a long form's knee, say; ``row`` is the first one's number, the header being 1."""

    row: int
    film: Film
    knee: MarkedKnee


def landmark_csv_datalist(
    folder: FilmFolder,
    out: Path,
    *,
    headers: Mapping[Path, FilmHeader] | None = None,
    validation: float = 0.0,
    seed: int = 0,
) -> Converted:
    """Turn films with CSV files into a data list.

    Args:
        folder: the films and the CSV files.
        out: folder of the data list.
        headers: pixel spacing and side by the films' own headers; the CSV's go before.
        validation: share of the films for validation.
        seed: for the split.

    Returns:
        Items as ``knee_lists`` makes them; a film with rows of both sides gives one.
    """
    headers = headers or {}
    skipped: Said = []
    films, named = FilmsByName(folder), set[Path]()
    found: dict[Path, list[tuple[Path, _Mark]]] = defaultdict(list)
    for path in folder.with_suffix(".csv"):
        try:
            table = _table(path, films, headers)
        except DataError as fault:
            skipped.append((path, fault.message))
            continue
        skipped += table.skipped
        named |= table.named
        for mark in table.marks:
            found[mark.film.path].append((path, mark))
    marked = []
    for several in found.values():
        knees, left_out = _knees(several)
        skipped += left_out
        marked += [KneeFilm(film=several[0][1].film, knees=knees)] if knees else []
    skipped += [(film.path, "expected a row of its name, got none") for film in folder.films if film.path not in named]
    skipped += list(folder.faults.items())
    lists, notes = knee_lists(marked, headers, out, validation=validation, seed=seed)
    description = "knee radiographs with 7 points of the femur and 9 of the tibia; points are [x, y] in pixels"
    return Converted(
        content={**knee_header("landmark_csv", description), **lists},
        skipped=tuple((folder.name_of(path), reason) for path, reason in skipped),
        notes=tuple((folder.name_of(path), note) for path, note in notes),
    )


def read_rows(path: Path) -> tuple[tuple[str, ...], list[tuple[int, Row]]]:
    """Read a CSV file, separated by commas, semicolons or tabs.

    Returns:
        Its columns in small letters, and its rows that are not blank with their numbers, the header being 1.

    Raises:
        UnreadableFileError: it cannot be opened, or is no CSV.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            head = file.readline()
            file.seek(0)
            table = list(csv.reader(file, delimiter=max(",;\t", key=head.count)))
    except OSError as fault:
        raise UnreadableFileError(f"cannot be opened ({fault.strerror})", subject=path.name) from fault
    except csv.Error as fault:
        raise UnreadableFileError("expected a CSV file, got one that cannot be parsed", subject=path.name) from fault
    columns = tuple(cell.strip().lower() for cell in table[0]) if table else ()
    rows = [
        (number, {column: cell.strip() for column, cell in zip(columns, cells, strict=False) if cell.strip()})
        for number, cells in enumerate(table[1:], start=2)
    ]
    return columns, [(number, row) for number, row in rows if row]


@dataclass(frozen=True, kw_only=True)
class _Table:
    """What a file's rows say, rows that could not be used, and every film that a row is of."""

    marks: list[_Mark]
    skipped: Said
    named: set[Path]


def _table(path: Path, films: FilmsByName, headers: Mapping[Path, FilmHeader]) -> _Table:
    columns, rows = read_rows(path)
    if not set(columns) & {*_FILES, *_IDS}:
        raise UnreadableFileError("expected a column file, image or ID, got none", subject=path.name)
    read = _reader(columns, path)
    skipped: Said = []
    named = set()
    marks = []
    for number, row in rows:
        try:
            film = films(*_stems(row))
            named.add(film.path)
            knee = MarkedKnee(points=read(row, film), side=_side(row), spacing_mm=_spacing(row), case=_cell(row, _IDS))
            knee = _in_pixels(knee, row, headers.get(film.path, FilmHeader()))
            require_within(film, knee.points)
            marks.append(_Mark(row=number, film=film, knee=knee))
        except DataError as fault:
            skipped.append((path, f"row {number}: {fault.message}"))
    return _Table(marks=_joined(marks) if read is _one_point else marks, skipped=skipped, named=named)


def _joined(marks: Sequence[_Mark]) -> list[_Mark]:
    """The rows of a long form, put together by film and side; a point that is there twice stays, as a mark of its own, to be refused."""
    joined: dict[tuple[Path, str | None], _Mark] = {}
    again = []
    for mark in marks:
        key = (mark.film.path, mark.knee.side)
        before = joined.setdefault(key, mark)
        if before is mark:
            continue
        if before.knee.points.keys() & mark.knee.points.keys():
            again.append(mark)
            continue
        knee = replace(
            before.knee,
            points={**before.knee.points, **mark.knee.points},
            spacing_mm=before.knee.spacing_mm or mark.knee.spacing_mm,
        )
        joined[key] = replace(before, knee=knee)
    return [*joined.values(), *again]


def _knees(several: Sequence[tuple[Path, _Mark]]) -> tuple[tuple[MarkedKnee, ...], Said]:
    """The knees of one film; none where nothing tells several from each other."""
    sides = [mark.knee.side for _, mark in several]
    if len(several) == 1 or sorted(side or "" for side in sides) == ["L", "R"]:
        return tuple(mark.knee for _, mark in several), []
    reason = "expected each knee of a film once, got it several times; none was taken"
    return (), [(path, f"row {mark.row}: {reason}") for path, mark in several]


def _cell(row: Row, columns: Sequence[str]) -> str | None:
    return next((row[column] for column in columns if column in row), None)


def _stems(row: Row) -> list[str]:
    """Names that the row's film may have, the likeliest first."""
    file = _cell(row, _FILES)
    if file is not None:
        return [stem_of(Path(file.replace("\\", "/")))]
    case = _cell(row, _IDS)
    if case is None:
        raise UnsuitableImageError("expected a file or an ID, got neither")
    case = re.sub(r"\.0$", "", case)  # what spreadsheets make of numbers
    side, more = _side(row), [cell for cell in (_cell(row, _VISITS), row.get("kl")) if cell]
    sides = [] if side is None else [f"{case}{side}", f"{case}_{side}", f"{case}-{side}"]
    exact = [name for one in more for name in (f"{case}_{one}_{side}", f"{case}_{side}_{one}", f"{case}{side}_{one}") if side]
    return [*exact, *(f"{case}_{one}" for one in more), *sides, case]


def _side(row: Row) -> str | None:
    said = _cell(row, _SIDES)
    if said is None:
        return None
    side = _OAI_SIDES.get(re.sub(r"\.0$", "", said)) or side_of(said)
    if side is None:
        raise UnsuitableImageError("expected R, L, 1 or 2 as side, got something else")
    return side


def _spacing(row: Row) -> tuple[float, float] | None:
    """Mm between columns, mm between rows."""
    for column in ("spacing_mm", "pixel_spacing"):
        if column in row:
            values = _numbers(row[column])
            if values.size not in (1, 2) or not np.all(values > 0):
                raise UnsuitableImageError(f"expected one or two positive numbers in {column}, got something else")
            x, y = np.broadcast_to(values if column == "spacing_mm" else values[::-1], 2).tolist()
            return x, y
    return None


def _numbers(text: str) -> Array:
    """The numbers of a text, whatever parts them.

    Raises:
        UnsuitableImageError: there is something else in it, or one is not finite.
    """
    try:
        values = np.array([float(part) for part in re.split(r"[\s,;\\\[\]()]+", text) if part])
    except ValueError:
        values = np.array([np.nan])
    if not np.all(np.isfinite(values)):
        raise UnsuitableImageError("expected finite numbers, got something else")
    return values


def _reader(columns: Sequence[str], path: Path) -> Callable[[Row, Film], dict[str, Array]]:
    """How rows with these columns are read."""
    if {"x", "y"} <= set(columns) and set(columns) & set(_NAMES):
        return _one_point
    if {"femur", "tibia"} <= set(columns):
        return _kneel
    if set(columns) & set(_TEXTS):
        return lambda row, film: _of_text(_cell(row, _TEXTS) or "", POINTS)
    cells = dict(_named_cells(columns)) or _numbered_cells(columns, path)
    return lambda row, film: _wide(row, cells)


def _one_point(row: Row, film: Film) -> dict[str, Array]:
    name = point_name(_cell(row, _NAMES) or "")
    if name is None:
        raise UnsuitableImageError(f"expected a landmark among {POINTS[0]} to {POINTS[-1]}, got another")
    return _wide(row, {"x": (name, 0), "y": (name, 1)})


def _kneel(row: Row, film: Film) -> dict[str, Array]:
    box = _numbers(row.get("bbox", ""))
    size = (film.columns, film.rows)
    if box.size == 4 and np.any(np.abs(box[2:] - box[:2] - size) > CROP_PX):
        width, height = (box[2:] - box[:2]).tolist()
        raise UnsuitableImageError(f"expected a crop of {width:g} columns x {height:g} rows, as its bbox says, got {film.size}")
    return {**_of_text(row.get("femur", ""), FEMUR), **_of_text(row.get("tibia", ""), TIBIA)}


def _of_text(text: str, names: Sequence[str]) -> dict[str, Array]:
    values = _numbers(text)
    if values.size != 2 * len(names):
        raise UnsuitableImageError(f"expected {len(names)} points x,y, got {values.size} numbers")
    return dict(zip(names, values.reshape(-1, 2), strict=True))


def _named_cells(columns: Sequence[str]) -> Iterator[tuple[str, tuple[str, int]]]:
    """Columns such as ``femur_1_x``, and what they hold: a point's x (0) or y (1)."""
    for column in columns:
        match = next((match for pattern in _NAMED if (match := pattern.fullmatch(column))), None)
        name = point_name(match["point"]) if match else None
        if match and name is not None:
            yield column, (name, "xy".index(match["axis"]))


def _numbered_cells(columns: Sequence[str], path: Path) -> dict[str, tuple[str, int]]:
    """Columns ``x0, y0, …`` in the same way."""
    matches = {column: match for column in columns if (match := _NUMBERED.fullmatch(column))}
    numbers = sorted({int(match[2]) for match in matches.values()})
    if len(matches) != 2 * len(POINTS) or numbers != list(range(numbers[0], numbers[0] + len(POINTS))):
        message = "expected columns such as femur_1_x, x0 to y15, points, or landmark with x and y, got none"
        raise UnreadableFileError(message, subject=path.name)
    return {column: (POINTS[int(match[2]) - numbers[0]], "xy".index(match[1])) for column, match in matches.items()}


def _wide(row: Row, cells: Mapping[str, tuple[str, int]]) -> dict[str, Array]:
    """The points that have both coordinates."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for column, (name, axis) in cells.items():
        if column in row:
            values = _numbers(row[column])
            if values.size != 1:
                raise UnsuitableImageError(f"expected a number in {column}, got something else")
            found[name][axis] = float(values[0])
    if not found or any(len(point) < 2 for point in found.values()):
        raise UnsuitableImageError("expected x and y of its points, got none" if not found else "expected x and y of each point, got one")
    return {name: np.array([point[0], point[1]]) for name, point in found.items()}


def _in_pixels(knee: MarkedKnee, row: Row, header: FilmHeader) -> MarkedKnee:
    """The knee with its points in pixels, whatever unit they are in."""
    unit = row.get("unit", "px").lower()
    if unit in ("px", "pixel", "pixels"):
        return knee
    if unit != "mm":
        raise UnsuitableImageError("expected px or mm as unit, got something else")
    spacing = knee.spacing_mm or header.spacing_mm
    if spacing is None:
        raise UnsuitableImageError("expected a pixel spacing, as its unit is mm, got none")
    return replace(knee, points={name: point / spacing for name, point in knee.points.items()})
